//! Whether an object on the cluster has what we would write: field by field, and only fields we set.
//!
//! Pure. What others added (defaults, injected containers, allocated addresses) is never a difference; what the API
//! server writes in another way but means the same is none either. It must not know who changed a field, nor what
//! follows from it.

mod layout;
mod path;
mod value;
mod without;

use serde_json::{Map, Value};

use self::{
    layout::{Layout, ListKind},
    value::means_the_same,
};
pub use self::{path::FieldPath, without::without};
use super::kind::Kind;
use crate::apiserver::managed_fields::path::{Scalar, Step};

/// The fields of `desired` that `live` has not, or has with another value; sorted, none twice. A list that is
/// replaced as a whole differs as a whole.
pub fn differences(desired: &Value, live: &Value, kind: &Kind) -> Vec<FieldPath> {
    let mut walk = Walk { layout: Layout::of(kind), names: Vec::new(), path: Vec::new(), found: Vec::new() };
    match (desired, live) {
        (Value::Object(desired), Value::Object(live)) => walk.object(desired, live),
        _ => walk.found.push(FieldPath(Vec::new())),
    }
    walk.found.sort();
    walk.found.dedup();
    walk.found
}

struct Walk<'a> {
    layout: Layout<'a>,
    /// The fields on the way from the object, without the steps into lists.
    names: Vec<&'a str>,
    path: Vec<Way<'a>>,
    found: Vec<FieldPath>,
}

/// A step that is only written down where there is a difference: mostly there is none.
enum Way<'a> {
    Field(&'a str),
    Item(Step),
}

impl Way<'_> {
    fn step(&self) -> Step {
        match self {
            Self::Field(name) => Step::field(name),
            Self::Item(step) => step.clone(),
        }
    }
}

impl<'a> Walk<'a> {
    /// The whole object: of its identity nothing is compared, it is what the two have in common.
    fn object(&mut self, desired: &'a Map<String, Value>, live: &Map<String, Value>) {
        for (name, value) in desired {
            match (name.as_str(), value) {
                ("apiVersion" | "kind", _) => {}
                ("metadata", Value::Object(metadata)) => {
                    let is_ours =
                        |name: &str| !matches!(name, "name" | "namespace" | "uid" | "resourceVersion");
                    let live = live.get(name);
                    for (field, value) in metadata.iter().filter(|(field, _)| is_ours(field)) {
                        self.names.push(name);
                        self.path.push(Way::Field(name));
                        self.field(field, value, live.and_then(|live| live.get(field)));
                        self.path.pop();
                        self.names.pop();
                    }
                }
                ("stringData", Value::Object(texts)) if self.layout.is_secret() => {
                    self.texts(texts, live.get("data"));
                }
                _ => self.field(name, value, live.get(name)),
            }
        }
    }

    /// What is written as `stringData` is found as `data`.
    fn texts(&mut self, texts: &'a Map<String, Value>, live: Option<&Value>) {
        for (key, text) in texts {
            let found = live.and_then(|live| live.get(key)).and_then(Value::as_str).and_then(value::decoded);
            if found.as_deref() != text.as_str().map(str::as_bytes) {
                self.found.push(FieldPath(vec![Step::field("stringData"), Step::field(key)]));
            }
        }
    }

    fn field(&mut self, name: &'a str, desired: &'a Value, live: Option<&Value>) {
        self.names.push(name);
        self.path.push(Way::Field(name));
        self.value(desired, live);
        self.path.pop();
        self.names.pop();
    }

    fn value(&mut self, desired: &'a Value, live: Option<&Value>) {
        match (desired, live) {
            (Value::Null, _) => {}
            (_, None | Some(Value::Null)) => {
                if !self.layout.is_left_out(&self.names, desired) {
                    self.differs();
                }
            }
            (Value::Object(desired), Some(Value::Object(live))) => self.map(desired, live),
            (Value::Array(desired), Some(Value::Array(live))) => self.list(desired, live),
            (desired, Some(live)) => {
                if !means_the_same(desired, live, self.layout.form(&self.names)) {
                    self.differs();
                }
            }
        }
    }

    fn map(&mut self, desired: &'a Map<String, Value>, live: &Map<String, Value>) {
        if self.layout.is_exact(&self.names) && live.keys().any(|key| !desired.contains_key(key)) {
            return self.differs();
        }
        for (name, value) in desired {
            self.field(name, value, live.get(name));
        }
    }

    fn list(&mut self, desired: &'a [Value], live: &[Value]) {
        match self.layout.list(&self.names) {
            ListKind::Set => {
                for item in desired.iter().filter(|item| !live.contains(item)) {
                    self.path.push(Way::Item(Step::Value(Scalar(item.clone()))));
                    self.differs();
                    self.path.pop();
                }
            }
            ListKind::Map(keys) => {
                let steps: Option<Vec<_>> = desired.iter().map(|item| path::key_of(item, keys)).collect();
                match steps {
                    Some(steps) if are_distinct(&steps) => self.items(desired, steps, live),
                    _ => self.whole_list(desired, live),
                }
            }
            ListKind::Atomic => self.whole_list(desired, live),
        }
    }

    fn items(&mut self, desired: &'a [Value], steps: Vec<Step>, live: &[Value]) {
        for (item, step) in desired.iter().zip(steps) {
            let found = live.iter().find(|item| path::is_item(&step, item));
            self.path.push(Way::Item(step));
            match found {
                Some(found) => self.value(item, Some(found)),
                None => self.differs(),
            }
            self.path.pop();
        }
    }

    /// Item by item, because the server may have put defaults into them.
    fn whole_list(&mut self, desired: &'a [Value], live: &[Value]) {
        let before = self.found.len();
        if desired.len() == live.len() {
            desired.iter().zip(live).for_each(|(item, live)| self.value(item, Some(live)));
        } else {
            self.differs();
        }
        if self.found.len() > before {
            self.found.truncate(before);
            self.differs();
        }
    }

    fn differs(&mut self) {
        self.found.push(FieldPath(self.path.iter().map(Way::step).collect()));
    }
}

/// Two items of one key cannot be told apart.
fn are_distinct(steps: &[Step]) -> bool {
    let mut steps: Vec<_> = steps.iter().collect();
    steps.sort_unstable();
    steps.windows(2).all(|pair| pair[0] != pair[1])
}

#[cfg(test)]
mod tests;
