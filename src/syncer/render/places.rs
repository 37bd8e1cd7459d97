//! Walking to places in an object that a path names: `*` stands for every item of a list.

use serde_json::Value;

/// Calls with every value at the path.
pub(in crate::syncer) fn each<'a>(value: &'a Value, path: &[&str], found: &mut dyn FnMut(&'a Value)) {
    match path {
        [] => found(value),
        ["*", rest @ ..] => value.as_array().into_iter().flatten().for_each(|item| each(item, rest, found)),
        [name, rest @ ..] => value.get(name).into_iter().for_each(|value| each(value, rest, found)),
    }
}

/// The same, to change it.
pub(in crate::syncer) fn each_mut(value: &mut Value, path: &[&str], found: &mut dyn FnMut(&mut Value)) {
    match path {
        [] => found(value),
        ["*", rest @ ..] => {
            value.as_array_mut().into_iter().flatten().for_each(|item| each_mut(item, rest, found));
        }
        [name, rest @ ..] => value.get_mut(name).into_iter().for_each(|value| each_mut(value, rest, found)),
    }
}

/// Removes a field of every map at the path.
pub(super) fn remove(value: &mut Value, path: &[&str], field: &str) {
    each_mut(value, path, &mut |place| {
        place.as_object_mut().and_then(|fields| fields.remove(field));
    });
}
