//! Definitions that are deployed: all of them are accepted, and give kinds.

use std::path::Path;

use serde_json::Value;

use super::{NOW, created};
use crate::{
    apiserver::strategy::Strategy,
    controlplane::definitions::{DefinitionStrategy, next_status, strategies},
};

/// Every definition in a folder; how many there were.
fn accept_all(folder: &Path) -> usize {
    let strategy = DefinitionStrategy::new();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            count += accept_all(&path);
            continue;
        }
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
        for mut definition in documents {
            if definition["kind"] != "CustomResourceDefinition" {
                continue;
            }
            let unknown = strategy.schema().prune(&mut definition);
            assert_eq!(unknown, Vec::<String>::new(), "{path:?}");
            let mut definition = created(definition);
            let faults: Vec<_> = strategy.validate(&definition).iter().map(ToString::to_string).collect();
            assert_eq!(faults, Vec::<String>::new(), "{path:?}");
            definition["status"] = next_status(&definition, &[], NOW).unwrap();
            let kinds = strategies(&definition).unwrap();
            assert!(!kinds.is_empty(), "{path:?}");
            assert!(kinds.iter().all(|kind| kind.openapi().is_some()));
            count += 1;
        }
    }
    count
}

#[test]
fn our_own_are_accepted() {
    assert!(accept_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/crds")) > 0);
}

#[test]
fn those_of_kcp_are_accepted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/kcp-crds");
    if !folder.is_dir() {
        eprintln!("SKIPPED: no {}", folder.display());
        return;
    }
    assert!(accept_all(&folder) > 0);
}
