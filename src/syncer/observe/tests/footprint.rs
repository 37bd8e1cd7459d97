//! What 50,000 objects take: measured in a process of its own, since others would be measured with it.

use std::process::Command;

use super::{
    super::{reader::Reader, tally::Tally},
    *,
};
use crate::{
    informers::{ObjectMeta, RawObject},
    liveness::clock::{Clock, PausedClock},
};

const OBJECTS: usize = 50_000;
const CHILD: &str = "TMC_TEST_FOOTPRINT";

/// Of this process, in bytes: what it has allocated and uses. The pages of the program itself do not count: they come as
/// it runs.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}

/// As a server sends it, with what makes metadata long.
fn object(kind: &Kind, at: usize) -> RawObject {
    let name = format!("{}-{at:05}-7c5ddbdf54", kind.resource);
    let namespace = format!("team-{:03}", at % 500);
    let fields =
        json!({"f:metadata": {"f:labels": {".": {}, "f:app": {}}}, "f:data": {".": {}, "f:key": {}}});
    let mut object = deployment(3);
    object["metadata"] = json!({
        "name": name, "namespace": namespace, "labels": {"app": name}, "annotations": {"note": "x".repeat(200)},
        "managedFields": [{"manager": "kubectl", "fieldsV1": fields.clone()}, {"manager": "x", "fieldsV1": fields}],
    });
    let meta = ObjectMeta {
        labels: [("app".to_owned(), name.clone())].into(),
        name,
        namespace,
        uid: "0b7a3f3e-6c0e-4d3c-9d43-2f6f3f6f7a10".into(),
        resource_version: at.to_string(),
        ..ObjectMeta::default()
    };
    RawObject { meta, json: serde_json::from_value(object).unwrap() }
}

#[tokio::test(start_paused = true)]
async fn fifty_thousand_objects_take_under_two_hundred_bytes_each() {
    if std::env::var_os(CHILD).is_none() {
        let (_, path) = module_path!().split_once("::").unwrap();
        let test = format!("{path}::fifty_thousand_objects_take_under_two_hundred_bytes_each");
        let mut child = Command::new(std::env::current_exe().unwrap());
        let output = child.args(["--exact", &test, "--nocapture"]).env(CHILD, "1").output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("bytes an object"), "{text}");
        print!("{text}");
        return;
    }
    let kinds = [
        deployments(),
        config_maps(),
        kind("", "v1", "secrets", "Secret"),
        kind("", "v1", "services", "Service"),
    ];
    let clock = PausedClock::default();
    let before = resident();
    let tallies: Vec<_> = kinds
        .iter()
        .map(|kind| {
            let reader = Reader::new(kind, &Scope::Observe, Arc::new(Everything), &BTreeMap::new());
            let all = (0..OBJECTS / kinds.len()).map(|at| reader.read(object(kind, at))).collect();
            let mut tally = Tally::new(false, BTreeMap::new());
            tally.reset(all, &|_| true, clock.now());
            tally
        })
        .collect();
    let after = resident();
    assert_eq!(tallies.iter().map(Tally::present).sum::<u64>(), OBJECTS as u64);
    let each = (after - before) / OBJECTS;
    println!("{each} bytes an object");
    assert!(each < 200, "{each}");
}
