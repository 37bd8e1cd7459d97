//! The requests about one Lease: it is taken, renewed and given back, each time only if it is still what was read.

use std::time::Duration;

use http::StatusCode;
use tokio::{sync::watch, time::Instant};

use super::{
    leading::Standing,
    record::{Record, Watched},
};
use crate::{
    reconcilers::call::{Action, Call, Caller, segment},
    upstream::UpstreamError,
};

/// One Lease, and who wants it.
pub(super) struct Lease {
    pub(super) caller: Caller,
    pub(super) namespace: &'static str,
    pub(super) name: String,
    pub(super) identity: String,
    /// How long it holds.
    pub(super) duration: Duration,
    /// Whether one that is missing is made; else it is waited for.
    pub(super) makes: bool,
    pub(super) standing: watch::Sender<Standing>,
}

/// What a try to get or to keep the Lease came to.
pub(super) enum Try {
    Held(Record),
    /// By somebody else, as far as can be seen.
    Taken,
}

impl Lease {
    /// Takes it whoever holds it.
    pub(super) async fn claim(&self) -> Result<Try, UpstreamError> {
        let found = Record::read(&self.caller.call(&self.get()).await?);
        self.write(&found, found.claimed(&self.identity, self.duration)).await
    }

    /// Takes it if it is free.
    pub(super) async fn attempt(&self, watched: &mut Watched) -> Result<Try, UpstreamError> {
        let found = match self.caller.call(&self.get()).await {
            Ok(object) => Record::read(&object),
            Err(error) if self.makes && error.code() == Some(StatusCode::NOT_FOUND) => {
                return self.create().await;
            }
            Err(error) => return Err(error),
        };
        self.standing.send_modify(|standing| standing.seen = Some(Instant::now()));
        let now = Instant::now();
        let since = watched.see(&found, now);
        let mine = found.holder == self.identity;
        if !mine && !found.holder.is_empty() && now < since + found.duration(self.duration) {
            return Ok(Try::Taken);
        }
        self.write(&found, found.claimed(&self.identity, self.duration)).await
    }

    pub(super) async fn renew(&self, record: &Record) -> Result<Try, UpstreamError> {
        match self.change(record, |found| found.claimed(&self.identity, self.duration)).await {
            Err(error) if self.makes && error.code() == Some(StatusCode::NOT_FOUND) => self.create().await,
            other => other,
        }
    }

    pub(super) async fn release(&self, record: &Record) -> Result<Try, UpstreamError> {
        self.change(record, Record::released).await
    }

    /// Changes one that we hold.
    async fn change(
        &self,
        record: &Record,
        to: impl Fn(&Record) -> Record + Send,
    ) -> Result<Try, UpstreamError> {
        match self.write(record, to(record)).await {
            // Somebody wrote it since: perhaps a person, perhaps another holder, perhaps we who heard no answer.
            Ok(Try::Taken) => {
                let found = Record::read(&self.caller.call(&self.get()).await?);
                if found.holder != self.identity {
                    return Ok(Try::Taken);
                }
                self.write(&found, to(&found)).await
            }
            other => other,
        }
    }

    async fn create(&self) -> Result<Try, UpstreamError> {
        let call = Call {
            action: Action::Create,
            path: self.path(),
            body: Record::default().claimed(&self.identity, self.duration).object(self.namespace, &self.name),
            ..self.get()
        };
        let mut answer = self.caller.call(&call).await;
        // Only a namespace can be missing where something is to be created.
        if answer.as_ref().is_err_and(|error| error.code() == Some(StatusCode::NOT_FOUND)) {
            self.caller.make_namespace("", self.namespace).await?;
            answer = self.caller.call(&call).await;
        }
        held(answer)
    }

    /// Replaces what was read, if it is still that.
    async fn write(&self, found: &Record, record: Record) -> Result<Try, UpstreamError> {
        let call = Call { action: Action::Merge, body: record.patch(&found.version), ..self.get() };
        let held = held(self.caller.call(&call).await);
        if matches!(held, Ok(Try::Held(_))) {
            self.standing.send_modify(|standing| standing.seen = Some(Instant::now()));
        }
        held
    }

    fn path(&self) -> String {
        format!("/apis/coordination.k8s.io/v1/namespaces/{}/leases", self.namespace)
    }

    fn get(&self) -> Call {
        Call {
            action: Action::Get,
            path: format!("{}/{}", self.path(), segment(&self.name)),
            body: serde_json::Value::Null,
            resource: "leases.coordination.k8s.io",
            namespace: self.namespace,
        }
    }
}

fn held(answer: Result<serde_json::Value, UpstreamError>) -> Result<Try, UpstreamError> {
    match answer {
        Ok(object) => Ok(Try::Held(Record::read(&object))),
        Err(error) if error.code() == Some(StatusCode::CONFLICT) => Ok(Try::Taken),
        Err(error) => Err(error),
    }
}
