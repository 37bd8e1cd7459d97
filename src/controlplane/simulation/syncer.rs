//! The syncer of one simulated cluster: renews the Lease of its SyncTarget and reports, as the real one does from
//! its own process.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};

use super::{
    Mode,
    objects::{Kind, Objects},
    report::{self, Facts},
};
use crate::{
    api::workload::{GROUP, RESOURCE, VERSION},
    informers::Backoff,
    liveness::{LEASES, clock::Clock},
    reconcilers::call::{Action, Call, Caller, segment},
    upstream::UpstreamError,
};

/// Between renewals of the Lease.
const BEAT: Duration = Duration::from_secs(10);
/// How long the Lease holds after one.
const LEASE_SECONDS: u32 = 30;
/// Between looks for a SyncTarget or a Lease that is not there yet.
const ABSENT: Duration = Duration::from_secs(1);
const FIELD_MANAGER: &str = "syncer";
const TARGET: &str = "synctargets.workload.kcp.io";
const TARGET_STATUS: &str = "synctargets.workload.kcp.io/status";
const LEASE: &str = "leases.coordination.k8s.io";

/// Where a SyncTarget is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Before every path: `/clusters/<id or path>`, or nothing.
    pub base: String,
    pub name: String,
}

pub struct Syncer {
    place: Place,
    facts: Facts,
    objects: Arc<dyn Objects>,
    /// Where its SyncTarget is.
    caller: Caller,
    clock: Arc<dyn Clock>,
    mode: watch::Receiver<Mode>,
    /// The least time between two reports.
    pace: Duration,
    reported: Reported,
}

/// What was written last.
#[derive(Default)]
struct Reported {
    uid: String,
    status: Value,
    at: Option<Instant>,
    mode: Mode,
}

impl Syncer {
    /// `pace` is 10 s for a real one.
    pub fn new(
        place: Place,
        facts: Facts,
        objects: Arc<dyn Objects>,
        caller: Caller,
        clock: Arc<dyn Clock>,
        mode: watch::Receiver<Mode>,
        pace: Duration,
    ) -> Self {
        Self { place, facts, objects, caller, clock, mode, pace, reported: Reported::default() }
    }

    /// Until it is dropped, or nobody is left to change anything.
    pub async fn run(mut self) {
        let mut backoff = Backoff::default();
        let mut changes = self.objects.changes();
        let mut beat = Instant::now();
        loop {
            let mode = *self.mode.borrow_and_update();
            let mut next = None;
            if mode.is_connected() {
                changes.mark_unchanged();
                match self.turn(mode, &mut beat).await {
                    Ok(wait) => {
                        backoff.reset();
                        next = Some(wait);
                    }
                    Err(error) => {
                        tracing::debug!(sync_target = self.place.name, %error, "a simulated syncer cannot report");
                        sleep(backoff.next_wait()).await;
                        continue;
                    }
                }
            }
            tokio::select! {
                changed = changes.changed(), if mode.is_connected() => {
                    if changed.is_err() {
                        return;
                    }
                    self.rest().await;
                }
                changed = self.mode.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
                () = until(next) => {}
            }
        }
    }

    /// Renews if that is due and reports if there is news. Says when to turn again at the latest.
    async fn turn(&mut self, mode: Mode, beat: &mut Instant) -> Result<Instant, UpstreamError> {
        let Some(target) = self.get(self.target_path(), TARGET).await? else {
            self.reported = Reported::default();
            return Ok(Instant::now() + ABSENT);
        };
        let uid = target["metadata"]["uid"].as_str().unwrap_or_default();
        if self.reported.uid != uid {
            self.reported = Reported { uid: uid.to_owned(), ..Reported::default() };
            *beat = Instant::now();
        }
        if *beat <= Instant::now() {
            if !self.renew(uid).await? {
                return Ok(Instant::now() + ABSENT);
            }
            *beat = Instant::now() + BEAT;
        }
        self.report(&target, mode).await?;
        Ok(*beat)
    }

    /// Waits for what else changes, unless the cluster itself is another one.
    async fn rest(&mut self) {
        let Some(at) = self.reported.at else { return };
        let mut mode = self.mode.clone();
        tokio::select! {
            () = sleep_until(at + self.pace) => {}
            _ = mode.changed() => {}
        }
    }

    async fn report(&mut self, target: &Value, mode: Mode) -> Result<(), UpstreamError> {
        let lists: Vec<_> = Kind::ALL.into_iter().map(|kind| (kind, self.objects.list(kind))).collect();
        let lists: Vec<(Kind, Vec<&Value>)> = lists
            .iter()
            .map(|(kind, objects)| (*kind, objects.iter().map(|object| &**object).collect()))
            .collect();
        let generation = target["metadata"]["generation"].as_i64();
        let now = self.clock.now().wall;
        let known = &self.reported.status;
        let known = if known.is_null() { &target["status"] } else { known };
        let status = report::status(&lists, &self.facts, mode, generation, known, now);
        let lost = self.reported.mode != mode || !says(target, &status);
        if status == self.reported.status && !lost {
            return Ok(());
        }
        self.caller.call(&self.apply(target, &status)).await?;
        let uid = std::mem::take(&mut self.reported.uid);
        self.reported = Reported { uid, status, at: Some(Instant::now()), mode };
        Ok(())
    }

    /// Whether the Lease is there to be renewed: its target's reconciler makes it.
    async fn renew(&self, uid: &str) -> Result<bool, UpstreamError> {
        let path = format!("{}{}/synctarget-{}", self.place.base, LEASES.path(), segment(uid));
        let Some(lease) = self.get(path.clone(), LEASE).await? else { return Ok(false) };
        let now = micro_time(self.clock.now().wall);
        let mine = lease["spec"]["holderIdentity"] == self.facts.holder.as_str();
        let mut spec = json!({
            "holderIdentity": self.facts.holder, "leaseDurationSeconds": LEASE_SECONDS, "renewTime": now,
        });
        if !mine {
            spec["acquireTime"] = json!(now);
        }
        let version = &lease["metadata"]["resourceVersion"];
        let call = Call {
            action: Action::Merge,
            path,
            body: json!({"metadata": {"resourceVersion": version}, "spec": spec}),
            resource: LEASE,
            namespace: LEASES.namespace.unwrap_or_default(),
        };
        self.caller.call(&call).await.map(|_| true)
    }

    fn target_path(&self) -> String {
        format!("{}/apis/{GROUP}/{VERSION}/{RESOURCE}/{}", self.place.base, segment(&self.place.name))
    }

    fn apply(&self, target: &Value, status: &Value) -> Call {
        Call {
            action: Action::Apply,
            path: format!("{}/status?fieldManager={FIELD_MANAGER}&force=true", self.target_path()),
            body: json!({
                "apiVersion": format!("{GROUP}/{VERSION}"), "kind": "SyncTarget",
                "metadata": {"name": self.place.name, "uid": target["metadata"]["uid"]}, "status": status,
            }),
            resource: TARGET_STATUS,
            namespace: "",
        }
    }

    /// The object, if it is there.
    async fn get(&self, path: String, resource: &'static str) -> Result<Option<Value>, UpstreamError> {
        let namespace = if resource == LEASE { LEASES.namespace.unwrap_or_default() } else { "" };
        let call = Call { action: Action::Get, path, body: Value::Null, resource, namespace };
        match self.caller.call(&call).await {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.code() == Some(StatusCode::NOT_FOUND) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Whether the target still says everything that was reported: somebody may have taken it away.
fn says(target: &Value, status: &Value) -> bool {
    let conditions = target["status"]["conditions"].as_array().map_or(&[][..], Vec::as_slice);
    let ours = status["conditions"].as_array().map_or(&[][..], Vec::as_slice);
    ours.iter().all(|our| {
        let their = conditions.iter().find(|their| their["type"] == our["type"]);
        their.is_some_and(|their| their["status"] == our["status"] && their["reason"] == our["reason"])
    })
}

fn micro_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
