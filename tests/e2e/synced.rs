//! A namespace that a syncer keeps in step with a physical cluster, and how tests look at both of its
//! sides. Knows where an object is found below and what marks it as the syncer's, no policy.

use serde_json::{Value, json};

use crate::kubectl::Kubectl;
use crate::syncer::{Sides, Syncer};
use crate::wait::{seconds, until};

/// The label of all that a target's syncer made; its value is the target's key.
pub const CLUSTER: &str = "internal.workload.kcp.io/cluster";
pub const OWNER: &str = "workload.kcp.io/owner";
pub const LOCATOR: &str = "kcp.io/namespace-locator";

pub struct Synced<'a> {
    pub above: Kubectl,
    pub below: Kubectl,
    /// In the workspace; the one below is named by `namespace_below`.
    pub namespace: String,
    pub key: String,
    pub syncer: Syncer<'a>,
}

impl<'a> Synced<'a> {
    /// Starts a syncer for one new namespace.
    pub fn start(sides: Sides<'a>, flags: &[&str]) -> Self {
        Self::start_in(sides, "filter", flags)
    }

    /// The same in another mode.
    pub fn start_in(sides: Sides<'a>, mode: &str, flags: &[&str]) -> Self {
        Self::granted(sides, mode, flags, &[])
    }

    /// The same with flags of `tmc rbac manifests` as well.
    pub fn granted(sides: Sides<'a>, mode: &str, flags: &[&str], rights_flags: &[&str]) -> Self {
        let namespace = format!("t{:08x}", rand::random::<u32>());
        let above = sides.admin();
        above.run(&["create", "namespace", &namespace]);
        let own = [&*format!("--namespaces={namespace}"), "--qps=200", "--burst=200"];
        let syncer = Syncer::granted(sides, mode, &[&own, flags].concat(), rights_flags);
        syncer.run();
        syncer.until_ready();
        let path = ["get", "synctarget", &syncer.target, "-ojsonpath={.status.key}"];
        let key = until("the target has a key", seconds(60), || match above.try_run(&path)? {
            key if key.is_empty() => Err("it has none".to_owned()),
            key => Ok(key),
        });
        let below = sides.below.admin();
        Self { above, below, namespace, key: key.0, syncer }
    }

    /// Applies objects to the namespace above.
    #[track_caller]
    pub fn apply(&self, objects: &[Value]) {
        let documents: Vec<_> =
            objects.iter().map(|object| placed(object, &self.namespace).to_string()).collect();
        self.above.with_text(&["apply", "--server-side"], &documents.join("\n---\n")).expect("apply objects");
    }

    /// The namespace below, once it is there.
    #[track_caller]
    pub fn namespace_below(&self) -> String {
        let selector = format!("{CLUSTER}={}", self.key);
        let get = ["get", "namespaces", "-l", &selector, "-ojson"];
        until("the namespace below is there", seconds(60), || {
            let list: Value =
                serde_json::from_str(&self.below.try_run(&get)?).map_err(|error| error.to_string())?;
            match list["items"].as_array().map_or(&[][..], Vec::as_slice) {
                [one] => Ok(one["metadata"]["name"].as_str().unwrap_or_default().to_owned()),
                others => Err(format!("{} namespaces, {}", others.len(), self.syncer.log())),
            }
        })
        .0
    }

    /// One object above; `Err` says what kubectl did.
    pub fn get_above(&self, object: &str) -> Result<Value, String> {
        get(&self.above, &self.namespace, object)
    }

    /// kubectl above, in the namespace.
    #[track_caller]
    pub fn run_above(&self, arguments: &[&str]) -> String {
        self.above.run(&[arguments, &["-n", &self.namespace]].concat())
    }

    /// Waits until the object in `namespace` below is as `condition` wants it.
    #[track_caller]
    pub fn until_below(
        &self,
        namespace: &str,
        object: &str,
        what: &str,
        condition: impl Fn(&Value) -> bool,
    ) -> Value {
        let wait = format!("below, {object}: {what}");
        until(&wait, seconds(90), || self.judged(get(&self.below, namespace, object), &condition)).0
    }

    #[track_caller]
    pub fn until_above(&self, object: &str, what: &str, condition: impl Fn(&Value) -> bool) -> Value {
        let wait = format!("above, {object}: {what}");
        until(&wait, seconds(90), || self.judged(self.get_above(object), &condition)).0
    }

    fn judged(
        &self,
        found: Result<Value, String>,
        condition: impl Fn(&Value) -> bool,
    ) -> Result<Value, String> {
        match found {
            Ok(found) if condition(&found) => Ok(found),
            found => Err(format!("{found:?}\n{}", tail(&self.syncer.log()))),
        }
    }

    #[track_caller]
    pub fn until_gone(&self, kubectl: &Kubectl, namespace: &str, object: &str) {
        until(&format!("{object} is gone in {namespace}"), seconds(90), || {
            let found = kubectl.try_run(&["get", object, "-n", namespace, "--ignore-not-found", "-oyaml"])?;
            if found.is_empty() { Ok(()) } else { Err(format!("{found}\n{}", tail(&self.syncer.log()))) }
        });
    }
}

fn placed(object: &Value, namespace: &str) -> Value {
    let mut object = object.clone();
    object["metadata"]["namespace"] = json!(namespace);
    object
}

pub fn get(kubectl: &Kubectl, namespace: &str, object: &str) -> Result<Value, String> {
    let found = kubectl.try_run(&["get", object, "-n", namespace, "-ojson", "--show-managed-fields"])?;
    serde_json::from_str(&found).map_err(|error| error.to_string())
}

fn tail(log: &str) -> String {
    let lines: Vec<_> = log.lines().rev().take(10).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

/// A ConfigMap with one value.
pub fn config_map(name: &str, value: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"key": value}})
}
