//! Where two answers differ, and the checked-in list of differences that are meant, each with its reason.
//! An entry of the list that no answer shows any more is a fault as well.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::data::folder;

pub(super) struct Difference {
    /// Such as `.body.metadata.labels`.
    pub(super) path: String,
    theirs: Value,
    ours: Value,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let short = |value: &Value| value.to_string().chars().take(600).collect::<String>();
        write!(f, "    {}\n      - {}\n      + {}", self.path, short(&self.theirs), short(&self.ours))
    }
}

pub(super) fn between(theirs: &Value, ours: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    collect(theirs, ours, "", &mut found);
    found
}

fn collect(theirs: &Value, ours: &Value, path: &str, found: &mut Vec<Difference>) {
    match (theirs, ours) {
        _ if theirs == ours => {}
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<_> = a.keys().chain(b.keys()).collect();
            for name in names {
                collect(&theirs[name], &ours[name], &format!("{path}.{name}"), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for at in 0..a.len() {
                collect(&a[at], &b[at], &format!("{path}[{at}]"), found);
            }
        }
        _ => found.push(Difference { path: path.to_owned(), theirs: theirs.clone(), ours: ours.clone() }),
    }
}

/// `differences.yaml`.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct File {
    annotations: Vec<Annotation>,
    /// The names in discovery of what we do not serve.
    absent: Vec<String>,
    answers: Vec<Known>,
}

/// One that every object of ours has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Annotation {
    name: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    /// In these three `*` stands for anything. The name of the sequence with its file.
    sequence: String,
    /// The step's line without its code; every step if absent.
    step: Option<String>,
    path: String,
    reason: String,
}

#[derive(Default)]
pub(super) struct List {
    file: File,
    used: BTreeSet<usize>,
    taken: BTreeSet<String>,
}

impl List {
    pub(super) fn read() -> Self {
        let path = folder().join("differences.yaml");
        let text = std::fs::read_to_string(path).expect("the list of differences can be read");
        let file: File = serde_saphyr::from_str(&text).expect("the list of differences is YAML");
        let reasons = file.answers.iter().map(|entry| &entry.reason);
        let mut reasons = reasons.chain(file.annotations.iter().map(|annotation| &annotation.reason));
        assert!(reasons.all(|reason| reason.len() > 10), "an entry says why");
        Self { file, ..Self::default() }
    }

    /// Takes away from a discovery document what we do not serve.
    pub(super) fn without_absent(&mut self, theirs: &mut Value) {
        let absent: BTreeSet<_> = self.file.absent.iter().collect();
        let Some(resources) = theirs.pointer_mut("/body/resources").and_then(Value::as_array_mut) else {
            return;
        };
        resources.retain(|resource| {
            let name = resource["name"].as_str().unwrap_or_default().to_owned();
            let keep = !absent.contains(&name);
            if !keep {
                self.taken.insert(name);
            }
            keep
        });
    }

    /// Takes away the annotations that are ours alone.
    pub(super) fn without_annotations(&mut self, ours: &mut Value) {
        match ours {
            Value::Array(values) => values.iter_mut().for_each(|value| self.without_annotations(value)),
            Value::Object(members) => {
                members.values_mut().for_each(|member| self.without_annotations(member));
                let Some(annotations) = members.get_mut("annotations").and_then(Value::as_object_mut) else {
                    return;
                };
                let before = annotations.len();
                for Annotation { name, .. } in &self.file.annotations {
                    if annotations.remove(name).is_some() {
                        self.taken.insert(name.clone());
                    }
                }
                if annotations.is_empty() && before > 0 {
                    members.remove("annotations");
                }
            }
            _ => {}
        }
    }

    /// Whether the difference is meant.
    pub(super) fn knows(&mut self, sequence: &str, step: &str, difference: &Difference) -> bool {
        let fits = |entry: &Known| {
            matches(&entry.sequence, sequence)
                && entry.step.as_deref().is_none_or(|known| matches(known, step))
                && matches(&entry.path, &difference.path)
        };
        let fitting: Vec<_> =
            (0..self.file.answers.len()).filter(|at| fits(&self.file.answers[*at])).collect();
        self.used.extend(&fitting);
        !fitting.is_empty()
    }

    /// What the list says in vain.
    pub(super) fn unused(&self) -> Vec<String> {
        let answers = self.file.answers.iter().enumerate().filter(|(at, _)| !self.used.contains(at));
        let answers = answers.map(|(_, Known { sequence, step, path, reason })| {
            let step = step.as_deref().unwrap_or("*");
            format!("it is alike, in spite of {reason:?}: {sequence}: {step} {path}")
        });
        let annotations = self.file.annotations.iter().filter(|known| !self.taken.contains(&known.name));
        let annotations = annotations.map(|known| format!("no object has the annotation {}", known.name));
        let absent = self.file.absent.iter().filter(|name| !self.taken.contains(*name));
        let absent = absent.map(|name| format!("kube-apiserver does not serve {name} either"));
        answers.chain(annotations).chain(absent).collect()
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(start) else { return false };
    (0..=text.len()).any(|at| text.is_char_boundary(at) && matches(rest, &text[at..]))
}
