//! The requests. `RV` stands for a version that the asked server holds, `TOKEN` for the continue token
//! of its first page of two. Paths follow `/apis/<group>`.

pub(super) struct Request {
    pub(super) user: &'static str,
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) headers: &'static [(&'static str, &'static str)],
    pub(super) expected: Expected,
}

#[derive(Clone, Copy)]
pub(super) enum Expected {
    Same,
    /// And why.
    Differs(&'static str),
}

const fn get(path: &'static str) -> Request {
    Request { user: "admin", method: "GET", path, headers: &[], expected: Expected::Same }
}

const fn method(method: &'static str, path: &'static str) -> Request {
    Request { method, ..get(path) }
}

const fn nobody(path: &'static str) -> Request {
    Request { user: "nobody", ..get(path) }
}

const fn accept(headers: &'static [(&'static str, &'static str); 1], path: &'static str) -> Request {
    Request { headers, ..get(path) }
}

impl Request {
    const fn but(self, why: &'static str) -> Self {
        Self { expected: Expected::Differs(why), ..self }
    }
}

type Accept = [(&'static str, &'static str); 1];
const TABLE: &Accept = &[("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")];
const TABLE_BETA: &Accept = &[("Accept", "application/json;as=Table;v=v1beta1;g=meta.k8s.io")];
const TABLE_UNKNOWN: &Accept = &[("Accept", "application/json;as=Table;v=v2;g=meta.k8s.io")];
const TABLE_ELSE_JSON: &Accept =
    &[("Accept", "application/json;as=Table;v=v2;g=meta.k8s.io,application/json")];
const PARTIAL: &Accept = &[("Accept", "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1")];
const PARTIAL_LIST: &Accept =
    &[("Accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")];
const PARTIAL_OTHER: &Accept = &[("Accept", "application/json;as=PartialObjectMetadata;g=apps;v=v1")];
const YAML: &Accept = &[("Accept", "application/yaml")];
const HTML: &Accept = &[("Accept", "text/html")];
const BROWSER: &Accept = &[("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")];
const TYPED: &Accept = &[("Accept", "application/vnd.kubernetes.protobuf,application/json")];
const PROTOBUF: &Accept = &[("Accept", "application/vnd.kubernetes.protobuf")];
const STREAM: &Accept = &[("Accept", "application/json;stream=watch")];
const CBOR: &Accept = &[("Accept", "application/cbor,application/json")];
const GZIP: &Accept = &[("Accept-Encoding", "gzip")];

pub(super) const REQUESTS: &[Request] = &[
    // One object.
    get("/v1alpha1/aggregatedviews/alpha"),
    get("/v1alpha1/aggregatedviews/alpha/"),
    get("/v1alpha1/aggregatedviews/absent"),
    get("/v1alpha1/aggregatedviews/alpha?watch=true"),
    get("/v1alpha1/aggregatedviews/alpha?resourceVersion=0"),
    get("/v1alpha1/aggregatedviews/alpha?resourceVersion=RV"),
    get("/v1alpha1/aggregatedviews/alpha?resourceVersion=abc"),
    get("/v1alpha1/aggregatedviews/alpha?resourceVersion=9000000000000000000"),
    get("/v1alpha1/aggregatedviews/alpha?unknown=1&pretty=false"),
    get("/v1alpha1/aggregatedviews/alpha/status"),
    get("/v1alpha1/aggregatedviews/alpha/nothing"),
    accept(TABLE, "/v1alpha1/aggregatedviews/alpha"),
    accept(TABLE, "/v1alpha1/aggregatedviews/alpha?includeObject=Object"),
    accept(TABLE, "/v1alpha1/aggregatedviews/absent"),
    accept(TABLE_BETA, "/v1alpha1/aggregatedviews/alpha"),
    accept(TABLE_UNKNOWN, "/v1alpha1/aggregatedviews/alpha"),
    accept(TABLE_ELSE_JSON, "/v1alpha1/aggregatedviews/alpha"),
    accept(PARTIAL, "/v1alpha1/aggregatedviews/alpha"),
    accept(PARTIAL_LIST, "/v1alpha1/aggregatedviews/alpha"),
    accept(PARTIAL_OTHER, "/v1alpha1/aggregatedviews/alpha"),
    accept(YAML, "/v1alpha1/aggregatedviews/alpha"),
    accept(YAML, "/v1alpha1/aggregatedviews/absent"),
    accept(HTML, "/v1alpha1/aggregatedviews/alpha"),
    accept(BROWSER, "/v1alpha1/aggregatedviews/alpha"),
    accept(TYPED, "/v1alpha1/aggregatedviews/alpha"),
    accept(PROTOBUF, "/v1alpha1/aggregatedviews/alpha"),
    accept(CBOR, "/v1alpha1/aggregatedviews/alpha"),
    accept(GZIP, "/v1alpha1/aggregatedviews/alpha"),
    // Collections.
    get("/v1alpha1/aggregatedviews"),
    get("/v1alpha1/aggregatedviews/"),
    get("/v1alpha1/aggregatedviews?watch=0"),
    get("/v1alpha1/aggregatedviews?watch=false"),
    get("/v1alpha1/aggregatedviews?limit=2"),
    get("/v1alpha1/aggregatedviews?limit=4"),
    get("/v1alpha1/aggregatedviews?limit=0"),
    get("/v1alpha1/aggregatedviews?limit=-1"),
    get("/v1alpha1/aggregatedviews?limit=x"),
    get("/v1alpha1/aggregatedviews?limit=2&continue=TOKEN"),
    get("/v1alpha1/aggregatedviews?continue=TOKEN"),
    get("/v1alpha1/aggregatedviews?continue=TOKEN&resourceVersion=0"),
    get("/v1alpha1/aggregatedviews?continue=TOKEN&resourceVersion=RV"),
    get("/v1alpha1/aggregatedviews?continue=%21"),
    get("/v1alpha1/aggregatedviews?resourceVersion=0"),
    get("/v1alpha1/aggregatedviews?resourceVersion=0&limit=1"),
    get("/v1alpha1/aggregatedviews?resourceVersion=1"),
    get("/v1alpha1/aggregatedviews?resourceVersion=RV"),
    get("/v1alpha1/aggregatedviews?resourceVersion=abc"),
    get("/v1alpha1/aggregatedviews?resourceVersion=-1"),
    get("/v1alpha1/aggregatedviews?resourceVersion=9000000000000000000"),
    get("/v1alpha1/aggregatedviews?resourceVersion=RV&limit=2"),
    get("/v1alpha1/aggregatedviews?resourceVersion=RV&resourceVersionMatch=Exact"),
    get("/v1alpha1/aggregatedviews?resourceVersion=0&resourceVersionMatch=Exact"),
    get("/v1alpha1/aggregatedviews?resourceVersionMatch=Exact"),
    get("/v1alpha1/aggregatedviews?resourceVersion=0&resourceVersionMatch=NotOlderThan"),
    get("/v1alpha1/aggregatedviews?resourceVersion=RV&resourceVersionMatch=NotOlderThan"),
    get("/v1alpha1/aggregatedviews?resourceVersion=RV&resourceVersionMatch=Newest"),
    get("/v1alpha1/aggregatedviews?continue=TOKEN&resourceVersion=RV&resourceVersionMatch=Exact"),
    get("/v1alpha1/aggregatedviews?sendInitialEvents=true"),
    get("/v1alpha1/aggregatedviews?labelSelector=views.workload.kcp.io/health%3DUnknown"),
    get("/v1alpha1/aggregatedviews?labelSelector=views.workload.kcp.io/health%3DUnknown&limit=2"),
    get("/v1alpha1/aggregatedviews?labelSelector=views.workload.kcp.io/health!%3DUnknown"),
    get("/v1alpha1/aggregatedviews?labelSelector=!absent,views.workload.kcp.io/data+notin+(Stale)"),
    get("/v1alpha1/aggregatedviews?labelSelector=a+in+("),
    get("/v1alpha1/aggregatedviews?labelSelector=a%3D%3D%3Db"),
    get("/v1alpha1/aggregatedviews?labelSelector=-bad"),
    get("/v1alpha1/aggregatedviews?labelSelector=a%3D-bad"),
    get("/v1alpha1/aggregatedviews?labelSelector=a%3Eb"),
    get("/v1alpha1/aggregatedviews?fieldSelector=metadata.name%3Dalpha"),
    get("/v1alpha1/aggregatedviews?fieldSelector=metadata.name!%3Dalpha"),
    get("/v1alpha1/aggregatedviews?fieldSelector=metadata.name%3Dabsent"),
    get("/v1alpha1/aggregatedviews?fieldSelector=metadata.namespace%3Dalpha"),
    get("/v1alpha1/aggregatedviews?fieldSelector=metadata.name"),
    get("/v1alpha1/aggregatedviews?fieldSelector=spec.color%3Dblue"),
    get("/v1alpha1/aggregatedviews?fieldSelector=metadata.name%3Da%5Cb"),
    get("/v1alpha1/aggregatedviews?timeoutSeconds=x"),
    accept(TABLE, "/v1alpha1/aggregatedviews"),
    accept(TABLE, "/v1alpha1/aggregatedviews?limit=2"),
    accept(TABLE, "/v1alpha1/aggregatedviews?includeObject=Object"),
    accept(TABLE, "/v1alpha1/aggregatedviews?includeObject=None"),
    accept(TABLE, "/v1alpha1/aggregatedviews?includeObject=All"),
    accept(TABLE, "/v1alpha1/aggregatedviews?labelSelector=absent"),
    accept(TABLE_BETA, "/v1alpha1/aggregatedviews"),
    accept(TABLE_UNKNOWN, "/v1alpha1/aggregatedviews"),
    accept(PARTIAL_LIST, "/v1alpha1/aggregatedviews"),
    accept(PARTIAL, "/v1alpha1/aggregatedviews"),
    accept(YAML, "/v1alpha1/aggregatedviews"),
    accept(PROTOBUF, "/v1alpha1/aggregatedviews"),
    // Watches.
    get("/v1alpha1/aggregatedviews?watch=true&timeoutSeconds=1"),
    get("/v1alpha1/aggregatedviews?watch&timeoutSeconds=1&resourceVersion=0"),
    get("/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&resourceVersion=RV"),
    get("/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&resourceVersion=1"),
    get("/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&resourceVersion=abc"),
    get("/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&resourceVersion=9000000000000000000"),
    get("/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Dbeta"),
    get("/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&fieldSelector=spec.color%3Dblue"),
    get("/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&labelSelector=a+in+("),
    get("/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=x"),
    get(
        "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
    ),
    get(
        "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=absent",
    ),
    get(
        "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
    ),
    get(
        "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan",
    ),
    get(
        "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&resourceVersion=9000000000000000000",
    ),
    get("/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&sendInitialEvents=true"),
    get(
        "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=Exact",
    ),
    get("/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&resourceVersionMatch=NotOlderThan"),
    get("/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&continue=TOKEN"),
    accept(STREAM, "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1"),
    accept(TYPED, "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1"),
    accept(TABLE, "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1"),
    accept(
        TABLE,
        "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&includeObject=None&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
    ),
    accept(TABLE, "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&resourceVersion=1"),
    accept(
        PARTIAL,
        "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
    ),
    accept(PARTIAL_LIST, "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1"),
    accept(YAML, "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1"),
    accept(PROTOBUF, "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1"),
    get("/v1alpha1/watch/aggregatedviews?timeoutSeconds=1")
        .but("the deprecated path is not served: no client of the last years sends it"),
    // Paths and methods.
    get(""),
    get("/v2"),
    get("/v1alpha1/unknown"),
    get("/v1alpha1/unknown/alpha"),
    get("/v1alpha1/namespaces/default/aggregatedviews"),
    get("/v1alpha1/namespaces/default/aggregatedviews/alpha"),
    method("HEAD", "/v1alpha1/aggregatedviews"),
    method("HEAD", "/v1alpha1/aggregatedviews/alpha"),
    method("HEAD", "/v1alpha1/aggregatedviews/absent"),
    method("POST", "/v1alpha1/aggregatedviews/alpha"),
    method("PUT", "/v1alpha1/aggregatedviews"),
    method("PATCH", "/v1alpha1/aggregatedviews"),
    method("OPTIONS", "/v1alpha1/aggregatedviews"),
    method("POST", "/v1alpha1"),
    method("DELETE", "/v1alpha1"),
    // Without rights.
    nobody("/v1alpha1/aggregatedviews/alpha"),
    nobody("/v1alpha1/aggregatedviews/absent"),
    nobody("/v1alpha1/unknown"),
    nobody("/v1alpha1/aggregatedviews/alpha/nothing"),
    nobody("/v1alpha1/aggregatedviews").but("a list opens the door and shows the rows that may be got"),
];
