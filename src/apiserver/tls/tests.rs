//! Files: what is taken, what is refused and how the refusal names the file; reload.

use std::{fs, time::Duration};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tempfile::TempDir;

use super::*;

/// PEM of a self-signed certificate for `name`, and of its key.
fn pem(name: &str, until: Option<i32>) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    if let Some(year) = until {
        params.not_before = date_time_ymd(year - 1, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
    }
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

fn files(directory: &TempDir, cert: &str, key: &str) -> CertificateFiles {
    let files =
        CertificateFiles { cert: directory.path().join("tls.crt"), key: directory.path().join("tls.key") };
    fs::write(&files.cert, cert).unwrap();
    fs::write(&files.key, key).unwrap();
    files
}

fn refusal(cert: &str, key: &str) -> String {
    let directory = TempDir::new().unwrap();
    let error = files(&directory, cert, key).load().unwrap_err();
    error.to_string().replace(&directory.path().display().to_string(), "DIR")
}

#[test]
fn refusals_name_the_file() {
    let (cert, key) = pem("a", None);
    let (_, other) = pem("a", None);
    let (old, old_key) = pem("a", Some(2020));
    for (cert, key, expected) in [
        ("", key.as_str(), "DIR/tls.crt holds no certificate in PEM form"),
        (&cert[..60], &key, "DIR/tls.crt holds no certificate in PEM form"),
        (&cert, "", "DIR/tls.key holds no private key in PEM form"),
        (&cert, &key[..60], "DIR/tls.key holds no private key in PEM form"),
        (&cert, &other, "the private key in DIR/tls.key does not belong to the certificate in DIR/tls.crt"),
        (&old, &old_key, "the certificate in DIR/tls.crt expired on 2020-01-01T00:00:00Z"),
    ] {
        assert_eq!(refusal(cert, key), expected);
    }
    let directory = TempDir::new().unwrap();
    let mut absent = files(&directory, &cert, &key);
    absent.key = directory.path().join("absent.key");
    let error = absent.load().unwrap_err().to_string();
    assert!(error.starts_with("cannot read ") && error.ends_with("absent.key"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn changed_files_replace_the_certificate_and_half_written_ones_do_not() {
    let directory = TempDir::new().unwrap();
    let (first, first_key) = pem("a", None);
    let files = files(&directory, &first, &first_key);
    let certificate = files.load().unwrap();
    let before = certificate.chain();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(files.clone().follow(certificate.clone(), Duration::from_secs(10)));

    let (second, second_key) = pem("b", None);
    fs::write(&files.cert, &second).unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(certificate.chain(), before, "the key is still the old one");

    fs::write(&files.key, &second_key).unwrap();
    while certificate.chain() == before {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    fs::remove_file(&files.cert).unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_ne!(certificate.chain(), before, "a vanished file changes nothing");
}
