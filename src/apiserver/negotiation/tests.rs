//! Which form real clients get.

use http::{HeaderMap, HeaderValue, header};

use super::{Form, Media, MetaVersion, Representation, accepts_gzip, negotiate};
use crate::apiserver::{
    request::{Query, Verb},
    rest::tests::WIDGETS,
    status::ApiError,
};

fn ask(accept: &'static str, verb: Verb, query: &str) -> Result<Representation, ApiError> {
    let mut headers = HeaderMap::new();
    if !accept.is_empty() {
        headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
    }
    negotiate(&headers, &Query::parse(query), verb, &WIDGETS)
}

#[test]
fn real_clients_get_what_they_can_read() {
    use Form::{Metadata, Object, Table};
    use Media::{Json, PrettyJson, Yaml};
    use MetaVersion::{V1, V1Beta1};
    let kubectl = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
    let metadata = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    for (accept, verb, form, media) in [
        ("", Verb::List, Object, Json),
        ("*/*", Verb::Get, Object, Json),
        ("*", Verb::Get, Object, Json),
        ("application/*", Verb::Get, Object, Json),
        ("application/json, */*", Verb::List, Object, Json),
        ("application/vnd.kubernetes.protobuf,application/json", Verb::List, Object, Json),
        ("application/vnd.kubernetes.protobuf, */*;q=0.1", Verb::Watch, Object, Json),
        ("application/json;stream=watch", Verb::Watch, Object, Json),
        ("application/json;profile=nested", Verb::List, Object, Json),
        (kubectl, Verb::List, Table(V1), Json),
        (kubectl, Verb::Watch, Table(V1), Json),
        ("application/json;as=Table;v=v1beta1;g=meta.k8s.io", Verb::Get, Table(V1Beta1), Json),
        ("application/json;as=Table;v=v2;g=meta.k8s.io,application/json", Verb::Get, Object, Json),
        ("application/json;as=Chart;v=v1;g=meta.k8s.io,application/yaml", Verb::Get, Object, Yaml),
        (metadata, Verb::List, Metadata(V1), Json),
        ("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", Verb::Watch, Metadata(V1), Json),
        ("application/yaml", Verb::List, Object, Yaml),
        ("application/json;q=0.5,application/yaml", Verb::List, Object, Yaml),
        ("*/*,application/yaml", Verb::List, Object, Yaml),
        ("application/yaml,application/json;q=0.5", Verb::Watch, Object, Json),
        ("application/json;pretty=1", Verb::Get, Object, PrettyJson),
        ("application/json;pretty=1", Verb::Watch, Object, Json),
    ] {
        assert_eq!(ask(accept, verb, "").unwrap(), Representation { form, media }, "{accept} {verb:?}");
    }
}

#[test]
fn nothing_acceptable_is_406() {
    let list = "only the following media types are accepted: application/json, application/yaml";
    let watch = "only the following media types are accepted: application/json;stream=watch";
    for (accept, verb, text) in [
        ("application/vnd.kubernetes.protobuf", Verb::List, list),
        ("text/html", Verb::Get, list),
        ("application/yaml;stream=watch", Verb::Get, list),
        ("application/json;stream=other", Verb::Get, list),
        ("application/json;sv=v2", Verb::Get, list),
        ("json", Verb::Get, list),
        ("application/yaml", Verb::Watch, watch),
        (
            "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
            Verb::List,
            "you requested PartialObjectMetadata, but the requested object is a list (WidgetList)",
        ),
        (
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
            Verb::Get,
            "you requested PartialObjectMetadataList, but the requested object is not a list (Widget)",
        ),
    ] {
        let error = ask(accept, verb, "").expect_err(accept);
        assert_eq!((error.code.as_u16(), error.reason), (406, "NotAcceptable"));
        assert_eq!(error.message, text, "{accept}");
    }
}

#[test]
fn people_get_indented_json() {
    let media = |agent: &'static str, query: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
        negotiate(&headers, &Query::parse(query), Verb::Get, &WIDGETS).unwrap().media
    };
    for (agent, query, pretty) in [
        ("curl/8.0", "", true),
        ("Wget/1", "", true),
        ("Mozilla/5.0 (X11)", "", true),
        ("kubectl/v1.36", "", false),
        ("curl/8.0", "pretty=false", false),
        ("kubectl/v1.36", "pretty=1", true),
        ("kubectl/v1.36", "pretty=True", true),
        ("kubectl/v1.36", "pretty=yes", false),
    ] {
        assert_eq!(media(agent, query) == Media::PrettyJson, pretty, "{agent} {query}");
    }
}

#[test]
fn gzip_is_for_those_who_take_it() {
    for (value, taken) in [
        ("gzip", true),
        ("deflate, GZIP", true),
        ("gzip;q=0", false),
        ("gzip; q=0.0, *", false),
        ("*", true),
        ("*;q=0", false),
        ("identity", false),
        ("br;q=1, gzip;q=0.5", true),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
        assert_eq!(accepts_gzip(&headers), taken, "{value}");
    }
    assert!(!accepts_gzip(&HeaderMap::new()));
}
