//! What one pass hands to the next of the same object, so that nothing is read or rendered twice.
//!
//! It is trusted only as far as versions and rules are still the same. It must not know what a pass decides.

use serde_json::Value;

use super::object::Kept;
use crate::syncer::render::Rendered;

/// What a pass has read and rendered, with the versions that it was read from: the next pass of the same object need
/// not do it again while they are the latest.
#[derive(Default)]
pub struct Known {
    pub above: Option<(u64, Value)>,
    pub below: Option<(u64, Value)>,
    pub rendered: Option<(Basis, Rendered)>,
}

/// What a rendering was made of: the version above, the rules, the Placement that names some of them, and the Secret
/// with the token that its pods get.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    pub version: u64,
    pub rules: u64,
    pub placement: Option<String>,
    pub token: Option<String>,
}

impl Basis {
    /// The same for a later version, if that is rendered to the same.
    pub fn renewed(self, before: &Value, after: &Value, version: u64) -> Self {
        if are_rendered_alike(before, after) { Self { version, ..self } } else { self }
    }
}

/// Whether two versions of an object differ in nothing that a rendering depends on.
fn are_rendered_alike(before: &Value, after: &Value) -> bool {
    let same = |before: &Value, after: &Value, but: &[&str]| {
        let fields = |object: &Value| {
            object
                .as_object()
                .map_or(0, |fields| fields.keys().filter(|field| !but.contains(&field.as_str())).count())
        };
        let mut kept =
            before.as_object().into_iter().flatten().filter(|(field, _)| !but.contains(&field.as_str()));
        fields(before) == fields(after) && kept.all(|(field, value)| after.get(field) == Some(value))
    };
    same(before, after, &["metadata"])
        && same(&before["metadata"], &after["metadata"], &["finalizers", "resourceVersion"])
}

/// What is kept, unless this version of it is known already.
pub fn read(kept: &Kept, known: Option<(u64, Value)>) -> Value {
    match known {
        Some((version, value)) if version == kept.version && version != 0 => value,
        _ => kept.read(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rendering_outlives_a_finalizer_and_nothing_else() {
        let before = json!({"metadata": {"name": "a", "resourceVersion": "1"}, "data": {"k": "v"}});
        let after = |change: fn(&mut Value)| {
            let mut after = before.clone();
            after["metadata"]["resourceVersion"] = "2".into();
            change(&mut after);
            Basis { version: 1, rules: 3, ..Basis::default() }.renewed(&before, &after, 2).version
        };
        assert_eq!(after(|object| object["metadata"]["finalizers"] = json!(["x"])), 2);
        let others: [fn(&mut Value); 5] = [
            |object| object["data"]["k"] = "w".into(),
            |object| object["spec"] = json!({}),
            |object| drop(object.as_object_mut().unwrap().remove("data")),
            |object| object["metadata"]["labels"] = json!({"a": "b"}),
            |object| object["metadata"]["deletionTimestamp"] = "now".into(),
        ];
        for other in others {
            assert_eq!(after(other), 1);
        }
    }

    #[test]
    fn what_is_known_counts_while_it_is_the_latest() {
        let kept = Kept::of(&json!({"metadata": {"resourceVersion": "7"}}));
        assert_eq!(read(&kept, Some((7, json!("known")))), "known");
        assert_ne!(read(&kept, Some((6, json!("known")))), "known");
        let unversioned = Kept::of(&json!({"metadata": {"resourceVersion": "x"}}));
        assert_ne!(read(&unversioned, Some((0, json!("known")))), "known");
    }
}
