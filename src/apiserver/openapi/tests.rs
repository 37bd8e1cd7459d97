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
async fn json_is_all_there_is() {
    let protobuf = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
    assert_eq!(get("/openapi/v2", "", protobuf).unwrap().unwrap_err().code, 406);
    let both = get("/openapi/v2", "", &format!("{protobuf},application/json")).unwrap().unwrap();
    assert_eq!(both.headers()[header::CONTENT_TYPE], JSON);
    assert_eq!(body(both).await, r#"{"swagger":"2.0"}"#);
    assert!(get("/openapi/v3/apis/g/v2", "", "").is_none());
}
