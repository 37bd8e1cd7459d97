//! Requests for what is no resource: health, discovery, OpenAPI, version, and paths that do not exist.

use crate::conformance::requests::{Request, accept, get, method, nobody};

const VERBOSE: &str = "the checks have other names";
const SLASH: &str = "a slash at the end is forgiven, as it is for discovery";
const NOSNIFF: &str = "also a single check's text is not to be sniffed";
const STATUS: &str = "a Status, where upstream has plain text or nothing";
const READ_ONLY: &str = "405 with Allow: only GET and HEAD are served, whatever the path";
const JSON_ONLY: &str = "neither YAML nor protobuf, so they are not offered";
const OPENAPI: &str =
    "a 406 says what there is; upstream sends an empty one, or ignores Accept for the index";
const IMPERSONATION: &str = "refused: kube-apiserver resolves it before it sends a request on";

pub(super) const ROOTS: &[Request] = &[
    get("/livez"),
    get("/readyz"),
    get("/healthz"),
    get("/livez/").but(SLASH),
    get("/livez/ping").but(NOSNIFF),
    get("/readyz/ping").but(NOSNIFF),
    get("/healthz/ping").but(NOSNIFF),
    get("/readyz/nothing").but(STATUS),
    get("/livez?exclude=ping"),
    get("/livez?exclude=nothing"),
    get("/livez?verbose").but(VERBOSE),
    get("/livez?verbose&exclude=ping").but(VERBOSE),
    method("HEAD", "/livez"),
    method("POST", "/livez").but(READ_ONLY),
    method("DELETE", "/livez/ping").but(READ_ONLY),
    get("/nothing").but(STATUS),
    get("/apis/nothing").but(STATUS),
    get("/apis/nothing/v1").but(STATUS),
    get("/apis/nothing/v1/things").but(STATUS),
    get("/api/v9/things"),
    method("POST", "/apis").but(READ_ONLY),
    method("POST", "/version").but(READ_ONLY),
    accept(&[("Accept", "application/json;g=apidiscovery.k8s.io;v=v9;as=APIGroupDiscoveryList")], "/apis")
        .but(JSON_ONLY),
    accept(&[("Accept", "text/html")], "/apis").but(JSON_ONLY),
    accept(&[("Accept", "text/html")], "/openapi/v2").but(OPENAPI),
    accept(&[("Accept", "text/html")], "/openapi/v3").but(OPENAPI),
    get("/openapi").but(STATUS),
    get("/openapi/v3/apis/nothing/v1").but(STATUS),
    method("POST", "/openapi/v2").but(READ_ONLY),
    method("POST", "/openapi/v3").but(READ_ONLY),
    get("/healthz?timeout=abc"),
    accept(&[("Impersonate-User", "jane")], "/metrics").but(IMPERSONATION),
    nobody("/livez"),
    nobody("/readyz/ping"),
    nobody("/metrics"),
    nobody("/nothing"),
    nobody("/"),
    nobody("/apis/nothing").but(STATUS),
    nobody("/apis/nothing/v1").but(STATUS),
    nobody("/apis/nothing/v1/things"),
    nobody("/openapi/v3/apis/nothing/v1").but(STATUS),
    nobody("/metrics?verbose"),
];
