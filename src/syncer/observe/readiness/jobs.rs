//! Jobs: ready while they do what they are asked to, or did.

use super::{
    super::trouble::Trouble,
    Spec, Standing,
    status::{Status, percent},
};

pub(super) fn job(spec: &Spec, status: &Status<'_>) -> Standing {
    let failed = ["Failed", "FailureTarget"].iter().find_map(|kind| status.condition_is(kind, "True"));
    if let Some(said) = failed {
        return Standing::Troubled(said.trouble(0));
    }
    let done =
        ["Complete", "SuccessCriteriaMet"].iter().any(|kind| status.condition_is(kind, "True").is_some());
    if done || spec.suspend == true {
        return Standing::Ready;
    }
    let (active, failures) = (status.count("active"), status.count("failed"));
    // Older clusters do not tell which pods are ready.
    let ready = status.known("ready").unwrap_or(active);
    match active {
        0 if !status.has("startTime") => Standing::Troubled(Trouble::new(
            0,
            "NotStarted",
            "no controller of the cluster has started it",
            None,
        )),
        0 if failures > 0 => {
            let message = format!("{failures} pods failed and none runs");
            Standing::Troubled(Trouble::new(0, "PodsFailed", &message, None))
        }
        // Between two pods.
        0 => Standing::Waiting,
        _ if ready >= active => Standing::Ready,
        _ => {
            let message = format!("{ready} of {active} pods are ready");
            Standing::Troubled(Trouble::new(percent(ready, active), "PodsNotReady", &message, None))
        }
    }
}
