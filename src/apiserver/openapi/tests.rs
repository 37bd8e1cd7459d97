//! Index, documents, hashes and what is refused.

use axum::body::to_bytes;

use super::*;

const DOCUMENT: &str = r#"{"openapi":"3.0.0"}"#;

fn openapi() -> OpenApi {
    OpenApi::new(
        Bytes::from_static(br#"{"swagger":"2.0"}"#),
        BTreeMap::from([("apis/g/v1".to_owned(), Bytes::from_static(DOCUMENT.as_bytes()))]),
    )
}

fn get(path: &str, query: &str, accept: &str) -> Option<Result<Response, ApiError>> {
    let mut headers = HeaderMap::new();
    if !accept.is_empty() {
        headers.insert(header::ACCEPT, accept.parse().unwrap());
    }
    openapi().answer(path, &Query::parse(query), &headers)
}

async fn body(response: Response) -> String {
    String::from_utf8(to_bytes(response.into_body(), 65536).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn the_index_leads_to_the_document_by_its_hash() {
    let response = get("/openapi/v3", "", "").unwrap().unwrap();
    assert!(response.headers().contains_key(header::ETAG));
    let index: serde_json::Value = serde_json::from_str(&body(response).await).unwrap();
    let hash = Document::new(DOCUMENT.into(), JSON, "").hash;
    let url = format!("/openapi/v3/apis/g/v1?hash={hash}");
    assert_eq!(index, json!({"paths": {"apis/g/v1": {"serverRelativeURL": url}}}));

    let right = get("/openapi/v3/apis/g/v1", &format!("hash={hash}"), JSON).unwrap().unwrap();
    assert_eq!(right.headers()[header::CACHE_CONTROL], "public, immutable");
    assert!(right.headers()[header::EXPIRES].to_str().unwrap().ends_with(" GMT"));
    assert_eq!(body(right).await, DOCUMENT);

    for query in ["", "hash=00"] {
        let other = get("/openapi/v3/apis/g/v1", query, JSON).unwrap().unwrap();
        assert_eq!(other.status(), 200, "never a redirect");
        assert!(!other.headers().contains_key(header::EXPIRES));
        assert_eq!(body(other).await, DOCUMENT);
    }
}

#[tokio::test]
async fn v2_is_protobuf_for_who_takes_nothing_else() {
    let response = get("/openapi/v2", "", gnostic::ASKED).unwrap().unwrap();
    assert_eq!(response.headers()[header::CONTENT_TYPE], gnostic::MEDIA_TYPE);
    // The version, and info, paths and definitions with nothing in them.
    assert_eq!(body(response).await, "\n\u{3}2.0\u{12}\0B\0J\0");
    let both = get("/openapi/v2", "", "application/json, */*;q=0.1").unwrap().unwrap();
    assert_eq!(both.headers()[header::CONTENT_TYPE], JSON);
    assert_eq!(body(both).await, r#"{"swagger":"2.0"}"#);
    assert_eq!(get("/openapi/v2", "", "text/html").unwrap().unwrap_err().code, 406);
    assert_eq!(get("/openapi/v3/apis/g/v1", "", gnostic::MEDIA_TYPE).unwrap().unwrap_err().code, 406);
    assert!(get("/openapi/v3/apis/g/v2", "", "").is_none());
}
