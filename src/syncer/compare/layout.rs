//! What is known of the fields of Kubernetes' own kinds: how their lists are merged, and what their texts mean.
//!
//! The merge keys are those of Kubernetes' OpenAPI documents (`x-kubernetes-list-map-keys`), to which the tests hold
//! them. Of other kinds nothing is known: their lists are compared as a whole and their texts letter by letter.

use serde_json::Value;

use crate::syncer::{kind::Kind, pod_template};

/// How the items of a list belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListKind {
    /// By the values of these fields.
    Map(&'static [&'static str]),
    Set,
    /// The list is one value.
    Atomic,
}

/// What a scalar means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    Quantity,
    IntOrString,
    Base64,
    Duration,
}

/// Of a pod's spec.
const POD_LISTS: [(&str, &[&str]); 9] = [
    ("containers", &["name"]),
    ("ephemeralContainers", &["name"]),
    ("hostAliases", &["ip"]),
    ("imagePullSecrets", &["name"]),
    ("initContainers", &["name"]),
    ("resourceClaims", &["name"]),
    ("schedulingGates", &["name"]),
    ("topologySpreadConstraints", &["topologyKey", "whenUnsatisfiable"]),
    ("volumes", &["name"]),
];

/// Of a container.
const CONTAINER_LISTS: [(&[&str], &[&str]); 5] = [
    (&["env"], &["name"]),
    (&["ports"], &["containerPort", "protocol"]),
    (&["resources", "claims"], &["name"]),
    (&["volumeDevices"], &["devicePath"]),
    (&["volumeMounts"], &["mountPath"]),
];

/// Names of maps from a resource to a quantity, and of single quantities.
const QUANTITIES: [&str; 10] = [
    "capacity",
    "default",
    "defaultRequest",
    "hard",
    "limits",
    "max",
    "maxLimitRequestRatio",
    "min",
    "overhead",
    "requests",
];
const QUANTITY: [&str; 3] = ["averageValue", "divisor", "sizeLimit"];
const INT_OR_STRING: [&str; 5] = ["maxSurge", "maxUnavailable", "minAvailable", "port", "targetPort"];
/// Numbers and flags of which no zero is stored.
const LEFT_OUT: [&str; 21] = [
    "chapAuthDiscovery",
    "chapAuthSession",
    "failureThreshold",
    "healthCheckNodePort",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostPort",
    "initialDelaySeconds",
    "minReadySeconds",
    "nodePort",
    "partition",
    "paused",
    "periodSeconds",
    "publishNotReadyAddresses",
    "readOnly",
    "sslEnabled",
    "stdin",
    "stdinOnce",
    "successThreshold",
    "tty",
];
/// How fields end of which an empty text is stored, because it says something.
const KEPT: [&str; 2] = ["Class", "ClassName"];
const MAPS: [&str; 9] = [
    "annotations",
    "binaryData",
    "data",
    "labels",
    "matchLabels",
    "nodeSelector",
    "options",
    "stringData",
    "volumeAttributes",
];
/// Fields of which an empty map says nothing.
const STRUCTS: [&str; 5] = ["metadata", "resources", "selector", "strategy", "updateStrategy"];
/// How fields of custom kinds end that hold a duration.
const DURATIONS: [&str; 8] = ["after", "before", "delay", "duration", "interval", "period", "timeout", "ttl"];

#[derive(Clone, Copy)]
pub(super) struct Layout<'a> {
    kind: &'a Kind,
    builtin: bool,
    pod: Option<&'static [&'static str]>,
}

impl<'a> Layout<'a> {
    pub(super) fn of(kind: &'a Kind) -> Self {
        Self { kind, builtin: kind.is_builtin(), pod: pod_template::fields(kind) }
    }

    pub(super) fn is_secret(self) -> bool {
        self.is("", "secrets")
    }

    fn is(self, group: &str, resource: &str) -> bool {
        self.kind.group == group && self.kind.resource == resource
    }

    /// The rest of the way if it leads into the spec of a pod.
    fn in_pod<'n>(self, names: &'n [&'n str]) -> Option<&'n [&'n str]> {
        match names.strip_prefix(self.pod?)? {
            ["spec", rest @ ..] => Some(rest),
            _ => None,
        }
    }

    /// The list at the end of these fields.
    pub(super) fn list(self, names: &[&str]) -> ListKind {
        let keys = |keys: Option<&'static [&'static str]>| keys.map_or(ListKind::Atomic, ListKind::Map);
        match (names, self.in_pod(names)) {
            (["metadata", "finalizers"], _) => ListKind::Set,
            (["metadata", "ownerReferences"], _) => ListKind::Map(&["uid"]),
            (_, Some(["resources", "claims"])) => ListKind::Map(&["name"]),
            (_, Some([list])) => keys(find(&POD_LISTS, list)),
            (_, Some(["containers" | "initContainers" | "ephemeralContainers", list @ ..])) => {
                keys(CONTAINER_LISTS.iter().find(|(names, _)| *names == list).map(|(_, keys)| *keys))
            }
            (["spec", "ports"], _) if self.is("", "services") => ListKind::Map(&["port", "protocol"]),
            (["secrets"], _) if self.is("", "serviceaccounts") => ListKind::Map(&["name"]),
            _ => ListKind::Atomic,
        }
    }

    /// Whether a map is one value, so that what others add to it is a change of ours.
    pub(super) fn is_exact(self, names: &[&str]) -> bool {
        let selects = self.is("", "services") || self.is("", "replicationcontrollers");
        self.builtin
            && (names.last() == Some(&"matchLabels")
                || self.in_pod(names) == Some(&["nodeSelector"])
                || (selects && *names == ["spec", "selector"]))
    }

    pub(super) fn form(self, names: &[&str]) -> Form {
        match names {
            ["metadata", ..] => Form::Plain,
            ["data", _] if self.is_secret() => Form::Base64,
            ["binaryData", _] if self.is("", "configmaps") => Form::Base64,
            [.., last] if !self.builtin => {
                let last = last.to_ascii_lowercase();
                if DURATIONS.iter().any(|end| last.ends_with(end)) { Form::Duration } else { Form::Plain }
            }
            ["spec" | "template", .., parent, last] => {
                let is_quantity = QUANTITIES.contains(parent) || QUANTITY.contains(last);
                let is_metric = *last == "value" && self.kind.group == "autoscaling";
                match is_quantity || is_metric {
                    true => Form::Quantity,
                    false if INT_OR_STRING.contains(last) => Form::IntOrString,
                    false => Form::Plain,
                }
            }
            ["spec", last] if INT_OR_STRING.contains(last) => Form::IntOrString,
            _ => Form::Plain,
        }
    }

    /// Whether the server stores no such value at the end of these fields: Go leaves out what is empty, where it
    /// cannot tell it from what is not given.
    pub(super) fn is_left_out(self, names: &[&str], value: &Value) -> bool {
        let [way @ .., name] = names else { return false };
        let is_entry = way.last().is_some_and(|map| is_map(map)) || (way == ["spec", "selector"]);
        match value {
            Value::Null => true,
            _ if !self.builtin || is_entry => false,
            Value::Bool(value) => !value && LEFT_OUT.contains(name),
            Value::Number(number) => number.as_f64() == Some(0.0) && LEFT_OUT.contains(name),
            Value::String(text) => text.is_empty() && !KEPT.iter().any(|end| name.ends_with(end)),
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => {
                let is_left_out = |(field, value): (&String, &Value)| {
                    self.is_left_out(&[names, &[field.as_str()]].concat(), value)
                };
                (is_map(name) || STRUCTS.contains(name)) && fields.iter().all(is_left_out)
            }
        }
    }
}

/// Whether a field of this name has entries, not fields.
fn is_map(name: &str) -> bool {
    MAPS.contains(&name) || QUANTITIES.contains(&name)
}

fn find(lists: &[(&str, &'static [&'static str])], name: &str) -> Option<&'static [&'static str]> {
    lists.iter().find(|(list, _)| *list == name).map(|(_, keys)| *keys)
}

#[cfg(test)]
mod tests;
