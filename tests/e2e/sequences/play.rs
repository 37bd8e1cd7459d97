//! Plays a sequence on one server: fills variables in, sends, waits where a step says so, and gives back
//! the normalised answers. Knows nothing of the other server.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::connection::{Answer, Connection, Sent, Stream, Target};
use super::data::{Action, Sequence, Step};
use super::normal::Normal;

const POLL: Duration = Duration::from_millis(30);
const LIMIT: Duration = Duration::from_secs(15);

struct Player<'a> {
    target: &'a Target,
    connection: Connection<'a>,
    variables: BTreeMap<String, String>,
    watches: BTreeMap<String, Stream<'a>>,
    normal: Normal,
}

/// One answer for each step, in a fresh namespace called `id`.
pub(super) async fn play(target: &Target, sequence: &Sequence, id: &str) -> Vec<Value> {
    let variables = [
        ("ns", id.to_owned()),
        ("v1", format!("/api/v1/namespaces/{id}")),
        ("apps", format!("/apis/apps/v1/namespaces/{id}")),
        ("crds", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions".to_owned()),
        ("cr", format!("/apis/{id}.example.com/v1/namespaces/{id}")),
        ("rbac", "/apis/rbac.authorization.k8s.io/v1".to_owned()),
        ("leases", format!("/apis/coordination.k8s.io/v1/namespaces/{id}/leases")),
    ];
    let mut player = Player {
        target,
        connection: Connection::new(target),
        variables: variables.map(|(name, value)| (name.to_owned(), value)).into(),
        watches: BTreeMap::new(),
        normal: Normal::new(id),
    };
    if let Err(error) = player.namespace(id).await {
        return vec![json!({"failure": format!("the namespace: {error:#}")}); sequence.steps.len()];
    }
    let mut answers = Vec::new();
    for step in &sequence.steps {
        let answer = player.step(step).await;
        answers.push(answer.unwrap_or_else(|error| json!({"failure": format!("{error:#}")})));
    }
    answers
}

impl<'a> Player<'a> {
    async fn namespace(&mut self, id: &str) -> Result<()> {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": id}});
        let sent = Sent {
            headers: vec![("content-type".into(), "application/json".into())],
            body: namespace.to_string().into(),
        };
        let answer = self.connection.ask("POST", "/api/v1/namespaces", &sent).await?;
        if answer.status == 201 { Ok(()) } else { Err(anyhow!("{} {}", answer.status, answer.body)) }
    }

    async fn step(&mut self, step: &Step) -> Result<Value> {
        let sent = self.sent(step)?;
        if let Some(body) = &step.body {
            self.normal.generated(&body["metadata"]);
        }
        match step.action().context("a step that was checked when it was read")? {
            Action::Request { method, path, .. } => {
                let path = self.fill(path);
                let answer = self.repeat(method, &path, &sent, step.until.as_deref()).await?;
                self.take(step, &answer.body);
                Ok(self.normal.answer(&answer))
            }
            Action::Watch { name, path, .. } => {
                let path = self.fill(path);
                let stream = Connection::new(self.target).watch(&path, &sent).await?;
                let answer = self.normal.answer(&stream.head);
                self.watches.insert(name.to_owned(), stream);
                Ok(answer)
            }
            Action::Events { name, count } => self.events(name, count, step).await,
            Action::End { name } => self.events(name, usize::MAX, step).await,
        }
    }

    async fn repeat(&mut self, method: &str, path: &str, sent: &Sent, until: Option<&str>) -> Result<Answer> {
        let until = until.map(|text| self.fill(text));
        let start = Instant::now();
        loop {
            let answer = self.connection.ask(method, path, sent).await?;
            let Some(until) = &until else { return Ok(answer) };
            let compact = serde_json::from_str(&answer.body).map(|body: Value| body.to_string());
            if compact.as_ref().unwrap_or(&answer.body).contains(until) || start.elapsed() > LIMIT {
                return Ok(answer);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn events(&mut self, name: &str, count: usize, step: &Step) -> Result<Value> {
        let stream = self.watches.get_mut(name).with_context(|| format!("no watch {name}"))?;
        let lines = stream.lines(count).await?;
        if let Some(last) = lines.last() {
            let last = last.clone();
            self.take(step, &last);
        }
        Ok(self.normal.events(&lines))
    }

    fn sent(&self, step: &Step) -> Result<Sent> {
        let body = match (&step.body, &step.raw) {
            (Some(body), _) if step.is_yaml() => serde_saphyr::to_string(body)?,
            (Some(body), _) => body.to_string(),
            (None, Some(raw)) => raw.clone(),
            (None, None) => String::new(),
        };
        let headers = step.headers().into_iter().map(|(name, value)| (name, self.fill(&value)));
        let body = match &step.base64 {
            Some(encoded) => STANDARD.decode(encoded)?.into(),
            None => Bytes::from(self.fill(&body)),
        };
        Ok(Sent { headers: headers.collect(), body })
    }

    /// Variables that a former answer did not give stay as they are.
    fn take(&mut self, step: &Step, body: &str) {
        let Ok(body) = serde_json::from_str::<Value>(body) else { return };
        for (name, pointer) in &step.take {
            let value = match body.pointer(pointer) {
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
                None => continue,
            };
            self.variables.insert(name.clone(), value);
        }
    }

    /// `$name` is a variable, `$N*text*` is text N times.
    fn fill(&self, text: &str) -> String {
        let mut filled = String::new();
        let mut parts = text.split('$');
        filled.push_str(parts.next().unwrap_or_default());
        for part in parts {
            if let Some((count, (repeated, rest))) =
                part.split_once('*').and_then(|(n, rest)| Some((n.parse().ok()?, rest.split_once('*')?)))
            {
                filled.push_str(&repeated.repeat(count));
                filled.push_str(rest);
                continue;
            }
            let end = part.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(part.len());
            match self.variables.get(&part[..end]) {
                Some(value) => filled.push_str(value),
                None => filled.extend(["$", &part[..end]]),
            }
            filled.push_str(&part[end..]);
        }
        filled
    }
}
