//! What the status of each built-in kind may hold. Whoever reads a status from below takes these members and no
//! others; a kind that is not here may hold anything within the limits.

/// What one member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A number of objects.
    Count,
    /// A number that Kubernetes lets only grow.
    Rising,
    Generation,
    Time,
    Text,
    OneOf(&'static [&'static str]),
    Ip,
    Host,
    /// Texts by name: quantities.
    Texts,
    Conditions,
    Members(&'static [Member]),
    List(&'static Part),
}

pub type Member = (&'static str, Part);

/// The status of one kind.
#[derive(Debug)]
pub struct Shape {
    pub group: &'static str,
    /// Plural.
    pub resource: &'static str,
    pub members: &'static [Member],
    /// What a condition holds beside type, status, reason, message and lastTransitionTime.
    pub condition: &'static [&'static str],
    /// Pairs of counts of which the first is never more than the second; Kubernetes refuses it.
    pub bounded: &'static [(&'static str, &'static str)],
}

impl Shape {
    pub fn has_conditions(&self) -> bool {
        self.members.iter().any(|(_, part)| *part == Part::Conditions)
    }
}

/// `None` for a kind whose status is not known here.
pub fn shape(group: &str, resource: &str) -> Option<&'static Shape> {
    SHAPES.iter().find(|shape| shape.group == group && shape.resource == resource)
}

use Part::{Conditions, Count, Generation, Host, Ip, List, Members, OneOf, Rising, Text, Texts, Time};

const REPLICAS: &[(&str, &str)] = &[
    ("readyReplicas", "replicas"),
    ("availableReplicas", "readyReplicas"),
    ("updatedReplicas", "replicas"),
    ("currentReplicas", "replicas"),
    ("fullyLabeledReplicas", "replicas"),
];

const PORT: Part = Members(&[("port", Count), ("protocol", OneOf(&["TCP", "UDP", "SCTP"])), ("error", Text)]);
const ADDRESS: Part =
    Members(&[("ip", Ip), ("ipMode", OneOf(&["VIP", "Proxy"])), ("hostname", Host), ("ports", List(&PORT))]);
const INGRESS_ADDRESS: Part = Members(&[("ip", Ip), ("hostname", Host), ("ports", List(&PORT))]);
const REFERENCE: Part = Members(&[("apiVersion", Text), ("kind", Text), ("namespace", Text), ("name", Text)]);

pub const SHAPES: &[Shape] = &[
    Shape {
        group: "apps",
        resource: "deployments",
        members: &[
            ("observedGeneration", Generation),
            ("replicas", Count),
            ("updatedReplicas", Count),
            ("readyReplicas", Count),
            ("availableReplicas", Count),
            ("unavailableReplicas", Count),
            ("terminatingReplicas", Count),
            ("collisionCount", Rising),
            ("conditions", Conditions),
        ],
        condition: &["lastUpdateTime"],
        bounded: REPLICAS,
    },
    Shape {
        group: "apps",
        resource: "replicasets",
        members: &[
            ("observedGeneration", Generation),
            ("replicas", Count),
            ("fullyLabeledReplicas", Count),
            ("readyReplicas", Count),
            ("availableReplicas", Count),
            ("terminatingReplicas", Count),
            ("conditions", Conditions),
        ],
        condition: &[],
        bounded: REPLICAS,
    },
    Shape {
        group: "apps",
        resource: "statefulsets",
        members: &[
            ("observedGeneration", Generation),
            ("replicas", Count),
            ("readyReplicas", Count),
            ("currentReplicas", Count),
            ("updatedReplicas", Count),
            ("availableReplicas", Count),
            ("currentRevision", Text),
            ("updateRevision", Text),
            ("collisionCount", Rising),
            ("conditions", Conditions),
        ],
        condition: &[],
        bounded: REPLICAS,
    },
    Shape {
        group: "apps",
        resource: "daemonsets",
        members: &[
            ("observedGeneration", Generation),
            ("currentNumberScheduled", Count),
            ("numberMisscheduled", Count),
            ("desiredNumberScheduled", Count),
            ("numberReady", Count),
            ("updatedNumberScheduled", Count),
            ("numberAvailable", Count),
            ("numberUnavailable", Count),
            ("collisionCount", Rising),
            ("conditions", Conditions),
        ],
        condition: &[],
        bounded: &[],
    },
    Shape {
        group: "batch",
        resource: "jobs",
        // Not uncountedTerminatedPods: these are uids of Pods below.
        members: &[
            ("active", Count),
            ("ready", Count),
            ("terminating", Count),
            ("succeeded", Rising),
            ("failed", Rising),
            ("startTime", Time),
            ("completionTime", Time),
            ("completedIndexes", Text),
            ("failedIndexes", Text),
            ("conditions", Conditions),
        ],
        condition: &["lastProbeTime"],
        bounded: &[("ready", "active")],
    },
    Shape {
        group: "batch",
        resource: "cronjobs",
        members: &[("active", List(&REFERENCE)), ("lastScheduleTime", Time), ("lastSuccessfulTime", Time)],
        condition: &[],
        bounded: &[],
    },
    Shape {
        group: "",
        resource: "services",
        members: &[("loadBalancer", Members(&[("ingress", List(&ADDRESS))])), ("conditions", Conditions)],
        condition: &["observedGeneration"],
        bounded: &[],
    },
    Shape {
        group: "networking.k8s.io",
        resource: "ingresses",
        members: &[("loadBalancer", Members(&[("ingress", List(&INGRESS_ADDRESS))]))],
        condition: &[],
        bounded: &[],
    },
    Shape {
        group: "",
        resource: "persistentvolumeclaims",
        members: &[
            ("phase", OneOf(&["Pending", "Bound", "Lost"])),
            ("accessModes", List(&Text)),
            ("capacity", Texts),
            ("allocatedResources", Texts),
            ("allocatedResourceStatuses", Texts),
            ("currentVolumeAttributesClassName", Text),
            ("modifyVolumeStatus", Members(&[("targetVolumeAttributesClassName", Text), ("status", Text)])),
            ("conditions", Conditions),
        ],
        condition: &["lastProbeTime"],
        bounded: &[],
    },
];
