//! StatefulSets (`pkg/apis/apps`).

use serde_json::{Value, json};

use super::{
    Addresses, Rules, cells, counts, default_absent, default_object, info, pods, ready, scale, selector,
    template_matches, template_policies, template_warnings, values,
};
use crate::apiserver::{
    field::FieldError,
    object::Cell,
    object_meta::{self, names},
    strategy::NameRule,
};

const UPDATES: [&str; 2] = ["RollingUpdate", "OnDelete"];
/// What may change after the StatefulSet was made.
const MUTABLE: [&str; 7] = [
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
];

pub fn rules() -> Rules {
    Rules {
        name_rule: NameRule::Dns1123Label,
        scale: Some(scale()),
        default,
        prepare_create,
        prepare_update: |new, _, addresses| prepare_create(new, addresses),
        validate,
        validate_update,
        warnings,
        ..Rules::new(info("statefulsets", "StatefulSet", "sts"), stateful_set_cells)
    }
}

fn default(object: &mut Value) {
    let spec = &mut object["spec"];
    values::default(spec, "podManagementPolicy", "OrderedReady");
    let strategy = &mut spec["updateStrategy"];
    if values::text(strategy, "/type").is_empty() {
        values::default(strategy, "type", "RollingUpdate");
        default_object(strategy, "rollingUpdate");
    }
    if strategy["type"] == "RollingUpdate" && strategy["rollingUpdate"].is_object() {
        default_absent(&mut strategy["rollingUpdate"], "partition", 0);
    }
    default_object(spec, "persistentVolumeClaimRetentionPolicy");
    values::default(&mut spec["persistentVolumeClaimRetentionPolicy"], "whenDeleted", "Retain");
    values::default(&mut spec["persistentVolumeClaimRetentionPolicy"], "whenScaled", "Retain");
    default_absent(spec, "replicas", 1);
    default_absent(spec, "revisionHistoryLimit", 10);
    pods::default(&mut spec["template"]);
    values::each(spec, "/volumeClaimTemplates", pods::default_claim);
}

fn validate(object: &Value) -> Vec<FieldError> {
    let spec = values::at(object, "/spec");
    let mut errors = policies(spec);
    for member in ["replicas", "minReadySeconds", "ordinals/start"] {
        let path = format!("spec.{}", member.replace('/', "."));
        errors.extend(values::not_negative(spec, &format!("/{member}"), &path));
    }
    let service = values::text(spec, "/serviceName");
    if !service.is_empty() {
        errors.extend(object_meta::invalid("spec.serviceName", service, names::dns1123_label(service)));
    }
    errors.extend(selector(spec, "statefulset"));
    match template_matches(spec) {
        None => errors.push(FieldError::invalid("spec.selector", spec["selector"].clone(), "")),
        Some(wrong) => {
            errors.extend(wrong);
            let claims = values::items(spec, "/volumeClaimTemplates").iter();
            let claims: Vec<_> =
                claims.map(|claim| values::text(claim, "/metadata/name").to_owned()).collect();
            errors.extend(pods::validate(&spec["template"], &claims, "spec.template"));
            for (index, claim) in values::items(spec, "/volumeClaimTemplates").iter().enumerate() {
                let path = format!("spec.volumeClaimTemplates[{index}].spec");
                errors.extend(pods::validate_claim(&claim["spec"], &path));
            }
        }
    }
    errors.extend(template_policies(spec, "StatefulSet"));
    errors
}

fn policies(spec: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let management = values::text(spec, "/podManagementPolicy");
    if !["OrderedReady", "Parallel"].contains(&management) {
        let detail = "must be 'OrderedReady' or 'Parallel'";
        errors.push(FieldError::invalid("spec.podManagementPolicy", management, detail));
    }
    errors.extend(update_strategy(&spec["updateStrategy"]));
    for member in ["whenDeleted", "whenScaled"] {
        let path = format!("spec.persistentVolumeClaimRetentionPolicy.{member}");
        let policy = values::text(spec, &format!("/persistentVolumeClaimRetentionPolicy/{member}"));
        if !["Retain", "Delete"].contains(&policy) {
            errors.push(FieldError::not_supported(path, policy, &["Retain", "Delete"]));
        }
    }
    errors
}

fn update_strategy(strategy: &Value) -> Vec<FieldError> {
    const PATH: &str = "spec.updateStrategy.rollingUpdate";
    let rolling = &strategy["rollingUpdate"];
    match values::text(strategy, "/type") {
        "OnDelete" if rolling.is_object() => {
            let detail = "only allowed for updateStrategy 'RollingUpdate'";
            vec![FieldError::invalid(PATH, shown(rolling), detail)]
        }
        "RollingUpdate" if rolling.is_object() => {
            values::not_negative(rolling, "/partition", &format!("{PATH}.partition")).into_iter().collect()
        }
        kind if UPDATES.contains(&kind) => Vec::new(),
        _ => {
            let detail = "must be 'RollingUpdate' or 'OnDelete'";
            let shown = json!({"RollingUpdate": shown(rolling), "Type": strategy["type"]});
            vec![FieldError::invalid("spec.updateStrategy", shown, detail)]
        }
    }
}

/// As a Go struct without names for JSON.
fn shown(rolling: &Value) -> Value {
    let partition = values::integer(rolling, "/partition");
    if rolling.is_object() { json!({"MaxUnavailable": null, "Partition": partition}) } else { Value::Null }
}

/// More than one pod unavailable is not switched on.
fn prepare_create(object: &mut Value, _: &dyn Addresses) {
    if let Some(rolling) = object.pointer_mut("/spec/updateStrategy/rollingUpdate") {
        values::remove(rolling, "maxUnavailable");
    }
}

fn validate_update(new: &Value, old: &Value) -> Vec<FieldError> {
    const PARTS: [&str; 4] = ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"];
    let fixed = |object: &Value| {
        let mut spec = values::at(object, "/spec").clone();
        MUTABLE.iter().for_each(|member| values::remove(&mut spec, member));
        spec
    };
    let mut errors = Vec::new();
    if fixed(new) != fixed(old) {
        let detail = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
                      'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and \
                      'minReadySeconds' are forbidden";
        errors.push(FieldError::forbidden("spec", detail));
    }
    errors.extend(counts(new, old, &PARTS, "status.readyReplicas"));
    errors
}

fn warnings(new: &Value, old: Option<&Value>) -> Vec<String> {
    let mut found = template_warnings(new, old);
    if values::integer(new, "/spec/revisionHistoryLimit") < 0 {
        let why = "a negative value retains all historical revisions; a value >= 0 is recommended";
        found.push(format!("spec.revisionHistoryLimit: {why}"));
    }
    found
}

fn stateful_set_cells(object: &Value) -> Vec<Cell> {
    let [names, images] = cells::containers(object);
    vec![cells::name(object), ready(object), cells::age(object), names, images]
}
