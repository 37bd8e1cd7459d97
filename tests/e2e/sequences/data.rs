//! What `tests/conformance/sequences/*.yaml` hold: sequences of steps. A step is one line `VERB PATH -> CODE`,
//! the code being kube-apiserver's, with what is sent and what is remembered. Pure; knows no server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    pub name: String,
    pub steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    #[serde(rename = "do")]
    line: String,
    /// Sent as JSON, or as YAML if the content type says so.
    pub body: Option<Value>,
    /// Sent byte for byte.
    pub raw: Option<String>,
    /// Sent decoded; variables are not filled in.
    pub base64: Option<String>,
    #[serde(rename = "type")]
    content_type: Option<String>,
    accept: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Variables, and the JSON pointers of their values in the answer.
    #[serde(default)]
    pub take: BTreeMap<String, String>,
    /// The request is repeated until its answer contains this; JSON is compared without spaces.
    pub until: Option<String>,
}

/// What a step does.
#[derive(PartialEq, Debug)]
pub enum Action<'a> {
    Request {
        method: &'a str,
        path: &'a str,
        code: u16,
    },
    /// Opens a watch that later steps read.
    Watch {
        name: &'a str,
        path: &'a str,
        code: u16,
    },
    /// Reads as many events.
    Events {
        name: &'a str,
        count: usize,
    },
    /// Reads to the end of the stream.
    End {
        name: &'a str,
    },
}

impl Step {
    /// What the list of differences calls it.
    pub fn name(&self) -> &str {
        self.line.split(" -> ").next().unwrap_or(&self.line)
    }

    pub fn action(&self) -> Option<Action<'_>> {
        let mut words = self.line.split_whitespace();
        let (verb, first) = (words.next()?, words.next()?);
        match verb {
            "EVENTS" => Some(Action::Events { name: first, count: words.next()?.parse().ok()? }),
            "END" => Some(Action::End { name: first }),
            "WATCH" => Some(Action::Watch { name: first, path: words.next()?, code: code(words)? }),
            method => Some(Action::Request { method, path: first, code: code(words)? }),
        }
    }

    pub fn headers(&self) -> Vec<(String, String)> {
        let mut headers: Vec<_> = self.headers.clone().into_iter().collect();
        let content_type = match &self.content_type {
            Some(short) => content_type(short),
            None if self.body.is_some() || self.raw.is_some() => "application/json",
            None => "",
        };
        if !content_type.is_empty() {
            headers.push(("content-type".into(), content_type.into()));
        }
        headers.extend(self.accept.as_deref().map(|short| ("accept".into(), accept(short).into())));
        headers
    }

    pub fn is_yaml(&self) -> bool {
        self.content_type.as_deref().is_some_and(|short| content_type(short).ends_with("yaml"))
    }
}

fn code<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<u16> {
    words.next().filter(|arrow| *arrow == "->")?;
    words.next()?.parse().ok()
}

fn content_type(short: &str) -> &str {
    match short {
        "none" => "",
        "json" => "application/json-patch+json",
        "merge" => "application/merge-patch+json",
        "strategic" => "application/strategic-merge-patch+json",
        "apply" => "application/apply-patch+yaml",
        "yaml" => "application/yaml",
        "protobuf" => "application/vnd.kubernetes.protobuf",
        other => other,
    }
}

fn accept(short: &str) -> &str {
    match short {
        "table" => "application/json;as=Table;v=v1;g=meta.k8s.io",
        "metadata" => "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
        "metadatalist" => "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
        other => other,
    }
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

/// Every sequence, named `<file>/<name>`; with `TMC_SEQUENCES`, those whose name contains it.
pub fn load() -> Vec<Sequence> {
    let only = std::env::var("TMC_SEQUENCES").unwrap_or_default();
    let folder = folder().join("sequences");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).expect("the sequences").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut all: Vec<_> = paths.iter().flat_map(|path| read(path)).collect();
    all.retain(|sequence| sequence.name.contains(&only));
    assert!(!all.is_empty(), "no sequence is named {only:?}");
    all
}

fn read(path: &Path) -> Vec<Sequence> {
    let text = std::fs::read_to_string(path).expect("a file of sequences can be read");
    let mut sequences: Vec<Sequence> =
        serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let stem = path.file_stem().expect("a file has a name").to_string_lossy();
    for sequence in &mut sequences {
        sequence.name = format!("{stem}/{}", sequence.name);
        for step in &sequence.steps {
            assert!(step.action().is_some(), "{}: what is {:?}?", sequence.name, step.line);
        }
    }
    sequences
}
