//! The schema of `metadata`, which is the same for every kind and which schemas of custom resources leave out.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use crate::apiserver::schema::{ListType, PatchStrategy, Schema, Type};

/// `io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta`.
pub static OBJECT_META: LazyLock<Schema> = LazyLock::new(|| {
    let text = || of(Type::String);
    // The wire form of times is not looked at, as upstream does not.
    let time = || Schema { int_or_string: true, ..of(Type::String) };
    fields([
        ("annotations", texts()),
        ("creationTimestamp", time()),
        ("deletionGracePeriodSeconds", of(Type::Integer)),
        ("deletionTimestamp", time()),
        ("finalizers", finalizers()),
        ("generateName", text()),
        ("generation", of(Type::Integer)),
        ("labels", texts()),
        ("managedFields", of(Type::Array)),
        ("name", text()),
        ("namespace", text()),
        ("ownerReferences", owner_references()),
        ("resourceVersion", text()),
        ("selfLink", text()),
        ("uid", text()),
    ])
});

fn of(kind: Type) -> Schema {
    Schema { kind, ..Schema::default() }
}

fn fields<const N: usize>(fields: [(&str, Schema); N]) -> Schema {
    let properties: BTreeMap<_, _> =
        fields.into_iter().map(|(name, schema)| (name.to_owned(), Arc::new(schema))).collect();
    Schema { properties, ..of(Type::Object) }
}

/// A map of strings.
fn texts() -> Schema {
    Schema { additional_properties: Some(Arc::new(of(Type::String))), ..of(Type::Object) }
}

fn finalizers() -> Schema {
    Schema {
        items: Some(Arc::new(of(Type::String))),
        list_type: ListType::Set,
        patch: PatchStrategy { merge: true, ..PatchStrategy::default() },
        ..of(Type::Array)
    }
}

fn owner_references() -> Schema {
    let reference = fields([
        ("apiVersion", of(Type::String)),
        ("blockOwnerDeletion", of(Type::Boolean)),
        ("controller", of(Type::Boolean)),
        ("kind", of(Type::String)),
        ("name", of(Type::String)),
        ("uid", of(Type::String)),
    ]);
    Schema {
        items: Some(Arc::new(Schema { atomic_map: true, ..reference })),
        list_type: ListType::Map,
        list_map_keys: vec!["uid".to_owned()],
        patch: PatchStrategy { merge: true, merge_key: Some("uid".to_owned()), ..PatchStrategy::default() },
        ..of(Type::Array)
    }
}
