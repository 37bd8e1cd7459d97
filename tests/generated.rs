//! The files that are made from the wire types say what the types say.
//!
//! `make generate` runs this test with `TMC_GENERATE=1`, which writes the files instead of comparing.

use std::{fs, path::Path};

fn made() -> Vec<(String, Vec<u8>)> {
    let crds = tmc::api::crds::crds().into_iter();
    let crds = crds.map(|(file, yaml)| (format!("deploy/crds/{file}"), yaml.into_bytes()));
    let openapi = tmc::api::openapi::documents().into_iter();
    crds.chain(openapi.map(|(file, json)| (file.to_owned(), json))).collect()
}

#[test]
fn checked_in_files_are_those_that_the_types_make() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let write = std::env::var_os("TMC_GENERATE").is_some_and(|value| value == "1");
    let mut stale = Vec::new();
    for (path, content) in made() {
        let file = root.join(&path);
        if write {
            fs::create_dir_all(file.parent().expect("a file of the repository is in a folder"))?;
            fs::write(&file, &content)?;
        } else if fs::read(&file).ok().as_deref() != Some(&content) {
            stale.push(path);
        }
    }
    assert!(stale.is_empty(), "not what src/api makes: {stale:?}; run `make generate`");
    Ok(())
}
