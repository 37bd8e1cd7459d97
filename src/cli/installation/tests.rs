//! What the flags become, and what they say when they are wrong.

use clap::Parser;

use super::*;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    args: InstallationArgs,
}

fn parse(words: &[&str]) -> Result<InstallationArgs, String> {
    let line = Line::try_parse_from(std::iter::once("tmc").chain(words.iter().copied()));
    line.map(|line| line.args).map_err(|error| error.to_string())
}

#[test]
fn defaults() {
    let installation = parse(&[]).unwrap().installation().unwrap();
    assert_eq!(installation.service.to_string(), "tmc-system/tmc:443");
    assert_eq!(installation.serving_ca, ServingCa::Secret);
    assert!(installation.door);
}

#[test]
fn wrong_flags_are_named() {
    let cases: &[(&[&str], &[&str])] = &[
        (&["--service", "tmc"], &["--service", "give namespace/name:port"]),
        (&["--service", "a/b:x"], &["--service", "\"x\" is not a number"]),
        (&["--external-name", "https://a"], &["--external-name", "without scheme"]),
        (&["--ca-file", "a", "--cert-manager"], &["--ca-file", "--cert-manager", "cannot be used with"]),
    ];
    for (words, expected) in cases {
        let error = parse(words).unwrap_err();
        for part in *expected {
            assert!(error.contains(part), "{words:?}: {error}");
        }
    }
}

fn ca_file(content: &str) -> Result<Installation, String> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    std::fs::write(&file, content).unwrap();
    let args = parse(&["--ca-file", file.to_str().unwrap()]).unwrap();
    args.installation().map_err(|error| format!("{error:#}"))
}

#[test]
fn ca_files() {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap().pem();
    let good = ca_file(&format!("{}{certificate}", key.serialize_pem())).unwrap();
    assert_eq!(good.serving_ca, ServingCa::File);
    assert!(good.ca_bundle.contains("BEGIN CERTIFICATE") && !good.ca_bundle.contains("PRIVATE"));

    let mut old = rcgen::CertificateParams::default();
    old.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let bad = [
        (String::new(), "holds no certificate"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned(), "not X.509"),
        (old.self_signed(&key).unwrap().pem(), "has expired"),
    ];
    for (content, expected) in bad {
        let error = ca_file(&content).unwrap_err();
        assert!(error.contains("--ca-file") && error.contains(expected), "{error}");
    }
    let absent = parse(&["--ca-file", "/nowhere/ca.pem"]).unwrap().installation().unwrap_err();
    assert!(absent.to_string().contains("--ca-file: cannot read /nowhere/ca.pem"));
}
