//! Takes an installation out of a cluster: the APIService first, so that nothing waits for a server that is
//! gone. What registration did not make stays.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{ApplyError, failed, find, leads_to, ours, shown};
use crate::{
    registration::{
        installation::{Installation, ServiceReference, ServingCa},
        kinds::{self, Kind, address},
        manifests,
    },
    security::rules,
    upstream::Upstream,
};

#[cfg(test)]
mod tests;

/// What to take out beside the registration itself.
pub struct Removal {
    pub service: ServiceReference,
    /// With these go all their objects.
    pub crds: Vec<Value>,
    pub namespace: bool,
}

/// The Service that the registered APIService leads to.
pub async fn installed_service(upstream: &Upstream) -> Result<Option<ServiceReference>, ApplyError> {
    let api_service = find(upstream, kinds::API_SERVICE, "", rules::API_SERVICE).await?;
    let Some(api_service) = api_service else { return Ok(None) };
    let port = api_service["spec"]["service"]["port"].as_u64().and_then(|port| u16::try_from(port).ok());
    Ok(leads_to(&api_service).map(|(namespace, name)| ServiceReference {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        port: port.unwrap_or(crate::registration::installation::DEFAULT_PORT),
    }))
}

pub async fn remove(
    upstream: &Upstream,
    removal: &Removal,
    say: &mut (dyn FnMut(&str) + Send),
) -> Result<(), ApplyError> {
    delete_all(upstream, &removed_objects(removal), say).await
}

/// What an earlier registration with other flags left: the door role after `--no-door`, another kind of CA.
pub async fn remove_obsolete(
    upstream: &Upstream,
    installation: &Installation,
    say: &mut (dyn FnMut(&str) + Send),
) -> Result<(), ApplyError> {
    let kept = manifests::objects(installation);
    let removal = Removal { service: installation.service.clone(), crds: Vec::new(), namespace: false };
    let mut obsolete = removed_objects(&removal);
    obsolete.retain(|object| !kept.iter().any(|kept| same(kept, object)));
    delete_all(upstream, &obsolete, say).await
}

async fn delete_all(
    upstream: &Upstream,
    objects: &[Value],
    say: &mut (dyn FnMut(&str) + Send),
) -> Result<(), ApplyError> {
    for object in objects {
        let kind = Kind::of(object).expect("the manifests hold kinds of the table only");
        let (namespace, name) = address(object);
        let Some(found) = find(upstream, kind, namespace, name).await? else { continue };
        let resource = kind.resource();
        let shown = shown(namespace, name);
        // CRDs are asked for by a flag of their own and carry no label when kubectl applied them.
        if !ours(&found) && kind != kinds::CUSTOM_RESOURCE_DEFINITION {
            say(&format!("kept {resource} {shown}: not made by `tmc register`"));
            continue;
        }
        delete(upstream, kind, &found).await?;
        say(&format!("deleted {resource} {shown}"));
    }
    Ok(())
}

fn same(one: &Value, other: &Value) -> bool {
    Kind::of(one) == Kind::of(other) && address(one) == address(other)
}

/// Every object of every way to install, in the reverse order of applying.
fn removed_objects(removal: &Removal) -> Vec<Value> {
    let mut objects: Vec<Value> = Vec::new();
    for serving_ca in [ServingCa::Secret, ServingCa::CertManager] {
        let service = removal.service.clone();
        let installation = Installation { service, serving_ca, ..Installation::default() };
        for object in manifests::objects(&installation).into_iter().rev() {
            if !objects.iter().any(|other| same(other, &object)) {
                objects.push(object);
            }
        }
    }
    let (namespaces, mut rest): (Vec<_>, Vec<_>) =
        objects.into_iter().partition(|object| Kind::of(object) == Some(kinds::NAMESPACE));
    rest.extend(removal.crds.iter().cloned());
    if removal.namespace {
        rest.extend(namespaces);
    }
    rest
}

/// Deletes the very object that was looked at.
async fn delete(upstream: &Upstream, kind: Kind, found: &Value) -> Result<(), ApplyError> {
    let (namespace, name) = address(found);
    let options = json!({
        "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background",
        "preconditions": {"uid": found["metadata"]["uid"]},
    });
    let body = options.to_string().into_bytes();
    let path = kind.path(namespace, name);
    match upstream.json::<Value>(Method::DELETE, &path, Some("application/json"), body).await {
        Err(error) if error.code() == Some(StatusCode::NOT_FOUND) => Ok(()),
        Err(source) => Err(failed("delete", kind, namespace, name, source)),
        Ok(_) => Ok(()),
    }
}
