//! What a write through a resource cannot change, whatever it says, and so gives nobody to manage.
//!
//! As the strategies of upstream say in `GetResetFields`.

use std::sync::LazyLock;

use super::set::Set;

static NO_FIELDS: LazyLock<Set> = LazyLock::new(Set::default);
static STATUS: LazyLock<Set> = LazyLock::new(|| Set::of_fields(&[&["status"]]));
static SPEC: LazyLock<Set> = LazyLock::new(|| Set::of_fields(&[&["spec"]]));
static SPEC_AND_LABELS: LazyLock<Set> =
    LazyLock::new(|| Set::of_fields(&[&["spec"][..], &["metadata", "labels"]]));
static SPEC_AND_METADATA: LazyLock<Set> = LazyLock::new(|| Set::of_fields(&[&["spec"], &["metadata"]]));
static OF_POD_STATUS: LazyLock<Set> = LazyLock::new(|| {
    let deletion = &["metadata", "deletionTimestamp"];
    Set::of_fields(&[&["spec"][..], deletion, &["metadata", "ownerReferences"]])
});

/// [`Request::reset`](super::Request) of a write through this subresource, empty for the object itself.
pub fn reset_fields(
    api_version: &str,
    kind: &str,
    subresource: &str,
    built_in: bool,
    has_status: bool,
) -> &'static Set {
    match (subresource, api_version, kind) {
        ("status", ..) if !built_in => &SPEC_AND_METADATA,
        ("status", "apps/v1", "Deployment") => &SPEC_AND_LABELS,
        ("status", "v1", "Pod") => &OF_POD_STATUS,
        ("status", ..) => &SPEC,
        ("" | "finalize", ..) if has_status => &STATUS,
        _ => &NO_FIELDS,
    }
}

#[cfg(test)]
mod tests {
    use super::reset_fields;
    use crate::apiserver::managed_fields::testing::shown;

    #[test]
    fn each_resource_resets_what_it_cannot_change() {
        for (api_version, kind, subresource, built_in, has_status, fields) in [
            ("v1", "ConfigMap", "", true, false, &[][..]),
            ("apps/v1", "Deployment", "", true, true, &[".status"]),
            ("apps/v1", "Deployment", "status", true, true, &[".spec", ".metadata.labels"]),
            ("apps/v1", "Deployment", "scale", true, true, &[]),
            ("apps/v1", "StatefulSet", "status", true, true, &[".spec"]),
            ("v1", "Namespace", "finalize", true, true, &[".status"]),
            ("example.com/v1", "Thing", "status", false, true, &[".metadata", ".spec"]),
            ("example.com/v1", "Thing", "", false, true, &[".status"]),
            ("example.com/v1", "Thing", "", false, false, &[]),
        ] {
            let found = reset_fields(api_version, kind, subresource, built_in, has_status);
            assert_eq!(shown(found), fields, "{kind} {subresource}");
        }
    }
}
