//! Two simulated sides and an engine between them, under tokio's paused clock: faults on every request, crashes,
//! feeds that lag, lie or fall silent, and what has to be true in the end.

mod apply;
mod content;
mod feed;
mod server;
mod verbs;
mod wire;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, mpsc, watch},
    task::JoinSet,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use self::content::populate;
pub(super) use self::content::{NAMESPACE, TARGET, kind, kinds, widget};
pub(in crate::syncer) use self::{
    feed::{Feed, Nudge},
    server::Server,
    wire::{Fault, Wire},
};
use super::{
    Apis, Deletable, Engine, Feeds, NAMESPACES, PLACEMENTS, Plan, Tools, recorder::Silent, rules::Rules,
};
use crate::{
    api::{share, workload::NamespaceMapping},
    liveness::{SYNC_TARGETS, clock::PausedClock},
    syncer::{
        assignment::Mode,
        compare::differences,
        discovery::{Found, Resolved},
        events::{self, Events},
        facts::Progress,
        identity::Identity,
        json::entries,
        kind::Kind,
        naming,
        ownership::{CLUSTER, owns},
        render::HashKey,
    },
};

struct Known;

#[async_trait]
impl Deletable for Known {
    async fn deletable(&self) -> Result<Vec<Kind>, String> {
        Ok(kinds().to_vec())
    }
}

/// One side's feed, as it can be nudged.
#[derive(Clone, Default)]
struct Nudges {
    list: Arc<Mutex<Vec<Nudge>>>,
    nudged: Arc<Notify>,
}

/// All of it.
pub(super) struct World {
    pub(super) plan: Arc<Plan>,
    kinds: Vec<Kind>,
    pub(super) up: Wire,
    pub(super) down: Wire,
    pub(super) leads: Arc<AtomicBool>,
    pub(super) progress: watch::Receiver<Arc<Progress>>,
    /// Whether no copy is left upstream.
    pub(super) unshown: watch::Sender<bool>,
    /// What the process that runs has told the owners of objects.
    pub(super) notices: events::Writer,
    nudges: [Nudges; 2],
    process: JoinSet<()>,
    stop: CancellationToken,
    crash: Arc<Notify>,
    pub(super) clock: Arc<PausedClock>,
}

impl World {
    /// A world with one namespace and nothing in it.
    pub(super) fn new(change: impl FnOnce(&mut Plan)) -> Self {
        Self::of(kinds().into(), change)
    }

    /// The same with objects of these kinds.
    pub(super) fn of(kinds: Vec<Kind>, change: impl FnOnce(&mut Plan)) -> Self {
        let identity = Identity {
            name: "east".into(),
            uid: "target-uid".into(),
            cluster: "root:org".into(),
            workspace: "root:org".into(),
            namespace_mapping: NamespaceMapping::Hashed,
            derived: Default::default(),
        };
        let mut plan = Plan::new(identity, Mode::Filter, HashKey::new(b"key"));
        let types = kinds.iter().map(Kind::id).collect();
        let options = crate::syncer::filter::FilterOptions { resource_types: types, ..Default::default() };
        plan.filter = crate::syncer::filter::ResourceFilter::parse(&options).unwrap();
        change(&mut plan);
        let crash = Arc::new(Notify::new());
        let (up, down) = (Arc::new(Server::default()), Arc::new(Server::default()));
        populate(&up);
        let mut world = Self {
            plan: Arc::new(plan),
            kinds,
            up: Wire::new(up, crash.clone()),
            down: Wire::new(down, crash.clone()),
            leads: Arc::new(AtomicBool::new(true)),
            progress: watch::channel(Arc::default()).1,
            unshown: watch::Sender::new(true),
            notices: Events::new().1,
            nudges: Default::default(),
            process: JoinSet::new(),
            stop: CancellationToken::new(),
            crash,
            clock: Arc::default(),
        };
        world.start();
        world
    }

    /// Begins a process that knows nothing.
    pub(super) fn start(&mut self) {
        self.stop = CancellationToken::new();
        let (above, upstream) = mpsc::channel(256);
        let (below, downstream) = mpsc::channel(256);
        let found = |kind: Kind| (kind.group_resource(), Found { status: kind.resource == "widgets", kind });
        let resolved =
            Resolved { kinds: self.kinds.iter().cloned().map(found).collect(), ..Resolved::default() };
        let (sender, kinds_seen) = watch::channel(None);
        sender.send_replace(Some(Arc::new(resolved)));
        let resources: Vec<_> = self.kinds.iter().map(Kind::informed).collect();
        let with = |more: &[_]| resources.iter().chain(more).copied().collect::<Vec<_>>();
        let feed = |wire: &Wire, resources, label, events, nudges: &Nudges| feed::Feed {
            server: wire.server.clone(),
            resources,
            label,
            events,
            nudges: nudges.list.clone(),
            nudged: nudges.nudged.clone(),
        };
        let label = Some((CLUSTER.to_owned(), self.plan.key().to_owned()));
        let always = [NAMESPACES, SYNC_TARGETS, PLACEMENTS];
        self.process.spawn(feed(&self.up, with(&always), None, above, &self.nudges[0]).run());
        self.process.spawn(feed(&self.down, with(&[NAMESPACES]), label, below, &self.nudges[1]).run());
        let leads = self.leads.clone();
        let lead = move || leads.load(Ordering::Relaxed).then(|| Instant::now() + Duration::from_secs(10));
        let (events, notices) = Events::new();
        self.notices = notices;
        let tools = Tools {
            apis: Apis { upstream: Arc::new(self.up.clone()), downstream: Arc::new(self.down.clone()) },
            lead: Arc::new(lead),
            deletable: Arc::new(Known),
            recorder: Arc::new(Silent),
            events,
            clock: self.clock.clone(),
            rediscover: Arc::new(|| ()),
        };
        let engine = Engine::new(self.plan.clone(), tools);
        self.progress = engine.progress();
        let feeds = Feeds { upstream, downstream, kinds: kinds_seen, unshown: self.unshown.subscribe() };
        let stop = self.stop.clone();
        self.process.spawn(async move {
            let _kinds = sender;
            engine.run(feeds, stop).await;
        });
    }

    /// The process dies where it is, and another one begins.
    pub(super) async fn crash(&mut self) {
        self.process.shutdown().await;
        self.start();
    }

    /// The process ends, and one begins that is to do something else.
    pub(super) async fn restart_with(&mut self, change: impl FnOnce(&mut Plan)) {
        self.process.shutdown().await;
        change(Arc::get_mut(&mut self.plan).expect("no process uses it"));
        self.start();
    }

    /// Lets time pass; processes that die on the way are replaced.
    pub(super) async fn pass(&mut self, time: Duration) {
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

    pub(super) fn nudge(&self, side: usize, nudge: Nudge) {
        self.nudges[side].list.lock().push(nudge);
        self.nudges[side].nudged.notify_one();
    }

    pub(super) fn server(&self, side: usize) -> Arc<Server> {
        [&self.up, &self.down][side].server.lock().clone()
    }

    /// Faults end; all that waits for a retry has time for it.
    pub(super) async fn heal(&mut self) {
        self.up.heal();
        self.down.heal();
        self.leads.store(true, Ordering::Relaxed);
        self.nudge(0, Nudge::Relist);
        self.nudge(1, Nudge::Relist);
        self.pass(Duration::from_secs(4_000)).await;
    }

    /// The path of an object below.
    pub(super) fn below(&self, kind: &Kind, name: &str) -> String {
        let place = naming::downstream(&self.plan.identity, kind, "shop", name).unwrap();
        kind.path(&place.namespace, &place.name)
    }

    /// Below is what upstream says, nothing more of ours, and both say so.
    pub(super) fn check_converged(&self) -> Result<(), String> {
        let (up, down) = (self.server(0), self.server(1));
        let mut rules = Rules::new(&self.plan);
        let labels = entries(&up.get(TARGET).unwrap_or_default(), "labels");
        rules.relabel(&self.plan, &labels, &Default::default());
        let (up, down) = (up.state.lock(), down.state.lock());
        let mut expected = 0;
        for kind in &self.kinds {
            let root = format!("{}/", kind.collection("shop"));
            for (path, above) in up.objects.iter().filter(|(path, _)| path.starts_with(&root)) {
                let name = path.rsplit('/').next().unwrap_or_default();
                let below =
                    down.objects.get(&self.below(kind, name)).ok_or(format!("{path} is not below"))?;
                let uid = above["metadata"]["uid"].as_str().unwrap_or_default();
                if !owns(below, kind, &self.plan.identity, uid) {
                    return Err(format!("what is below of {path} is not ours: {below}"));
                }
                let rendered = self.plan.render(kind, above, &rules.of(None), None);
                let rendered = rendered.map_err(|error| error.message)?;
                let differs = differences(&rendered.object, below, kind);
                if !differs.is_empty() {
                    return Err(format!("{path} differs below: {differs:?}"));
                }
                if !share::targets(above).contains(self.plan.key()) {
                    return Err(format!("{path} has no finalizer"));
                }
                if above["metadata"]["deletionTimestamp"].is_string() {
                    return Err(format!("{path} is still being deleted"));
                }
                expected += 1;
            }
        }
        let key = self.plan.key();
        let bears = |object: &&serde_json::Value| {
            object["metadata"]["labels"][CLUSTER] == *key && object["kind"] != "Namespace"
        };
        let ours = down.objects.values().filter(bears).count();
        if ours != expected {
            return Err(format!("{ours} objects are ours below, {expected} should be"));
        }
        Ok(())
    }

    /// Nothing is written any more, however often everything is looked at.
    pub(super) async fn check_quiet(&mut self) -> Result<(), String> {
        let before = [self.server(0).writes(), self.server(1).writes()];
        self.pass(self.plan.resync * 4).await;
        let after = [self.server(0).writes(), self.server(1).writes()];
        if before == after {
            return Ok(());
        }
        let tail = |side: usize| self.server(side).state.lock().writes[before[side]..].to_vec();
        Err(format!("written while nothing changed: {:?} {:?}", tail(0), tail(1)))
    }
}
