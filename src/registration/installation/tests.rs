//! What the flags accept and what they say when they do not.

use super::*;

fn service(namespace: &str, name: &str, port: u16) -> ServiceReference {
    ServiceReference { namespace: namespace.to_owned(), name: name.to_owned(), port }
}

#[test]
fn service_references() {
    let good = [
        ("tmc-system/tmc:6443", service("tmc-system", "tmc", 6443)),
        ("a/b", service("a", "b", 443)),
        ("a/b:65535", service("a", "b", 65535)),
    ];
    for (text, expected) in good {
        assert_eq!(text.parse(), Ok(expected), "{text}");
    }
    let bad = [
        ("tmc", "give namespace/name:port"),
        ("", "give namespace/name:port"),
        ("/tmc:1", "namespace \"\""),
        ("ns/:1", "name \"\""),
        ("ns/tmc:0", "the port \"0\""),
        ("ns/tmc:65536", "the port \"65536\""),
        ("ns/tmc:", "the port \"\""),
        ("ns/tmc:https", "the port \"https\""),
        ("NS/tmc:1", "namespace \"NS\""),
        ("ns/-tmc:1", "name \"-tmc\""),
        ("ns/a/b:1", "name \"a/b\""),
    ];
    for (text, expected) in bad {
        let error = text.parse::<ServiceReference>().unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn service_names_have_no_port() {
    assert_eq!(service_name("ns/tmc"), Ok(service("ns", "tmc", DEFAULT_PORT)));
    for bad in ["ns/tmc:443", "ns/tmc:", ":"] {
        assert!(service_name(bad).unwrap_err().contains("--secure-port"), "{bad}");
    }
    assert!(service_name("tmc").unwrap_err().contains("namespace/name"));
}

#[test]
fn a_reference_reads_back_as_it_prints() {
    let reference = service("ns", "tmc", 8443);
    assert_eq!(reference.to_string().parse(), Ok(reference));
}

#[test]
fn external_names() {
    for good in ["localhost", "tmc.example.com", "10.1.2.3"] {
        assert_eq!(external_name(good).as_deref(), Ok(good));
    }
    for bad in ["", "https://tmc.example.com", "tmc:6443", "Tmc", "a..b", "a_b"] {
        assert!(external_name(bad).unwrap_err().contains("--service"), "{bad}");
    }
}

#[test]
fn the_aggregator_finds_its_name_in_the_certificate() {
    assert_eq!(service("ns", "tmc", 1).certificate_names()[0], "tmc.ns.svc");
}

#[test]
fn serving_ca_reads_back() {
    for ca in [ServingCa::Secret, ServingCa::File, ServingCa::CertManager] {
        assert_eq!(ServingCa::parse(ca.as_str()), Some(ca));
    }
    assert_eq!(ServingCa::parse("other"), None);
}
