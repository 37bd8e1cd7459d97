//! `fieldsV1` of a managedFields entry: a [`Set`] as a tree of JSON objects.

use serde_json::{Map, Value};

use super::{
    path::{Step, StepError},
    set::Set,
};

/// Why a `fieldsV1` cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldsError {
    #[error(transparent)]
    Step(#[from] StepError),
    #[error("a set of fields must be a map")]
    NotAMap,
}

impl Set {
    pub fn to_fields_v1(&self) -> Value {
        self.write(false)
    }

    /// `.` says that the step leading here is a member itself, which only needs saying when it has children.
    fn write(&self, is_member: bool) -> Value {
        let mut out = Map::new();
        if is_member && !(self.members.is_empty() && self.children.is_empty()) {
            out.insert(".".to_owned(), Value::Object(Map::new()));
        }
        for step in self.members.iter().filter(|step| !self.children.contains_key(step)) {
            out.insert(step.to_fields_v1(), Value::Object(Map::new()));
        }
        for (step, child) in &self.children {
            out.insert(step.to_fields_v1(), child.write(self.members.contains(step)));
        }
        Value::Object(out)
    }

    pub fn from_fields_v1(fields: &Value) -> Result<Self, FieldsError> {
        Ok(read(fields)?.0.unwrap_or_default())
    }
}

/// The set below, and whether the step leading here is a member. Steps of a kind not known are ignored.
fn read(fields: &Value) -> Result<(Option<Set>, bool), FieldsError> {
    let fields = match fields {
        Value::Object(fields) => fields,
        Value::Null => return Ok((None, true)),
        _ => return Err(FieldsError::NotAMap),
    };
    let mut is_member = false;
    let mut set: Option<Set> = None;
    for (name, below) in fields {
        if name == "." {
            is_member = true;
            continue;
        }
        let Some(step) = Step::from_fields_v1(name)? else { continue };
        let (children, child_is_member) = read(below)?;
        let set = set.get_or_insert_default();
        if child_is_member {
            set.members.insert(step.clone());
        }
        if let Some(children) = children {
            set.children.insert(step, children);
        }
    }
    let is_member = is_member || set.is_none();
    Ok((set, is_member))
}

#[cfg(test)]
mod tests;
