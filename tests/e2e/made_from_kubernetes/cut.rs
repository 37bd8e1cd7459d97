//! Documents of kube-apiserver, cut down to some resources.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// Kept, where it is, although no path of ours refers to it: what a watch answers with.
const WATCH_EVENT: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent";

/// The paths of `resources`, and the schemas these reach.
pub fn cut(mut document: Value, path: &str, resources: &[&str]) -> Value {
    let Value::Object(mut paths) = document["paths"].take() else { panic!("{path} has no paths") };
    paths.retain(|found, _| served(found, path).is_some_and(|resource| resources.contains(&&*resource)));
    let served_here: BTreeSet<_> = paths.keys().filter_map(|found| served(found, path)).collect();
    assert_eq!(served_here.len(), resources.len(), "each has a path: {served_here:?}");
    let Value::Object(all) = document["components"]["schemas"].take() else {
        panic!("{path} has no schemas")
    };
    let mut open: BTreeSet<_> = all.keys().filter(|name| *name == WATCH_EVENT).cloned().collect();
    paths.values().for_each(|item| references(item, &mut open));
    let mut kept = Map::new();
    while let Some(name) = open.pop_first() {
        if !kept.contains_key(&name) {
            let schema = all[&name].clone();
            references(&schema, &mut open);
            kept.insert(name, schema);
        }
    }
    document["paths"] = paths.into();
    document["components"]["schemas"] = kept.into();
    document
}

/// `resource` or `resource/subresource` of a path of this group version, without the deprecated watch paths.
fn served(found: &str, path: &str) -> Option<String> {
    let rest = found.strip_prefix(&format!("/{path}/"))?;
    let rest = rest.strip_prefix("namespaces/{namespace}/").unwrap_or(rest);
    let parts: Vec<_> = rest.split('/').filter(|part| *part != "{name}").collect();
    Some(parts.join("/"))
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| match value {
            Value::String(target) if key == "$ref" => {
                found.extend(target.strip_prefix("#/components/schemas/").map(str::to_owned));
            }
            value => references(value, found),
        }),
        _ => {}
    }
}

/// Moves parameters that occur more than once to `components.parameters`.
pub fn parameters_once(mut document: Value) -> Value {
    let mut counts = BTreeMap::new();
    each_parameter(&mut document, |parameter| *counts.entry(parameter.to_string()).or_insert(0) += 1);
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut named = Map::new();
    each_parameter(&mut document, |parameter| {
        let text = parameter.to_string();
        if counts[&text] < 2 {
            return;
        }
        let name = names.entry(text).or_insert_with(|| {
            let name = parameter["name"].as_str().expect("a parameter has a name").to_owned();
            let others = named
                .keys()
                .filter(|key: &&String| key.rsplit_once('-').map_or(key.as_str(), |(base, _)| base) == name)
                .count();
            let name = if others == 0 { name } else { format!("{name}-{}", others + 1) };
            named.insert(name.clone(), parameter.clone());
            name
        });
        *parameter = json!({"$ref": format!("#/components/parameters/{name}")});
    });
    document["components"]["parameters"] = named.into();
    document
}

pub fn each_parameter(document: &mut Value, mut act: impl FnMut(&mut Value)) {
    each_parameters(document, |list| list.iter_mut().for_each(&mut act));
}

/// The parameters of each path and of each operation.
pub fn each_parameters(document: &mut Value, mut act: impl FnMut(&mut Vec<Value>)) {
    for item in document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        for (verb, operation) in item.as_object_mut().into_iter().flatten() {
            let list = if verb == "parameters" { Some(operation) } else { operation.get_mut("parameters") };
            list.and_then(Value::as_array_mut).into_iter().for_each(&mut act);
        }
    }
}
