//! What kube-apiserver 1.36.3 answered to creates and updates of every kind (`tests/recorded.jsonl`, one case a line)
//! is what these strategies answer. `make generate-kubernetes` plays the cases again.

use std::{net::Ipv4Addr, sync::Arc};

use serde_json::{Value, json};

use super::{addresses::Counted, all, shape};
use crate::apiserver::{field::FieldError, object::Cell, object_meta, schema::Schema, strategy::Strategy};

mod properties;

fn strategies() -> Vec<Arc<dyn Strategy>> {
    let addresses: Arc<dyn super::addresses::Addresses> = Arc::new(Counted::default());
    all(&|_, _, _| Arc::new(Schema::default()), &addresses)
}

fn strategy(kind: &str) -> Arc<dyn Strategy> {
    strategies().into_iter().find(|strategy| strategy.info().kind == kind).expect("a served kind")
}

fn cases() -> Vec<Value> {
    include_str!("tests/recorded.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What the write path does before it calls a strategy.
fn received(strategy: &dyn Strategy, body: &Value) -> Result<Value, Value> {
    let info = strategy.info();
    let mut object = body.clone();
    object["apiVersion"] = info.group_version().into();
    object["kind"] = info.kind.to_string().into();
    if info.namespaced {
        object["metadata"]["namespace"] = "t".into();
    }
    if let Some(base) = body["metadata"]["generateName"].as_str() {
        object["metadata"]["name"] = format!("{base}xxxxx").into();
    }
    shape::decode(&info.kind, &mut object).map_err(|error| {
        let kind = &info.kind;
        let message = format!("{kind} in version \"v1\" cannot be handled as a {kind}: {error}");
        json!({"code": 400, "message": message})
    })?;
    strategy.default(&mut object);
    Ok(object)
}

fn refused(errors: &[FieldError]) -> Result<(), Value> {
    let causes = errors
        .iter()
        .map(|error| json!({"field": error.path, "message": error.body(), "reason": error.reason()}))
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(json!({"code": 422, "causes": sorted(causes)})) }
}

/// The order of causes is not part of the contract, nor is one that is said twice. Members of an object within a
/// message stand in the order of Go's structs upstream and are sorted here.
fn sorted(mut causes: Vec<Value>) -> Vec<Value> {
    for cause in &mut causes {
        let message = cause["message"].as_str().unwrap_or_default();
        if let (Some(begin), Some(end)) = (message.find('{'), message.rfind('}')) {
            let mut members: Vec<_> = message[begin..=end].split([',', '{', '}', '[', ']']).collect();
            members.sort_unstable();
            cause["message"] = format!("{}{members:?}{}", &message[..begin], &message[end..]).into();
        }
    }
    causes.sort_by_key(Value::to_string);
    causes.dedup();
    causes
}

fn created(strategy: &dyn Strategy, body: &Value) -> Result<Value, Value> {
    let mut object = received(strategy, body)?;
    strategy.prepare_create(&mut object);
    let mut errors =
        object_meta::validate(&object["metadata"], strategy.info().namespaced, strategy.name_rule());
    errors.extend(strategy.validate(&object));
    refused(&errors)?;
    Ok(object)
}

fn updated(strategy: &dyn Strategy, body: &Value, old: &Value, status: bool) -> Result<Value, Value> {
    let mut new = received(strategy, body)?;
    if status {
        let status = new["status"].take();
        new = old.clone();
        new["status"] = status;
    } else {
        if strategy.has_status() {
            new["status"] = old["status"].clone();
        }
        if strategy.info().resource == "namespaces" {
            new["spec"] = old["spec"].clone();
        }
        strategy.prepare_update(&mut new, old);
    }
    let version = body["metadata"]["resourceVersion"].as_str().unwrap_or_default();
    let mut errors = strategy.validate_change(&new, old);
    if version.is_empty() && !strategy.unconditional_update() {
        errors.push(FieldError::invalid("metadata.resourceVersion", 0, "must be specified for an update"));
    }
    refused(&errors)?;
    Ok(new)
}

/// Without what differs from run to run: generated parts of names, allocated addresses and ports.
fn normal(answer: &Value) -> Value {
    let mut answer = answer.clone();
    if answer["code"].is_number() {
        return match answer["causes"].take() {
            Value::Array(causes) => json!({"code": answer["code"], "causes": sorted(causes)}),
            _ => answer,
        };
    }
    for server in ["generation", "creationTimestamp"] {
        answer["metadata"].as_object_mut().map(|meta| meta.remove(server));
    }
    for pointer in ["/spec/clusterIP", "/spec/clusterIPs/0"] {
        if let Some(address) = answer.pointer_mut(pointer).filter(|address| is_address(address)) {
            *address = "an address".into();
        }
    }
    let ports = answer.pointer_mut("/spec/ports").and_then(Value::as_array_mut).into_iter().flatten();
    for port in ports.filter(|port| port["nodePort"].is_number()) {
        port["nodePort"] = "a port".into();
    }
    if let Some(port) = answer.pointer_mut("/spec/healthCheckNodePort") {
        *port = "a port".into();
    }
    answer
}

fn is_address(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.parse::<Ipv4Addr>().is_ok())
}

#[test]
fn answers_are_those_of_kube_apiserver() {
    let mut wrong = Vec::new();
    for case in cases() {
        let strategy = strategy(case["kind"].as_str().unwrap());
        let create = created(&*strategy, &case["create"]);
        let answer = create.clone().unwrap_or_else(|error| error);
        if normal(&answer) != normal(&case["created"]) {
            wrong.push(format!(
                "create {}\n  is {}\n want {}",
                case["create"],
                normal(&answer),
                normal(&case["created"])
            ));
            continue;
        }
        let (Ok(_), Value::Object(_)) = (create, &case["updated"]) else { continue };
        let old = &case["created"];
        let status = case["subresource"] == "status";
        let update = updated(&*strategy, &case["update"], old, status);
        let answer = update.unwrap_or_else(|error| error);
        if normal(&answer) != normal(&case["updated"]) {
            wrong.push(format!(
                "{} then {}\n  is {}\n want {}",
                case["create"],
                case["update"],
                normal(&answer),
                normal(&case["updated"])
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases().len(), wrong.join("\n"));
}

/// Those of the create.
#[test]
fn warnings_are_those_of_kube_apiserver() {
    for case in cases().iter().filter(|case| case["warnings"].is_array()) {
        let strategy = strategy(case["kind"].as_str().unwrap());
        let warnings = strategy.warnings(&case["created"], None);
        assert_eq!(json!(warnings), case["warnings"], "{}", case["create"]);
    }
}

/// Cells of the object that was answered last.
#[test]
fn cells_are_those_of_kube_apiserver() {
    for case in cases().iter().filter(|case| case["cells"].is_array()) {
        let strategy = strategy(case["kind"].as_str().unwrap());
        let object = Some(&case["updated"]).filter(|answer| answer["metadata"]["name"].is_string());
        let cells = strategy.cells(object.unwrap_or(&case["created"]));
        let columns = &strategy.info().columns;
        assert_eq!(cells.len(), columns.len());
        for ((cell, column), expected) in
            cells.iter().zip(columns.iter()).zip(case["cells"].as_array().unwrap())
        {
            match cell {
                Cell::Age(_) => assert!(expected.is_string(), "{}: {expected}", column.name),
                // The time of creation is not recorded.
                Cell::Json(_) if column.name == "Created At" => {}
                Cell::Json(json) => assert_eq!(**json, expected.to_string(), "{}: {object:?}", column.name),
            }
        }
    }
}

#[test]
fn resources_are_those_of_discovery() {
    let shown: Vec<_> = strategies()
        .iter()
        .map(|strategy| {
            let info = strategy.info();
            let below: Vec<_> = info.subresources.iter().map(|sub| sub.name).collect();
            let short: Vec<_> = info.short_names.iter().map(|name| &**name).collect();
            let scope = if info.namespaced { "namespaced" } else { "cluster" };
            format!(
                "{} {} {short:?} {:?} {below:?} {scope}",
                info.group_version(),
                info.resource,
                info.categories
            )
        })
        .collect();
    let expected = [
        r#"v1 namespaces ["ns"] [] ["finalize", "status"] cluster"#,
        r#"v1 configmaps ["cm"] [] [] namespaced"#,
        r#"v1 secrets [] [] [] namespaced"#,
        r#"v1 services ["svc"] ["all"] ["status"] namespaced"#,
        r#"v1 serviceaccounts ["sa"] [] ["token"] namespaced"#,
        r#"v1 events ["ev"] [] [] namespaced"#,
        r#"coordination.k8s.io/v1 leases [] [] [] namespaced"#,
        r#"apps/v1 deployments ["deploy"] ["all"] ["scale", "status"] namespaced"#,
        r#"apps/v1 statefulsets ["sts"] ["all"] ["scale", "status"] namespaced"#,
        r#"rbac.authorization.k8s.io/v1 roles [] [] [] namespaced"#,
        r#"rbac.authorization.k8s.io/v1 rolebindings [] [] [] namespaced"#,
        r#"rbac.authorization.k8s.io/v1 clusterroles [] [] [] cluster"#,
        r#"rbac.authorization.k8s.io/v1 clusterrolebindings [] [] [] cluster"#,
    ];
    assert_eq!(shown, expected);
}
