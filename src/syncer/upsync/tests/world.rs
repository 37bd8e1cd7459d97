//! Two simulated sides and the loop between them, under tokio's paused clock, and what has to be true in the end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{
    sync::{Notify, mpsc, watch},
    task::JoinSet,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::{
    api::workload::NamespaceMapping,
    informers::Resource,
    liveness::{SYNC_TARGETS, clock::PausedClock},
    syncer::{
        assignment::Mode,
        config::Upsync as Shown,
        engine::{
            Apis, Deletable, NAMESPACES, Plan, Tools,
            recorder::Silent,
            simulation::{Feed, Nudge, Server, Wire},
        },
        events::Events,
        facts::Progress,
        identity::Identity,
        kind::Kind,
        naming::{self, LOCATOR, Locator},
        ownership::CLUSTER,
        render::HashKey,
        upsync::{
            Feeds, Upsync,
            decide::{STATE, UPSYNC},
        },
    },
};

pub const TARGET: &str = "/apis/workload.kcp.io/v1alpha1/synctargets/east";
pub const NAMESPACE: &str = "/api/v1/namespaces/shop";
pub const MINUTE: Duration = Duration::from_secs(60);
/// Feeds of the workspace, and of the cluster.
const FEEDS: usize = 4;

pub fn pod(image: &str, phase: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"app": "web"}},
        "spec": {"nodeName": "n", "containers": [{"image": image}]}, "status": {"phase": phase}})
}

pub fn kinds() -> [Kind; 2] {
    [Shown::Pods.kind(), Shown::PersistentVolumes.kind()]
}

struct Nothing;

#[async_trait]
impl Deletable for Nothing {
    async fn deletable(&self) -> Result<Vec<Kind>, String> {
        Ok(Vec::new())
    }
}

/// What is done to a feed, and the signal of it.
type Nudges = (Arc<Mutex<Vec<Nudge>>>, Arc<Notify>);

/// All of it.
pub struct World {
    pub plan: Arc<Plan>,
    pub up: Wire,
    pub down: Wire,
    pub leads: Arc<AtomicBool>,
    pub progress: watch::Receiver<Arc<Progress>>,
    pub unshown: watch::Receiver<bool>,
    nudges: [Nudges; FEEDS],
    process: JoinSet<()>,
    crash: Arc<Notify>,
    clock: Arc<PausedClock>,
}

impl World {
    /// A world with a namespace on both sides and nothing in it.
    pub fn new(change: impl FnOnce(&mut Plan)) -> Self {
        let identity = Identity {
            name: "east".into(),
            uid: "target-uid".into(),
            cluster: "root:org".into(),
            workspace: "root:org".into(),
            namespace_mapping: NamespaceMapping::Hashed,
            derived: Default::default(),
        };
        let mut plan = Plan::new(identity, Mode::Filter, HashKey::new(b"key"));
        change(&mut plan);
        let crash = Arc::new(Notify::new());
        let mut world = Self {
            plan: Arc::new(plan),
            up: Wire::new(Arc::new(Server::default()), crash.clone()),
            down: Wire::new(Arc::new(Server::default()), crash.clone()),
            leads: Arc::new(AtomicBool::new(true)),
            progress: watch::channel(Arc::default()).1,
            unshown: watch::channel(false).1,
            nudges: Default::default(),
            process: JoinSet::new(),
            crash,
            clock: Arc::default(),
        };
        world.server(0).create(TARGET, json!({"kind": "SyncTarget", "metadata": {}, "spec": {}}));
        world.server(0).edit(TARGET, "test", |target| target["metadata"]["uid"] = json!("target-uid"));
        world.server(0).create(NAMESPACE, json!({"kind": "Namespace", "metadata": {}}));
        world.make_namespace_below();
        world.start();
        world
    }

    /// As the engine makes it.
    pub fn make_namespace_below(&self) {
        let locator = Locator::new(&self.plan.identity, "shop").to_text();
        let metadata = json!({"labels": {CLUSTER: self.plan.key()}, "annotations": {LOCATOR: locator}});
        let path = format!("/api/v1/namespaces/{}", self.namespace_below());
        self.server(1).create(&path, json!({"kind": "Namespace", "metadata": metadata}));
    }

    pub fn namespace_below(&self) -> String {
        naming::downstream_namespace(&self.plan.identity, "shop").unwrap()
    }

    /// The paths of a Pod, above and below.
    pub fn pod(&self, name: &str) -> [String; 2] {
        ["shop", &self.namespace_below()].map(|namespace| kinds()[0].path(namespace, name))
    }

    /// Puts a Pod there below, as its kubelet and its owner do.
    pub fn put(&self, name: &str, image: &str, phase: &str) {
        let path = &self.pod(name)[1];
        if !self.server(1).create(path, pod(image, phase)) {
            self.server(1).edit(path, "kubelet", |object| {
                object["spec"]["containers"] = json!([{"image": image}]);
                object["status"] = json!({"phase": phase});
            });
        }
    }

    /// A volume that is bound to a claim in the namespace.
    pub fn put_volume(&self, name: &str, namespace: &str) {
        let spec = json!({"persistentVolumeReclaimPolicy": "Delete", "claimRef": {"namespace": namespace, "name": "data", "uid": "c"}});
        let volume =
            json!({"kind": "PersistentVolume", "metadata": {}, "spec": spec, "status": {"phase": "Bound"}});
        self.server(1).create(&kinds()[1].path("", name), volume);
    }

    /// Begins a process that knows nothing.
    pub fn start(&mut self) {
        let (above, upstream) = mpsc::channel(256);
        let (below, downstream) = mpsc::channel(256);
        let shown: Vec<_> = kinds().iter().map(Kind::informed).collect();
        let copies = Some((format!("{STATE}{}", self.plan.key()), UPSYNC.to_owned()));
        let ours = Some((CLUSTER.to_owned(), self.plan.key().to_owned()));
        let feeds: [(&Wire, Vec<Resource>, _, _); FEEDS] = [
            (&self.up, vec![NAMESPACES, SYNC_TARGETS], None, &above),
            (&self.up, shown.clone(), copies, &above),
            (&self.down, vec![NAMESPACES], ours, &below),
            (&self.down, shown, None, &below),
        ];
        for ((wire, resources, label, events), (nudges, nudged)) in feeds.into_iter().zip(&self.nudges) {
            let (server, events) = (wire.server.clone(), events.clone());
            let (nudges, nudged) = (nudges.clone(), nudged.clone());
            self.process.spawn(Feed { server, resources, label, events, nudges, nudged }.run());
        }
        let leads = self.leads.clone();
        let lead = move || leads.load(Ordering::Relaxed).then(|| Instant::now() + Duration::from_secs(10));
        let tools = Tools {
            apis: Apis { upstream: Arc::new(self.up.clone()), downstream: Arc::new(self.down.clone()) },
            lead: Arc::new(lead),
            deletable: Arc::new(Nothing),
            recorder: Arc::new(Silent),
            events: Events::silent(),
            clock: self.clock.clone(),
            rediscover: Arc::new(|| ()),
        };
        let upsync = Upsync::new(self.plan.clone(), kinds().to_vec(), tools);
        (self.progress, self.unshown) = (upsync.progress(), upsync.unshown());
        self.process.spawn(upsync.run(Feeds { upstream, downstream }, CancellationToken::new()));
    }

    /// The process dies where it is, and another one begins.
    pub async fn crash(&mut self) {
        self.process.shutdown().await;
        self.start();
    }

    /// Lets time pass; processes that die on the way are replaced.
    pub async fn pass(&mut self, time: Duration) {
        let end = Instant::now() + time;
        loop {
            let crash = self.crash.clone();
            tokio::select! {
                () = tokio::time::sleep_until(end) => return,
                () = crash.notified() => self.crash().await,
                Some(ended) = self.process.join_next() => ended.expect("no task panics"),
            }
        }
    }

    pub fn nudge(&self, feed: usize, nudge: Nudge) {
        let (nudges, nudged) = &self.nudges[feed];
        nudges.lock().push(nudge);
        nudged.notify_one();
    }

    pub fn server(&self, side: usize) -> Arc<Server> {
        [&self.up, &self.down][side].server.lock().clone()
    }

    /// Faults end; all that waits for a retry has time for it.
    pub async fn heal(&mut self) {
        self.up.heal();
        self.down.heal();
        self.leads.store(true, Ordering::Relaxed);
        (0..FEEDS).for_each(|feed| self.nudge(feed, Nudge::Relist));
        self.pass(Duration::from_secs(4_000)).await;
    }

    /// Above is what below is, but for objects of these names, and nothing more of ours; and below nothing was written.
    pub fn check_converged(&self, but: &[&str]) -> Result<(), String> {
        let (up, down) = (self.server(0), self.server(1));
        let (up, down) = (up.state.lock(), down.state.lock());
        if !down.writes.is_empty() {
            return Err(format!("written below: {:?}", down.writes));
        }
        let namespace = self.namespace_below();
        let label = format!("{STATE}{}", self.plan.key());
        let is_copy = |object: &Value| object["metadata"]["labels"][&label] == UPSYNC;
        let mut expected = 0;
        for original in down.objects.values() {
            let (meta, claim) = (&original["metadata"], &original["spec"]["claimRef"]);
            let place = if original["kind"] == "Pod" { &meta["namespace"] } else { &claim["namespace"] };
            let name = meta["name"].as_str().unwrap_or_default();
            if *place != *namespace {
                continue;
            }
            let kind = kinds().into_iter().find(|kind| original["kind"] == *kind.kind).ok_or("a kind")?;
            let path = kind.path(if kind.namespaced { "shop" } else { "" }, name);
            let copy = up.objects.get(&path).ok_or(format!("{path} is not above"))?;
            if but.contains(&name) && !is_copy(copy) {
                continue;
            }
            let same = |pointer: &str| copy.pointer(pointer) == original.pointer(pointer);
            let owner = copy["metadata"]["annotations"]["workload.kcp.io/upsync-owner"].as_str();
            let uid = meta["uid"].as_str().unwrap_or_default();
            if !owner.is_some_and(|owner| owner.contains(&format!("\"{uid}\""))) {
                return Err(format!("{path} is the copy of another: {copy}"));
            }
            if !same("/spec/containers") || !same("/status/phase") {
                return Err(format!("{path} differs: {copy}"));
            }
            expected += 1;
        }
        let copies = up.objects.values().filter(|object| is_copy(object)).count();
        if copies != expected {
            return Err(format!("{copies} copies are above, {expected} should be"));
        }
        Ok(())
    }

    /// Nothing is written any more, however often everything is looked at.
    pub async fn check_quiet(&mut self) -> Result<(), String> {
        let before = self.server(0).writes();
        self.pass(self.plan.resync * 4).await;
        let written = self.server(0).state.lock().writes[before..].to_vec();
        if written.is_empty() { Ok(()) } else { Err(format!("written while nothing changed: {written:?}")) }
    }
}
