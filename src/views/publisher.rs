//! The one place where versions are minted: what changed in the index becomes events of the two logs.
//!
//! It compares content, so that nothing is published twice, and moves both heads together.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    clock::Now,
    index::Index,
    metrics::Metrics,
    render::{self, Draft},
    resources::{AGGREGATED_TREES, AGGREGATED_VIEWS},
};
use crate::apiserver::{
    log::{Event, EventKind, ResourceLog, RingLimits},
    object::Object,
    resource::ResourceInfo,
    snapshot::Snapshot,
};

/// What is published of one resource.
struct Published {
    info: Arc<ResourceInfo>,
    log: Arc<ResourceLog>,
    objects: BTreeMap<Arc<str>, (Draft, Arc<Object>)>,
    metrics: Metrics,
}

pub struct Publisher {
    views: Published,
    trees: Published,
    /// The last version minted.
    version: u64,
    begun: bool,
}

impl Publisher {
    pub fn new(limits: RingLimits, metrics: &Metrics) -> Self {
        let published = |info: Arc<ResourceInfo>| Published {
            info,
            log: Arc::new(ResourceLog::new(limits)),
            objects: BTreeMap::new(),
            metrics: metrics.clone(),
        };
        Self {
            views: published(AGGREGATED_VIEWS.clone()),
            trees: published(AGGREGATED_TREES.clone()),
            version: 0,
            begun: false,
        }
    }

    /// The resources and their logs.
    pub fn logs(&self) -> [(Arc<ResourceInfo>, Arc<ResourceLog>); 2] {
        [&self.views, &self.trees].map(|published| (published.info.clone(), published.log.clone()))
    }

    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// Begins to serve with everything there is. Versions of an earlier process are below the base. All
    /// objects get the base for their version, so that a watch may start from any of them.
    pub fn begin(&mut self, index: &mut Index, now: Now) {
        let micros = u64::try_from(now.wall.as_microsecond()).unwrap_or(0);
        self.version = self.version.max(micros);
        index.all_dirty();
        let (views, trees) = self.changes(index, now, 0);
        self.begun = true;
        self.views.log.reset(views.snapshot, self.version);
        self.trees.log.reset(trees.snapshot, self.version);
        self.count();
    }

    /// Publishes what changed; whether anything did.
    pub fn flush(&mut self, index: &mut Index, now: Now) -> bool {
        let before = self.version;
        let (views, trees) = self.changes(index, now, 1);
        if self.version == before {
            return false;
        }
        self.views.log.publish(views.events, views.snapshot, self.version);
        self.trees.log.publish(trees.events, trees.snapshot, self.version);
        self.count();
        true
    }

    /// Moves both heads to a version at which nothing changed.
    pub fn advance(&mut self) {
        self.version += 1;
        for published in [&self.views, &self.trees] {
            let log = &published.log;
            log.publish(Vec::new(), (*log.snapshot()).clone(), self.version);
        }
    }

    /// Resolves when a reader needs a new version.
    pub async fn version_asked(&self) {
        tokio::select! {
            () = self.views.log.version_asked() => {}
            () = self.trees.log.version_asked() => {}
        }
    }

    /// `step` is how far each event moves the version.
    fn changes(&mut self, index: &mut Index, now: Now, step: u64) -> (Changes, Changes) {
        let dirty = index.take_dirty();
        let unseen = index.unseen();
        let mut views = Changes::on(&self.views.log, step);
        for name in dirty.views {
            let draft = index.workspace(&name).map(|workspace| render::view(&name, workspace, unseen));
            self.views.change(name, draft, now, &mut self.version, &mut views);
        }
        let mut trees = Changes::on(&self.trees.log, step);
        for name in dirty.trees {
            let draft = index.tree(&name).map(|sums| render::tree(&name, sums, unseen));
            self.trees.change(name, draft, now, &mut self.version, &mut trees);
        }
        (views, trees)
    }

    fn count(&self) {
        for published in [&self.views, &self.trees] {
            let objects = published.objects.len() as i64;
            published.metrics.objects.with_label_values(&[&*published.info.resource]).set(objects);
        }
    }
}

/// One publication in the making.
struct Changes {
    snapshot: Snapshot,
    events: Vec<Event>,
    step: u64,
}

impl Changes {
    fn on(log: &ResourceLog, step: u64) -> Self {
        Self { snapshot: (*log.snapshot()).clone(), events: Vec::new(), step }
    }
}

impl Published {
    /// Turns the state of one name into at most one event.
    fn change(
        &mut self,
        name: Arc<str>,
        draft: Option<Draft>,
        now: Now,
        version: &mut u64,
        changes: &mut Changes,
    ) {
        let previous = self.objects.get(&name);
        let (kind, object, before) = match (draft, previous) {
            (None, None) => return,
            (None, Some((_, last))) => {
                let last = last.clone();
                *version += changes.step;
                changes.snapshot.remove(&last.key);
                self.objects.remove(&name);
                (EventKind::Deleted, Arc::new(last.at(*version)), Some(last))
            }
            (Some(mut draft), previous) => {
                if !draft.settle(previous.map(|(draft, _)| draft), now.wall) {
                    return;
                }
                *version += changes.step;
                let object = Arc::new(render::object(&self.info, &draft, *version));
                changes.snapshot.put(object.clone());
                let before = self.objects.insert(name, (draft, object.clone())).map(|(_, before)| before);
                let kind = if before.is_some() { EventKind::Modified } else { EventKind::Added };
                (kind, object, before)
            }
        };
        self.metrics.published.with_label_values(&[&*self.info.resource]).inc();
        changes.events.push(Event {
            resource_version: *version,
            kind,
            object,
            previous: before,
            frame: std::sync::OnceLock::new(),
        });
    }
}

#[cfg(test)]
mod tests;
