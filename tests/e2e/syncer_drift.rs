//! What others do to synced objects on the physical cluster: it is set right, unless it is no business of the
//! syncer's, and who keeps changing a field is named.

use serde_json::{Value, json};

use crate::env;
use crate::physical::{self, deployment};
use crate::synced::{Synced, config_map, get};
use crate::syncer::Sides;
use crate::wait::{seconds, until};

#[test]
fn what_others_change_below_is_set_right_and_what_they_add_stays() {
    let (Some(env), Some(physical)) = (env::shared(), physical::shared()) else { return };
    let synced = Synced::start(Sides::new(env, &physical.cluster), &[]);
    synced.apply(&[config_map("web", "ours"), deployment("", "web", 2)]);
    let namespace = synced.namespace_below();
    let replicas = |wanted: u64| move |found: &Value| found["spec"]["replicas"] == wanted;
    synced.until_below(&namespace, "deployment/web", "it is there", replicas(2));
    synced.until_below(&namespace, "configmap/web", "it is there", |_| true);
    let below = |arguments: &[&str]| synced.below.run(&[arguments, &["-n", &namespace]].concat());

    below(&["scale", "deployment/web", "--replicas=5"]);
    synced.until_below(&namespace, "deployment/web", "the scale is set right", replicas(2));
    let mut edit = synced.below.command(&["edit", "deployment/web", "-n", &namespace]);
    edit.env("KUBE_EDITOR", "sed -i s#registry.example/web:1#registry.example/other:9#");
    let edited = crate::process::run("kubectl-edit", &edit, seconds(60));
    assert!(
        edited.status.success() && edited.stdout.contains("edited"),
        "{}{}",
        edited.stdout,
        edited.stderr
    );
    let image = |found: &Value| {
        found["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.example/web:1"
    };
    synced.until_below(&namespace, "deployment/web", "the edit is set right", image);

    let theirs = r#"{"metadata":{"annotations":{"example.com/note":"theirs"}},"data":{"key":"theirs","extra":"theirs"}}"#;
    below(&["patch", "configmap/web", "--type=merge", "-p", theirs]);
    let right = |found: &Value| found["data"]["key"] == "ours";
    let kept = synced.until_below(&namespace, "configmap/web", "the patch is set right", right);
    assert_eq!(kept["data"]["extra"], "theirs", "{kept}");
    assert_eq!(kept["metadata"]["annotations"]["example.com/note"], "theirs", "{kept}");

    below(&["delete", "configmap/web"]);
    let again = |found: &Value| right(found) && found["metadata"]["uid"] != kept["metadata"]["uid"];
    synced.until_below(&namespace, "configmap/web", "it is made again", again);
    let corrected = synced.syncer.metric(&["syncer_drift_corrections_total{"]);
    assert!(corrected >= Some(2.0), "{}", synced.syncer.metrics());
}

#[test]
fn an_object_of_somebody_else_stays_as_it_is() {
    let (Some(env), Some(physical)) = (env::shared(), physical::shared()) else { return };
    let synced = Synced::start(Sides::new(env, &physical.cluster), &[]);
    synced.apply(&[config_map("first", "ours")]);
    let namespace = synced.namespace_below();
    let mut theirs = config_map("shared", "theirs");
    theirs["metadata"]["namespace"] = json!(namespace);
    synced.below.apply(&theirs);
    let before = get(&synced.below, &namespace, "configmap/shared").expect("it was applied");

    synced.apply(&[config_map("shared", "ours"), config_map("last", "ours")]);
    synced.until_below(&namespace, "configmap/last", "others go on", |_| true);
    let status = |target: &Value| target["status"]["resources"].clone();
    let conflict = until("the conflict is reported", seconds(60), || {
        let target = synced.above.json(&["get", "synctarget", &synced.syncer.target, "-ojson"]);
        let rows = status(&target);
        let rows = rows.as_array().map_or(&[][..], Vec::as_slice);
        match rows.iter().any(|row| row["resource"] == "configmaps" && row["conflict"] == 1) {
            true => Ok(target),
            false => Err(format!("{target}")),
        }
    });
    let problems = conflict.0["status"]["problems"].to_string();
    assert!(problems.contains("shared"), "{problems}");

    // What is deleted above is not held back by what was never ours, and that stays.
    synced.run_above(&["delete", "configmap/shared", "--timeout=50s"]);
    synced.run_above(&["delete", "configmap/last", "--timeout=50s"]);
    synced.until_gone(&synced.below, &namespace, "configmap/last");
    let after = get(&synced.below, &namespace, "configmap/shared").expect("it stays");
    assert_eq!(before, after);
}

#[test]
fn who_keeps_changing_a_field_is_named() {
    let (Some(env), Some(physical)) = (env::shared(), physical::shared()) else { return };
    let synced = Synced::start(Sides::new(env, &physical.cluster), &[]);
    synced.apply(&[deployment("", "web", 2)]);
    let namespace = synced.namespace_below();
    let wanted = |found: &Value| found["spec"]["replicas"] == 2;
    synced.until_below(&namespace, "deployment/web", "it is there", wanted);
    let theirs = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace}, "spec": {"replicas": 7}});
    let fight = ["apply", "--server-side", "--force-conflicts", "--field-manager=autoscaler"];
    let (message, _) = until("the contention is named", seconds(90), || {
        synced.below.with_manifest(&fight, &theirs)?;
        let target = synced.above.json(&["get", "synctarget", &synced.syncer.target, "-ojson"]);
        let conditions = target["status"]["conditions"].as_array().map_or(&[][..], Vec::as_slice);
        let named = conditions.iter().find(|condition| condition["reason"] == "FieldContention");
        named.map(ToString::to_string).ok_or_else(|| target.to_string())
    });
    assert!(message.contains("autoscaler") && message.contains("replicas"), "{message}");
    assert!(
        synced.syncer.metric(&["syncer_drift_corrections_total{"]) >= Some(5.0),
        "{}",
        synced.syncer.metrics()
    );
}
