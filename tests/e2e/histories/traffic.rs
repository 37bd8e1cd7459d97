//! Clients that write and read the same few objects at once, and write down what they did. Each write leaves a
//! mark of its own in the object, so that no accepted write changes nothing.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use anyhow::{Result, ensure};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{
    Kind,
    record::{Call, List, Op, Selection, name, version},
    server::Server,
};

pub const OBJECTS: usize = 4;
/// At most so many of each client that lists.
const LISTS: usize = 200;
const JSON: &str = "application/json";
const MERGE: &str = "application/merge-patch+json";
const JSON_PATCH: &str = "application/json-patch+json";
const APPLY: &str = "application/apply-patch+yaml";

#[derive(Clone)]
pub struct Traffic {
    pub server: Server,
    pub kind: &'static Kind,
    pub clock: Arc<AtomicU64>,
    pub calls: Arc<Mutex<Vec<Call>>>,
    pub lists: Arc<Mutex<Vec<List>>>,
}

impl Traffic {
    pub fn new(server: Server, kind: &'static Kind) -> Self {
        Self { server, kind, clock: Arc::default(), calls: Arc::default(), lists: Arc::default() }
    }

    fn now(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    /// Lets `clients` loose for so many steps each, two that list beside them; ends when all are done.
    pub async fn run(&self, clients: usize, steps: usize) -> Result<()> {
        let mut tasks = JoinSet::new();
        for number in 0..clients {
            let mut client = Client { traffic: self.clone(), number, seed: number as u64 + self.now() };
            tasks.spawn(async move {
                for _ in 0..steps {
                    client.step().await?;
                }
                Ok::<_, anyhow::Error>(())
            });
        }
        let mut listing = JoinSet::new();
        for at in 0..2 {
            let traffic = self.clone();
            listing.spawn(async move {
                for turn in at..LISTS {
                    traffic.list(turn).await?;
                }
                Ok::<_, anyhow::Error>(())
            });
        }
        while let Some(done) = tasks.join_next().await {
            done??;
        }
        while let Some(done) = listing.try_join_next() {
            done??;
        }
        Ok(())
    }

    /// Leaves every object in its last state, which each watch can tell.
    pub async fn finish(&self) -> Result<()> {
        let mut client = Client { traffic: self.clone(), number: 99, seed: 0 };
        for number in 0..OBJECTS {
            client.call(name(number), Op::Delete(None), Value::Null).await?;
            let mut last = client.new_object(number);
            last["metadata"]["labels"] = json!({"color": "red", "end": "yes"});
            let made = client.call(name(number), Op::Create, last).await?;
            ensure!(made.0 == 201, "the last of {number}: {} {}", made.0, made.1);
        }
        Ok(())
    }

    async fn list(&self, turn: usize) -> Result<()> {
        let selection = if turn.is_multiple_of(3) { Selection::Red } else { Selection::Everything };
        let limit = if turn % 2 == 1 { "&limit=2" } else { "" };
        let path = format!("{}?x=y{limit}{}", self.kind.path, selection.query());
        let asked = self.now();
        let mut list = List { asked, answered: 0, selection, version: 0, items: Vec::new() };
        let mut next = String::new();
        loop {
            let (status, mut page) =
                self.server.ask("GET", &format!("{path}{next}"), JSON, &Value::Null).await?;
            ensure!(status == 200, "list: {page}");
            ensure!(
                list.version == 0 || list.version == version(&page),
                "the pages of a list are of one version"
            );
            list.version = version(&page);
            let Value::Array(items) = page["items"].take() else { anyhow::bail!("no list: {page}") };
            list.items.extend(items);
            match page["metadata"]["continue"].as_str() {
                Some(token) if !token.is_empty() => next = format!("&continue={token}"),
                _ => break,
            }
        }
        list.answered = self.now();
        self.lists.lock().push(list);
        Ok(())
    }
}

/// One of the clients.
struct Client {
    traffic: Traffic,
    number: usize,
    seed: u64,
}

impl Client {
    fn random(&mut self, below: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % below
    }

    /// Nobody has written it before.
    fn mark(&self) -> String {
        format!("{}-{}", self.number, self.traffic.now())
    }

    fn color(&mut self) -> &'static str {
        if self.random(2) == 0 { "red" } else { "blue" }
    }

    fn new_object(&mut self, number: usize) -> Value {
        json!({"apiVersion": self.traffic.kind.api_version, "kind": self.traffic.kind.kind,
            "metadata": {"name": name(number), "labels": {"color": self.color()}},
            "data": {"count": "0", "last": self.mark()}})
    }

    async fn step(&mut self) -> Result<()> {
        let number = self.random(OBJECTS as u64) as usize;
        let object = name(number);
        let (mark, color) = (self.mark(), self.color());
        match self.random(12) {
            0..=3 => self.increment(object, &mark, color).await,
            4 => {
                let patch = json!({"metadata": {"labels": {"color": color}},
                    "data": {format!("merge{}", self.number): mark, "last": mark}});
                self.call(object, Op::Merge(None), patch).await.map(drop)
            }
            5 => self.merge_of_version(object, &mark).await,
            6 => {
                let patch = json!([
                    {"op": "replace", "path": "/metadata/labels/color", "value": color},
                    {"op": "add", "path": format!("/data/json{}", self.number), "value": mark}]);
                self.call(object, Op::Json, patch).await.map(drop)
            }
            7 | 8 => {
                let mut applied = self.new_object(number);
                applied["data"] = json!({format!("apply{}", self.number): mark});
                self.call(object, Op::Apply, applied).await.map(drop)
            }
            9 => {
                let made = self.new_object(number);
                self.call(object, Op::Create, made).await.map(drop)
            }
            // The first is never deleted before the end: what is counted in it adds up.
            _ if number == 0 => self.increment(object, &mark, color).await,
            10 => self.call(object, Op::Delete(None), Value::Null).await.map(drop),
            _ => {
                let (status, there) = self.call(object.clone(), Op::Get, Value::Null).await?;
                if status != 200 {
                    return Ok(());
                }
                let given = version(&there);
                let options = json!({"apiVersion": "v1", "kind": "DeleteOptions",
                    "preconditions": {"resourceVersion": given.to_string()}});
                self.call(object, Op::Delete(Some(given)), options).await.map(drop)
            }
        }
    }

    /// Reads, adds one, and writes if nobody else has.
    async fn increment(&mut self, object: String, mark: &str, color: &str) -> Result<()> {
        let (status, mut there) = self.call(object.clone(), Op::Get, Value::Null).await?;
        if status != 200 {
            return Ok(());
        }
        let count = there["data"]["count"].as_str().and_then(|text| text.parse().ok()).unwrap_or(0_u64);
        there["data"]["count"] = (count + 1).to_string().into();
        there["data"]["last"] = mark.into();
        there["metadata"]["labels"]["color"] = color.into();
        let given = version(&there);
        self.call(object, Op::Update(given), there).await.map(drop)
    }

    async fn merge_of_version(&mut self, object: String, mark: &str) -> Result<()> {
        let (status, there) = self.call(object.clone(), Op::Get, Value::Null).await?;
        if status != 200 {
            return Ok(());
        }
        let given = version(&there);
        let patch = json!({"metadata": {"resourceVersion": given.to_string()},
            "data": {format!("merge{}", self.number): mark, "last": mark}});
        self.call(object, Op::Merge(Some(given)), patch).await.map(drop)
    }

    async fn call(&mut self, object: String, op: Op, sent: Value) -> Result<(u16, Value)> {
        let whole = self.traffic.kind.path;
        let one = format!("{whole}/{object}");
        let (method, path, media) = match op {
            Op::Get => ("GET", one, JSON),
            Op::Create => ("POST", whole.to_owned(), JSON),
            Op::Update(_) => ("PUT", one, JSON),
            Op::Merge(_) => ("PATCH", one, MERGE),
            Op::Json => ("PATCH", one, JSON_PATCH),
            Op::Apply => ("PATCH", format!("{one}?force=true&fieldManager=c{}", self.number), APPLY),
            Op::Delete(_) => ("DELETE", one, JSON),
        };
        let asked = self.traffic.now();
        let (status, answer) = self.traffic.server.ask(method, &path, media, &sent).await?;
        let answered = self.traffic.now();
        ensure!(status < 500 && status != 400, "{method} {path}: {status} {answer}");
        let shown = answer.clone();
        self.traffic.calls.lock().push(Call { name: object, op, sent, asked, answered, status, answer });
        Ok((status, shown))
    }
}

/// Deletes everything while four clients patch it; nobody makes anything meanwhile, so nothing may be left.
pub async fn delete_under_fire(server: &Server, kind: &'static Kind) -> Result<()> {
    for number in 0..OBJECTS {
        let object = json!({"apiVersion": kind.api_version, "kind": kind.kind,
            "metadata": {"name": name(number)}, "data": {}});
        let (status, answer) = server.ask("POST", kind.path, JSON, &object).await?;
        ensure!(status == 201, "{answer}");
    }
    let mut patching = JoinSet::new();
    for client in 0..OBJECTS {
        let server = server.clone();
        patching.spawn(async move {
            for turn in 0.. {
                let patch = json!({"data": {"last": format!("{client}-{turn}")}});
                let path = format!("{}/{}", kind.path, name(client));
                let (status, answer) = server.ask("PATCH", &path, MERGE, &patch).await?;
                if status == 404 {
                    break;
                }
                ensure!(status == 200, "{answer}");
            }
            Ok(())
        });
    }
    let (status, answer) = server.ask("DELETE", kind.path, JSON, &Value::Null).await?;
    ensure!(status == 200, "{answer}");
    let (_, left) = server.ask("GET", kind.path, JSON, &Value::Null).await?;
    ensure!(left["items"] == json!([]), "what was selected is still there: {left}");
    while let Some(done) = patching.join_next().await {
        done??;
    }
    Ok(())
}
