//! A server named by a kubeconfig, and connections to it that are kept from request to request. Knows HTTP
//! and kubeconfig files, no API.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::pki::Identity;
use crate::wire::Server;

const LIMIT: Duration = Duration::from_secs(20);

#[derive(Clone)]
pub struct Target {
    server: Server,
    authority: String,
    /// What every path begins with.
    base: String,
    token: Option<String>,
}

impl Target {
    pub fn of(kubeconfig: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(kubeconfig)?;
        let config: Value = serde_saphyr::from_str(&text)?;
        let named = |list: &str, name: &Value| {
            let mut entries = config[list].as_array().into_iter().flatten();
            entries.find(|entry| entry["name"] == *name).context("an entry of the kubeconfig")
        };
        let context = &named("contexts", &config["current-context"])?["context"];
        let cluster = &named("clusters", &context["cluster"])?["cluster"];
        let user = &named("users", &context["user"])?["user"];
        let url = cluster["server"].as_str().and_then(|url| url.strip_prefix("https://"));
        let (authority, base) = url.map(|url| url.split_once('/').unwrap_or((url, ""))).context("a URL")?;
        let port = authority.rsplit_once(':').context("a port")?.1.parse()?;
        let identity = match (data(user, "client-certificate")?, data(user, "client-key")?) {
            (Some(certificate), Some(key)) => Some(Identity { certificate, key }),
            _ => None,
        };
        let trusted = data(cluster, "certificate-authority")?.context("an authority")?;
        Ok(Self {
            server: Server::new(port, "127.0.0.1", &trusted, identity.as_ref())?,
            authority: authority.into(),
            base: if base.is_empty() { String::new() } else { format!("/{}", base.trim_end_matches('/')) },
            token: user["token"].as_str().map(ToOwned::to_owned),
        })
    }

    fn request(&self, method: &str, path: &str, sent: &Sent) -> Result<Request<Full<Bytes>>> {
        let path = format!("{}{path}", self.base);
        let mut request = Request::builder().method(method).uri(path).header("host", &self.authority);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in &sent.headers {
            request = request.header(name, value);
        }
        Ok(request.header("user-agent", "sequences/1").body(Full::new(sent.body.clone()))?)
    }
}

/// `<field>-data`, or the content of the file that `<field>` names.
fn data(entry: &Value, field: &str) -> Result<Option<String>> {
    if let Some(inline) = entry[format!("{field}-data")].as_str() {
        return Ok(Some(String::from_utf8(STANDARD.decode(inline)?)?));
    }
    entry[field].as_str().map(|path| Ok(std::fs::read_to_string(path)?)).transpose()
}

#[derive(Default)]
pub struct Sent {
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

pub struct Answer {
    pub status: u16,
    headers: hyper::HeaderMap,
    pub body: String,
}

impl Answer {
    /// The values of a header.
    pub fn header(&self, name: &str) -> Vec<String> {
        let values = self.headers.get_all(name).iter();
        values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
    }
}

/// One connection, opened when it is needed and again when the server has closed it.
pub struct Connection<'a> {
    target: &'a Target,
    open: Option<(SendRequest<Full<Bytes>>, JoinSet<()>)>,
}

impl<'a> Connection<'a> {
    pub fn new(target: &'a Target) -> Self {
        Self { target, open: None }
    }

    pub async fn ask(&mut self, method: &str, path: &str, sent: &Sent) -> Result<Answer> {
        let response = self.send(method, path, sent).await?;
        let (head, body) = response.into_parts();
        let body = timeout(LIMIT, body.collect()).await.context("the answer does not end")??.to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }

    /// Sends a request whose answer goes on.
    pub async fn watch(mut self, path: &str, sent: &Sent) -> Result<Stream<'a>> {
        let response = self.send("GET", path, sent).await?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        Ok(Stream {
            head: Answer { status, headers, body: String::new() },
            body: response.into_body(),
            buffer: Vec::new(),
            _connection: self,
        })
    }

    async fn send(&mut self, method: &str, path: &str, sent: &Sent) -> Result<Response<Incoming>> {
        let request = self.target.request(method, path, sent)?;
        let sender = self.sender().await?;
        Ok(timeout(LIMIT, sender.send_request(request)).await.context("no answer")??)
    }

    async fn sender(&mut self) -> Result<&mut SendRequest<Full<Bytes>>> {
        let usable = match &mut self.open {
            Some((sender, _)) => sender.ready().await.is_ok(),
            None => false,
        };
        if !usable {
            let stream = self.target.server.connect("").await?;
            let (sender, connection) = handshake(TokioIo::new(stream)).await?;
            let mut driver = JoinSet::new();
            driver.spawn(async move { drop(connection.await) });
            self.open = Some((sender, driver));
        }
        Ok(&mut self.open.as_mut().expect("it was opened above").0)
    }
}

/// The answer to a watch.
pub struct Stream<'a> {
    pub head: Answer,
    body: Incoming,
    buffer: Vec<u8>,
    _connection: Connection<'a>,
}

impl Stream<'_> {
    /// Reads until `count` lines have come, or to the end.
    pub async fn lines(&mut self, count: usize) -> Result<Vec<String>> {
        let complete = |buffer: &[u8]| buffer.iter().filter(|byte| **byte == b'\n').count();
        while complete(&self.buffer) < count {
            let Ok(frame) = timeout(LIMIT, self.body.frame()).await else {
                let so_far = String::from_utf8_lossy(&self.buffer);
                ensure!(false, "no {count} events, but: {so_far}");
                break;
            };
            let Some(frame) = frame else { break };
            if let Ok(data) = frame?.into_data() {
                self.buffer.extend_from_slice(&data);
            }
        }
        let text = String::from_utf8_lossy(&self.buffer).into_owned();
        let taken: Vec<_> = text.lines().take(count).map(ToOwned::to_owned).collect();
        let bytes = taken.iter().map(|line| line.len() + 1).sum::<usize>().min(self.buffer.len());
        self.buffer.drain(..bytes);
        Ok(taken)
    }
}
