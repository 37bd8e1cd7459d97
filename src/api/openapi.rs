//! The OpenAPI documents of the views' group: v2 and v3, as the server gives them out.
//!
//! They are made from the wire types, written to `openapi/` by `make generate` and compiled in. This
//! module must not know how they are served; the rules it obeys are kubectl's and kube-aggregator's.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::views::{API_VERSION, GROUP, VERSION};

mod paths;
mod schemas;
#[cfg(test)]
mod tests;

/// Where v2 is checked in.
pub const V2_FILE: &str = "openapi/v2.json";
/// Where v3 is checked in.
pub const V3_FILE: &str = "openapi/v3/apis/views.workload.kcp.io/v1alpha1.json";

static V2: &[u8] = include_bytes!("../../openapi/v2.json");
static V3: &[u8] = include_bytes!("../../openapi/v3/apis/views.workload.kcp.io/v1alpha1.json");

/// The checked-in v2 document, as JSON.
pub fn v2() -> &'static [u8] {
    V2
}

/// The checked-in v3 documents as JSON, by `apis/<group>/<version>`.
pub fn v3() -> BTreeMap<String, &'static [u8]> {
    BTreeMap::from([(format!("apis/{API_VERSION}"), V3)])
}

/// File names and contents, made from the wire types.
pub fn documents() -> Vec<(&'static str, Vec<u8>)> {
    let document = |file, dialect| (file, pretty(&document(dialect)));
    vec![document(V2_FILE, Dialect::V2), document(V3_FILE, Dialect::V3)]
}

/// The two versions differ in where schemas live and how they are referred to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    V2,
    V3,
}

impl Dialect {
    fn reference(self, name: &str) -> Value {
        let folder = match self {
            Self::V2 => "definitions",
            Self::V3 => "components/schemas",
        };
        json!({"$ref": format!("#/{folder}/{name}")})
    }
}

fn document(dialect: Dialect) -> Value {
    let info = json!({"title": "tmc", "version": VERSION});
    let (paths, schemas) = (paths::all(dialect), schemas::all(dialect));
    match dialect {
        Dialect::V2 => json!({"swagger": "2.0", "info": info, "paths": paths, "definitions": schemas}),
        Dialect::V3 => {
            json!({"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": schemas}})
        }
    }
}

fn pretty(document: &Value) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(document).expect("a JSON value can be written");
    text.push(b'\n');
    text
}

fn group_version_kind(kind: &str) -> Value {
    json!({"group": GROUP, "version": VERSION, "kind": kind})
}
