//! The table: one change to sound facts, and the one finding it leads to.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::{
    api::placement::GroupResource,
    security::{
        context::{
            Code, Facts,
            Severity::{self, Degrade, Fatal, Warn},
            facts::{
                Authorities, ClientCertificate, FileFact, Holds, Listener, Right, Side, SideName, Token,
                Validity, Wanted,
            },
            validate_security_context,
        },
        rules::{
            Permission,
            syncer::{Need, excessive},
        },
    },
};

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn hours(hours: i64) -> Timestamp {
    now() + SignedDuration::from_hours(hours)
}

fn holds(from: i64, to: i64) -> Validity {
    Validity { not_before: hours(from), not_after: hours(to) }
}

fn authorities(fingerprint: &str) -> Authorities {
    let fingerprint = fingerprint.to_owned();
    Authorities::Given { file: "/ca".to_owned(), validity: vec![holds(-24, 9000)], fingerprint }
}

fn certificate(validity: Validity, key_fits: bool, client_auth: bool) -> ClientCertificate {
    ClientCertificate::Given { file: "/cert".to_owned(), validity, key_fits, client_auth }
}

fn token(from: Option<i64>, to: Option<i64>, written: i64) -> Token {
    Token::Jwt {
        file: "/token".to_owned(),
        not_before: from.map(hours),
        expires: to.map(hours),
        audiences: vec!["a".to_owned()],
        accepted: Vec::new(),
        written: Some(hours(written)),
    }
}

fn side(name: SideName) -> Side {
    Side {
        name,
        source: format!("--{name}"),
        server: format!("https://{name}:6443"),
        authorities: authorities(&name.to_string()),
        certificate: certificate(holds(-1, 9000), true, true),
        ..Side::default()
    }
}

/// Facts with nothing wrong in them.
pub fn sound() -> Facts {
    let mut facts = Facts {
        now: now(),
        sides: vec![side(SideName::Upstream), side(SideName::Downstream)],
        ..Facts::default()
    };
    facts.process.uid = Some(1000);
    facts.process.capabilities = Some(0);
    facts.process.no_new_privileges = Some(true);
    facts.process.writable_root = Some(false);
    facts
}

fn right(need: Wanted, allowed: Option<bool>) -> Right {
    let permission = Permission {
        role: "r".to_owned(),
        namespace: String::new(),
        group: "apps".to_owned(),
        resource: "deployments".to_owned(),
        name: String::new(),
        verb: "patch".to_owned(),
    };
    Right { permission, kind: need, allowed }
}

fn kind() -> Need {
    Need::Kind(GroupResource { group: "apps".to_owned(), resource: "deployments".to_owned() })
}

fn file(holds: Holds, mode: u32, owner: u32, projected: bool) -> FileFact {
    FileFact { path: "/secret".into(), holds, mode, owner, projected }
}

/// Every case at once, as far as they do not exclude each other.
pub fn broken() -> Facts {
    let mut facts = sound();
    for (change, _) in cases() {
        change(&mut facts);
    }
    facts
}

type Change = fn(&mut Facts);
/// Code, severity, what the message names; `None`: it is fine.
type Leads = Option<(Code, Severity, &'static str)>;

#[rustfmt::skip]
fn cases() -> Vec<(Change, Leads)> {
    vec![
        (|f| f.sides[0].server = "http://127.0.0.1:80".to_owned(), None),
        (|f| f.sides[0].server = "http://[::1]:80".to_owned(), None),
        (|f| f.sides[0].server = "http://api".to_owned(), Some((Code::TLSVerifyDisabled, Fatal, "--upstream"))),
        (|f| { f.sides[0].skip_verify = true; f.sides[0].authorities = Authorities::System; },
            Some((Code::TLSVerifyDisabled, Fatal, "--insecure-skip-tls-verify"))),
        (|f| f.sides[0].authorities = Authorities::Invalid { file: "/ca".to_owned(), why: "it is empty".to_owned() },
            Some((Code::CAInvalid, Fatal, "/ca"))),
        (|f| if let Authorities::Given { validity, .. } = &mut f.sides[0].authorities { *validity = vec![holds(-9, -1)] },
            Some((Code::CAExpired, Fatal, "/ca"))),
        (|f| if let Authorities::Given { validity, .. } = &mut f.sides[0].authorities { validity.push(holds(-9, -1)) }, None),
        (|f| f.sides[0].unusable.push((Code::CAWithInsecure, "--certificate-authority".to_owned())),
            Some((Code::CAWithInsecure, Fatal, "--certificate-authority"))),
        (|f| f.sides[1].certificate = ClientCertificate::Unusable { file: "/key".to_owned(), why: "absent".to_owned() },
            Some((Code::CertKeyMismatch, Fatal, "/key"))),
        (|f| f.sides[1].certificate = certificate(holds(-1, 9000), false, true), Some((Code::CertKeyMismatch, Fatal, "/cert"))),
        (|f| f.sides[1].certificate = certificate(holds(-1, 9000), true, false), Some((Code::CertKeyMismatch, Fatal, "clientAuth"))),
        (|f| f.sides[1].certificate = certificate(holds(-9, -1), true, true), Some((Code::CertExpired, Fatal, "/cert"))),
        (|f| f.sides[1].certificate = certificate(holds(1, 9000), true, true), Some((Code::CertNotYetValid, Fatal, "clock"))),
        (|f| f.sides[1].certificate = certificate(holds(-9, 24 * 8), true, true), None),
        (|f| f.sides[1].certificate = certificate(holds(-9, 24 * 6), true, true), Some((Code::CertExpiresSoon, Degrade, "/cert"))),
        (|f| f.sides[1].certificate = certificate(holds(-9, 23), true, true), Some((Code::CertExpiresSoon, Degrade, "less than a day"))),
        (|f| f.sides[1].token = Token::Missing { file: "/token".to_owned(), why: "absent".to_owned() },
            Some((Code::TokenMissing, Fatal, "/token"))),
        (|f| f.sides[1].token = Token::Empty { file: "/token".to_owned() }, Some((Code::TokenEmpty, Fatal, "/token"))),
        (|f| f.sides[1].token = Token::Opaque { file: "/token".to_owned() }, None),
        (|f| f.sides[1].token = token(Some(-1), Some(1), -1), None),
        (|f| f.sides[1].token = token(None, Some(-1), -1), Some((Code::TokenExpired, Fatal, "kubectl create token"))),
        (|f| f.sides[1].token = token(None, Some(0), 0), Some((Code::TokenExpired, Fatal, "/token"))),
        (|f| f.sides[1].token = token(Some(1), Some(2), -1), Some((Code::TokenExpired, Fatal, "clock"))),
        (|f| f.sides[1].token = token(None, None, -1), Some((Code::TokenStatic, Degrade, "/token"))),
        (|f| { f.now = hours(1) - SignedDuration::from_mins(5); f.sides[1].token = token(None, Some(1), -1); },
            Some((Code::TokenExpiresSoon, Degrade, "/token"))),
        (|f| { f.now = hours(1) - SignedDuration::from_mins(5); f.sides[1].token = token(None, Some(1), 1); }, None),
        (|f| { f.now = now(); f.sides[1].token = token(None, Some(1), -1);
            if let Token::Jwt { accepted, .. } = &mut f.sides[1].token { accepted.push("b".to_owned()) } },
            Some((Code::TokenAudience, Fatal, "audience"))),
        (|f| f.files.push(file(Holds::Secret, 0o600, 1000, false)), None),
        (|f| f.files.push(file(Holds::Secret, 0o640, 0, true)), None),
        (|f| f.files.push(file(Holds::Public, 0o644, 0, false)), None),
        (|f| f.files.push(file(Holds::Secret, 0o640, 0, false)), Some((Code::FilePermissions, Degrade, "chmod go-r /secret"))),
        (|f| f.files.push(file(Holds::Secret, 0o604, 0, true)), Some((Code::FilePermissions, Degrade, "everybody"))),
        (|f| f.files.push(file(Holds::Public, 0o664, 0, false)), Some((Code::FilePermissions, Fatal, "chmod go-w /secret"))),
        (|f| f.files.push(file(Holds::Secret, 0o600, 7, false)), Some((Code::FilePermissions, Fatal, "user 7"))),
        (|f| { f.sides[0].exec_plugin = true; f.allow_exec_plugin = true; }, None),
        (|f| { f.sides[0].exec_plugin = true; f.allow_exec_plugin = false; },
            Some((Code::ExecPluginInKubeconfig, Fatal, "--allow-exec-plugin"))),
        (|f| { f.sides[0] = Side { server: f.sides[1].server.clone(), authorities: f.sides[1].authorities.clone(), ..f.sides[0].clone() };
            f.allow_same_cluster = true; }, None),
        (|f| { f.sides[0] = Side { server: f.sides[1].server.clone(), authorities: f.sides[1].authorities.clone(), ..f.sides[0].clone() };
            f.allow_same_cluster = false; }, Some((Code::SameCluster, Fatal, "--downstream-kubeconfig"))),
        (|f| { f.sides.iter_mut().for_each(|side| side.cluster_uid = Some("u".to_owned())); f.allow_same_cluster = false; },
            Some((Code::SameCluster, Fatal, "--allow-same-cluster"))),
        (|f| { f.identity.expected_uid = Some("a".to_owned()); }, None),
        (|f| { f.identity.expected_uid = Some("a".to_owned()); f.identity.uid = Some("b".to_owned()); },
            Some((Code::IdentityMismatch, Fatal, "--sync-target-uid"))),
        (|f| { f.identity.uid = Some("a".to_owned()); f.identity.expected_workspace = Some("root:a".to_owned());
            f.identity.workspace = Some("root:b".to_owned()); }, Some((Code::IdentityMismatch, Fatal, "--workspace"))),
        (|f| f.sides[1].rights.push(right(Wanted::Needed(kind()), Some(true))), None),
        (|f| f.sides[1].rights.push(right(Wanted::Needed(kind()), None)), None),
        (|f| f.sides[1].rights.push(right(Wanted::Needed(kind()), Some(false))),
            Some((Code::RBACMissing, Degrade, "patch deployments.apps"))),
        (|f| f.sides[1].rights.push(right(Wanted::Needed(Need::Own), Some(false))),
            Some((Code::RBACMissing, Fatal, "tmc rbac manifests"))),
        (|f| f.sides[1].rights.push(right(Wanted::Needed(Need::Report), Some(false))), Some((Code::RBACMissing, Degrade, "report"))),
        (|f| f.sides[1].rights.push(Right { permission: excessive().remove(0), kind: Wanted::Excessive, allowed: Some(true) }),
            Some((Code::RBACExcessive, Warn, "may everything"))),
        (|f| f.sides[1].rights.push(right(Wanted::Excessive, Some(false))), None),
        (|f| f.process.uid = Some(0), Some((Code::RunAsRoot, Warn, "runAsNonRoot"))),
        (|f| f.process.writable_root = Some(true), Some((Code::WritableRoot, Warn, "readOnlyRootFilesystem"))),
        (|f| f.process.capabilities = Some(1), Some((Code::PrivilegeEscalation, Warn, "capabilities.drop"))),
        (|f| f.process.no_new_privileges = Some(false), Some((Code::PrivilegeEscalation, Warn, "allowPrivilegeEscalation"))),
        (|f| f.listeners.push(Listener { flag: "--metrics-port".to_owned(), address: "0.0.0.0:8080".to_owned(), loopback: false,
            protected: false }), Some((Code::MetricsExposed, Warn, "--metrics-port"))),
        (|f| f.listeners.push(Listener { flag: "--health-port".to_owned(), address: "127.0.0.1:1".to_owned(), loopback: true,
            protected: false }), None),
        (|f| f.tls.min_version = Some("VersionTLS13".to_owned()), None),
        (|f| f.tls.min_version = Some("VersionTLS10".to_owned()), Some((Code::TLSVersion, Fatal, "--tls-min-version"))),
        (|f| f.tls.cipher_suites.push("TLS_RSA_WITH_AES_128_CBC_SHA".to_owned()), Some((Code::TLSVersion, Fatal, "--tls-cipher-suites"))),
        (|f| f.sides[0].unusable.push((Code::ConfigUnusable, "--kubeconfig".to_owned())),
            Some((Code::ConfigUnusable, Fatal, "--kubeconfig"))),
    ]
}

#[test]
fn each_cause_leads_to_its_one_finding() {
    assert_eq!(validate_security_context(&sound()).findings, []);
    for (index, (change, leads)) in cases().into_iter().enumerate() {
        let mut facts = sound();
        change(&mut facts);
        let findings = validate_security_context(&facts).findings;
        let Some((code, severity, named)) = leads else {
            assert_eq!(findings, [], "case {index}");
            continue;
        };
        let [finding] = findings.as_slice() else { panic!("case {index}: {findings:#?}") };
        assert_eq!((finding.code, finding.severity), (code, severity), "case {index}: {finding}");
        assert!(finding.message.contains(named), "case {index}: {named}: {finding}");
    }
}

#[test]
fn verification_off_beside_an_authority_is_said_twice() {
    let mut facts = sound();
    facts.sides[0].skip_verify = true;
    let codes: BTreeSet<_> =
        validate_security_context(&facts).findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, BTreeSet::from([Code::TLSVerifyDisabled, Code::CAWithInsecure]));
}

#[test]
fn no_case_is_missing() {
    let told: BTreeSet<_> =
        cases().into_iter().filter_map(|(_, leads)| leads).map(|(code, ..)| code).collect();
    assert_eq!(told.len(), 26, "{told:?}");
}
