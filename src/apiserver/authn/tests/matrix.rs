//! Every kind of certificate with every kind of identity headers: only the front's own are believed.

use std::collections::BTreeMap;

use rcgen::ExtendedKeyUsagePurpose;

use super::*;
use crate::apiserver::identity::User;

type Pairs = &'static [(&'static str, &'static str)];

struct Headers {
    what: &'static str,
    sent: Pairs,
    /// The user these headers name; `None` when they name none.
    named: Option<User>,
}

fn user(name: &str, uid: &str, groups: &[&str], extra: &[(&str, &[&str])]) -> Option<User> {
    let strings = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
    let mut groups = strings(groups);
    groups.push("system:authenticated".to_owned());
    let extra: BTreeMap<_, _> = extra.iter().map(|(key, all)| ((*key).to_owned(), strings(all))).collect();
    Some(User { name: name.into(), uid: uid.into(), groups, extra })
}

fn header_sets() -> Vec<Headers> {
    let set = |what, sent, named| Headers { what, sent, named };
    vec![
        set("user", &[("X-Remote-User", "eve")], user("eve", "", &[], &[])),
        set("group alone", &[("X-Remote-Group", "system:masters")], None),
        set(
            "uid",
            &[("X-Remote-User", "eve"), ("X-Remote-Uid", "u-1"), ("X-Remote-Group", "system:masters")],
            user("eve", "u-1", &["system:masters"], &[]),
        ),
        set(
            "extra warrant",
            &[("X-Remote-User", "eve"), ("X-Remote-Extra-Authorization.kcp.io%2Fwarrant", "w")],
            user("eve", "", &[], &[("authorization.kcp.io/warrant", &["w"])]),
        ),
        set(
            "extra scopes",
            &[("X-Remote-User", "eve"), ("X-Remote-Extra-Scopes", "one"), ("X-Remote-Extra-Scopes", "two")],
            user("eve", "", &[], &[("scopes", &["one", "two"])]),
        ),
        set("odd case", &[("x-ReMoTe-uSER", "eve"), ("X-REMOTE-GROUP", "g")], user("eve", "", &["g"], &[])),
        set(
            "duplicates",
            &[
                ("X-Remote-User", "eve"),
                ("X-Remote-User", "root"),
                ("X-Remote-Group", "g"),
                ("X-Remote-Group", ""),
                ("X-Remote-Group", "h"),
            ],
            user("eve", "", &["g", "h"], &[]),
        ),
        set(
            "encoded keys",
            &[
                ("X-Remote-User", "eve"),
                ("X-Remote-Extra-A%2fb", "sound"),
                ("X-Remote-Extra-%zz", "not hex"),
                ("X-Remote-Extra-%2fc%z", "half"),
                ("X-Remote-Extra-%ff", "not text"),
            ],
            user(
                "eve",
                "",
                &[],
                &[("a/b", &["sound"]), ("%zz", &["not hex"]), ("%2fc%z", &["half"]), ("%ff", &["not text"])],
            ),
        ),
    ]
}

#[tokio::test]
async fn only_the_front_speaks_for_others() {
    let rig = Rig::new();
    let other = Ca::new("other");
    let aggregator = || Leaf { common_name: "aggregator", ..Leaf::default() };
    let own = rig.client_ca.issue(&Leaf { common_name: "amy", ..Leaf::default() });
    let server = Leaf { usage: Some(ExtendedKeyUsagePurpose::ServerAuth), ..aggregator() };
    let certificates: Vec<(&str, Option<CertificateDer<'static>>)> = vec![
        ("none", None),
        ("client CA", Some(own)),
        ("other CA", Some(other.issue(&aggregator()))),
        ("wrong name", Some(rig.front_ca.issue(&Leaf { common_name: "amy", ..Leaf::default() }))),
        ("expired", Some(rig.front_ca.issue(&Leaf { not_after: NOW - 1, ..aggregator() }))),
        ("server usage", Some(rig.front_ca.issue(&server))),
        ("right", Some(rig.front_ca.issue(&aggregator()))),
    ];
    let mut cases = 0;
    for (certificate, der) in &certificates {
        for headers in header_sets() {
            let case = format!("{certificate} x {}", headers.what);
            let chain: Vec<_> = der.iter().collect();
            let found = rig.ask(&chain, headers.sent).await;
            match (*certificate, headers.named) {
                ("right", Some(named)) => {
                    let found = found.unwrap();
                    assert_eq!((found.via, &*found.user), (Via::Front, &named), "{case}");
                }
                ("right", None) => {
                    let found = found.unwrap();
                    assert_eq!((found.via, &*found.user), (Via::FrontItself, &User::default()), "{case}");
                }
                ("client CA", _) => {
                    let found = found.unwrap();
                    assert_eq!(
                        (found.via, found.user.name.as_str()),
                        (Via::ClientCertificate, "amy"),
                        "{case}"
                    );
                    assert_eq!(found.user.groups, ["system:authenticated"], "{case}");
                    assert_eq!(found.user.extra.len(), 1, "{case}");
                }
                _ => assert_eq!(found.unwrap_err(), UNAUTHORIZED, "{case}"),
            }
            assert_eq!(rig.authenticator.is_front(&connection(&chain)), *certificate == "right", "{case}");
            cases += 1;
        }
    }
    assert_eq!(cases, 56);
}
