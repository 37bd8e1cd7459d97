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
    info: &'static ResourceInfo,
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
        let published = |info| Published {
            info,
            log: Arc::new(ResourceLog::new(limits)),
            objects: BTreeMap::new(),
            metrics: metrics.clone(),
        };
        Self {
            views: published(&AGGREGATED_VIEWS),
            trees: published(&AGGREGATED_TREES),
            version: 0,
            begun: false,
        }
    }

    /// The resources and their logs.
    pub fn logs(&self) -> [(&'static ResourceInfo, Arc<ResourceLog>); 2] {
        [&self.views, &self.trees].map(|published| (published.info, published.log.clone()))
    }

    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// Begins to serve with everything there is. Versions of an earlier process are below the base.
    pub fn begin(&mut self, index: &mut Index, now: Now) {
        let micros = u64::try_from(now.wall.as_microsecond()).unwrap_or(0);
        self.version = self.version.max(micros);
        index.all_dirty();
        let (views, trees) = self.changes(index, now);
        self.begun = true;
        self.views.log.reset(views.snapshot, self.version);
        self.trees.log.reset(trees.snapshot, self.version);
        self.count();
    }

    /// Publishes what changed; whether anything did.
    pub fn flush(&mut self, index: &mut Index, now: Now) -> bool {
        let before = self.version;
        let (views, trees) = self.changes(index, now);
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

    fn changes(&mut self, index: &mut Index, now: Now) -> (Changes, Changes) {
        let dirty = index.take_dirty();
        let unseen = index.unseen();
        let mut views = Changes::on(&self.views.log);
        for name in dirty.views {
            let draft = index.workspace(&name).map(|workspace| render::view(&name, workspace, unseen));
            self.views.change(name, draft, now, &mut self.version, &mut views);
        }
        let mut trees = Changes::on(&self.trees.log);
        for name in dirty.trees {
            let draft = index.tree(&name).map(|sums| render::tree(&name, sums, unseen));
            self.trees.change(name, draft, now, &mut self.version, &mut trees);
        }
        (views, trees)
    }

    fn count(&self) {
        for published in [&self.views, &self.trees] {
            let objects = published.objects.len() as i64;
            published.metrics.objects.with_label_values(&[published.info.resource]).set(objects);
        }
    }
}

/// One publication in the making.
struct Changes {
    snapshot: Snapshot,
    events: Vec<Event>,
}

impl Changes {
    fn on(log: &ResourceLog) -> Self {
        Self { snapshot: (*log.snapshot()).clone(), events: Vec::new() }
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
                *version += 1;
                changes.snapshot.remove(&last.key);
                self.objects.remove(&name);
                (EventKind::Deleted, Arc::new(last.at(*version)), Some(last))
            }
            (Some(mut draft), previous) => {
                if !draft.settle(previous.map(|(draft, _)| draft), now.wall) {
                    return;
                }
                *version += 1;
                let object = Arc::new(render::object(self.info, &draft, *version));
                changes.snapshot.put(object.clone());
                let before = self.objects.insert(name, (draft, object.clone())).map(|(_, before)| before);
                let kind = if before.is_some() { EventKind::Modified } else { EventKind::Added };
                (kind, object, before)
            }
        };
        self.metrics.published.with_label_values(&[self.info.resource]).inc();
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
