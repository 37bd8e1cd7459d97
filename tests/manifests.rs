//! The files that are made from the rule table and the manifests say what these say, and none of them
//! switches the verification of certificates off.
//!
//! `make generate` runs this test with `TMC_GENERATE=1`, which writes the files instead of comparing.

use std::{fs, path::Path};

use serde_json::Value;
use tmc::{
    api::workload::Mode,
    registration::{
        installation::{Installation, ServingCa},
        manifests, syncer,
    },
    security::rules::syncer::{Scope, default_kinds},
};

const NOTE: &str = "# Made by `make generate` from src/security/rules and src/registration. Do not edit.\n";

fn made() -> Vec<(&'static str, String)> {
    let own = Installation::default();
    let cert_manager = Installation { serving_ca: ServingCa::CertManager, ..Installation::default() };
    // What `tmc rbac manifests` prints, for a target that stands for any.
    let scope = |mode| Scope {
        target: "production-east".to_owned(),
        uid: "UID-OF-THE-SYNCTARGET".to_owned(),
        mode,
        kinds: default_kinds(),
        upsync: Vec::new(),
    };
    let (filter, observe) = (scope(Mode::Filter), scope(Mode::Observe));
    let files: [(&str, Vec<Value>); 8] = [
        ("deploy/syncer/filter-upstream.yaml", syncer::upstream(&filter)),
        (
            "deploy/syncer/filter-downstream.yaml",
            syncer::downstream_rights(&filter, Some("KEY-OF-THE-SYNCTARGET")),
        ),
        ("deploy/syncer/observe-upstream.yaml", syncer::upstream(&observe)),
        ("deploy/syncer/observe-downstream.yaml", syncer::downstream_rights(&observe, None)),
        ("apiservice/apiservice.yaml", vec![manifests::api_service(&own)]),
        ("apiservice/rbac.yaml", manifests::rbac(&own)),
        ("deploy/registration.yaml", manifests::objects(&own)),
        ("deploy/registration-cert-manager.yaml", manifests::objects(&cert_manager)),
    ];
    files
        .map(|(file, objects)| (file, format!("{NOTE}{}", manifests::yaml(&objects).expect("JSON is YAML"))))
        .into()
}

#[test]
fn checked_in_files_are_those_that_the_tables_make() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let write = std::env::var_os("TMC_GENERATE").is_some_and(|value| value == "1");
    let mut stale = Vec::new();
    for (path, content) in made() {
        let file = root.join(path);
        if write {
            fs::create_dir_all(file.parent().expect("a file of the repository is in a folder"))?;
            fs::write(&file, &content)?;
        } else if fs::read_to_string(&file).ok().as_deref() != Some(&content) {
            stale.push(path);
        }
    }
    assert!(stale.is_empty(), "not what the tables make: {stale:?}; run `make generate`");
    Ok(())
}

/// Every YAML file that somebody may apply, also those that nobody generates.
#[test]
fn no_file_switches_verification_off() {
    let mut open: Vec<_> = ["apiservice", "deploy", "examples"]
        .map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
        .into();
    let mut seen = 0;
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
                let text = fs::read_to_string(&path).unwrap();
                assert!(!text.to_lowercase().contains("insecureskiptlsverify"), "{}", path.display());
                assert!(!text.to_lowercase().contains("insecure-skip-tls-verify"), "{}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen >= made().len(), "{seen} files");
}
