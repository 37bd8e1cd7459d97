//! An engine as the syncer wires it, between a workspace in memory and whatever cluster it is given: real informers,
//! real metrics, its requests paced at a rate that is never reached.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use async_trait::async_trait;
use prometheus::Registry;
use serde_json::json;
use tmc::{
    api::workload::NamespaceMapping,
    informers::{self, Fetch, Limits},
    liveness::clock::SystemClock,
    syncer::{
        api::{Api, Paced, Rates},
        assignment::Mode,
        discovery::{Found, Resolved},
        engine::{Apis, Deletable, Engine, Feeds, Plan, Sources, Tools},
        events::Events,
        facts::Progress,
        filter::{FilterOptions, ResourceFilter},
        identity::Identity,
        kind::Kind,
        metrics::MetricsCollector,
        render::HashKey,
    },
};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::memory::Memory;
use crate::workload::NAMESPACE;

const TARGET: &str = "/apis/workload.kcp.io/v1alpha1/synctargets/bench";
const UID: &str = "0b7a3f3e-6c0e-4d3c-9d43-2f6f3f6f7a10";
/// Passes at a time: the syncer's default.
pub const CONCURRENCY: usize = 5;
const DAY: Duration = Duration::from_secs(86_400);
const LEASE: Duration = Duration::from_secs(20);
const SETTLES: Duration = Duration::from_secs(60);

/// The cluster below.
pub struct Below {
    pub fetch: Arc<dyn Fetch>,
    pub api: Arc<dyn Api>,
}

pub struct Rig {
    pub above: Arc<Memory>,
    progress: watch::Receiver<Arc<Progress>>,
    _kinds: watch::Sender<Option<Arc<Resolved>>>,
    _tasks: JoinSet<()>,
}

struct Nothing;

#[async_trait]
impl Deletable for Nothing {
    async fn deletable(&self) -> Result<Vec<Kind>, String> {
        Ok(Vec::new())
    }
}

pub fn config_maps() -> Kind {
    Kind {
        group: String::new(),
        version: "v1".to_owned(),
        resource: "configmaps".to_owned(),
        kind: "ConfigMap".to_owned(),
        namespaced: true,
    }
}

impl Rig {
    /// Starts it, and returns once both sides are followed.
    pub async fn start(below: Below) -> Result<Self> {
        let above = Arc::new(Memory::default());
        above.put(TARGET, |target| {
            *target = json!({"apiVersion": "workload.kcp.io/v1alpha1", "kind": "SyncTarget",
                "metadata": {"name": "bench", "uid": UID}, "spec": {}});
        });
        above.put(&format!("/api/v1/namespaces/{NAMESPACE}"), |namespace| {
            *namespace = json!({"apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": NAMESPACE, "labels": {"kubernetes.io/metadata.name": NAMESPACE}}});
        });
        let plan = Arc::new(plan()?);
        let resolved = Resolved {
            kinds: [config_maps()].map(|kind| (kind.group_resource(), Found { status: false, kind })).into(),
            ..Resolved::default()
        };
        let (kinds, seen) = watch::channel(Some(Arc::new(resolved)));
        let registry = Registry::new();
        let sources = Sources {
            upstream: above.clone(),
            downstream: below.fetch,
            // The memory above tells of what changes, and of nothing that was before.
            limits: Limits { watch: DAY, watch_least: DAY, ..Limits::quiet() },
            metrics: informers::Metrics::new(&registry)?,
            target: plan.identity.name.clone(),
            key: plan.key().to_owned(),
            placements: false,
            kinds: seen.clone(),
        };
        let mut tasks = JoinSet::new();
        let (upstream, downstream, sources) = sources.start(CancellationToken::new());
        tasks.spawn(sources);
        let rates = Rates { qps: 1e9, burst: 1_000_000_000 };
        let tools = Tools {
            apis: Apis {
                upstream: Arc::new(Paced::new(Shared(above.clone()), rates)),
                downstream: Arc::new(Paced::new(Shared(below.api), rates)),
            },
            lead: Arc::new(|| Some(Instant::now() + LEASE)),
            deletable: Arc::new(Nothing),
            recorder: Arc::new(MetricsCollector::new(
                &registry,
                &plan.identity.name,
                &plan.identity.cluster,
            )?),
            events: Events::silent(),
            clock: Arc::new(SystemClock::default()),
            rediscover: Arc::new(|| ()),
        };
        let engine = Engine::new(plan, tools);
        let progress = engine.progress();
        let feeds = Feeds { upstream, downstream, kinds: seen, unshown: watch::channel(true).1 };
        tasks.spawn(engine.run(feeds, CancellationToken::new()));
        let rig = Self { above, progress, _kinds: kinds, _tasks: tasks };
        rig.until("both sides are listed", || rig.progress.borrow().complete).await?;
        // Changes are told to watches, so they have to be open.
        rig.until("the workspace is watched", || rig.above.watches() == 3).await?;
        Ok(rig)
    }

    /// Waits for what must come.
    pub async fn until(&self, what: &str, condition: impl Fn() -> bool) -> Result<()> {
        let begun = Instant::now();
        while !condition() {
            ensure!(
                begun.elapsed() < SETTLES,
                "{what}: not within {SETTLES:?}: {:?}",
                *self.progress.borrow()
            );
            sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    /// Waits until that many objects are said to be in step.
    pub async fn until_synced(&self, count: usize) -> Result<()> {
        let synced =
            || self.progress.borrow().rows.values().map(|row| row.synced).sum::<u64>() == count as u64;
        self.until("all are in step", synced).await
    }
}

fn plan() -> Result<Plan> {
    let identity = Identity {
        name: "bench".to_owned(),
        uid: UID.to_owned(),
        cluster: "root:bench".to_owned(),
        workspace: "root:bench".to_owned(),
        namespace_mapping: NamespaceMapping::Hashed,
        derived: Default::default(),
    };
    let mut plan = Plan::new(identity, Mode::Filter, HashKey::random());
    let options = FilterOptions { resource_types: vec!["configmaps".to_owned()], ..FilterOptions::default() };
    plan.filter = ResourceFilter::parse(&options).map_err(|errors| anyhow!("{errors:?}"))?;
    plan.concurrency = CONCURRENCY;
    Ok(plan)
}

/// An API that others have, too.
struct Shared<A: ?Sized>(Arc<A>);

#[async_trait]
impl<A: Api + ?Sized> Api for Shared<A> {
    async fn call(
        &self,
        call: &tmc::syncer::api::Call,
    ) -> Result<tmc::syncer::api::Answer, tmc::syncer::api::ApiError> {
        self.0.call(call).await
    }
}
