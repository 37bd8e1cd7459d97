//! The order of merged lists: `$setElementOrder` first, then that of the patch, then that of the live list.

use serde_json::{Map, Value};

use super::{
    DIRECTIVE, MAP, PatchError, Place, SET_ORDER, into_list,
    lists::{items_are_maps, merge_lists, no_merge_key},
    positions::Positions,
    strip_prefix, without_directives,
};
use crate::apiserver::go_format;

/// Merges the lists the patch gives an order for, and takes them out of the patch.
pub(super) fn merge_ordered_lists(
    original: &mut Map<String, Value>,
    patch: &mut Map<String, Value>,
    place: Place<'_>,
) -> Result<(), PatchError> {
    let ordered: Vec<_> = patch.keys().filter(|key| key.starts_with(SET_ORDER)).cloned().collect();
    for directive in ordered {
        let Some(order) = patch.remove(&directive) else { continue };
        let order = into_list(order)?;
        let name = strip_prefix(&directive, SET_ORDER)?;
        let live = original.get(name).cloned().map(into_list).transpose()?;
        let change = patch.get(name).cloned().map(into_list).transpose()?;
        let (items, strategy) = place.list(name)?;
        let key = strategy.merge_key.as_deref().filter(|key| !key.is_empty());
        check_order(change.as_deref().unwrap_or_default(), &order, key)?;
        let merged = match (live.clone(), change.clone()) {
            (None, None) => continue,
            (Some(live), None) => live,
            (None, Some(change)) => change.into_iter().filter_map(without_directives).collect(),
            (Some(live), Some(change)) => merge_lists(live, change, items, strategy, false)?,
        };
        let (live, change) = (live.unwrap_or_default(), change.unwrap_or_default());
        let (mine, theirs) = split(merged, &order, key)?;
        let maps = items_are_maps(&live, &change)?;
        let live = match key {
            Some(key) if strategy.merge => with_freed_places(live, &change, key),
            _ => live,
        };
        let list = if maps {
            interleave(mine, theirs, &order, &live, key)?
        } else {
            interleave_scalars(mine, theirs, &order, &live)
        };
        original.insert(name.to_owned(), Value::Array(list));
        patch.remove(name);
    }
    Ok(())
}

/// Upstream deletes items in place, and what it then appends takes their places in the live list before that says
/// what comes before what.
fn with_freed_places(mut live: Vec<Value>, change: &[Value], key: &str) -> Vec<Value> {
    let directive = |item: &&Value, name: &str| item.get(DIRECTIVE).is_some_and(|found| found == name);
    let deleted: Vec<_> = change.iter().filter(|item| directive(item, "delete")).cloned().collect();
    let deleted = Positions::of(&deleted, Some(key));
    let before = live.len();
    live.retain(|item| deleted.get(item).is_none());
    if change.iter().any(|item| directive(&item, "replace")) {
        return live;
    }
    let mut known = Positions::of(&live, Some(key));
    for item in change.iter().filter(|item| item.get(DIRECTIVE).is_none()) {
        if live.len() == before {
            break;
        }
        if known.get(item).is_none() {
            known.add(item, live.len());
            live.push(item.clone());
        }
    }
    live
}

/// What the patch changes must all be in the order it gives, and in that order. Items with a directive need not
/// be, but only deletions may come after the last that is.
fn check_order(patch: &[Value], order: &[Value], key: Option<&str>) -> Result<(), PatchError> {
    if patch.is_empty() || order.is_empty() {
        return Ok(());
    }
    let mut rest = Vec::with_capacity(patch.len());
    for item in patch {
        match (key, item) {
            (Some(_), Value::Object(fields)) if fields.get(DIRECTIVE).is_some_and(|it| it == "delete") => {}
            (Some(_), Value::Object(_)) | (None, _) => rest.push(item),
            (Some(_), other) => return Err(PatchError::wrong_type(MAP, other)),
        }
    }
    let mut rest = rest.into_iter().peekable();
    let mut order_left = order.iter().peekable();
    while let (Some(item), Some(wanted)) = (rest.peek(), order_left.peek()) {
        if item.get(DIRECTIVE).is_some() {
            rest.next();
            continue;
        }
        if same(item, wanted, key)? {
            rest.next();
        }
        order_left.next();
    }
    if rest.peek().is_none() {
        return Ok(());
    }
    Err(PatchError::OrderMismatch(go_format::plain_list(patch), go_format::plain_list(order)))
}

fn same(left: &Value, right: &Value, key: Option<&str>) -> Result<bool, PatchError> {
    let Some(key) = key else { return Ok(left == right) };
    Ok(key_of(left, key)? == key_of(right, key)?)
}

fn key_of<'a>(item: &'a Value, key: &str) -> Result<&'a Value, PatchError> {
    let Value::Object(fields) = item else { return Err(PatchError::wrong_type(MAP, item)) };
    fields.get(key).ok_or_else(|| no_merge_key(item, key))
}

/// The items `by` has too, and the others.
pub(super) fn split(
    list: Vec<Value>,
    by: &[Value],
    key: Option<&str>,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let positions = Positions::of(by, key);
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for item in list {
        if let Some(key) = key {
            key_of(&item, key)?;
        }
        if positions.find(&item)?.is_some() { inside.push(item) } else { outside.push(item) }
    }
    Ok((inside, outside))
}

/// Sorts `mine` by the order of the patch and `theirs` by that of the server, and lays them together so that the
/// server's order is kept where both lists have a place in it.
pub(super) fn interleave(
    mine: Vec<Value>,
    theirs: Vec<Value>,
    order: &[Value],
    live: &[Value],
    key: Option<&str>,
) -> Result<Vec<Value>, PatchError> {
    // Maps that merge by no key cannot be put in order, which shows in the first of them.
    let key = key.unwrap_or_default();
    for item in mine.iter().chain(order).chain(&theirs).chain(live) {
        key_of(item, key)?;
    }
    Ok(lay_together(mine, theirs, &Positions::of(order, Some(key)), &Positions::of(live, Some(key))))
}

pub(super) fn interleave_scalars(
    mine: Vec<Value>,
    theirs: Vec<Value>,
    order: &[Value],
    live: &[Value],
) -> Vec<Value> {
    lay_together(mine, theirs, &Positions::of(order, None), &Positions::of(live, None))
}

fn lay_together(
    mut mine: Vec<Value>,
    mut theirs: Vec<Value>,
    order: &Positions<'_>,
    live: &Positions<'_>,
) -> Vec<Value> {
    sort_by_position(&mut mine, order);
    sort_by_position(&mut theirs, live);
    let mut out = Vec::with_capacity(mine.len() + theirs.len());
    let (mut mine, mut theirs) = (mine.into_iter().peekable(), theirs.into_iter().peekable());
    loop {
        let theirs_first = match (theirs.peek(), mine.peek()) {
            (Some(their), Some(my)) => match (live.get(their), live.get(my)) {
                (Some(their), Some(my)) => their < my,
                _ => false,
            },
            (their, _) => their.is_some(),
        };
        match if theirs_first { theirs.next() } else { mine.next() } {
            Some(item) => out.push(item),
            None => return out,
        }
    }
}

/// Below this many items upstream's sort is one insertion sort.
const INSERTION_SORT: usize = 20;

/// Sorts by position. Upstream takes an item without one for less than any other, which only an insertion sort
/// makes the same of.
fn sort_by_position(items: &mut [Value], positions: &Positions<'_>) {
    if items.len() > INSERTION_SORT {
        return items.sort_by_cached_key(|item| positions.get(item));
    }
    for end in 1..items.len() {
        for index in (1..=end).rev() {
            match (positions.get(&items[index]), positions.get(&items[index - 1])) {
                (Some(here), Some(before)) if here >= before => break,
                _ => items.swap(index, index - 1),
            }
        }
    }
}
