//! A healthy installation has no finding; each thing that breaks has one, with what to do.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;

use super::*;
use crate::registration::{
    apply::Apply,
    fake::{FakeApi, State},
    installation::Installation,
};

const API_SERVICE: &str = "/apis/apiregistration.k8s.io/v1/apiservices/v1alpha1.views.workload.kcp.io";
const SECRET: &str = "/api/v1/namespaces/tmc-system/secrets/tmc-serving-ca";
const FRONT: &str = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";
const CRD: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/synctargets.workload.kcp.io";
const DOOR: &str = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/tmc-views-door";
const TARGETS: &str = "/apis/workload.kcp.io/v1alpha1/synctargets";
const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/tmc-system/leases";

async fn installed() -> FakeApi {
    let api = FakeApi::start().await;
    api.state.lock().available = Some(json!({"type": "Available", "status": "True"}));
    api.put("/version", json!({}));
    api.put("/apis/views.workload.kcp.io/v1alpha1", json!({}));
    let mut say = |_: &str| {};
    let mut apply = Apply { upstream: &api.upstream, timeout: Duration::ZERO, force: false, say: &mut say };
    apply.register(Installation::default(), crate::api::crds::definitions()).await.unwrap();
    let bundle = super::super::ca::bundle_of(&api.object(API_SERVICE)).unwrap();
    let pem = String::from_utf8(bundle).unwrap();
    api.put(FRONT, json!({"data": {"requestheader-client-ca-file": pem}}));
    let renewed = Timestamp::now().to_string();
    api.put(TARGETS, json!({"items": [{"metadata": {"name": "east", "uid": "1"}}]}));
    api.put(
        LEASES,
        json!({"items": [
            {"metadata": {"name": "synctarget-1"}, "spec": {"renewTime": renewed}},
        ]}),
    );
    api
}

async fn report(api: &FakeApi) -> Report {
    examine(&api.upstream, None, &crate::api::crds::definitions(), Timestamp::now()).await
}

#[tokio::test]
async fn a_healthy_installation_has_nothing_to_do() {
    let report = report(&installed().await).await;
    assert!(report.checks.iter().all(|finding| finding.level == Level::Ok), "{report:#?}");
    assert!(report.checks.len() >= 13, "{report:#?}");
    assert_eq!(report.failed(), 0);
}

#[tokio::test]
async fn each_thing_that_breaks_is_named_with_what_to_do() {
    type Break = fn(&mut State);
    let cases: &[(Break, Level, &str, &str)] = &[
        (
            |state| drop(state.objects.remove(CRD)),
            Level::Fail,
            "CRD synctargets.workload.kcp.io is not installed",
            "tmc register",
        ),
        (
            |state| state.object(CRD)["status"] = json!({}),
            Level::Fail,
            "is not established",
            "claim its names",
        ),
        (
            |state| drop(state.objects.remove(FRONT)),
            Level::Fail,
            "extension-apiserver-authentication does not exist",
            "--requestheader-client-ca-file",
        ),
        (
            |state| state.object(FRONT)["data"] = json!({}),
            Level::Fail,
            "has no requestheader-client-ca-file",
            "--proxy-client-cert-file",
        ),
        (
            |state| drop(state.objects.remove(API_SERVICE)),
            Level::Fail,
            "APIService v1alpha1.views.workload.kcp.io does not exist",
            "tmc register",
        ),
        (
            |state| state.object(API_SERVICE)["spec"]["service"] = Value::Null,
            Level::Fail,
            "leads to no Service",
            "--force",
        ),
        (
            |state| state.object(API_SERVICE)["spec"]["insecureSkipTLSVerify"] = json!(true),
            Level::Fail,
            "does not verify",
            "tmc register",
        ),
        (
            |state| state.object(API_SERVICE)["status"] = json!({}),
            Level::Fail,
            "nobody has looked",
            "aggregator",
        ),
        (
            |state| {
                state.object(API_SERVICE)["status"]["conditions"][0] =
                    json!({"type": "Available", "status": "False", "reason": "ServiceNotFound"})
            },
            Level::Fail,
            "not Available: ServiceNotFound",
            "tmc register",
        ),
        (
            |state| state.object(API_SERVICE)["spec"]["caBundle"] = Value::Null,
            Level::Fail,
            "has no caBundle",
            "tmc register",
        ),
        (
            |state| state.object(API_SERVICE)["spec"]["caBundle"] = json!("YQ=="),
            Level::Fail,
            "caBundle is not what Secret",
            "tmc register",
        ),
        (
            |state| drop(state.objects.remove(SECRET)),
            Level::Fail,
            "Secret tmc-system/tmc-serving-ca does not exist",
            "tmc register",
        ),
        (|state| state.object(SECRET)["data"] = json!({}), Level::Fail, "it is empty", "tmc serve"),
        (
            |state| state.object(SECRET)["data"]["ca.key"] = json!("YQ=="),
            Level::Fail,
            "ca.key is not a PEM private key",
            "tmc serve",
        ),
        (
            |state| state.not_allowed.extend(["get leases", "watch leases"]),
            Level::Fail,
            "may not get, watch leases.coordination.k8s.io in namespace tmc-system",
            "apiservice/rbac.yaml",
        ),
        (
            |state| drop(state.objects.remove(DOOR)),
            Level::Warn,
            "tmc-views-door is bound to nobody",
            "--no-door",
        ),
        (
            |state| state.object(LEASES)["items"] = json!([]),
            Level::Warn,
            "SyncTarget east: no syncer has reported yet",
            "start a syncer",
        ),
        (
            |state| state.denied.push((http::Method::GET, LEASES)),
            Level::Warn,
            "leases in namespace tmc-system could not be checked",
            "as a user who may read this",
        ),
        (
            |state| state.denied.push((http::Method::GET, "/version")),
            Level::Fail,
            "answers 403",
            "credentials",
        ),
    ];
    for (break_it, level, what, what_to_do) in cases {
        let api = installed().await;
        break_it(&mut api.state.lock());
        let report = report(&api).await;
        let found = report.checks.iter().any(|finding| {
            finding.level == *level && finding.what.contains(what) && finding.what_to_do.contains(what_to_do)
        });
        assert!(found, "{what}: {report:#?}");
        assert_eq!(report.failed() > 0, *level == Level::Fail, "{what}");
    }
}

impl State {
    fn object(&mut self, path: &str) -> &mut Value {
        self.objects.get_mut(path).unwrap()
    }
}

#[tokio::test]
async fn a_secret_that_may_not_be_read_is_no_failure() {
    let api = installed().await;
    api.state.lock().denied.push((http::Method::GET, "/api/v1/namespaces/tmc-system/secrets"));
    let report = report(&api).await;
    assert_eq!(report.failed(), 0);
    assert!(
        report.checks.iter().any(|finding| finding.level == Level::Warn && finding.what.contains("Secret"))
    );
}

#[tokio::test]
async fn another_service_than_the_one_asked_for_is_a_failure() {
    let api = installed().await;
    let wanted = "views/tmc:443".parse().ok();
    let report = examine(&api.upstream, wanted, &[], Timestamp::now()).await;
    assert!(
        report.checks.iter().any(|finding| finding
            .what
            .contains("leads to Service tmc-system/tmc:443, not to views/tmc:443"))
    );
}

#[tokio::test]
async fn a_ca_is_judged_by_the_time_it_has() {
    let api = installed().await;
    let judge = |days: i64| {
        let now = Timestamp::now() + SignedDuration::from_hours(24 * days);
        let (api_service, secret) = (api.object(API_SERVICE), api.object(SECRET));
        let service = ServiceReference::default();
        let all = certificates::judge(&api_service, ServingCa::Secret, &service, Ok(Some(secret)), now);
        all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    assert!(!judge(0).contains("warn") && !judge(0).contains("fail"));
    assert!(judge(250).contains("warn  the serving CA") && judge(250).contains("should have been rotated"));
    assert!(judge(366).contains("fail  the serving CA") && judge(366).contains("fail  every CA"));
}

#[test]
fn a_certificate_of_cert_manager_is_judged_by_name_and_time() {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let judge = |names: Vec<String>, until: i32| {
        let mut params = rcgen::CertificateParams::new(names).unwrap();
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        let pem = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().pem();
        let pem = BASE64_STANDARD.encode(pem);
        let api_service = json!({"spec": {"caBundle": pem}});
        let secret = json!({"data": {"tls.crt": pem}});
        let service = ServiceReference::default();
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let ca = ServingCa::CertManager;
        certificates::judge(&api_service, ca, &service, Ok(Some(secret)), now).pop().unwrap().to_string()
    };
    let right = || ServiceReference::default().certificate_names();
    assert!(judge(right(), 2030).starts_with("ok"));
    assert!(judge(right(), 2025).contains("has expired"));
    assert!(judge(vec!["other".to_owned()], 2030).contains("is not for tmc.tmc-system.svc"));
}

#[test]
fn clocks() {
    let now: Timestamp = "2026-01-01T00:01:00Z".parse().unwrap();
    let cases = [
        (Some("Thu, 01 Jan 2026 00:01:00 GMT"), Level::Ok),
        (Some("Thu, 01 Jan 2026 00:00:50 GMT"), Level::Warn),
        (Some("Thu, 01 Jan 2026 00:02:00 GMT"), Level::Fail),
        (Some("Thu, 01 Jan 2026 00:00:00 GMT"), Level::Fail),
        (Some("yesterday"), Level::Warn),
        (None, Level::Warn),
    ];
    for (date, level) in cases {
        assert_eq!(cluster::clock(date, now).1.level, level, "{date:?}");
    }
    let (remote, _) = cluster::clock(Some("Thu, 01 Jan 2026 00:02:00 GMT"), now);
    assert_eq!(remote.duration_since(now), SignedDuration::from_mins(1));
}

#[test]
fn many_silent_targets_are_counted_not_listed() {
    let targets: Vec<_> = (0..50)
        .map(|index| json!({"metadata": {"name": format!("t{index}"), "uid": index.to_string()}}))
        .collect();
    let findings = leases::judge(&targets, &[], Timestamp::now());
    assert_eq!(findings.len(), 21);
    assert!(findings[20].what.contains("30 more of 50"));
}

#[test]
fn a_lease_is_silent_after_40_seconds() {
    let now = Timestamp::now();
    let target = json!({"metadata": {"name": "east", "uid": "u"}});
    for (age, level) in [(0, Level::Ok), (40, Level::Ok), (41, Level::Warn)] {
        let renewed = (now - SignedDuration::from_secs(age)).to_string();
        let lease = json!({"metadata": {"name": "synctarget-u"}, "spec": {"renewTime": renewed}});
        assert_eq!(leases::judge(std::slice::from_ref(&target), &[lease], now)[0].level, level, "{age}");
    }
}
