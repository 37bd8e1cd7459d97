//! The fence says whom it holds and where it lets him through. What it does is seen on a real kube-apiserver.

use super::*;

#[test]
fn it_holds_one_service_account_to_one_key() {
    let fenced =
        Fenced { name: "tmc-syncer-east", namespace: "tmc-syncer", service_account: "east", key: "KEY" };
    let [policy, binding] = fence(&fenced);
    let spec = &policy["spec"];
    assert_eq!(spec["failurePolicy"], "Fail");
    let whom = spec["matchConditions"][0]["expression"].as_str().unwrap();
    assert_eq!(whom, "request.userInfo.username == \"system:serviceaccount:tmc-syncer:east\"");
    for variable in spec["variables"].as_array().unwrap() {
        assert!(variable["expression"].as_str().unwrap().ends_with("== \"KEY\""), "{variable}");
    }
    assert_eq!(binding["spec"]["policyName"], policy["metadata"]["name"]);
    assert_eq!(binding["spec"]["validationActions"], json!(["Deny"]));
}
