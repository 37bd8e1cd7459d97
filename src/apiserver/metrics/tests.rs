//! Names, and labels that cannot grow without bound.

use axum::body::to_bytes;
use http::{Method, Uri};

use super::*;
use crate::apiserver::request_info::RequestInfo;

fn labels(method: &str, uri: &str) -> RequestLabels {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let info = RequestInfo::parse(&method, &uri.parse::<Uri>().unwrap()).unwrap();
    RequestLabels::of(&info, &method, None)
}

#[test]
fn unknown_methods_and_resources_have_no_names() {
    let odd = labels("BREW", "/apis/g/v1/secret-things/name");
    assert_eq!(odd, RequestLabels { verb: "other", served: None, scope: "resource" });
    assert_eq!(labels("GET", "/apis/g/v1/things?watch=1").verb, "WATCH");
    assert_eq!(labels("GET", "/apis/g/v1/namespaces/n/things").scope, "namespace");
    assert_eq!(labels("GET", "/apis/g/v1/things?fieldSelector=metadata.name%3Da").scope, "resource");
    assert_eq!(labels("BREW", "/some/path").verb, "other");
}

#[tokio::test]
async fn the_text_has_the_names_of_kubernetes() {
    let metrics = Metrics::new(Registry::new());
    let get = labels("GET", "/apis/g/v1/things/a");
    metrics.answered(&get, StatusCode::OK, Duration::from_millis(3), Some(10));
    metrics.terminated(&get, StatusCode::TOO_MANY_REQUESTS);
    let watch = labels("GET", "/apis/g/v1/things?watch=1");
    metrics.answered(&watch, StatusCode::OK, Duration::from_secs(1000), None);
    let body = to_bytes(metrics.response().unwrap().into_body(), 1 << 20).await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let series = "code=\"200\",component=\"apiserver\",dry_run=\"\",group=\"\",resource=\"\",scope=\"resource\",subresource=\"\",verb=\"GET\",version=\"\"";
    assert!(text.contains(&format!("apiserver_request_total{{{series}}} 1")), "{text}");
    assert!(text.contains("apiserver_request_terminations_total{code=\"429\""), "{text}");
    assert!(text.contains("apiserver_request_duration_seconds_count"), "{text}");
    assert!(!text.contains("apiserver_request_duration_seconds_count{component=\"apiserver\",dry_run=\"\",group=\"\",resource=\"\",scope=\"cluster\""));
}
