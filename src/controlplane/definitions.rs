//! CustomResourceDefinitions: what one must be, what becomes of it, and the kinds it brings.
//!
//! Pure: objects in, objects or mistakes out. Whoever stores definitions asks here for the next status of one and,
//! when it is established, for its kinds. This module must not know where objects lie or who serves them.

mod columns;
mod custom;
mod defaults;
mod formats;
mod json_path;
mod keywords;
mod kind;
mod names;
mod openapi;
mod spec;
mod structural;
#[cfg(test)]
mod tests;
mod words;

use std::sync::Arc;

use serde_json::Value;

pub use custom::CustomStrategy;
pub use kind::DefinitionStrategy;
pub use names::{is_established, next_status, without_instances};

use crate::apiserver::schema::SchemaError;

/// The kinds of an established definition, one per served version, the one clients prefer first. Empty until
/// it is established.
pub fn strategies(definition: &Value) -> Result<Vec<Arc<CustomStrategy>>, SchemaError> {
    if !is_established(definition) {
        return Ok(Vec::new());
    }
    let mut versions: Vec<&Value> = definition["spec"]["versions"].as_array().into_iter().flatten().collect();
    versions.sort_by_key(|version| words::version_rank(words::text(version, "name")));
    versions
        .into_iter()
        .filter(|version| version["served"] == true)
        .map(|version| CustomStrategy::new(definition, version).map(Arc::new))
        .collect()
}
