//! Every resource a logical cluster has without defining it: the built-in kinds of Kubernetes, and those of kcp and
//! of this project that are definitions elsewhere.

use std::sync::Arc;

use serde_json::Value;

use super::{
    definitions::{self, DefinitionStrategy},
    documents,
    kinds::{self, addresses::Addresses},
    store::Versions,
};
use crate::{
    api,
    apiserver::{registry::meta, schema::Schema, strategy::Strategy},
};

/// Workspace and LogicalCluster, as far as this control plane fills them.
const KCP: [&str; 2] = [include_str!("system/workspace.yaml"), include_str!("system/logicalcluster.yaml")];

/// All of them, each with its served versions.
pub fn resources(addresses: &Arc<dyn Addresses>) -> Vec<Versions> {
    let mut all: Vec<Versions> =
        kinds::all(&schema, addresses).into_iter().map(|strategy| Versions::from([strategy])).collect();
    let kind = Arc::new(DefinitionStrategy::new());
    all.push(Versions::from([kind.clone() as Arc<dyn Strategy>]));
    let defined =
        KCP.into_iter().map(|text| serde_saphyr::from_str(text).expect("a compiled-in definition is YAML"));
    for mut definition in defined.chain(api::crds::definitions()) {
        kind.default(&mut definition);
        definition["status"] = definitions::next_status(&definition, &[], &meta::now()).unwrap_or_default();
        let strategies = definitions::strategies(&definition).expect("a compiled-in definition is valid");
        all.push(strategies.into_iter().map(|strategy| strategy as Arc<dyn Strategy>).collect());
    }
    all
}

/// The schema of a built-in kind.
fn schema(group: &str, version: &str, kind: &str) -> Arc<Schema> {
    let component: Value =
        documents::component(group, version, kind).expect("every kind served is described");
    Arc::new(Schema::parse_plain(&component).expect("Kubernetes' own schemas can be read"))
}
