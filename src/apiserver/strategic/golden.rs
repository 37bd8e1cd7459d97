//! Random patches, and what Kubernetes' own code made of them: `tests/kube/golden` recorded it.

use serde_json::Value;

use super::strategic_merge;
use crate::apiserver::managed_fields::testing::schema;

const CASES: &str = include_str!("../../../tests/golden/strategic.jsonl");
const DEPLOYMENT: &str = include_str!("../../../tests/golden/deployment.json");

#[test]
fn every_patch_has_the_outcome_it_has_upstream() {
    let schema = schema(&serde_json::from_str(DEPLOYMENT).expect("the schema is JSON"));
    for (line, case) in CASES.lines().enumerate() {
        let case: Value = serde_json::from_str(case).expect("a case is JSON");
        let found = strategic_merge(case["original"].clone(), case["patch"].clone(), &schema);
        let expected = match case["error"].as_str() {
            None => Ok(case["result"].clone()),
            Some(error) => Err(error.to_owned()),
        };
        assert_eq!(found.map_err(|error| error.to_string()), expected, "line {}", line + 1);
    }
}
