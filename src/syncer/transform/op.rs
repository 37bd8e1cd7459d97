//! One change of a rule, compiled.

use json_patch::PatchOperation;
use serde_json::{Value, json};

use super::{
    Faults, image, patch,
    pointer::{self, Pointer},
    renames::Renames,
};
use crate::{
    api::placement::{ImageOverride, JsonPatchOp, JsonPatchOperation, MetadataOverride, OverrideOp},
    apiserver::{
        schema::rules::program::Program,
        selector::{label_key_faults, label_value_faults},
    },
    syncer::{json::set_entry, kind::Kind},
};

#[derive(Debug)]
pub(super) enum Op {
    JsonPatch(Vec<PatchOperation>),
    MergePatch(Value),
    Set(Pointer, Value),
    Remove(Pointer),
    Image(ImageOverride),
    RenameMap(Renames),
    /// Of `labels` or `annotations`.
    Metadata(&'static str, MetadataOverride),
    Cel(Pointer, Program),
}

impl Op {
    /// Compiles a change that stands at this place of its rule.
    pub(super) fn compile(of: &OverrideOp, at: usize, faults: &mut Faults<'_>) -> Option<Self> {
        let place = |name: &str| format!("ops[{at}].{name}");
        let mut found = Vec::new();
        if let Some(operations) = &of.json_patch {
            found.push(json_patch(operations, &place("jsonPatch"), faults).map(Self::JsonPatch));
        }
        if let Some(patch) = &of.merge_patch {
            found.push(faults.take(place("mergePatch"), merge_patch(patch)).map(Self::MergePatch));
        }
        if let Some(set) = &of.set {
            let pointer = faults.take(place("set.path"), pointer::writable(&set.path));
            let accepted = pointer.as_ref().map_or(Ok(()), |pointer| pointer.accepts(&set.value));
            faults.take(place("set.value"), accepted);
            found.push(pointer.map(|pointer| Self::Set(pointer, set.value.clone())));
        }
        if let Some(path) = &of.remove {
            found.push(faults.take(place("remove"), pointer::writable(path)).map(Self::Remove));
        }
        if let Some(parts) = &of.image {
            faults.take(place("image"), image::check(parts));
            found.push(Some(Self::Image(parts.clone())));
        }
        if let Some(names) = &of.rename_map {
            found.push(faults.take(place("renameMap"), Renames::compile(names)).map(Self::RenameMap));
        }
        for (map, changes) in [("labels", &of.labels), ("annotations", &of.annotations)] {
            if let Some(changes) = changes {
                metadata(map, changes, &place(map), faults);
                found.push(Some(Self::Metadata(map, changes.clone())));
            }
        }
        if let Some(field) = &of.cel {
            let pointer = faults.take(place("cel.path"), pointer::writable(&field.path));
            let program = faults.take(place("cel.expression"), Program::compile(&field.expression));
            found.push(pointer.zip(program).map(|(pointer, program)| Self::Cel(pointer, program)));
        }
        if found.len() != 1 {
            faults.wrong(
                format!("ops[{at}]"),
                format!("exactly one change must be given, not {}", found.len()),
            );
        }
        found.pop().flatten()
    }

    /// As it is written in a rule.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::JsonPatch(_) => "jsonPatch",
            Self::MergePatch(_) => "mergePatch",
            Self::Set(..) => "set",
            Self::Remove(_) => "remove",
            Self::Image(_) => "image",
            Self::RenameMap(_) => "renameMap",
            Self::Metadata(map, _) => map,
            Self::Cel(..) => "cel",
        }
    }

    /// Changes an object; the error says why not. After it the object is in pieces, and nobody's.
    pub(super) fn apply(&self, object: &mut Value, kind: &Kind) -> Result<(), String> {
        match self {
            Self::JsonPatch(operations) => {
                patch::apply(object, operations).map_err(|error| error.to_string())
            }
            Self::MergePatch(patch) => {
                json_patch::merge(object, patch);
                Ok(())
            }
            Self::Set(pointer, value) => pointer.set(object, value.clone()),
            Self::Remove(pointer) => {
                pointer.remove(object);
                Ok(())
            }
            Self::Image(parts) => {
                image::apply(object, kind, parts);
                Ok(())
            }
            Self::RenameMap(renames) => renames.apply(object, kind),
            Self::Metadata(map, changes) => {
                change_metadata(object, map, changes);
                Ok(())
            }
            Self::Cel(pointer, program) => {
                match program.evaluate(object).map_err(|error| error.to_string())? {
                    Value::Null => {
                        pointer.remove(object);
                        Ok(())
                    }
                    value => pointer.accepts(&value).and_then(|()| pointer.set(object, value)),
                }
            }
        }
    }
}

fn json_patch(
    operations: &[JsonPatchOperation],
    place: &str,
    faults: &mut Faults<'_>,
) -> Option<Vec<PatchOperation>> {
    if operations.is_empty() {
        faults.wrong(place, "there is no operation");
    }
    let compiled: Vec<_> = operations
        .iter()
        .enumerate()
        .map(|(at, operation)| {
            faults.take(format!("{place}[{at}]"), check_operation(operation))?;
            let fields = json!({
                "op": operation.op,
                "path": operation.path,
                "from": operation.from,
                "value": operation.value,
            });
            faults.take(
                format!("{place}[{at}]"),
                serde_json::from_value(fields).map_err(|error| error.to_string()),
            )
        })
        .collect();
    compiled.into_iter().collect()
}

fn check_operation(operation: &JsonPatchOperation) -> Result<(), String> {
    let needs_value = matches!(operation.op, JsonPatchOp::Add | JsonPatchOp::Replace | JsonPatchOp::Test);
    match (&operation.value, &operation.from, operation.op) {
        (None, _, _) if needs_value => return Err("value is missing".to_owned()),
        (_, None, JsonPatchOp::Move | JsonPatchOp::Copy) => return Err("from is missing".to_owned()),
        (_, Some(from), JsonPatchOp::Move) => drop(pointer::writable(from)?),
        (_, Some(from), JsonPatchOp::Copy) => drop(pointer::parse(from)?),
        _ => {}
    }
    if operation.op == JsonPatchOp::Test {
        return pointer::parse(&operation.path).map(drop);
    }
    let pointer = pointer::writable(&operation.path)?;
    operation.value.as_ref().map_or(Ok(()), |value| pointer.accepts(value))
}

fn merge_patch(patch: &Value) -> Result<Value, String> {
    let fields = patch.as_object().ok_or("must be a map")?;
    for (name, value) in fields {
        let Some(inner) = value.as_object().filter(|_| name == "metadata") else {
            pointer::writable(&format!("/{}", escaped(name)))?;
            continue;
        };
        for (map, value) in inner {
            pointer::writable(&format!("/metadata/{}", escaped(map)))?;
            let entries = value.as_object().ok_or_else(|| format!("/metadata/{map} must be a map"))?;
            for (key, value) in entries {
                pointer::writable_key(key)?;
                if !value.is_string() && !value.is_null() {
                    return Err(format!("/metadata/{map}/{key} must be a text, or null to remove it"));
                }
            }
        }
    }
    Ok(patch.clone())
}

fn escaped(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

fn metadata(map: &str, changes: &MetadataOverride, place: &str, faults: &mut Faults<'_>) {
    if changes.add.is_empty() && changes.remove.is_empty() {
        faults.wrong(place, "neither add nor remove is given");
    }
    for (key, value) in &changes.add {
        let mut problems = label_key_faults(key);
        problems.extend(pointer::writable_key(key).err());
        if map == "labels" {
            problems.extend(label_value_faults(value).into_iter().map(str::to_owned));
        }
        for problem in problems {
            faults.wrong(format!("{place}.add[{key}]"), problem);
        }
    }
    for key in &changes.remove {
        faults.take(format!("{place}.remove[{key}]"), pointer::writable_key(key));
    }
}

fn change_metadata(object: &mut Value, map: &str, changes: &MetadataOverride) {
    let entries =
        object.get_mut("metadata").and_then(|metadata| metadata.get_mut(map)).and_then(Value::as_object_mut);
    if let Some(entries) = entries {
        changes.remove.iter().for_each(|key| drop(entries.remove(key)));
    }
    for (key, value) in &changes.add {
        set_entry(object, map, key, value.clone());
    }
}

#[cfg(test)]
mod tests;
