//! Certificates and tokens as files hold them, on real ones.

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair};

use super::*;

fn pair(usage: Option<ExtendedKeyUsagePurpose>) -> (Vec<u8>, Vec<u8>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(2026, 2, 1);
    params.extended_key_usages = usage.into_iter().collect();
    (params.self_signed(&key).unwrap().pem().into_bytes(), key.serialize_pem().into_bytes())
}

fn part(place: &str, bytes: Vec<u8>) -> Option<Part> {
    Some(Part { place: place.to_owned(), path: None, bytes: Ok(bytes) })
}

#[test]
fn a_certificate_is_read_with_its_key() {
    let (cert, key) = pair(Some(ExtendedKeyUsagePurpose::ClientAuth));
    let (other, other_key) = pair(Some(ExtendedKeyUsagePurpose::ServerAuth));
    let judged =
        |cert: &[u8], key: &[u8]| certificate(part("cert", cert.to_vec()), part("key", key.to_vec()));
    let ClientCertificate::Given { validity, key_fits, client_auth, file } = judged(&cert, &key) else {
        panic!()
    };
    assert!(key_fits && client_auth && file == "cert");
    assert_eq!(validity.not_after.to_string(), "2026-02-01T00:00:00Z");
    let fits = |cert: &[u8], key: &[u8]| match judged(cert, key) {
        ClientCertificate::Given { key_fits, client_auth, .. } => Some((key_fits, client_auth)),
        _ => None,
    };
    assert_eq!(fits(&cert, &other_key), Some((false, true)));
    assert_eq!(fits(&other, &other_key), Some((true, false)));
    let (any, any_key) = pair(None);
    assert_eq!(fits(&any, &any_key), Some((true, true)));
    assert_eq!(fits(b"nonsense", &key), None);
    assert_eq!(fits(&cert, b"nonsense"), None);
}

#[test]
fn one_without_the_other_names_the_file() {
    let of = |one, other| match certificate(one, other) {
        ClientCertificate::Unusable { file, .. } => file,
        _ => String::new(),
    };
    assert_eq!(of(part("cert", Vec::new()), None), "cert");
    assert_eq!(of(None, part("key", Vec::new())), "key");
    let unread = Some(Part { place: "gone".to_owned(), path: None, bytes: Err("absent".to_owned()) });
    assert_eq!(of(unread, part("key", Vec::new())), "gone");
    assert_eq!(certificate(None, None), ClientCertificate::None);
}

#[test]
fn of_a_token_only_claims_are_kept() {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    let jwt =
        format!("e30.{}.CANARY", BASE64_URL_SAFE_NO_PAD.encode(r#"{"exp":100,"aud":["a"],"sub":"CANARY"}"#));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, &jwt).unwrap();
    let part = Part { place: "token".to_owned(), path: Some(path), bytes: Ok(jwt.into_bytes()) };
    let found = token(part, &["b".to_owned()]);
    assert!(!format!("{found:?}").contains("CANARY"));
    let Token::Jwt { expires, audiences, written, .. } = found else { panic!() };
    assert_eq!(expires.unwrap().as_second(), 100);
    assert_eq!(audiences, ["a"]);
    assert!(written.is_some());
    let of = |bytes: &[u8]| token(Part { place: "t".to_owned(), path: None, bytes: Ok(bytes.to_vec()) }, &[]);
    assert_eq!(of(b" \n"), Token::Empty { file: "t".to_owned() });
    assert_eq!(of(b"CANARY"), Token::Opaque { file: "t".to_owned() });
}
