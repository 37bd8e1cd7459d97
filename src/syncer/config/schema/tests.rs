//! The schema of the file is one, and is that of a Placement where it should be.

use serde_json::json;

use super::*;

#[test]
fn the_schema_is_one() {
    assert!(SCHEMA.is_ok(), "{:?}", SCHEMA.as_ref().err());
    for pointer in [
        "/properties/transforms/items/properties/ops/items/properties/jsonPatch",
        "/properties/applyPolicy/properties/takeOver/enum",
        "/properties/kinds/items/properties/applyPolicy/properties/driftPolicy",
    ] {
        assert!(document().pointer(pointer).is_some(), "{pointer}");
    }
}

#[test]
fn faults_are_told_by_field() {
    let fields = |value: Value| faults(&value).into_iter().map(|(field, _)| field).collect::<Vec<_>>();
    assert_eq!(fields(json!({})), [""; 0]);
    assert_eq!(
        fields(
            json!({"mergepatch": 1, "transforms": [{"name": "a", "ops": [{"sett": {}, "remove": "/a"}]}]})
        ),
        ["mergepatch", "transforms[0].ops[0].sett",]
    );
    let patch = json!({"transforms": [{"name": "a", "ops": [{"mergePatch": {"any": {"thing": null}}}]}]});
    assert_eq!(fields(patch), [""; 0]);
}
