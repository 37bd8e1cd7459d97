//! CronJobs, Services, Ingresses and PersistentVolumeClaims: what all have, or what any has.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{Shares, Told, conditions};

/// Elements of a union.
const ELEMENTS: usize = 256;

/// Those active anywhere; the latest times.
pub(super) fn cron_job(shares: &Shares<'_>) -> Map<String, Value> {
    let mut wanted = Map::from_iter([("active".to_owned(), union(shares, |status| status.get("active")))]);
    for name in ["lastScheduleTime", "lastSuccessfulTime"] {
        let latest = shares.told.iter().filter_map(|share| share.status.get(name)?.as_str()).max();
        wanted.extend(latest.map(|latest| (name.to_owned(), latest.into())));
    }
    wanted
}

pub(super) fn network_or_claim(shares: &Shares<'_>) -> Map<String, Value> {
    match shares.shape.resource {
        "persistentvolumeclaims" => claim(shares),
        resource => {
            // Kubernetes takes addresses of Services of type LoadBalancer only.
            let takes = resource != "services" || shares.object["spec"]["type"] == "LoadBalancer";
            let addresses = union(shares, |status| status.get("loadBalancer")?.get("ingress"));
            let balancer = if takes { json!({"ingress": addresses}) } else { json!({}) };
            let mut wanted = Map::from_iter([("loadBalancer".to_owned(), balancer)]);
            if shares.shape.has_conditions() {
                wanted.insert("conditions".to_owned(), conditions::merge(shares, |_| false).into());
            }
            wanted
        }
    }
}

/// Each element once, in the order of their texts.
fn union(shares: &Shares<'_>, list: impl Fn(&Map<String, Value>) -> Option<&Value>) -> Value {
    let lists = shares.told.iter().filter_map(|share| list(&share.status)?.as_array());
    let elements: BTreeMap<String, &Value> =
        lists.flatten().map(|element| (element.to_string(), element)).collect();
    elements.into_values().take(ELEMENTS).cloned().collect()
}

/// Bound once all are, lost if one is; as large as the smallest.
fn claim(shares: &Shares<'_>) -> Map<String, Value> {
    let is = |phase: &'static str| {
        move |share: &Told<'_>| share.status.get("phase").is_some_and(|told| told == phase)
    };
    let phase = if shares.told.iter().any(is("Lost")) {
        "Lost"
    } else if shares.is_complete() && shares.told.iter().all(is("Bound")) {
        "Bound"
    } else {
        "Pending"
    };
    let mut wanted = Map::from_iter([("phase".to_owned(), Value::from(phase))]);
    wanted.insert("accessModes".to_owned(), common(shares));
    wanted.insert("capacity".to_owned(), smallest(shares));
    // What is told of a claim is what happens to it just now.
    wanted.insert("conditions".to_owned(), conditions::merge(shares, |_| true).into());
    wanted
}

/// The modes that every target has.
fn common(shares: &Shares<'_>) -> Value {
    let modes = |share: &Told<'_>| -> BTreeSet<String> {
        let modes = share.status.get("accessModes").and_then(Value::as_array).into_iter().flatten();
        modes.filter_map(|mode| mode.as_str().map(str::to_owned)).collect()
    };
    let all = shares.told.iter().map(modes).reduce(|all, modes| &all & &modes);
    all.unwrap_or_default().into_iter().collect()
}

/// Of every resource that all targets have.
fn smallest(shares: &Shares<'_>) -> Value {
    let quantities = |share: &Told<'_>| -> BTreeMap<String, (f64, String)> {
        let told = share.status.get("capacity").and_then(Value::as_object).into_iter().flatten();
        told.filter_map(|(name, text)| {
            let text = text.as_str()?;
            Some((name.clone(), (quantity(text)?, text.to_owned())))
        })
        .collect()
    };
    let all = shares.told.iter().map(quantities).reduce(|all, mut other| {
        let both = all.into_iter().filter_map(|(name, one)| {
            let other = other.remove(&name)?;
            let less = one.0.total_cmp(&other.0).then_with(|| one.1.cmp(&other.1)).is_le();
            Some((name, if less { one } else { other }))
        });
        both.collect()
    });
    Value::Object(all.unwrap_or_default().into_iter().map(|(name, (_, text))| (name, text.into())).collect())
}

/// The size of a quantity as Kubernetes writes it, to compare it.
fn quantity(text: &str) -> Option<f64> {
    let end = text.find(|char: char| !(char.is_ascii_digit() || char == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = match unit {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 2_f64.powi(10),
        "Mi" => 2_f64.powi(20),
        "Gi" => 2_f64.powi(30),
        "Ti" => 2_f64.powi(40),
        "Pi" => 2_f64.powi(50),
        "Ei" => 2_f64.powi(60),
        exponent => 10_f64.powi(
            exponent.strip_prefix(['e', 'E'])?.parse().ok().filter(|power| (-18..=18).contains(power))?,
        ),
    };
    Some(number.parse::<f64>().ok()? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_compare_by_size() {
        let sorted = ["0", "500m", "1", "1k", "1Ki", "2e3", "1Gi", "2G", "10Gi", "1Ti", "1E"];
        assert!(sorted.windows(2).all(|pair| quantity(pair[0]).unwrap() < quantity(pair[1]).unwrap()));
        for text in ["", "x", "-1", "1e99", "1Xi", "..", "1 Gi"] {
            assert_eq!(quantity(text), None, "{text}");
        }
    }
}
