//! The parts of a Deployment's spec that its controller goes by.

use std::time::Duration;

use serde_json::Value;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spec {
    pub(super) replicas: usize,
    pub(super) paused: bool,
    pub(super) min_ready: Duration,
    /// How long a rollout may go without progress.
    pub(super) deadline: Option<Duration>,
    /// `maxSurge` and `maxUnavailable`; `None` for Recreate.
    pub(super) rolling: Option<[usize; 2]>,
}

impl Spec {
    pub(super) fn read(deployment: &Value) -> Self {
        let spec = &deployment["spec"];
        let replicas = spec["replicas"].as_u64().unwrap_or(1) as usize;
        let deadline = spec["progressDeadlineSeconds"].as_u64().unwrap_or(600);
        let strategy = &spec["strategy"];
        let rolling = (strategy["type"] != "Recreate").then(|| {
            let bounds = &strategy["rollingUpdate"];
            let surge = scaled(&bounds["maxSurge"], replicas, true);
            let unavailable = scaled(&bounds["maxUnavailable"], replicas, false);
            // Rounded to nothing both, one has to give way.
            if surge == 0 && unavailable == 0 { [0, 1] } else { [surge, unavailable] }
        });
        Self {
            replicas,
            paused: spec["paused"] == true,
            min_ready: Duration::from_secs(spec["minReadySeconds"].as_u64().unwrap_or_default()),
            // The largest number stands for none.
            deadline: (deadline < i32::MAX as u64).then(|| Duration::from_secs(deadline)),
            rolling,
        }
    }

    pub(super) fn surge(&self) -> usize {
        self.rolling.map_or(0, |[surge, _]| surge)
    }

    pub(super) fn unavailable(&self) -> usize {
        self.rolling.map_or(self.replicas, |[_, unavailable]| unavailable)
    }

    /// As the Available condition counts it.
    pub(super) fn max_unavailable(&self) -> usize {
        self.rolling.map_or(0, |[_, unavailable]| unavailable.min(self.replicas))
    }
}

/// A number, or a percentage of `all`. Absent, it is the API's default.
fn scaled(value: &Value, all: usize, up: bool) -> usize {
    if let Some(number) = value.as_u64() {
        return number as usize;
    }
    let percent = value.as_str().unwrap_or("25%").trim_end_matches('%').parse().unwrap_or(0_usize);
    if up { (all * percent).div_ceil(100) } else { all * percent / 100 }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bounds_are_rounded_as_kubernetes_does() {
        for (replicas, surge, unavailable, bounds) in [
            (4, json!("25%"), json!("25%"), [1, 1]),
            (10, json!("25%"), json!("25%"), [3, 2]),
            (1, json!("25%"), json!("25%"), [1, 0]),
            (3, json!(0), json!("10%"), [0, 1]),
            (3, json!(2), json!(0), [2, 0]),
            (3, json!(null), json!(null), [1, 0]),
        ] {
            let rolling = json!({"maxSurge": surge, "maxUnavailable": unavailable});
            let deployment = json!({"spec": {"replicas": replicas, "strategy": {"rollingUpdate": rolling}}});
            assert_eq!(Spec::read(&deployment).rolling, Some(bounds), "{deployment}");
        }
    }
}
