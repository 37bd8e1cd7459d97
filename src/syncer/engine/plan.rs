//! What an engine is to do, as flags, configuration and the SyncTarget say. Fixed for the life of a process.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;

use super::rules::Compiled;
use crate::{
    api::placement::{GroupResource, Override},
    syncer::{
        assignment::Mode,
        config::Policies,
        decide::Unrendered,
        filter::{ResourceFilter, SecretFilter},
        identity::Identity,
        kind::Kind,
        render::{Granted, HashKey, RenderContext, RenderError, Rendered, access::Access, render},
    },
};

/// Kinds whose objects hold data, which goes with them.
const DATA: [(&str, &str); 3] =
    [("", "persistentvolumeclaims"), ("", "persistentvolumes"), ("apps", "statefulsets")];

/// All of it.
#[derive(Debug)]
pub struct Plan {
    pub identity: Identity,
    pub mode: Mode,
    pub filter: ResourceFilter,
    pub secrets: SecretFilter,
    /// Of the configuration, for any target.
    pub transforms: Vec<Override>,
    pub hash_key: HashKey,
    /// For objects that no Placement speaks of.
    pub policies: Policies,
    /// Kinds with data whose objects may be deleted to be made anew.
    pub may_recreate: BTreeSet<GroupResource>,
    /// Whether addresses of load balancers below mean something above.
    pub load_balancer: bool,
    /// Pods reach the API of their workspace there, if they are to.
    pub access: Option<Access>,
    pub dry_run: bool,
    /// Passes at a time.
    pub concurrency: usize,
    /// Between looks at everything; zero for none.
    pub resync: Duration,
    /// How long the Lease has to be held before objects without one upstream are judged.
    pub settle: Duration,
}

impl Plan {
    /// A plan with nothing but the defaults.
    pub fn new(identity: Identity, mode: Mode, hash_key: HashKey) -> Self {
        Self {
            identity,
            mode,
            filter: ResourceFilter::default(),
            secrets: SecretFilter::default(),
            transforms: Vec::new(),
            hash_key,
            policies: Policies::default(),
            may_recreate: BTreeSet::new(),
            load_balancer: true,
            access: None,
            dry_run: false,
            concurrency: 5,
            resync: Duration::from_secs(300),
            settle: Duration::from_secs(300),
        }
    }

    /// Of the SyncTarget, as labels and finalizers name it.
    pub fn key(&self) -> &str {
        self.identity.key()
    }

    /// As whom we write fields.
    pub fn manager(&self) -> String {
        let key = self.key();
        format!("kcp-syncer/{}", &key[..key.len().min(16)])
    }

    /// Ours on objects upstream.
    pub fn finalizer(&self) -> String {
        format!("{}{}", crate::api::share::FINALIZER, self.key())
    }

    /// Whether losing what objects of the kind hold is no loss, or allowed.
    pub fn may_recreate(&self, kind: &Kind) -> bool {
        let holds_data = DATA.contains(&(&*kind.group, &*kind.resource));
        !holds_data || self.may_recreate.contains(&kind.group_resource())
    }

    /// What the object is to be below, changed by these rules. `token` is the Secret whose token its pods get.
    pub fn render(
        &self,
        kind: &Kind,
        object: &Value,
        rules: &[&Compiled],
        token: Option<&str>,
    ) -> Result<Rendered, Unrendered> {
        let transforms = rules.iter().map(|rules| rules.as_ref()).collect::<Result<Vec<_>, _>>();
        let transforms =
            transforms.map_err(|why| Unrendered { reason: "TransformFailed", message: why.clone() })?;
        let context = RenderContext {
            identity: &self.identity,
            kind,
            hash_key: &self.hash_key,
            transforms: &transforms,
            access: self.access.as_ref().zip(token).map(|(access, token)| Granted { access, token }),
        };
        render(object, &context).map_err(|error| Unrendered {
            reason: match error {
                RenderError::Naming(_) => "NameTaken",
                RenderError::Malformed { .. } => "Invalid",
                RenderError::Override { .. } | RenderError::Transform(_) => "TransformFailed",
            },
            message: error.to_string(),
        })
    }
}
