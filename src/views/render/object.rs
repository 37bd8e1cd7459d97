//! A draft's bytes: metadata, labels and status, the targets spliced in as they are.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use super::{Draft, cells};
use crate::{
    api::views::{API_VERSION, AggregatedViewStatus, DATA_LABEL, HEALTH_LABEL},
    apiserver::{
        object::{Key, Object, Parts},
        resource::ResourceInfo,
    },
};

/// The space of our uids; never changes, so that a view has the same uid on every replica.
const UIDS: Uuid = Uuid::from_u128(0x7d1c_5a0e_63b8_4f6a_9c35_2f40_e1b7_08d4);
/// The one source there is. Its objects have no logical cluster but the path.
const SOURCE: &str = "kubernetes";

/// One version of a view or tree.
pub fn object(info: &ResourceInfo, draft: &Draft, resource_version: u64) -> Object {
    let name = &draft.summary.workspace_name;
    let labels = BTreeMap::from([
        (DATA_LABEL.to_owned(), draft.summary.data.as_str().to_owned()),
        (HEALTH_LABEL.to_owned(), draft.health.as_str().to_owned()),
    ]);
    let metadata = members(&Metadata {
        name,
        uid: Uuid::new_v5(&UIDS, format!("{}/{SOURCE}/{name}", info.resource).as_bytes()).to_string(),
        creation_timestamp: draft.created.map(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time),
        labels: &labels,
    });
    let status = match &draft.targets {
        None => to_json(&draft.summary),
        Some(targets) => to_json(&AggregatedViewStatus {
            summary: draft.summary.clone(),
            sync_targets: targets.clone(),
            sync_targets_truncated: draft.truncated,
        }),
    };
    let mut rest = Vec::with_capacity(status.len() + 16);
    rest.extend_from_slice(br#""status":"#);
    rest.extend_from_slice(&status);
    Object::new(Parts {
        api_version: API_VERSION,
        kind: &info.kind,
        key: Key { namespace: "".into(), name: name.as_str().into() },
        resource_version,
        labels,
        cells: cells::of(draft),
        metadata: &metadata,
        rest: &rest,
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    name: &'a str,
    uid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    creation_timestamp: Option<k8s_openapi::apimachinery::pkg::apis::meta::v1::Time>,
    labels: &'a BTreeMap<String, String>,
}

/// The members of an object, without its braces.
fn members(value: &impl Serialize) -> Vec<u8> {
    let json = to_json(value);
    json[1..json.len() - 1].to_vec()
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("maps with string keys always serialize")
}
