//! Tables of paths and what they mean.

use http::{Method, Uri};

use super::*;

fn info(method: Method, uri: &str) -> RequestInfo {
    RequestInfo::parse(&method, &uri.parse::<Uri>().unwrap()).unwrap()
}

fn described(method: Method, uri: &str) -> String {
    let info = info(method, uri);
    match &*info.target {
        Target::NonResource { path } => format!("{} {path}", info.verb),
        Target::Resource { group, version, resource, subresource, namespace, name } => {
            format!("{} {group}/{version}/{resource} ns={namespace} name={name} sub={subresource}", info.verb)
        }
    }
}

#[test]
fn paths_and_verbs() {
    let base = "/apis/views.example/v1";
    for (method, uri, expected) in [
        (Method::GET, "/", "get /".into()),
        (Method::GET, "/apis/g/v1", "get /apis/g/v1".into()),
        (Method::GET, "/apis/g/v1/", "get /apis/g/v1/".into()),
        (Method::GET, "/api/v1", "get /api/v1".into()),
        (Method::GET, "//apis/g/v1/things", "get //apis/g/v1/things".into()),
        (Method::GET, "/apis/g/v1//things", "get /apis/g/v1//things".into()),
        (Method::POST, "/metrics", "post /metrics".into()),
        (Method::GET, "/api/v1/pods", "list /v1/pods ns= name= sub=".to_owned()),
        (Method::GET, "{base}/things", "list views.example/v1/things ns= name= sub=".into()),
        (Method::GET, "{base}/things/", "list views.example/v1/things ns= name= sub=".into()),
        (Method::HEAD, "{base}/things/a", "get views.example/v1/things ns= name=a sub=".into()),
        (Method::GET, "{base}/things/root:a", "get views.example/v1/things ns= name=root:a sub=".into()),
        (Method::GET, "{base}/things/root%3Aa", "get views.example/v1/things ns= name=root:a sub=".into()),
        (Method::GET, "{base}/things/a?watch=1", "get views.example/v1/things ns= name=a sub=".into()),
        (Method::GET, "{base}/things?watch", "watch views.example/v1/things ns= name= sub=".into()),
        (Method::GET, "{base}/things?watch=false", "list views.example/v1/things ns= name= sub=".into()),
        (Method::GET, "{base}/things?watch=0", "list views.example/v1/things ns= name= sub=".into()),
        (
            Method::GET,
            "{base}/things?fieldSelector=metadata.name%3Da",
            "list views.example/v1/things ns= name=a sub=".into(),
        ),
        (
            Method::GET,
            "{base}/things?watch=1&fieldSelector=metadata.name%3D%3Da,x=y",
            "watch views.example/v1/things ns= name=a sub=".into(),
        ),
        (
            Method::GET,
            "{base}/things?fieldSelector=metadata.namespace!%3Dx%5C,metadata.name%3Da",
            "list views.example/v1/things ns= name= sub=".into(),
        ),
        (
            Method::GET,
            "{base}/things?fieldSelector=metadata.name%3Da,metadata.name%3Db",
            "list views.example/v1/things ns= name= sub=".into(),
        ),
        (
            Method::GET,
            "{base}/things?fieldSelector=metadata.name!%3Da",
            "list views.example/v1/things ns= name= sub=".into(),
        ),
        (Method::GET, "{base}/namespaces/n/things", "list views.example/v1/things ns=n name= sub=".into()),
        (Method::GET, "{base}/namespaces/n/things/a", "get views.example/v1/things ns=n name=a sub=".into()),
        (Method::GET, "/api/v1/namespaces/n", "get /v1/namespaces ns= name=n sub=".into()),
        (Method::GET, "{base}/things/a/proxy/b/c", "get views.example/v1/things ns= name=a sub=proxy".into()),
        (Method::GET, "/api/v1/namespaces/n/status", "get /v1/namespaces ns= name=n sub=status".into()),
        (
            Method::PATCH,
            "{base}/things/a/status",
            "patch views.example/v1/things ns= name=a sub=status".into(),
        ),
        (Method::POST, "{base}/things", "create views.example/v1/things ns= name= sub=".into()),
        (Method::PUT, "{base}/things/a", "update views.example/v1/things ns= name=a sub=".into()),
        (Method::DELETE, "{base}/things/a", "delete views.example/v1/things ns= name=a sub=".into()),
        (Method::DELETE, "{base}/things", "deletecollection views.example/v1/things ns= name= sub=".into()),
        (Method::OPTIONS, "{base}/things", "options views.example/v1/things ns= name= sub=".into()),
    ] {
        assert_eq!(described(method, &uri.replace("{base}", base)), expected, "{uri}");
    }
}

#[test]
fn scopes() {
    let of = |uri: &str| {
        let info = info(Method::GET, uri);
        let Target::NonResource { path } = &*info.target else { panic!("{uri} is a resource") };
        (info.scope.clone(), path.clone())
    };
    assert_eq!(of("/apis"), (Scope::None, "/apis".to_owned()));
    assert_eq!(of("/clusters/abc/apis"), (Scope::Id("abc".into()), "/apis".to_owned()));
    assert_eq!(of("/clusters/root:a/apis"), (Scope::Path("root:a".into()), "/apis".to_owned()));
    assert_eq!(of("/clusters/*/apis"), (Scope::Wildcard, "/apis".to_owned()));
    assert_eq!(of("/clusters/abc"), (Scope::Id("abc".into()), "/".to_owned()));
}

#[test]
fn paths_that_hide_something_are_unknown() {
    for path in [
        "/apis/g/v1/things/a%2Fstatus",
        "/apis/g/v1/things/%2e%2e",
        "/apis/../metrics",
        "/apis/g/v1/things/%ff",
        "/apis/g/v1/things/a%00b",
        "/clusters//apis",
        "/clusters/a%2Fb/apis",
    ] {
        let uri: Uri = path.parse().unwrap();
        assert_eq!(RequestInfo::parse(&Method::GET, &uri).unwrap_err().code, 404, "{path}");
    }
}

#[test]
fn what_is_open_without_a_review() {
    for path in ["/api", "/apis", "/apis/", "/apis/g", "/apis/g/v1", "/openapi/v2", "/version"] {
        assert!(info(Method::GET, path).is_discovery(), "{path}");
    }
    for path in ["/", "/metrics", "/apis/g/v1/things", "/apisx", "/versions", "/readyz", "/openapi"] {
        assert!(!info(Method::GET, path).is_discovery(), "{path}");
    }
    assert!(info(Method::GET, "/readyz?verbose").is_probe());
    assert!(!info(Method::GET, "/readyz/ping").is_probe());
    assert!(info(Method::GET, "/readyz/ping").is_health());
    assert!(!info(Method::GET, "/readyzz").is_health());
}
