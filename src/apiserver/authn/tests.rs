//! Who a caller is taken for.

mod certs;
mod matrix;
mod tokens;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio_rustls::rustls::pki_types::CertificateDer;

use self::certs::{Ca, Leaf, NOW, connection};
use super::{authority::at, front::*, *};
use crate::apiserver::authz::tests::fake::Fake;

struct Rig {
    client_ca: Ca,
    front_ca: Ca,
    now: Arc<AtomicU64>,
    fake: Arc<Fake>,
    authenticator: RequestAuthenticator,
}

fn front(ca: &Ca, names: &[&str]) -> Front {
    Front {
        kind: FrontKind::Aggregator,
        authority: ca.authority(),
        allowed_names: names.iter().map(|name| (*name).to_owned()).collect(),
        headers: FrontHeaders::default(),
    }
}

impl Rig {
    fn empty() -> Self {
        let now = Arc::new(AtomicU64::new(NOW));
        let fake = Fake::new();
        let clock: Clock = {
            let now = now.clone();
            Arc::new(move || at(now.load(Ordering::Relaxed)))
        };
        let authenticator = RequestAuthenticator::new(fake.clone(), TokenLimits::default(), clock);
        Self { client_ca: Ca::new("client"), front_ca: Ca::new("front"), now, fake, authenticator }
    }

    fn new() -> Self {
        let rig = Self::empty();
        rig.trust(&rig.client_ca, &rig.front_ca, &["aggregator"]);
        rig
    }

    fn trust(&self, client_ca: &Ca, front_ca: &Ca, names: &[&str]) {
        let fronts = vec![front(front_ca, names)];
        self.authenticator.replace(Trust { client_ca: Some(client_ca.authority()), fronts });
    }

    async fn ask(
        &self,
        chain: &[&CertificateDer<'static>],
        pairs: &[(&str, &str)],
    ) -> Result<Authenticated, StatusCode> {
        let answer = self.authenticator.authenticate(&connection(chain), &headers(pairs)).await;
        answer.map_err(|error| error.code)
    }

    async fn name(
        &self,
        chain: &[&CertificateDer<'static>],
        pairs: &[(&str, &str)],
    ) -> Result<String, StatusCode> {
        Ok(self.ask(chain, pairs).await?.user.name.clone())
    }

    fn aggregator(&self) -> CertificateDer<'static> {
        self.front_ca.issue(&Leaf { common_name: "aggregator", ..Leaf::default() })
    }
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| {
        (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
    };
    pairs.iter().map(pair).collect()
}

const UNAUTHORIZED: StatusCode = StatusCode::UNAUTHORIZED;
const AMY: &[(&str, &str)] = &[("X-Remote-User", "amy")];

#[tokio::test]
async fn a_certificate_names_user_groups_uid_and_itself() {
    let rig = Rig::new();
    let leaf = Leaf { organizations: &["devs"], uids: &["u-1"], ..Leaf::default() };
    let certificate = rig.client_ca.issue(&leaf);
    let found = rig.ask(&[&certificate], &[]).await.unwrap();
    assert_eq!(found.via, Via::ClientCertificate);
    assert_eq!((found.user.name.as_str(), found.user.uid.as_str()), ("amy", "u-1"));
    assert_eq!(found.user.groups, ["devs", "system:authenticated"]);
    let credential = &found.user.extra["authentication.kubernetes.io/credential-id"][0];
    assert!(credential.starts_with("X509SHA256=") && credential.len() == "X509SHA256=".len() + 64);
}

#[tokio::test]
async fn a_certificate_without_a_name_or_with_an_empty_uid_is_nobody() {
    let rig = Rig::new();
    for leaf in [Leaf { common_name: "", ..Leaf::default() }, Leaf { uids: &[""], ..Leaf::default() }] {
        assert_eq!(rig.name(&[&rig.client_ca.issue(&leaf)], &[]).await, Err(UNAUTHORIZED));
    }
}

#[tokio::test]
async fn validity_is_honoured_to_the_second_on_open_connections() {
    let rig = Rig::new();
    let leaf = Leaf { common_name: "aggregator", not_before: NOW, not_after: NOW + 5, ..Leaf::default() };
    let as_front = rig.front_ca.issue(&leaf);
    let as_client = rig.client_ca.issue(&Leaf { common_name: "bob", ..leaf });
    for (now, valid) in [(NOW, true), (NOW + 5, true), (NOW + 6, false), (NOW + 3, true)] {
        rig.now.store(now, Ordering::Relaxed);
        assert_eq!(rig.name(&[&as_front], AMY).await.is_ok(), valid, "front {}", now - NOW);
        assert_eq!(rig.name(&[&as_client], &[]).await.is_ok(), valid, "client {}", now - NOW);
        assert_eq!(rig.authenticator.is_front(&connection(&[&as_front])), valid);
    }
}

#[tokio::test]
async fn an_expired_authority_or_intermediate_ends_what_it_signed() {
    let rig = Rig::empty();
    let short = Ca::valid("short", NOW - 60, NOW + 5);
    rig.trust(&short, &rig.front_ca, &[]);
    let direct = short.issue(&Leaf::default());
    let (between, certificate) = rig.front_ca.intermediate("between", NOW + 7);
    let aggregator = between.issue(&Leaf::default());
    assert_eq!(rig.name(&[&aggregator], AMY).await, Err(UNAUTHORIZED), "the chain must be complete");
    for (now, by_client, by_front) in [(NOW, true, true), (NOW + 6, false, true), (NOW + 8, false, false)] {
        rig.now.store(now, Ordering::Relaxed);
        assert_eq!(rig.name(&[&direct], &[]).await.is_ok(), by_client);
        assert_eq!(rig.name(&[&aggregator, &certificate], AMY).await.is_ok(), by_front);
    }
}

#[tokio::test]
async fn a_rotated_authority_counts_from_the_next_request() {
    let rig = Rig::new();
    let (old, new) = (rig.aggregator(), Ca::new("front"));
    let fresh = new.issue(&Leaf { common_name: "aggregator", ..Leaf::default() });
    assert_eq!(rig.name(&[&old], AMY).await.as_deref(), Ok("amy"));
    assert_eq!(rig.name(&[&fresh], AMY).await, Err(UNAUTHORIZED));
    let both = Authority::from_pem(format!("{}{}", rig.front_ca.pem, new.pem).as_bytes()).unwrap();
    let fronts = vec![Front { authority: both, ..front(&new, &["aggregator"]) }];
    rig.authenticator.replace(Trust { client_ca: None, fronts });
    assert_eq!(rig.name(&[&old], AMY).await.as_deref(), Ok("amy"));
    assert_eq!(rig.name(&[&fresh], AMY).await.as_deref(), Ok("amy"));
    rig.trust(&rig.client_ca, &new, &["aggregator"]);
    assert_eq!(rig.name(&[&old], AMY).await, Err(UNAUTHORIZED));
    assert_eq!(rig.name(&[&fresh], AMY).await.as_deref(), Ok("amy"));
}

#[tokio::test]
async fn before_anybody_is_trusted_nobody_is() {
    let rig = Rig::empty();
    assert!(!rig.authenticator.is_loaded());
    assert_eq!(rig.name(&[&rig.aggregator()], AMY).await, Err(UNAUTHORIZED));
    rig.authenticator.replace(Trust::default());
    assert!(rig.authenticator.is_loaded());
    assert_eq!(rig.name(&[&rig.aggregator()], AMY).await, Err(UNAUTHORIZED));
}

#[tokio::test]
async fn one_authority_for_both_is_refused_unless_names_are_set() {
    let rig = Rig::empty();
    let (client, aggregator) =
        (rig.front_ca.issue(&Leaf { common_name: "eve", ..Leaf::default() }), rig.aggregator());
    for (names, by_client, by_aggregator) in [(&[][..], "eve", "aggregator"), (&["aggregator"], "eve", "amy")]
    {
        rig.trust(&rig.front_ca, &rig.front_ca, names);
        assert_eq!(rig.name(&[&client], AMY).await.as_deref(), Ok(by_client));
        assert_eq!(rig.name(&[&aggregator], AMY).await.as_deref(), Ok(by_aggregator));
    }
    rig.trust(&rig.client_ca, &rig.front_ca, &[]);
    assert_eq!(
        rig.name(&[&client], AMY).await.as_deref(),
        Ok("amy"),
        "no names: any certificate of its own CA"
    );
}

#[tokio::test]
async fn groups_of_the_unauthenticated_stay_as_they_are() {
    let rig = Rig::new();
    let aggregator = rig.aggregator();
    let anonymous = [("X-Remote-User", "system:anonymous"), ("X-Remote-Group", "system:unauthenticated")];
    assert_eq!(rig.ask(&[&aggregator], &anonymous).await.unwrap().user.groups, ["system:unauthenticated"]);
    let plain = rig.ask(&[&aggregator], AMY).await.unwrap();
    assert_eq!(plain.user.groups, ["system:authenticated"]);
}

use super::authority::Authority;

#[test]
fn a_bundle_is_read_whole_or_not_at_all() {
    use super::authority::BundleError;
    let ca = Ca::new("a");
    let broken = format!("{}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", ca.pem);
    assert_eq!(Authority::from_pem(broken.as_bytes()).unwrap_err(), BundleError::Unreadable(2));
    assert_eq!(Authority::from_pem(b"# nothing").unwrap_err(), BundleError::Empty);
    let many = ca.pem.repeat(257);
    assert_eq!(Authority::from_pem(many.as_bytes()).unwrap_err(), BundleError::TooMany);
}
