//! Whatever the bytes are, there is an answer, and it is bounded.

use proptest::prelude::*;

use super::*;

fn errors(kind: &str, raw: &[u8]) -> Problem {
    decoded(kind, raw).unwrap_err()
}

#[test]
fn what_is_no_message_is_refused() {
    let problem = |bytes: &[u8]| decode(bytes, "v1", "ConfigMap").unwrap_err().problem;
    assert_eq!(problem(b""), Problem::Empty);
    assert_eq!(problem(b"k8s"), Problem::NoPrefix);
    assert_eq!(problem(b"k8s\x01\x0a\0"), Problem::NoPrefix);
    assert_eq!(problem(b"k8s\0"), Problem::OnlyPrefix);
    assert_eq!(problem(b"k8s\0\x08\x01"), Problem::WrongWireType { wire_type: 0, field: "TypeMeta" });
    let pod = Problem::NotRegistered { api_version: "v1".into(), kind: "Pod".into() };
    assert_eq!(errors("Pod", &[]), pod);
    assert_eq!(errors("ConfigMap", &[0x0c]), Problem::EndOfNoGroup("ConfigMap".into()));
    assert_eq!(errors("ConfigMap", &[0x08, 1]), Problem::WrongWireType { wire_type: 0, field: "ObjectMeta" });
    assert_eq!(errors("ConfigMap", &[0x0a, 5, 1]), Problem::Truncated);
}

/// A CustomResourceDefinition whose schema is `levels` of `not` deep.
fn deep(levels: usize) -> Vec<u8> {
    let mut schema = Vec::new();
    for _ in 0..levels {
        // `not` is field 28 of JSONSchemaProps: a tag of two bytes.
        let length = [schema.len() as u8 | 0x80, (schema.len() >> 7) as u8];
        schema = [&[0xe2, 0x01][..], &length, &schema].concat();
    }
    let version = field(4, &field(1, &schema));
    body("apiextensions.k8s.io/v1", "CustomResourceDefinition", &field(2, &field(7, &version)))
}

#[test]
fn depth_is_bounded_so_that_the_object_can_be_read_back() {
    let object = decode(&deep(114), "", "").expect("as deep as that is allowed");
    serde_json::from_slice::<Value>(object.to_string().as_bytes()).expect("serde_json reads it back");
    assert_eq!(decode(&deep(115), "", "").unwrap_err().problem, Problem::TooDeep);
    assert_eq!(decode(&deep(1500), "", "").unwrap_err().problem, Problem::TooDeep);
}

#[test]
fn few_bytes_do_not_become_a_large_object() {
    // Empty rules: two bytes each, five values each.
    let rules = [0x12, 0].repeat(300_000);
    let length =
        [0x80 | rules.len() as u8 & 0x7f, 0x80 | (rules.len() >> 7) as u8 & 0x7f, (rules.len() >> 14) as u8];
    let role = [PREFIX, &[0x12], &length, &rules].concat();
    let refused = decode(&role, "rbac.authorization.k8s.io/v1", "Role").map(drop).unwrap_err();
    assert_eq!(refused.problem, Problem::TooMany);
}

#[test]
fn every_truncation_has_an_answer() {
    for (body, _) in corpus() {
        let step = 1 + body.len() / 500;
        for end in (0..body.len()).step_by(step) {
            // A body may end after its kind; the object is its last part but for two empty ones.
            if end + 4 < body.len() && end != PREFIX.len() + 2 + usize::from(body[5]) {
                assert!(decode(&body[..end], "v1", "ConfigMap").is_err(), "{end} of {}", body.len());
            }
        }
    }
}

proptest! {
    #[test]
    fn random_bytes_have_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..200), kind in 0..72_usize) {
        let (_, object) = corpus().nth(kind).unwrap();
        let (api_version, kind) = (object["apiVersion"].as_str().unwrap(), object["kind"].as_str().unwrap());
        let _ = decode(&[PREFIX, &field(2, &bytes)].concat(), api_version, kind);
        let _ = decode(&bytes, api_version, kind);
    }

    /// What a changed body decodes to can still be written and read.
    #[test]
    fn changed_bodies_have_an_answer(line in 0..72_usize, changes in proptest::collection::vec(any::<(u16, u8)>(), 1..4)) {
        let (mut body, _) = corpus().nth(line).unwrap();
        for (at, byte) in changes {
            let at = usize::from(at) % body.len();
            body[at] = byte;
        }
        if let Ok(object) = decode(&body, "v1", "ConfigMap") {
            let text = object.to_string();
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), object);
        }
    }
}
