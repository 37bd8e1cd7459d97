//! The rules of the house that the compiler does not know: file length, headers, who may use whom, no
//! file that no module declares. Each failure names the file and the rule.

use std::{
    fs,
    path::{Path, PathBuf},
};

const MAX_LINES: usize = 300;

/// Which of our top-level modules a module may use. Arrows point against the data flow only at `cli`.
const ARROWS: &[(&str, &[&str])] = &[
    ("api", &[]),
    ("apiserver", &[]),
    ("controlplane", &["api", "apiserver", "informers", "liveness", "reconcilers", "security", "upstream"]),
    ("informers", &["api", "upstream"]),
    ("liveness", &["api", "informers"]),
    ("reconcilers", &["api", "informers", "liveness", "upstream"]),
    ("registration", &["api", "security", "upstream"]),
    ("security", &["api", "upstream"]),
    ("supervisor", &[]),
    ("syncer", &["api", "apiserver", "informers", "liveness", "reconcilers", "security", "upstream"]),
    ("telemetry", &[]),
    ("upstream", &["apiserver"]),
    ("views", &["api", "apiserver", "informers", "liveness"]),
];

/// What the pure modules must not import: no HTTP server, no client.
const PURE: &[&str] = &[
    "src/api/",
    "src/placement",
    "src/views/index",
    "src/views/health",
    "src/liveness",
    "src/syncer/filter",
    "src/syncer/transform",
    "src/syncer/render",
    "src/syncer/compare",
    "src/syncer/decide",
];
const NOT_PURE: &[&str] = &["axum", "hyper", "tower::", "kube::Client", "crate::upstream"];

fn files(root: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(root)];
    while let Some(directory) = open.pop() {
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        for entry in entries {
            let path = entry.expect("a folder of the repository can be read").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn relative(path: &Path) -> String {
    path.strip_prefix(env!("CARGO_MANIFEST_DIR"))
        .expect("only files of the repository are looked at")
        .display()
        .to_string()
}

fn rust_files() -> Vec<PathBuf> {
    ["src", "tests", "examples", "benches"].iter().flat_map(|root| files(root, "rs")).collect()
}

#[test]
fn files_are_short() {
    let go = files("tests", "go");
    let long: Vec<_> = rust_files()
        .into_iter()
        .chain(go)
        .map(|path| (fs::read_to_string(&path).unwrap().lines().count(), relative(&path)))
        .filter(|(lines, _)| *lines > MAX_LINES)
        .collect();
    assert!(long.is_empty(), "over {MAX_LINES} lines, split by idea: {long:#?}");
}

#[test]
fn files_say_what_they_own() {
    let bare: Vec<_> = rust_files()
        .into_iter()
        .filter(|path| !fs::read_to_string(path).unwrap().starts_with("//! "))
        .map(|path| relative(&path))
        .collect();
    assert!(bare.is_empty(), "without a `//!` header: {bare:#?}");
}

#[test]
fn modules_use_only_what_they_may() {
    let mut wrong = Vec::new();
    for (module, allowed) in ARROWS {
        let own = rust_files().into_iter().filter(|path| {
            let name = relative(path);
            name == format!("src/{module}.rs") || name.starts_with(&format!("src/{module}/"))
        });
        for path in own {
            let text = fs::read_to_string(&path).unwrap();
            for (other, _) in ARROWS.iter().chain(&[("cli", &[] as &[&str])]) {
                let used =
                    text.contains(&format!("crate::{other}::")) || text.contains(&format!("crate::{other};"));
                if used && other != module && !allowed.contains(other) {
                    wrong.push(format!("{} uses crate::{other}", relative(&path)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "against the direction of the data flow: {wrong:#?}");
}

#[test]
fn every_module_is_in_the_arrows() {
    let known: Vec<_> = ARROWS.iter().map(|(module, _)| *module).chain(["cli", "lib", "main"]).collect();
    let unknown: Vec<_> = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|module| !known.contains(&module.as_str()) && module != "bin")
        .collect();
    assert!(unknown.is_empty(), "say in tests/tidy.rs what these may use: {unknown:?}");
}

#[test]
fn pure_modules_know_no_network() {
    let mut wrong = Vec::new();
    for path in files("src", "rs") {
        let name = relative(&path);
        if name.contains("tests") || !PURE.iter().any(|pure| name.starts_with(pure)) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for import in NOT_PURE {
            if text.contains(&format!("use {import}")) {
                wrong.push(format!("{name} imports {import}"));
            }
        }
    }
    assert!(wrong.is_empty(), "pure modules import no server and no client: {wrong:#?}");
}

#[test]
fn no_file_is_orphaned() {
    let sources: Vec<_> = rust_files().iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let orphans: Vec<_> = files("src", "rs")
        .into_iter()
        .filter(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap();
            let declared = |text: &String| text.contains(&format!("mod {name};"));
            !["lib", "main"].contains(&name)
                && !relative(path).starts_with("src/bin/")
                && !sources.iter().any(declared)
        })
        .map(|path| relative(&path))
        .collect();
    assert!(orphans.is_empty(), "declared by no module, so not even compiled: {orphans:?}");
}

#[test]
fn no_leftovers() {
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("#[ign", "ore")];
    let left: Vec<_> = rust_files()
        .into_iter()
        .flat_map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let name = relative(&path);
            words.iter().filter(move |word| text.contains(**word)).map(move |word| format!("{name}: {word}"))
        })
        .collect();
    assert!(left.is_empty(), "finish it or take it out: {left:#?}");
}
