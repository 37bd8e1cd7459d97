//! The operations of the views' group. Watch is a list with `watch=true`, as Kubernetes has it.
//!
//! Must not know the schemas but by name.

use serde_json::{Map, Value, json};

use super::{Dialect, group_version_kind, schemas};
use crate::api::views::API_VERSION;

const TAG: &str = "viewsWorkloadKcpIo_v1alpha1";
const ID: &str = "ViewsWorkloadKcpIoV1alpha1";

/// Query parameters of a list: name, type, description.
const LIST: [(&str, &str, &str); 10] = [
    (
        "allowWatchBookmarks",
        "boolean",
        "Ask a watch for events of type BOOKMARK, which tell how far it is. Ignored if this is not a watch.",
    ),
    (
        "continue",
        "string",
        "The value of `continue` from the metadata of the previous part of the list. Expires; then the server \
         answers 410 ResourceExpired and the list must be begun anew.",
    ),
    ("fieldSelector", "string", "Restrict the answer to objects by their fields. Defaults to everything."),
    ("labelSelector", "string", "Restrict the answer to objects by their labels. Defaults to everything."),
    (
        "limit",
        "integer",
        "The most objects that one answer holds. If there are more, the answer's metadata has `continue`.",
    ),
    (
        "resourceVersion",
        "string",
        "The version that the answer must have at least reached, or that a watch begins after. Defaults to \
         unset.",
    ),
    (
        "resourceVersionMatch",
        "string",
        "How `resourceVersion` is applied to a list: NotOlderThan or Exact. Defaults to unset.",
    ),
    (
        "sendInitialEvents",
        "boolean",
        "Begin a watch with an event for every object there is, then a bookmark that says so. Needs \
         resourceVersionMatch=NotOlderThan and allowWatchBookmarks.",
    ),
    ("timeoutSeconds", "integer", "End the list or watch after this time, whatever it is doing."),
    (
        "watch",
        "boolean",
        "Watch for changes to the objects and answer with a stream of events, each added, modified or deleted.",
    ),
];

const PRETTY: (&str, &str, &str) = ("pretty", "string", "If 'true', then the output is pretty printed.");

/// Every path and its operations.
pub(super) fn all(dialect: Dialect) -> Value {
    let mut paths = Map::new();
    for (resource, kind) in [("aggregatedviews", "AggregatedView"), ("aggregatedtrees", "AggregatedTree")] {
        let collection = format!("/apis/{API_VERSION}/{resource}");
        let name = json!({"parameters": [name_parameter(dialect, kind), query(dialect, PRETTY)]});
        paths.insert(format!("{collection}/{{name}}"), with_get(name, get(dialect, kind)));
        let pretty = json!({"parameters": [query(dialect, PRETTY)]});
        paths.insert(collection, with_get(pretty, list(dialect, kind)));
    }
    Value::Object(paths)
}

fn with_get(mut item: Value, operation: Value) -> Value {
    item["get"] = operation;
    item
}

fn list(dialect: Dialect, kind: &str) -> Value {
    let description = format!("list or watch objects of kind {kind}");
    let mut operation = operation(dialect, kind, "list", &description, &format!("{kind}List"));
    operation["operationId"] = json!(format!("list{ID}{kind}"));
    operation["parameters"] = LIST.map(|parameter| query(dialect, parameter)).into();
    operation
}

fn get(dialect: Dialect, kind: &str) -> Value {
    let mut operation = operation(dialect, kind, "get", &format!("read the specified {kind}"), kind);
    operation["operationId"] = json!(format!("read{ID}{kind}"));
    operation
}

fn operation(dialect: Dialect, kind: &str, action: &str, description: &str, answer: &str) -> Value {
    let schema = dialect.reference(&schemas::name(answer));
    let mut operation = json!({
        "description": description,
        "tags": [TAG],
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": group_version_kind(kind),
    });
    match dialect {
        Dialect::V2 => {
            operation["consumes"] = json!(["*/*"]);
            operation["produces"] = media_types(action).into();
            operation["schemes"] = json!(["https"]);
            operation["responses"] = responses(json!({"description": "OK", "schema": schema}));
        }
        Dialect::V3 => {
            let content = media_types(action).into_iter().map(|media| (media, json!({"schema": schema})));
            let content: Map<_, _> = content.collect();
            operation["responses"] = responses(json!({"description": "OK", "content": content}));
        }
    }
    operation
}

fn media_types(action: &str) -> Vec<String> {
    let stream = (action == "list").then_some("application/json;stream=watch");
    ["application/json", "application/yaml"].into_iter().chain(stream).map(str::to_owned).collect()
}

fn responses(ok: Value) -> Value {
    json!({"200": ok, "401": {"description": "Unauthorized"}, "403": {"description": "Forbidden"}})
}

fn query(dialect: Dialect, (name, kind, description): (&str, &str, &str)) -> Value {
    let parameter = json!({"name": name, "in": "query", "description": description});
    typed(dialect, parameter, json!({"type": kind, "uniqueItems": true}))
}

fn name_parameter(dialect: Dialect, kind: &str) -> Value {
    let description = format!("name of the {kind}: the workspace's path");
    let parameter = json!({"name": "name", "in": "path", "description": description, "required": true});
    typed(dialect, parameter, json!({"type": "string", "uniqueItems": true}))
}

/// v2 has the type beside the name, v3 below `schema`.
fn typed(dialect: Dialect, mut parameter: Value, schema: Value) -> Value {
    match (dialect, schema) {
        (Dialect::V2, Value::Object(keywords)) => {
            keywords.into_iter().for_each(|(keyword, value)| parameter[keyword] = value);
        }
        (_, schema) => parameter["schema"] = schema,
    }
    parameter
}
