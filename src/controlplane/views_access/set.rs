//! One caller's rows in one scope. Every answer is asked anew; the set is only remembered to notice when one has
//! become another, and then it ends.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::Rows;
use crate::{
    api::workspace::is_within,
    apiserver::{
        access::Everything,
        identity::{Access, AccessControl, Attributes, Target, User},
        log::ResourceLog,
        resource::{ResourceInfo, Text},
        scope::Scope,
        status::ApiError,
    },
};

/// Changes of the store within this time lead to one look at all rows.
const DEBOUNCE: Duration = Duration::from_millis(200);
/// Sets at a time. When there are more, those go that no request uses.
const MAX_SETS: usize = 10_000;
/// Rows of one set, those that are gone included.
const MAX_DECIDED: usize = 10_000;

#[derive(PartialEq, Eq, Hash)]
struct SetKey {
    user: Arc<User>,
    resource: Text,
    scope: Scope,
    name: String,
}

/// The [`AccessControl`] of the views' resources.
pub struct ViewsAccess {
    rows: Rows,
    sets: Mutex<HashMap<SetKey, Arc<RowSet>>>,
}

impl ViewsAccess {
    pub fn new(rows: Rows) -> Self {
        Self { rows, sets: Mutex::default() }
    }

    fn set(&self, info: &ResourceInfo, door: &Attributes, log: &ResourceLog, path: Arc<str>) -> Arc<RowSet> {
        let name = match &*door.target {
            Target::Resource { name, .. } => name.clone(),
            Target::NonResource { .. } => String::new(),
        };
        let (user, scope) = (door.user.clone(), door.scope.clone());
        let key = SetKey { user, resource: info.resource.clone(), scope, name };
        let mut sets = self.sets.lock();
        let known = sets.get(&key);
        if let Some(set) = known.filter(|set| !set.is_over()) {
            return set.clone();
        }
        // He may have seen the head by rows that are not his any more: only the next version will do.
        let since = match known {
            Some(_) => {
                log.ask_for_version();
                log.head() + 1
            }
            None if self.rows.sees_all(door) => 0,
            None => log.head(),
        };
        if sets.len() >= MAX_SETS {
            sets.retain(|_, set| Arc::strong_count(set) > 1);
        }
        let set = Arc::new(RowSet {
            rows: self.rows.clone(),
            resource: info.resource.clone(),
            user: door.user.clone(),
            scope: door.scope.clone(),
            path,
            since,
            decided: Mutex::default(),
            ended: CancellationToken::new(),
        });
        sets.insert(key, set.clone());
        set
    }
}

#[async_trait]
impl AccessControl for ViewsAccess {
    async fn access(
        &self,
        info: &Arc<ResourceInfo>,
        door: &Attributes,
        log: &Arc<ResourceLog>,
    ) -> Result<Arc<dyn Access>, ApiError> {
        let cluster = match &door.scope {
            // That door is open for who may do everything, and for nobody else.
            Scope::Wildcard => return Ok(Arc::new(Everything)),
            Scope::Id(cluster) => cluster,
            Scope::None | Scope::Path(_) => return Err(ApiError::unknown_path()),
        };
        let path = self.rows.workspaces.path(cluster).ok_or_else(ApiError::unknown_path)?;
        Ok(Arc::new(Open { set: self.set(info, door, log, path), door: door.clone() }))
    }
}

struct RowSet {
    rows: Rows,
    resource: Text,
    user: Arc<User>,
    scope: Scope,
    /// The path of that workspace.
    path: Arc<str>,
    since: u64,
    decided: Mutex<HashMap<String, bool>>,
    ended: CancellationToken,
}

impl RowSet {
    fn shows(&self, name: &str) -> bool {
        is_within(name, &self.path) && self.rows.visible(&self.user, &self.resource, name)
    }

    /// Whether anything is other than when it was asked first. Once over, it stays so.
    fn is_over(&self) -> bool {
        if !self.ended.is_cancelled() && !self.holds() {
            self.ended.cancel();
        }
        self.ended.is_cancelled()
    }

    fn holds(&self) -> bool {
        let Scope::Id(cluster) = &self.scope else { return false };
        self.rows.workspaces.path(cluster).as_ref() == Some(&self.path)
            && self.decided.lock().iter().all(|(name, shown)| self.shows(name) == *shown)
    }

    /// A row that was hidden stays so until the set ends, and one that is to be hidden is at once.
    fn peek(&self, name: &str) -> bool {
        let now = self.shows(name);
        let mut decided = self.decided.lock();
        let before = *decided.entry(name.to_owned()).or_insert(now);
        if before != now || decided.len() > MAX_DECIDED {
            self.ended.cancel();
        }
        before && now
    }
}

/// The set in the hands of one list or watch.
struct Open {
    set: Arc<RowSet>,
    /// What let it in.
    door: Attributes,
}

impl Open {
    fn is_over(&self) -> bool {
        self.set.is_over() || !self.set.rows.authorizer.evaluate(&self.door).allowed()
    }
}

#[async_trait]
impl Access for Open {
    fn all(&self) -> bool {
        false
    }

    fn peek(&self, name: &str) -> Option<bool> {
        Some(self.set.peek(name))
    }

    async fn decide(&self, name: &str) -> Result<bool, ApiError> {
        Ok(self.set.peek(name))
    }

    fn since(&self) -> u64 {
        self.set.since
    }

    async fn changed(&self) {
        let mut changes = self.set.rows.store.subscribe();
        loop {
            changes.mark_unchanged();
            if self.is_over() {
                return;
            }
            let change = async {
                if changes.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
                tokio::time::sleep(DEBOUNCE).await;
            };
            // Ended: by a row that was looked at meanwhile.
            if self.set.ended.run_until_cancelled(change).await.is_none() {
                return;
            }
        }
    }
}
