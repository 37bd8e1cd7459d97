//! What is printed, in which order.

use clap::Parser;
use serde_json::Value;

use super::*;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    args: ManifestsArgs,
}

fn kinds(words: &[&str]) -> Vec<String> {
    let line = Line::try_parse_from(std::iter::once("tmc").chain(words.iter().copied())).unwrap();
    let objects: Vec<Value> = serde_saphyr::from_multiple(&text(&line.args).unwrap()).unwrap();
    objects.iter().map(|object| object["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn namespaces_then_crds_then_the_rest() {
    let all = kinds(&["--service", "views/tmc:443"]);
    let first: Vec<_> = all.iter().take(5).map(String::as_str).collect();
    let crd = "CustomResourceDefinition";
    assert_eq!(first, ["Namespace", "Namespace", crd, crd, "ServiceAccount"]);
    assert_eq!(all.last().map(String::as_str), Some("APIService"));
}

#[test]
fn crds_can_be_left_out() {
    assert!(!kinds(&["--no-crds"]).iter().any(|kind| kind == "CustomResourceDefinition"));
}
