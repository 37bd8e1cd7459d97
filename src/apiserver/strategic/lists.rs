//! Lists that are merged: of scalars as sets, of maps by their merge key.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::{DIRECTIVE, PatchError, Place, merge_maps, order, positions::Positions};
use crate::apiserver::{go_format, schema::PatchStrategy};

/// Merges two lists, or replaces the first where the schema does not say they merge.
pub(super) fn merge_lists(
    original: Vec<Value>,
    patch: Vec<Value>,
    items: Place<'_>,
    strategy: &PatchStrategy,
    deletes: bool,
) -> Result<Vec<Value>, PatchError> {
    if !strategy.merge && !deletes {
        return Ok(patch);
    }
    if original.is_empty() && patch.is_empty() {
        return Ok(original);
    }
    if !items_are_maps(&original, &patch)? {
        return Ok(merge_scalars(original, patch, deletes));
    }
    let Some(key) = strategy.merge_key.as_deref().filter(|key| !key.is_empty()) else {
        return Err(PatchError::NoMergeKeyInSchema(items.kind()));
    };
    let (original, patch) = obey_directives(original, patch, key)?;
    let merged = merge_items(original.clone(), &patch, key, items)?;
    let (mine, theirs) = order::split(merged, &patch, Some(key))?;
    order::interleave(mine, theirs, &patch, &original, Some(key))
}

fn merge_scalars(original: Vec<Value>, patch: Vec<Value>, deletes: bool) -> Vec<Value> {
    if deletes {
        let deleted = Positions::of(&patch, None);
        return original.into_iter().filter(|item| deleted.get(item).is_none()).collect();
    }
    let merged = without_duplicates(original.iter().chain(&patch).cloned().collect());
    let patched = Positions::of(&patch, None);
    let (mine, theirs) = merged.into_iter().partition(|item| patched.get(item).is_some());
    order::interleave_scalars(mine, theirs, &patch, &original)
}

/// Fills the place of a duplicate with the last item, as upstream.
fn without_duplicates(mut items: Vec<Value>) -> Vec<Value> {
    let mut numbers = HashMap::new();
    let mut kinds: Vec<usize> = Vec::with_capacity(items.len());
    let mut places: Vec<BTreeSet<usize>> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let kind = *numbers.entry(item.to_string()).or_insert(places.len());
        if kind == places.len() {
            places.push(BTreeSet::new());
        }
        kinds.push(kind);
        places[kind].insert(index);
    }
    let mut first = 0;
    while first < items.len() {
        let kind = kinds[first];
        while let Some(duplicate) = places[kind].range(first + 1..).next().copied() {
            places[kind].remove(&duplicate);
            items.swap_remove(duplicate);
            let last = kinds.len() - 1;
            let moved = kinds[last];
            kinds.swap_remove(duplicate);
            if duplicate != last {
                places[moved].remove(&last);
                places[moved].insert(duplicate);
            }
        }
        first += 1;
    }
    items
}

/// Whether all items of both lists are maps; a list must not mix types.
pub(super) fn items_are_maps(left: &[Value], right: &[Value]) -> Result<bool, PatchError> {
    let mut all = left.iter().chain(right);
    let first = all.next().ok_or(PatchError::NoElements)?;
    if first.is_array() {
        return Err(PatchError::ListOfLists);
    }
    if all.any(|item| go_format::type_name(item) != go_format::type_name(first)) {
        let lists = [go_format::plain_list(left), go_format::plain_list(right)];
        return Err(PatchError::MixedList(format!("[{}]", lists.join(" "))));
    }
    Ok(first.is_object())
}

/// Deletes what the patch says to delete, everything if it replaces, and leaves the rest of the patch.
fn obey_directives(
    mut original: Vec<Value>,
    patch: Vec<Value>,
    key: &str,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let mut rest = Vec::with_capacity(patch.len());
    let (mut deleted, mut replaces) = (Positions::of(&[], Some(key)), false);
    for item in patch {
        match item.get(DIRECTIVE) {
            None => rest.push(item),
            Some(directive) => match directive.as_str() {
                Some("delete") => {
                    item.get(key).ok_or_else(|| no_merge_key(&item, key))?;
                    deleted.add(&item, 0);
                }
                Some("replace") => replaces = true,
                Some("merge") => return Err(PatchError::MergeDirective),
                _ => {
                    let shown = go_format::plain(directive);
                    return Err(PatchError::UnknownDirective(shown, go_format::plain(&item)));
                }
            },
        }
    }
    original.retain(|item| deleted.get(item).is_none());
    if replaces { Ok((rest, Vec::new())) } else { Ok((original, rest)) }
}

/// Merges each item of the patch into the one of the same key, or appends it as it is.
fn merge_items(
    mut original: Vec<Value>,
    patch: &[Value],
    key: &str,
    items: Place<'_>,
) -> Result<Vec<Value>, PatchError> {
    let mut positions = Positions::of(&original, Some(key));
    for item in patch {
        item.get(key).ok_or_else(|| no_merge_key(item, key))?;
        match positions.get(item) {
            Some(index) => {
                let old = std::mem::take(&mut original[index]);
                let merged = merge_maps(map_of(old), map_of(item.clone()), items)?;
                original[index] = Value::Object(merged);
            }
            None => {
                positions.add(item, original.len());
                original.push(item.clone());
            }
        }
    }
    Ok(original)
}

pub(super) fn no_merge_key(item: &Value, key: &str) -> PatchError {
    PatchError::NoMergeKey(go_format::plain(item), key.to_owned())
}

fn map_of(item: Value) -> Map<String, Value> {
    match item {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
