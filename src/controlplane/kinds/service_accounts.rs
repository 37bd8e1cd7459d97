//! ServiceAccounts, which have no rules beyond their name.

use serde_json::{Value, json};

use super::{Rules, cells, info, values};
use crate::apiserver::resource::ResourceInfo;

pub fn rules() -> Rules {
    let info = ResourceInfo {
        short_names: vec!["sa".into()],
        subresources: vec![info::TOKEN],
        ..info::namespaced("", "serviceaccounts", "ServiceAccount")
    };
    Rules {
        prepare_create: |object, _| names_only(object),
        prepare_update: |new, _, _| names_only(new),
        ..Rules::new(info, |object| vec![cells::name(object), cells::age(object)])
    }
}

/// Of a reference to a Secret only the name counts.
fn names_only(object: &mut Value) {
    values::each(object, "/secrets", |secret| *secret = json!({"name": values::text(secret, "/name")}));
}
