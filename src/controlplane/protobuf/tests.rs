//! Bodies that Kubernetes' own Go code made, and bodies that nobody should send. `corpus.jsonl` is written by
//! `make generate-kubernetes`: objects of every kind from empty to full, beside the JSON Go decodes them to.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use super::*;

mod malformed;

fn corpus() -> impl Iterator<Item = (Vec<u8>, Value)> {
    include_str!("tests/corpus.jsonl").lines().map(|line| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        (STANDARD.decode(line["body"].as_str().unwrap()).unwrap(), line["object"].take())
    })
}

/// A field that is a message or a string.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    assert!(bytes.len() < 1 << 14);
    let length = if bytes.len() < 128 {
        vec![bytes.len() as u8]
    } else {
        vec![bytes.len() as u8 | 0x80, (bytes.len() >> 7) as u8]
    };
    [&[number << 3 | 2][..], &length, bytes].concat()
}

fn body(api_version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
    let type_meta = [field(1, api_version.as_bytes()), field(2, kind.as_bytes())].concat();
    [PREFIX, &field(1, &type_meta), &field(2, raw)].concat()
}

fn decoded(kind: &str, raw: &[u8]) -> Result<Value, Problem> {
    decode(&body("v1", kind, raw), "", "").map_err(|error| error.problem)
}

#[test]
fn bodies_are_what_go_takes_them_for() {
    let mut kinds = std::collections::BTreeSet::new();
    for (body, object) in corpus() {
        let kind = object["kind"].as_str().unwrap();
        let decoded = decode(&body, "", "").unwrap_or_else(|error| panic!("{kind}: {error}"));
        if decoded != object {
            let differences = difference("", &decoded, &object);
            panic!("{kind}: {differences:#?}");
        }
        kinds.insert((object["apiVersion"].to_string(), kind.to_owned()));
    }
    assert_eq!(kinds.len(), 24, "every kind, and DeleteOptions of two group versions: {kinds:?}");
}

fn difference(path: &str, ours: &Value, go: &Value) -> Vec<String> {
    if let (Value::Object(ours), Value::Object(go)) = (ours, go) {
        let keys: std::collections::BTreeSet<_> = ours.keys().chain(go.keys()).collect();
        let pair = |key: &str| (ours.get(key).unwrap_or(&Value::Null), go.get(key).unwrap_or(&Value::Null));
        let inner = |key: &&String| {
            let (a, b) = pair(key);
            let missing = ours.contains_key(*key) != go.contains_key(*key);
            let mut found = difference(&format!("{path}.{key}"), a, b);
            if missing && found.is_empty() {
                found.push(format!("{path}.{key}: null on one side"));
            }
            found
        };
        return keys.iter().flat_map(inner).collect();
    }
    if ours == go { Vec::new() } else { vec![format!("{path}: {ours} is {go} in Go")] }
}

#[test]
fn a_body_that_does_not_name_its_kind_has_the_expected_one() {
    let lease = decode(b"k8s\0\x12\0", "coordination.k8s.io/v1", "Lease").unwrap();
    let expected =
        json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {}, "spec": {}});
    assert_eq!(lease, expected);
    assert!(understands("apps/v1", "DeleteOptions"));
    assert!(!understands("v1", "Pod"));
}

#[test]
fn what_is_sent_in_parts_is_merged() {
    // metadata.name, then metadata.namespace in a second part.
    let metadata = [field(1, &field(1, b"one")), field(1, &field(3, b"default"))].concat();
    let object = decoded("ConfigMap", &metadata).unwrap();
    assert_eq!(object["metadata"], json!({"name": "one", "namespace": "default"}));
}

#[test]
fn numbers_may_be_packed() {
    // SecurityContext.supplementalGroups of a pod template, once packed and once not.
    let groups = |groups: Vec<u8>| {
        let pod = field(3, &field(2, &field(14, &groups)));
        decode(&body("apps/v1", "Deployment", &field(2, &pod)), "", "").unwrap()
    };
    let packed = groups(field(4, &[1, 0xac, 0x02]));
    assert_eq!(packed, groups(vec![4 << 3, 1, 4 << 3, 0xac, 0x02]));
    let context = &packed["spec"]["template"]["spec"]["securityContext"];
    assert_eq!(context["supplementalGroups"], json!([1, 300]));
}

#[test]
fn text_that_is_not_utf_8_is_replaced_as_go_does() {
    let object = decoded("ConfigMap", &field(1, &field(1, b"a\xff\xe2\x82b"))).unwrap();
    assert_eq!(object["metadata"]["name"], "a\u{fffd}\u{fffd}\u{fffd}b");
}

#[test]
fn quantities_are_recognised() {
    for good in ["0", "1", "-3", "+1", "250m", "1.5Gi", ".5", "1e3", "1E-3", "12e6", "5k"] {
        let bytes = field(1, good.as_bytes());
        assert_eq!(special::quantity(&bytes), Ok(good.into()), "{good}");
    }
    for bad in ["", "m", "1.2.3", "1 Gi", "--1", "1e3x", "0x1", "."] {
        assert_eq!(special::quantity(&field(1, bad.as_bytes())), Err(Problem::NoQuantity), "{bad}");
    }
    assert_eq!(special::quantity(&[]), Ok("0".into()));
}

/// The columns after which a real kube-apiserver says the same, see the end-to-end tests.
#[test]
fn refusals_are_worded_as_kubernetes_does() {
    let refusal = |bytes: &[u8]| decode(bytes, "", "").unwrap_err().refusal("ConfigMap", bytes);
    let cut = body("v1", "ConfigMap", &[0x0a]);
    assert_eq!(
        refusal(&cut),
        r#"ConfigMap in version "v1" cannot be handled as a ConfigMap: unexpected EOF"#
    );
    assert_eq!(
        refusal(b"{}"),
        "the object provided is unrecognized (must be of type ConfigMap): provided data does not appear to be a \
         protobuf message, expected prefix [107 56 115 0] ({})"
    );
    assert_eq!(
        refusal(b"k8s\0"),
        "the object provided is unrecognized (must be of type ConfigMap): empty body (6b387300)"
    );
}
