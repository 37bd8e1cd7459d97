//! IP families of a Service. The control plane has IPv4 only, as a cluster with one service range.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::{is_headless, values};
use crate::apiserver::field::FieldError;

const POLICIES: [&str; 3] = ["PreferDualStack", "RequireDualStack", "SingleStack"];

/// Headless and without a selector: whoever makes its endpoints chooses the families.
fn is_free(spec: &Value) -> bool {
    spec["clusterIP"] == "None" && values::members(spec, "/selector").next().is_none()
}

/// Fills policy and families.
pub fn fill(spec: &mut Value, old: Option<&Value>) {
    if spec["type"] == "ExternalName" {
        return;
    }
    if spec["ipFamilyPolicy"].is_null() {
        let before = old.map_or(Value::Null, |old| old["ipFamilyPolicy"].clone());
        spec["ipFamilyPolicy"] = match before {
            Value::Null if is_free(spec) => "RequireDualStack".into(),
            Value::Null => "SingleStack".into(),
            before => before,
        };
    }
    let mut families = values::texts(spec, "/ipFamilies");
    for address in values::texts(spec, "/clusterIPs").iter().skip(families.len()) {
        let family = match address.parse() {
            Ok(IpAddr::V4(_)) => "IPv4",
            Ok(IpAddr::V6(_)) => "IPv6",
            Err(_) => break,
        };
        // Two addresses of one family are refused as such.
        if !families.iter().any(|known| known == family) {
            families.push(family.to_owned());
        }
    }
    if families.is_empty() {
        families.push("IPv4".to_owned());
    }
    if is_free(spec) && families.len() < 2 && spec["ipFamilyPolicy"] != "SingleStack" {
        families.push(if families[0] == "IPv4" { "IPv6" } else { "IPv4" }.to_owned());
    }
    spec["ipFamilies"] = json!(families);
}

/// What is wrong with addresses, families and policy; what is wrong with one alone hides how they fit together.
pub fn validate(spec: &Value) -> Vec<FieldError> {
    if spec["type"] == "ExternalName" {
        return Vec::new();
    }
    let checks: [fn(&Value) -> Vec<FieldError>; 3] = [alone, single, configured];
    checks.into_iter().map(|check| check(spec)).find(|errors| !errors.is_empty()).unwrap_or_default()
}

/// Each by itself.
fn alone(spec: &Value) -> Vec<FieldError> {
    const FAMILIES: [&str; 2] = ["IPv4", "IPv6"];
    let mut errors = addresses(spec);
    let families = values::texts(spec, "/ipFamilies");
    for (index, family) in families.iter().enumerate() {
        let path = format!("spec.ipFamilies[{index}]");
        if !FAMILIES.contains(&&**family) {
            errors.push(FieldError::not_supported(&path, family.as_str(), &FAMILIES));
        }
        if families[..index].contains(family) {
            errors.push(FieldError::duplicate(path, family.as_str()));
        }
    }
    if let Some(policy) = spec["ipFamilyPolicy"].as_str().filter(|policy| !POLICIES.contains(policy)) {
        errors.push(FieldError::not_supported("spec.ipFamilyPolicy", policy, &POLICIES));
    }
    errors
}

/// One family is not two.
fn single(spec: &Value) -> Vec<FieldError> {
    if spec["ipFamilyPolicy"] != "SingleStack" {
        return Vec::new();
    }
    let two = |list, what: &str| {
        let detail =
            format!("must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified");
        let both = values::items(spec, list).len() == 2;
        both.then(|| FieldError::invalid("spec.ipFamilyPolicy", "SingleStack", detail))
    };
    let found = [two("/clusterIPs", "cluster IPs"), two("/ipFamilies", "IP families")];
    found.into_iter().flatten().collect()
}

/// There is IPv4 alone.
fn configured(spec: &Value) -> Vec<FieldError> {
    if is_free(spec) {
        return Vec::new();
    }
    let mut errors = Vec::new();
    if spec["ipFamilyPolicy"] == "RequireDualStack" {
        let detail = "this cluster is not configured for dual-stack services";
        errors.push(FieldError::invalid("spec.ipFamilyPolicy", "RequireDualStack", detail));
    }
    for (index, family) in
        values::texts(spec, "/ipFamilies").iter().enumerate().filter(|(_, of)| *of == "IPv6")
    {
        let path = format!("spec.ipFamilies[{index}]");
        errors.push(FieldError::invalid(path, family.as_str(), "not configured on this cluster"));
    }
    errors
}

fn addresses(spec: &Value) -> Vec<FieldError> {
    const PATH: &str = "spec.clusterIPs";
    let address = values::text(spec, "/clusterIP");
    let addresses = values::texts(spec, "/clusterIPs");
    let wrong = |detail: &str| FieldError::invalid(PATH, json!(addresses), detail);
    let mut errors = Vec::new();
    match (address, addresses.first()) {
        ("", Some(_)) => errors.push(wrong("must be empty when `clusterIP` is not specified")),
        ("", None) => {}
        (_, None) => errors.push(FieldError::required(PATH, "")),
        (address, Some(first)) if address != first => {
            errors.push(wrong("first value must match `clusterIP`"));
        }
        _ => {}
    }
    let headless = addresses.first().is_some_and(|first| first == "None");
    if headless && addresses.len() > 1 {
        errors.push(wrong("'None' must be the first and only value"));
    }
    let mut legal = true;
    for (index, address) in addresses.iter().enumerate().skip(usize::from(headless)) {
        let found = invalid_address(address, &format!("{PATH}[{index}]"));
        legal &= found.is_none();
        errors.extend(found);
    }
    if addresses.len() > 2 {
        errors.push(wrong("may only hold up to 2 values"));
    }
    let one_family = addresses.iter().all(|address| is_v6(address) == is_v6(&addresses[0]));
    if legal && !is_headless(spec) && addresses.len() > 1 && one_family {
        errors.push(wrong("may specify no more than one IP for each IP family"));
    }
    errors
}

fn is_v6(address: &str) -> bool {
    matches!(address.parse(), Ok(IpAddr::V6(_)))
}

pub fn invalid_address(address: &str, path: &str) -> Option<FieldError> {
    const DETAIL: &str = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
    address.parse::<IpAddr>().is_err().then(|| FieldError::invalid(path, address, DETAIL))
}

pub fn invalid_range(range: &str, path: &str) -> Option<FieldError> {
    const DETAIL: &str = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
    let (address, bits) = range.trim().split_once('/').unwrap_or((range, ""));
    let most = if is_v6(address) { 128 } else { 32 };
    let legal = address.parse::<IpAddr>().is_ok() && bits.parse::<u8>().is_ok_and(|bits| bits <= most);
    (!legal).then(|| FieldError::invalid(path, range.trim(), DETAIL))
}
