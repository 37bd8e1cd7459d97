//! How the ConfigMap and the flags become trust.

use super::*;

fn ca(name: &str) -> Source {
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    Source { name: name.into(), pem: params.self_signed(&key).unwrap().pem().into_bytes() }
}

fn config(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn the_config_map_names_headers_and_allowed_names() {
    let texts = Texts {
        client_ca: Some(ca("client")),
        front_ca: Some(ca("front")),
        config: config(&[
            ("requestheader-username-headers", r#"["X-Who"]"#),
            ("requestheader-group-headers", r#"["X-Group","X-Other"]"#),
            ("requestheader-extra-headers-prefix", r#"["X-More-"]"#),
            ("requestheader-allowed-names", r#"["front-proxy-client"]"#),
        ]),
        allowed_names: None,
    };
    let trusted = trust(&texts).unwrap();
    let front = &trusted.fronts[0];
    assert_eq!(front.allowed_names, ["front-proxy-client"]);
    assert_eq!(front.headers.username, ["x-who"]);
    assert_eq!(front.headers.group, ["x-group", "x-other"]);
    assert!(front.headers.uid.is_empty(), "a cluster that names no uid header has none");
    assert_eq!(front.headers.extra_prefix, ["x-more-"]);

    let flags = Texts { allowed_names: Some(vec!["mine".into()]), ..texts };
    assert_eq!(trust(&flags).unwrap().fronts[0].allowed_names, ["mine"]);
}

#[test]
fn without_a_request_header_authority_nobody_is_a_front() {
    let texts = Texts { client_ca: Some(ca("client")), ..Texts::default() };
    let trusted = trust(&texts).unwrap();
    assert!(trusted.fronts.is_empty() && trusted.client_ca.is_some());
}

#[test]
fn what_cannot_be_read_names_itself() {
    let front = Some(ca("front"));
    let bad = Source { name: "--client-ca-file a.pem".into(), pem: b"nonsense".to_vec() };
    let texts = Texts { client_ca: Some(bad), front_ca: front.clone(), ..Texts::default() };
    assert!(trust(&texts).unwrap_err().to_string().starts_with("--client-ca-file a.pem"));
    for key in ["requestheader-allowed-names", "requestheader-username-headers", "requestheader-uid-headers"]
    {
        let texts =
            Texts { front_ca: front.clone(), config: config(&[(key, "not json")]), ..Texts::default() };
        assert!(trust(&texts).unwrap_err().to_string().contains(key));
    }
}

#[tokio::test]
async fn a_missing_file_names_its_flag() {
    let path = PathBuf::from("/does/not/exist.pem");
    let error = file("--client-ca-file", Some(&path)).await.unwrap_err();
    assert_eq!(error.to_string(), "--client-ca-file: cannot read /does/not/exist.pem");
}
