//! Errors as they go over the wire.

use super::*;

fn body(error: &ApiError) -> String {
    String::from_utf8(error.to_response().body().to_vec()).unwrap()
}

#[test]
fn a_status_is_one_compact_line() {
    let cases = [
        (
            ApiError::unauthorized(),
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#,
        ),
        (
            ApiError::unknown_path(),
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server could not find the requested resource","reason":"NotFound","details":{},"code":404}"#,
        ),
        (
            ApiError::unavailable("later", 3),
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"later","reason":"ServiceUnavailable","details":{"retryAfterSeconds":3},"code":503}"#,
        ),
    ];
    for (error, expected) in cases {
        assert_eq!(body(&error), format!("{expected}\n"));
    }
}

#[test]
fn headers_say_when_and_how_to_try_again() {
    let response = ApiError::too_many_requests().to_response();
    assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    let response = ApiError::method_not_allowed("GET").to_response();
    assert_eq!(response.headers()[header::ALLOW], "GET");
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
}

#[test]
fn an_expired_page_carries_the_token_to_go_on() {
    let mut error = ApiError::expired("too old");
    error.continue_token = Some("abc".to_owned());
    assert!(body(&error).contains(r#""metadata":{"continue":"abc"}"#));
}
