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

pub(super) const fn get(path: &'static str) -> Request {
    Request { user: "admin", method: "GET", path, headers: &[], expected: Expected::Same }
}

pub(super) const fn method(method: &'static str, path: &'static str) -> Request {
    Request { method, ..get(path) }
}

pub(super) const fn nobody(path: &'static str) -> Request {
    Request { user: "nobody", ..get(path) }
}

pub(super) const fn accept(
    headers: &'static [(&'static str, &'static str); 1],
    path: &'static str,
) -> Request {
    Request { headers, ..get(path) }
}

impl Request {
    pub(super) const fn but(self, why: &'static str) -> Self {
        Self { expected: Expected::Differs(why), ..self }
    }

    /// What the last line to be read has. A stream with initial events is read up to the bookmark that ends
    /// them: kube-apiserver sends it after it heard from etcd, however long that takes.
    pub(super) fn end(&self) -> Option<&'static str> {
        self.path.contains(LONG).then_some("k8s.io/initial-events-end")
    }
}

/// Watches that are left before their time.
const LONG: &str = "timeoutSeconds=30";

const BAD_VERSION: &str = "400 for the client's mistake; upstream's 500 is retried by some clients";
const NO_SUBRESOURCE: &str = "404 as well, but not with words that deny the object, which may exist";
const NO_PROTOBUF: &str = "neither protobuf, nor an error in it; clients that prefer it name JSON as well";
const JSON_ERRORS: &str = "an error is always one line of JSON: watch clients need that";
const NOT_A_LIST: &str = "406, where upstream fails with a 500 or with an empty stream";
const GO_TYPE: &str = "upstream's text names a type of its implementation";
const TOKENS: &str = "a token is signed and opens only the list it was given for";
const HISTORY: &str = "410: of the past only the versions of lists that are being paged are kept";
const LIMIT: &str = "upstream ignores a limit when it answers from its cache; here it is honoured";
const FIELDS: &str = "the fields and the text of built-in resources, which say what can be selected";
const FUTURE: &str = "410: upstream waits silently for a version that may belong to another process";
const STATUS: &str = "a Status, where custom resources have plain text";
const READ_ONLY: &str = "405 with Allow: nothing can be written";
const OLD_WATCH: &str = "the deprecated path of watches is not served; no client of today uses it";
const DOOR: &str = "a list shows the rows that may be got; the right to list alone opens no row";

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
    get("/v1alpha1/aggregatedviews/alpha?resourceVersion=abc").but(BAD_VERSION),
    get("/v1alpha1/aggregatedviews/alpha?resourceVersion=9000000000000000000"),
    get("/v1alpha1/aggregatedviews/alpha?unknown=1&pretty=false"),
    get("/v1alpha1/aggregatedviews/alpha/status").but(NO_SUBRESOURCE),
    get("/v1alpha1/aggregatedviews/alpha/nothing").but(NO_SUBRESOURCE),
    accept(TABLE, "/v1alpha1/aggregatedviews/alpha"),
    accept(TABLE, "/v1alpha1/aggregatedviews/alpha?includeObject=Object"),
    accept(TABLE, "/v1alpha1/aggregatedviews/absent"),
    accept(TABLE_BETA, "/v1alpha1/aggregatedviews/alpha"),
    accept(TABLE_UNKNOWN, "/v1alpha1/aggregatedviews/alpha").but(NO_PROTOBUF),
    accept(TABLE_ELSE_JSON, "/v1alpha1/aggregatedviews/alpha"),
    accept(PARTIAL, "/v1alpha1/aggregatedviews/alpha"),
    accept(PARTIAL_LIST, "/v1alpha1/aggregatedviews/alpha").but(NOT_A_LIST),
    accept(PARTIAL_OTHER, "/v1alpha1/aggregatedviews/alpha").but(NO_PROTOBUF),
    accept(YAML, "/v1alpha1/aggregatedviews/alpha"),
    accept(YAML, "/v1alpha1/aggregatedviews/absent").but(JSON_ERRORS),
    accept(HTML, "/v1alpha1/aggregatedviews/alpha").but(NO_PROTOBUF),
    accept(BROWSER, "/v1alpha1/aggregatedviews/alpha"),
    accept(TYPED, "/v1alpha1/aggregatedviews/alpha"),
    accept(PROTOBUF, "/v1alpha1/aggregatedviews/alpha").but(NO_PROTOBUF),
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
    get("/v1alpha1/aggregatedviews?continue=TOKEN&labelSelector=a").but(TOKENS),
    get("/v1alpha1/aggregatedviews?continue=%21").but(TOKENS),
    get("/v1alpha1/aggregatedviews?resourceVersion=0"),
    get("/v1alpha1/aggregatedviews?resourceVersion=0&limit=1").but(LIMIT),
    get("/v1alpha1/aggregatedviews?resourceVersion=1"),
    get("/v1alpha1/aggregatedviews?resourceVersion=RV"),
    get("/v1alpha1/aggregatedviews?resourceVersion=abc"),
    get("/v1alpha1/aggregatedviews?resourceVersion=-1"),
    get("/v1alpha1/aggregatedviews?resourceVersion=9000000000000000000"),
    get("/v1alpha1/aggregatedviews?resourceVersion=RV&limit=2"),
    get("/v1alpha1/aggregatedviews?resourceVersion=RV&resourceVersionMatch=Exact"),
    get("/v1alpha1/aggregatedviews?resourceVersion=1&limit=2").but(HISTORY),
    get("/v1alpha1/aggregatedviews?resourceVersion=1&resourceVersionMatch=Exact").but(HISTORY),
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
    get("/v1alpha1/aggregatedviews?labelSelector=a+in+()"),
    get("/v1alpha1/aggregatedviews?labelSelector=a+in+(),b"),
    get("/v1alpha1/aggregatedviews?labelSelector=a+notin+(,b)"),
    get("/v1alpha1/aggregatedviews?labelSelector=a+in+(b,-c)"),
    get("/v1alpha1/aggregatedviews?labelSelector=a!%3D,!b&labelSelector=c"),
    get("/v1alpha1/aggregatedviews?fieldSelector=metadata.name%3Dalpha"),
    // Lists what is watched later: who may see a name is known from the first question about it on.
    get("/v1alpha1/aggregatedviews?fieldSelector=metadata.name%3Dgamma"),
    get("/v1alpha1/aggregatedviews?fieldSelector=metadata.name!%3Dalpha"),
    get("/v1alpha1/aggregatedviews?fieldSelector=metadata.name%3Dabsent"),
    get("/v1alpha1/aggregatedviews?fieldSelector=metadata.namespace%3Dalpha").but(FIELDS),
    get("/v1alpha1/aggregatedviews?fieldSelector=metadata.name"),
    get("/v1alpha1/aggregatedviews?fieldSelector=spec.color%3Dblue").but(FIELDS),
    get("/v1alpha1/aggregatedviews?fieldSelector=metadata.name%3Da%5Cb"),
    get("/v1alpha1/aggregatedviews?timeoutSeconds=x"),
    accept(TABLE, "/v1alpha1/aggregatedviews"),
    accept(TABLE, "/v1alpha1/aggregatedviews?limit=2"),
    accept(TABLE, "/v1alpha1/aggregatedviews?includeObject=Object"),
    accept(TABLE, "/v1alpha1/aggregatedviews?includeObject=None"),
    accept(TABLE, "/v1alpha1/aggregatedviews?includeObject=All"),
    accept(TABLE, "/v1alpha1/aggregatedviews?labelSelector=absent"),
    accept(TABLE_BETA, "/v1alpha1/aggregatedviews"),
    accept(TABLE_UNKNOWN, "/v1alpha1/aggregatedviews").but(NO_PROTOBUF),
    accept(PARTIAL_LIST, "/v1alpha1/aggregatedviews"),
    accept(PARTIAL, "/v1alpha1/aggregatedviews").but(GO_TYPE),
    accept(YAML, "/v1alpha1/aggregatedviews"),
    accept(PROTOBUF, "/v1alpha1/aggregatedviews").but(NO_PROTOBUF),
    // Watches.
    get("/v1alpha1/aggregatedviews?watch=true&timeoutSeconds=1"),
    get("/v1alpha1/aggregatedviews?watch&timeoutSeconds=1&resourceVersion=0"),
    get("/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&resourceVersion=RV"),
    get("/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&resourceVersion=1"),
    get("/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&resourceVersion=abc").but(BAD_VERSION),
    get("/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&resourceVersion=9000000000000000000").but(FUTURE),
    get("/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Dbeta"),
    get("/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&fieldSelector=spec.color%3Dblue").but(FIELDS),
    get("/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&labelSelector=a+in+("),
    get("/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=x"),
    get(
        "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=30&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
    ),
    get(
        "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=30&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=absent",
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
        "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=30&includeObject=None&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
    ),
    accept(TABLE, "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1&resourceVersion=1"),
    accept(
        PARTIAL,
        "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=30&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
    ),
    accept(PARTIAL_LIST, "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1").but(NOT_A_LIST),
    accept(YAML, "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1").but(NO_PROTOBUF),
    accept(PROTOBUF, "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1").but(NO_PROTOBUF),
    get("/v1alpha1/watch/aggregatedviews?timeoutSeconds=1").but(OLD_WATCH),
    // Paths and methods.
    get("/v1alpha1/unknown").but(STATUS),
    get("/v1alpha1/unknown/alpha").but(STATUS),
    get("/v1alpha1/namespaces/default/aggregatedviews").but(STATUS),
    get("/v1alpha1/namespaces/default/aggregatedviews/alpha").but(STATUS),
    method("HEAD", "/v1alpha1/aggregatedviews"),
    method("HEAD", "/v1alpha1/aggregatedviews/alpha"),
    method("HEAD", "/v1alpha1/aggregatedviews/absent"),
    method("POST", "/v1alpha1/aggregatedviews/alpha").but(READ_ONLY),
    method("PUT", "/v1alpha1/aggregatedviews").but(READ_ONLY),
    method("PATCH", "/v1alpha1/aggregatedviews").but(READ_ONLY),
    method("OPTIONS", "/v1alpha1/aggregatedviews").but(READ_ONLY),
    method("POST", "/v1alpha1").but(READ_ONLY),
    method("DELETE", "/v1alpha1").but(READ_ONLY),
    // Without rights.
    nobody("/v1alpha1/aggregatedviews/alpha"),
    nobody("/v1alpha1/aggregatedviews/absent"),
    nobody("/v1alpha1/unknown"),
    nobody("/v1alpha1/aggregatedviews/alpha/nothing"),
    nobody("/v1alpha1/aggregatedviews").but(DOOR),
];

/// Asked after `gamma` is gone, about the time when it was there.
pub(super) const AFTER_DELETION: &[Request] = &[
    get("/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=3&resourceVersion=RV"),
    get(
        "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=3&resourceVersion=RV&fieldSelector=metadata.name%3Dgamma",
    ),
    get(
        "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=3&resourceVersion=RV&fieldSelector=metadata.name%3Dbeta",
    ),
    get("/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=3&resourceVersion=RV&labelSelector=absent"),
    get(
        "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=3&resourceVersion=RV&labelSelector=views.workload.kcp.io/health",
    ),
    accept(TABLE, "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=3&resourceVersion=RV"),
    accept(
        TABLE,
        "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=3&resourceVersion=RV&includeObject=Object",
    ),
    accept(PARTIAL, "/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=3&resourceVersion=RV"),
    get("/v1alpha1/aggregatedviews/gamma"),
    get("/v1alpha1/aggregatedviews?resourceVersion=RV"),
    get("/v1alpha1/aggregatedviews?resourceVersion=RV&resourceVersionMatch=Exact"),
    get("/v1alpha1/aggregatedviews?limit=2&continue=TOKEN"),
    get("/v1alpha1/aggregatedviews?limit=1&continue=TOKEN"),
];
