//! Issuance as a TLS client judges it, the Secret's round trip, and the plan over the whole life of a CA.

use std::sync::Arc;

use rustls::{
    RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    pki_types::{ServerName, UnixTime},
};
use serde_json::json;

use super::*;
use crate::registration::installation::ServiceReference;

fn start() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(days * 24)
}

fn service() -> ServiceReference {
    ServiceReference::default()
}

/// Through the Secret and back, as another replica would see it.
fn stored(authority: &Authority) -> Authority {
    Authority::of(&SecretData::of(&json!({"data": authority.to_json()})).unwrap()).unwrap()
}

fn verifies(bundle: &str, leaf: &Leaf, name: &str, at: Timestamp) -> bool {
    let mut roots = RootCertStore::empty();
    for ca in Certificate::parse_pem(bundle.as_bytes()).unwrap() {
        roots.add(ca.der).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(at.as_second() as u64));
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let chain = leaf.chain();
    verifier.verify_server_cert(&chain[0], &chain[1..], &name, &[], at).is_ok()
}

#[test]
fn a_client_that_trusts_the_bundle_accepts_the_leaf_for_its_names_while_it_holds() {
    let authority = Authority::found(start(), Vec::new()).unwrap();
    let leaf = Leaf::issue(&authority, &service(), start()).unwrap();
    let bundle = authority.bundle();
    for name in ["tmc.tmc-system.svc", "tmc.tmc-system.svc.cluster.local", "localhost", "127.0.0.1"] {
        assert!(verifies(&bundle, &leaf, name, start()), "{name}");
        assert!(leaf.certificate.names.iter().any(|found| found == name), "{name}");
    }
    assert!(!verifies(&bundle, &leaf, "other.tmc-system.svc", start()));
    assert!(verifies(&bundle, &leaf, "localhost", start() + days(29)));
    assert!(!verifies(&bundle, &leaf, "localhost", start() + days(31)));
    assert!(verifies(&bundle, &leaf, "localhost", start() - SignedDuration::from_mins(30)), "slow clock");
    let stranger = Authority::found(start(), Vec::new()).unwrap();
    assert!(!verifies(&stranger.bundle(), &leaf, "localhost", start()));
}

#[test]
fn a_service_name_of_any_legal_length_gets_a_certificate() {
    let long = ServiceReference { namespace: "n".repeat(63), name: "s".repeat(63), port: 443 };
    let authority = Authority::found(start(), Vec::new()).unwrap();
    let leaf = Leaf::issue(&authority, &long, start()).unwrap();
    assert!(verifies(&authority.bundle(), &leaf, &long.certificate_names()[0], start()));
}

#[test]
fn a_leaf_never_outlives_its_ca() {
    let authority = Authority::found(start(), Vec::new()).unwrap();
    let leaf = Leaf::issue(&authority, &service(), start() + days(360)).unwrap();
    assert_eq!(leaf.certificate.not_after, authority.signing().certificate.not_after);
}

#[test]
fn what_the_secret_holds_is_enough_to_go_on() {
    let authority = Authority::found(start(), Vec::new()).unwrap().with_next(start()).unwrap();
    let read = stored(&authority);
    assert_eq!(read.bundle(), authority.bundle());
    let leaf = Leaf::issue(&read, &service(), start()).unwrap();
    assert!(verifies(&authority.bundle(), &leaf, "localhost", start()));
    let switched = stored(&read.switched(start()));
    assert!(switched.next().is_none());
    assert_eq!(switched.to_json()["next.key"], serde_json::Value::Null, "taken out by a merge patch");
}

#[test]
fn damage_is_named_without_its_text() {
    let good = Authority::found(start(), Vec::new()).unwrap();
    let other = Authority::found(start(), Vec::new()).unwrap().to_json();
    let with = |key: &str, value: serde_json::Value| {
        let mut data = good.to_json();
        data[key] = value;
        SecretData::of(&json!({"data": data}))
            .and_then(|data| Authority::of(&data))
            .err()
            .unwrap()
            .to_string()
    };
    let cases = [
        ("ca.key", other["ca.key"].clone(), "ca.crt has no certificate of ca.key"),
        ("next.key", other["ca.key"].clone(), "ca.crt has no certificate of next.key"),
        ("ca.key", json!("c2VjcmV0"), "ca.key is not a PEM private key"),
        ("ca.key", json!("%"), "ca.key is not base64"),
        ("ca.crt", json!("c2VjcmV0"), "ca.crt has no certificate of ca.key"),
    ];
    for (key, value, expected) in cases {
        assert_eq!(with(key, value), expected);
    }
}

#[test]
fn a_bundle_is_bounded() {
    let authority = Authority::found(start(), Vec::new()).unwrap();
    let pem = authority.bundle().repeat(BUNDLE_LIMIT + 1);
    assert!(Certificate::parse_pem(pem.as_bytes()).is_err());
    let many = Certificate::parse_pem(authority.bundle().repeat(BUNDLE_LIMIT).as_bytes()).unwrap();
    let bundle = Authority::found(start(), many).unwrap().with_next(start()).unwrap().bundle();
    assert!(Certificate::parse_pem(bundle.as_bytes()).unwrap().len() <= BUNDLE_LIMIT);
}

#[test]
fn an_empty_or_damaged_secret_and_an_expired_ca_are_founded_anew() {
    let damage = CaError::Malformed("x".to_owned());
    assert_eq!(plan(start(), Ok(None), None, None), Step::FoundAuthority);
    assert_eq!(plan(start(), Err(&damage), None, None), Step::FoundAuthority);
    let authority = Authority::found(start(), Vec::new()).unwrap();
    let leaf = Leaf::issue(&authority, &service(), start()).unwrap();
    assert_eq!(plan(start() + days(366), Ok(Some(&authority)), Some(&leaf), None), Step::FoundAuthority);
    assert_eq!(plan(start(), Ok(Some(&authority)), Some(&leaf), None), Step::Keep);
    assert_eq!(plan(start(), Ok(Some(&authority)), None, None), Step::IssueLeaf);
}

#[test]
fn a_leaf_of_another_ca_is_replaced() {
    let authority = Authority::found(start(), Vec::new()).unwrap();
    let memory = Authority::found(start(), Vec::new()).unwrap();
    let leaf = Leaf::issue(&memory, &service(), start()).unwrap();
    assert_eq!(plan(start(), Ok(Some(&authority)), Some(&leaf), None), Step::IssueLeaf);
}

/// Two years, a round every 12 hours, 3 replicas that act in turn; the APIService takes the bundle one round
/// late, and while `held` it takes nothing.
#[test]
fn over_two_years_the_api_service_trusts_every_leaf_at_every_moment() {
    let mut secret = Authority::found(start(), Vec::new()).unwrap();
    let mut trusted = secret.bundle();
    let mut leaves: [Option<Leaf>; 3] = [None, None, None];
    let mut since: [Option<Timestamp>; 3] = [None; 3];
    let (mut switches, mut issued) = (0, 0);
    for round in 0..(2 * 365 * 2) {
        let now = start() + SignedDuration::from_hours(12 * round);
        let held = (490..520).contains(&round);
        for (leaf, since) in leaves.iter_mut().zip(&mut since) {
            let bundle = secret.bundle();
            *since = if trusted == bundle { since.or(Some(now)) } else { None };
            let step = plan(now, Ok(Some(&secret)), leaf.as_ref(), *since);
            match step {
                Step::Keep => {}
                Step::IssueLeaf => {
                    *leaf = Some(Leaf::issue(&secret, &service(), now).unwrap());
                    issued += 1;
                }
                Step::PublishNext => secret = stored(&secret.with_next(now).unwrap()),
                Step::SwitchToNext => {
                    assert!(!held, "switched before the APIService trusted it");
                    secret = stored(&secret.switched(now));
                    switches += 1;
                }
                Step::FoundAuthority => panic!("the CA expired"),
            }
        }
        for leaf in leaves.iter().flatten() {
            assert!(verifies(&trusted, leaf, "tmc.tmc-system.svc", now), "round {round}");
        }
        if !held {
            trusted = secret.bundle();
        }
    }
    assert_eq!(switches, 2);
    assert!((3 * 2 * 365 / 20..3 * 2 * 365 / 20 + 15).contains(&issued), "{issued}");
}
