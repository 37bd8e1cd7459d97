//! A Secret leaves the workspace only if somebody wants it to.

use serde_json::json;

use super::*;

fn secret(type_: &str) -> Value {
    json!({"metadata": {"namespace": "shop", "name": "a"}, "type": type_, "data": {}})
}

#[test]
fn the_policy_decides() {
    use SecretPolicy::{All, None, Referenced, Selected};
    for (policy, selected, referenced, admitted) in [
        (Selected, false, false, false),
        (Selected, true, false, true),
        (Selected, false, true, true),
        (Referenced, true, false, false),
        (Referenced, false, true, true),
        (All, false, false, true),
        (None, true, true, false),
    ] {
        let filter = SecretFilter { policy, ..SecretFilter::default() };
        let expected = if admitted { Ok(()) } else { Err(SecretRefusal::Policy) };
        assert_eq!(filter.admits(&secret("Opaque"), selected, referenced), expected, "{policy:?}");
    }
}

#[test]
fn tokens_and_releases_stay_unless_they_are_named() {
    let named = [("shop".to_owned(), "a".to_owned())].into();
    let by_name = SecretFilter { policy: SecretPolicy::None, named, tokens: false };
    let all = SecretFilter { policy: SecretPolicy::All, ..SecretFilter::default() };
    for type_ in
        ["kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token", "helm.sh/release.v1"]
    {
        assert_eq!(all.admits(&secret(type_), true, true), Err(SecretRefusal::Type), "{type_}");
        assert_eq!(by_name.admits(&secret(type_), false, false), Ok(()), "{type_}");
    }
    let going = SecretFilter { tokens: true, ..SecretFilter::default() };
    for (type_, referenced, admitted) in [
        ("kubernetes.io/service-account-token", true, true),
        ("kubernetes.io/service-account-token", false, false),
        ("bootstrap.kubernetes.io/token", true, false),
    ] {
        assert_eq!(going.admits(&secret(type_), true, referenced).is_ok(), admitted, "{type_}");
    }
    let mut other = secret("Opaque");
    other["metadata"]["namespace"] = json!("other");
    assert_eq!(by_name.admits(&other, true, true), Err(SecretRefusal::Policy));
    assert_eq!(all.admits(&json!({}), false, false), Ok(()), "a type is optional");
}
