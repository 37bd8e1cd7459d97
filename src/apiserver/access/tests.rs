//! Which rows callers see, when their sets are replaced, and what it costs upstream.

mod budget;
mod hinted;
mod recheck;
mod rows;

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use futures::FutureExt;
use tokio_util::sync::CancellationToken;

use super::{hints::NameHints, *};
use crate::apiserver::{
    authz::{
        ReviewLimits,
        tests::fake::{Fake, question, user},
    },
    identity::User,
    log::{Event, EventKind, RingLimits},
    object::{Key, Object, Parts},
    resource::READ_VERBS,
    snapshot::Snapshot,
};

const SECOND: Duration = Duration::from_secs(1);
const BASE: u64 = 1_000;

static VIEWS: LazyLock<Arc<ResourceInfo>> = LazyLock::new(|| {
    Arc::new(ResourceInfo {
        group: "views.workload.kcp.io".into(),
        version: "v1alpha1".into(),
        resource: "aggregatedviews".into(),
        singular: "aggregatedview".into(),
        kind: "AggregatedView".into(),
        list_kind: "AggregatedViewList".into(),
        short_names: vec![],
        categories: vec![],
        namespaced: false,
        verbs: READ_VERBS.into(),
        reader_role: "tmc-views-reader",
        columns: Vec::new().into(),
        subresources: Vec::new(),
        warning: None,
    })
});

fn object(name: &str, resource_version: u64) -> Arc<Object> {
    Arc::new(Object::new(Parts {
        api_version: "views.workload.kcp.io/v1alpha1",
        kind: "AggregatedView",
        key: Key { namespace: "".into(), name: name.into() },
        resource_version,
        labels: Default::default(),
        cells: Vec::new(),
        metadata: format!(r#""name":"{name}""#).as_bytes(),
        rest: b"",
    }))
}

struct Rig {
    fake: Arc<Fake>,
    authorizer: Arc<CachedAuthorizer>,
    access: Arc<RowAccess>,
    log: Arc<ResourceLog>,
    shutdown: CancellationToken,
}

impl Rig {
    fn new(names: &[&str]) -> Self {
        Self::hinted(names, None)
    }

    fn hinted(names: &[&str], hints: Option<Arc<dyn NameHints>>) -> Self {
        let fake = Fake::new();
        let authorizer = Arc::new(CachedAuthorizer::new(fake.clone(), ReviewLimits::default()));
        let access = Arc::new(RowAccess::new(authorizer.clone(), hints));
        let mut snapshot = Snapshot::default();
        for name in names {
            snapshot.put(object(name, BASE));
        }
        let log = Arc::new(ResourceLog::new(RingLimits::default()));
        log.reset(snapshot, BASE);
        Self { fake, authorizer, access, log, shutdown: CancellationToken::new() }
    }

    /// Adds an object under the next version.
    fn publish(&self, name: &str) -> u64 {
        let version = self.log.head() + 1;
        let object = object(name, version);
        let mut snapshot = (*self.log.snapshot()).clone();
        snapshot.put(object.clone());
        let event = Event {
            resource_version: version,
            kind: EventKind::Added,
            object,
            previous: None,
            frame: Default::default(),
        };
        self.log.publish(vec![event], snapshot, version);
        version
    }

    async fn get(&self, who: &str, verb: &str, name: &str) -> Result<Arc<dyn Access>, ApiError> {
        self.access.access(&VIEWS, &question(&user(who), verb, name), &self.log).await
    }

    async fn watch(&self, who: &str) -> Arc<dyn Access> {
        self.get(who, "watch", "").await.unwrap()
    }

    async fn list(&self, who: &str) -> Arc<dyn Access> {
        self.get(who, "list", "").await.unwrap()
    }

    /// Lets `time` pass with the re-checks running.
    async fn run(&self, time: Duration) {
        let run = self.access.clone().run(self.shutdown.clone());
        tokio::time::timeout(time, run).await.unwrap_err();
    }
}

fn has_changed(access: &Arc<dyn Access>) -> bool {
    access.changed().now_or_never().is_some()
}

/// The decided names that are allowed.
fn seen(access: &Arc<dyn Access>, names: &[&str]) -> Vec<String> {
    let seen = names.iter().filter(|name| access.peek(name) == Some(true));
    seen.map(|name| (*name).to_owned()).collect()
}
