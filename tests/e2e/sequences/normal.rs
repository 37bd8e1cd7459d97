//! An answer without what two servers cannot have in common. Uids, versions and generated names become
//! numbers in order of first appearance, so that what was equal stays equal; times of this run, addresses
//! and tokens become marks. Everything else counts.

use serde_json::{Map, Value, json};

use super::connection::Answer;
use super::marks::{address, cells, mark, number, sort, unordered, uuid, versions};

const HEADERS: [&str; 9] = [
    "content-type",
    "cache-control",
    "retry-after",
    "warning",
    "allow",
    "vary",
    "location",
    "x-content-type-options",
    "www-authenticate",
];

/// What one sequence has seen so far.
pub(super) struct Normal {
    /// The sequence's own name on this server.
    id: String,
    uids: Vec<String>,
    versions: Vec<String>,
    /// What generated names begin with, and how they ended.
    bases: Vec<String>,
    endings: Vec<String>,
    /// Times before this one were sent by the sequence.
    start: String,
}

impl Normal {
    pub(super) fn new(id: &str) -> Self {
        let day = jiff::SignedDuration::from_hours(24);
        let start = (jiff::Timestamp::now() - day).to_string();
        Self {
            id: id.to_owned(),
            uids: Vec::new(),
            versions: Vec::new(),
            bases: Vec::new(),
            endings: Vec::new(),
            start,
        }
    }

    /// Status code, headers and body as one value.
    pub(super) fn answer(&mut self, answer: &Answer) -> Value {
        let mut headers = Map::new();
        for name in HEADERS {
            let values = answer.header(name);
            if !values.is_empty() {
                let values: Vec<_> = values.iter().map(|value| self.text(value)).collect();
                headers.insert(name.to_owned(), values.into());
            }
        }
        let yaml = answer.header("content-type").iter().any(|kind| kind.contains("yaml"));
        let body = match serde_json::from_str::<Value>(&answer.body) {
            Ok(body) => self.body(body),
            Err(_) if yaml => match serde_saphyr::from_str(&answer.body) {
                Ok(body) => self.body(body),
                Err(_) => self.text(&answer.body).into(),
            },
            Err(_) if answer.body.starts_with('{') => self.events(&lines(&answer.body)),
            Err(_) => self.text(&answer.body).into(),
        };
        json!({"code": answer.status, "headers": headers, "body": body})
    }

    /// The frames of a watch.
    pub(super) fn events(&mut self, lines: &[String]) -> Value {
        let frame = |line: &String| serde_json::from_str(line).unwrap_or_else(|_| line.as_str().into());
        lines.iter().map(frame).map(|frame: Value| self.body(frame)).collect()
    }

    fn body(&mut self, mut body: Value) -> Value {
        if body["type"] == "BOOKMARK" {
            // As new as the server, not as an object.
            versions(&mut body["object"]);
        }
        if body["groupVersion"].as_str().is_some_and(|group| group.starts_with(&self.id)) {
            // A hash of the group's name.
            for resource in body["resources"].as_array_mut().into_iter().flatten() {
                mark(&mut resource["storageVersionHash"], "<hash>");
            }
        }
        self.clean(&mut body);
        if body["kind"] == "Status" {
            unordered(&mut body);
        }
        body
    }

    fn clean(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.clean(value)),
            Value::Object(members) => self.members(members),
            _ => {}
        }
    }

    fn members(&mut self, members: &mut Map<String, Value>) {
        let list = members.contains_key("items") || members.contains_key("columnDefinitions");
        if let Some(metadata) = members.get_mut("metadata") {
            if list {
                // A list is as new as the whole server, which other sequences change.
                mark(&mut metadata["resourceVersion"], "<version>");
            }
            self.generated(metadata);
        }
        // Both are how Go writes what is empty, which depends on the kind.
        members.retain(|name, member| name != "continue" || member != "");
        if list && members.get("items").is_some_and(Value::is_null) {
            members.insert("items".into(), json!([]));
        }
        let old = std::mem::take(members);
        for (name, mut member) in old {
            match name.as_str() {
                "resourceVersion" => self.version(&mut member),
                "continue" => mark(&mut member, "<token>"),
                "clusterIP" | "clusterIPs" | "nodePort" => address(&mut member),
                "token" => mark(&mut member, "<token>"),
                "cells" => cells(&mut member),
                _ => {}
            }
            self.clean(&mut member);
            match name.as_str() {
                // Sorted by their times, which are one second or the next.
                "managedFields" => sort(&mut member, &["operation", "manager", "subresource"]),
                "nonResourceRules" => sort(&mut member, &["nonResourceURLs"]),
                _ => {}
            }
            members.insert(self.text(&name), member);
        }
        // An absent version of a list was looked at above.
        members.retain(|name, member| name != "resourceVersion" || !member.is_null());
    }

    fn version(&mut self, member: &mut Value) {
        let Some(text) = member.as_str().filter(|text| !text.is_empty() && !text.starts_with('<')) else {
            return;
        };
        *member = format!("<version {}>", number(&mut self.versions, text)).into();
    }

    /// Names that begin like this will end in a way that no two servers have in common.
    pub(super) fn generated(&mut self, metadata: &Value) {
        if let Some(base) = metadata["generateName"].as_str().filter(|base| !base.is_empty()) {
            number(&mut self.bases, &base[..base.len().min(58)]);
        }
    }

    fn without_endings(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for base in &self.bases {
            let mut parts = text.split(base.as_str());
            let mut out = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                out.push_str(base);
                let random = |c: &u8| b"bcdfghjklmnpqrstvwxz2456789".contains(c);
                if part.bytes().take_while(|byte| random(byte)).count() >= 5 {
                    out.push_str(&format!("<random {}>", number(&mut self.endings, &part[..5])));
                    out.push_str(&part[5..]);
                } else {
                    out.push_str(part);
                }
            }
            text = out;
        }
        text
    }

    /// Words of this run in any text.
    fn text(&mut self, text: &str) -> String {
        let text = self.without_endings(&text.replace(&self.id, "NS"));
        let versions = text.to_lowercase().replace(' ', "").contains("resourceversion");
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some(c) = rest.chars().next() {
            let after_word = out.chars().last().is_some_and(|last| last.is_ascii_alphanumeric());
            let (mark, length) = match () {
                () if after_word => (None, c.len_utf8()),
                () if uuid(rest) => (Some(format!("<uid {}>", number(&mut self.uids, &rest[..36]))), 36),
                () => match self.time(rest) {
                    Some((mark, length)) => (Some(mark), length),
                    None if versions => self.known_version(rest, c),
                    None => (None, c.len_utf8()),
                },
            };
            out.push_str(mark.as_deref().unwrap_or(&rest[..length]));
            rest = &rest[length..];
        }
        out
    }

    /// In texts that speak of versions.
    fn known_version(&self, rest: &str, c: char) -> (Option<String>, usize) {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        match self.versions.iter().position(|known| digits > 0 && known == &rest[..digits]) {
            Some(at) => (Some(format!("<version {at}>")), digits),
            // The server's newest, most likely.
            None if digits > 0 => (Some("<number>".into()), digits),
            None => (None, c.len_utf8()),
        }
    }

    /// `2026-01-02T03:04:05Z`, also with a fraction.
    fn time(&self, rest: &str) -> Option<(String, usize)> {
        let shape = b"dddd-dd-ddTdd:dd:dd";
        let bytes = rest.as_bytes();
        let fits = bytes.len() > shape.len()
            && shape.iter().zip(bytes).all(|(want, is)| match want {
                b'd' => is.is_ascii_digit(),
                _ => want == is,
            });
        if !fits {
            return None;
        }
        let fraction = match bytes[shape.len()] {
            b'.' => 1 + bytes[shape.len() + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count(),
            _ => 0,
        };
        let length = shape.len() + fraction + 1;
        let new = bytes.get(length - 1) == Some(&b'Z') && rest[..shape.len()] > self.start[..shape.len()];
        new.then(|| (format!("<time{}>", ".".repeat(fraction.min(1))), length))
    }
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(ToOwned::to_owned).collect()
}
