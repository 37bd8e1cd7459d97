//! One look at one object: it is read whole, and its status is written if it is not what the shares make of it.

use std::{collections::BTreeMap, sync::Arc};

use http::StatusCode;
use jiff::Timestamp;
use serde_json::Value;

use super::{
    combine::{Target, combine},
    seen::Shared,
};
use crate::{
    api::share::patch::{Settled, status_patch},
    informers::Resource,
    reconcilers::{
        call::{Action, Call, Caller, in_cluster, segment},
        requests,
    },
    upstream::UpstreamError,
};

const FIELD_MANAGER: &str = "tmc-status";

pub(super) struct Work {
    pub id: Arc<str>,
    pub object: Shared,
    pub targets: Arc<BTreeMap<String, Target>>,
    pub settled: Option<Settled>,
    pub now: Timestamp,
}

/// What a look came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// It says what it should, at this version.
    Same {
        version: String,
    },
    Written {
        version: String,
        settled: Settled,
    },
    /// There is no such object any more.
    Gone,
}

impl requests::Work for Work {
    type Done = Done;

    async fn perform(&self, caller: &Caller) -> Result<Done, UpstreamError> {
        let Work { object: Shared { kind, cluster, uid, .. }, targets, .. } = self;
        let [right, status_right] = self.object.rights();
        let path = in_cluster(cluster, &path(*kind, &self.object.namespace, &self.object.name));
        let get = Call { action: Action::Get, path, body: Value::Null, resource: right, namespace: "" };
        let object = match caller.call(&get).await {
            Err(error) if error.code() == Some(StatusCode::NOT_FOUND) => return Ok(Done::Gone),
            answer => answer?,
        };
        if object["metadata"]["uid"] != uid.as_str() {
            return Ok(Done::Gone);
        }
        let wanted = combine(kind.group, kind.plural, &object, targets, self.now);
        let wanted = wanted.filter(|wanted| !Settled::holds(self.settled, wanted, &object["status"]));
        let Some(wanted) = wanted else { return Ok(Done::Same { version: version(&object) }) };
        let patch = Call {
            action: Action::Merge,
            path: format!("{}/status?fieldManager={FIELD_MANAGER}", get.path),
            body: status_patch(&object, &wanted),
            resource: status_right,
            namespace: "",
        };
        let answer = caller.call(&patch).await?;
        Ok(Done::Written { version: version(&answer), settled: Settled::after(&wanted, &answer) })
    }
}

fn version(object: &Value) -> String {
    object["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned()
}

fn path(kind: Resource, namespace: &str, name: &str) -> String {
    let kind = Resource { namespace: None, ..kind };
    let collection = kind.path();
    match (namespace, collection.rsplit_once('/')) {
        (namespace, Some((root, plural))) if !namespace.is_empty() => {
            format!("{root}/namespaces/{}/{plural}/{}", segment(namespace), segment(name))
        }
        _ => format!("{collection}/{}", segment(name)),
    }
}
