//! The task against an API: what it publishes, what it writes, and whom it leaves alone.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::*;
use crate::{
    registration::{
        ca::{Certificate, SecretData, TRUST_DELAY, bundle_of},
        fake::FakeApi,
        installation::Installation,
        manifests,
    },
    security::rules,
};

const SECRET: &str = "/api/v1/namespaces/tmc-system/secrets/tmc-serving-ca";
const API_SERVICE: &str = "/apis/apiregistration.k8s.io/v1/apiservices/v1alpha1.views.workload.kcp.io";

struct World {
    api: FakeApi,
    certificates: ServingCertificates,
    /// How often the certificate changed.
    changes: usize,
}

impl World {
    async fn new() -> Self {
        let api = FakeApi::start().await;
        let certificates =
            ServingCertificates::new(api.upstream.clone(), ServiceReference::default()).unwrap();
        Self { api, certificates, changes: 0 }
    }

    async fn refresh(&mut self, now: Timestamp) {
        let before = self.certificates.leaf().certificate.clone();
        self.certificates.refresh(now).await;
        self.changes += usize::from(self.certificates.leaf().certificate != before);
    }

    /// With the objects of `tmc manifests`, the Secret still empty.
    async fn registered() -> Self {
        let world = Self::new().await;
        for (path, index) in [(SECRET, "Secret"), (API_SERVICE, "APIService")] {
            let objects = manifests::objects(&Installation::default());
            let mut object = objects.into_iter().find(|object| object["kind"] == index).unwrap();
            object["metadata"]["resourceVersion"] = json!("0");
            world.api.put(path, object);
        }
        world
    }

    fn authority(&self) -> Authority {
        Authority::of(&SecretData::of(&self.api.object(SECRET)).unwrap()).unwrap()
    }

    fn trusted(&self) -> String {
        String::from_utf8(bundle_of(&self.api.object(API_SERVICE)).unwrap_or_default()).unwrap()
    }

    /// The leaf is of the CA that signs, and the APIService trusts it.
    fn holds(&self) -> bool {
        let trusted = Certificate::parse_pem(self.trusted().as_bytes()).unwrap();
        trusted.iter().any(|ca| ca.der == self.certificates.leaf().issuer)
    }
}

#[tokio::test]
async fn without_a_secret_the_certificate_of_the_start_stays() {
    let mut world = World::new().await;
    world.refresh(Timestamp::now()).await;
    assert_eq!(world.changes, 0);
    assert_eq!(world.certificates.pause(), POLL_UNTRUSTED);
    assert!(world.certificates.said.as_ref().unwrap().contains("tmc register"));
    assert!(world.api.written().is_empty());
}

#[tokio::test]
async fn an_empty_secret_is_filled_and_trusted_in_one_round() {
    let mut world = World::registered().await;
    world.refresh(Timestamp::now()).await;
    assert!(world.holds());
    assert_eq!(world.trusted(), world.authority().bundle());
    assert_eq!(world.certificates.pause(), POLL);
    let writes = world.api.written().len();
    world.refresh(Timestamp::now()).await;
    assert_eq!(world.api.written().len(), writes, "a second round has nothing to do");
    assert_eq!(world.changes, 1);
}

#[tokio::test]
async fn of_two_replicas_the_second_takes_the_ca_of_the_first() {
    let mut world = World::registered().await;
    let first = Authority::found(Timestamp::now(), Vec::new()).unwrap();
    let data = first.to_json();
    world.api.state.lock().rival = Some(Box::new(move |objects| {
        let secret = objects.get_mut(SECRET).unwrap();
        secret["data"] = data;
        secret["metadata"]["resourceVersion"] = json!("rival");
    }));
    world.refresh(Timestamp::now()).await;
    assert_eq!(world.authority().bundle(), first.bundle());
    assert!(world.holds());
}

#[tokio::test]
async fn a_rotation_publishes_first_and_signs_later() {
    let mut world = World::registered().await;
    let start = Timestamp::now();
    world.refresh(start).await;
    let old = world.authority().signing().certificate.clone();

    let due = start + SignedDuration::from_hours(24 * 250);
    world.refresh(due).await;
    assert_eq!(world.authority().signing().certificate, old);
    assert!(world.authority().next().is_some());
    assert_eq!(world.trusted(), world.authority().bundle());

    world.refresh(due + TRUST_DELAY - SignedDuration::from_secs(1)).await;
    assert_eq!(world.authority().signing().certificate, old, "too early");
    world.refresh(due + TRUST_DELAY * 2).await;
    let authority = world.authority();
    assert_ne!(authority.signing().certificate, old);
    assert!(authority.next().is_none() && authority.bundle().contains(&old.to_pem()));
    assert_eq!(world.certificates.leaf().issuer, authority.signing().certificate.der);
    assert!(world.holds());
}

#[tokio::test]
async fn while_the_api_service_cannot_be_patched_nothing_new_signs_but_leaves_are_renewed() {
    let mut world = World::registered().await;
    let start = Timestamp::now();
    world.refresh(start).await;
    let old = world.authority().signing().certificate.clone();
    world.api.state.lock().denied.push((http::Method::PATCH, "/apis/apiregistration.k8s.io"));
    for days in [250, 260, 270, 300] {
        let changes = world.changes;
        world.refresh(start + SignedDuration::from_hours(24 * days)).await;
        assert_eq!(world.authority().signing().certificate, old, "day {days}");
        if days == 300 {
            assert_eq!(world.changes, changes + 1);
        }
    }
    let said = world.certificates.said.clone().unwrap();
    assert!(said.contains("cannot patch APIService") && said.contains(rules::API_SERVICE), "{said}");
    assert!(world.holds());
}

#[tokio::test]
async fn an_api_service_of_others_is_left_alone() {
    let foreign: [(&str, Value); 3] = [
        ("/spec/service/name", json!("other")),
        ("/spec/service/namespace", json!("other")),
        ("/metadata/annotations/views.workload.kcp.io~1serving-ca", json!("cert-manager")),
    ];
    for (pointer, value) in foreign {
        let mut world = World::registered().await;
        *world.api.state.lock().objects.get_mut(API_SERVICE).unwrap().pointer_mut(pointer).unwrap() = value;
        world.refresh(Timestamp::now()).await;
        assert!(world.api.written().iter().all(|write| !write.contains("apiservices")), "{pointer}");
        assert_eq!(world.changes, 1, "its own certificate is there nevertheless");
    }
}

#[tokio::test]
async fn a_damaged_secret_is_made_anew_and_trusted() {
    let mut world = World::registered().await;
    world.refresh(Timestamp::now()).await;
    world.api.state.lock().objects.get_mut(SECRET).unwrap()["data"]["ca.key"] = json!("c2VjcmV0");
    world.refresh(Timestamp::now()).await;
    assert!(world.holds());
    assert_eq!(world.trusted(), world.authority().bundle());
}

#[tokio::test]
async fn it_publishes_what_changed_and_ends_at_shutdown() {
    let world = World::registered().await;
    let shutdown = CancellationToken::new();
    shutdown.cancel();
    let first = world.certificates.leaf().issuer.clone();
    let mut published = Vec::new();
    world.certificates.run(|leaf| published.push(leaf.issuer.clone()), shutdown).await;
    assert!(published.len() == 1 && published[0] != first, "one round first");
}
