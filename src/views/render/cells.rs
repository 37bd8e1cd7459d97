//! A view's row, in the order of [`crate::views::resources`]' columns.

use serde::Serialize;

use super::Draft;
use crate::{
    api::views::{DataState, Health, ResourceSum},
    apiserver::object::Cell,
};

pub(super) fn of(draft: &Draft) -> Vec<Cell> {
    let (summary, health) = (&draft.summary, &draft.summary.health_status);
    vec![
        json(&summary.workspace_name),
        json(&summary.target_count),
        json(&health.healthy),
        json(&health.degraded),
        json(&health.unhealthy),
        json(&health.unknown),
        json(&deployments(draft)),
        json(&data(draft)),
        Cell::Age(draft.created),
        json(&summary.resource_count.services),
        json(&summary.resource_count.config_maps),
        json(&summary.resource_count.secrets),
        json(&problem(draft)),
    ]
}

/// `34/36`; the total alone where nobody says how many are ready.
fn deployments(draft: &Draft) -> String {
    let is_deployments = |sum: &&ResourceSum| sum.group == "apps" && sum.resource == "deployments";
    let total = draft.summary.resource_count.deployments;
    match draft.summary.resources.iter().find(is_deployments).and_then(|sum| sum.ready) {
        Some(ready) => format!("{ready}/{total}"),
        None => total.to_string(),
    }
}

fn data(draft: &Draft) -> String {
    match draft.summary.data {
        DataState::Partial => format!("Partial {}/{}", draft.counted, draft.summary.target_count),
        state => state.as_str().to_owned(),
    }
}

/// The worst object; if no target names one, what is wrong with the targets.
fn problem(draft: &Draft) -> Option<String> {
    if let Some(problem) = draft.summary.problems.first() {
        let namespace = problem.namespace.as_ref().map(|name| format!("{name}/")).unwrap_or_default();
        return Some(format!("{} {namespace}{}: {}", problem.kind, problem.name, problem.reason));
    }
    let ready = crate::api::views::condition::READY;
    let condition = draft.summary.conditions.iter().find(|condition| condition.type_ == ready)?;
    (draft.health != Health::Healthy).then(|| condition.message.clone())
}

fn json(value: &impl Serialize) -> Cell {
    Cell::Json(serde_json::to_string(value).expect("strings and numbers always serialize").into())
}
