//! Parts of container images, changed one by one.

use serde_json::Value;

use crate::{
    api::placement::ImageOverride,
    syncer::{
        kind::Kind,
        pod_template,
        render::{places::each_mut, references::CONTAINERS},
    },
};

/// Checks the parts that are given.
pub(super) fn check(parts: &ImageOverride) -> Result<(), String> {
    let ImageOverride { registry, repository, tag } = parts;
    if registry.is_none() && repository.is_none() && tag.is_none() {
        return Err("none of registry, repository and tag is given".to_owned());
    }
    let is_made_of = |text: &str, more: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.as_bytes().contains(&byte))
    };
    if let Some(registry) = registry.as_deref().filter(|registry| !is_made_of(registry, ".-:[]")) {
        return Err(format!("registry {registry:?} is no host with or without a port"));
    }
    let is_path = |path: &str| path.split('/').all(|part| is_made_of(part, "._-"));
    if let Some(repository) = repository.as_deref().filter(|repository| !is_path(repository)) {
        return Err(format!("repository {repository:?} is no path of an image"));
    }
    match tag
        .as_deref()
        .filter(|tag| !is_made_of(tag, "._-") || tag.len() > 128 || tag.starts_with(['.', '-']))
    {
        Some(tag) => Err(format!("tag {tag:?} is none")),
        None => Ok(()),
    }
}

/// Changes the images of all containers.
pub(super) fn apply(object: &mut Value, kind: &Kind, parts: &ImageOverride) {
    let Some(template) = pod_template::of_mut(object, kind) else { return };
    for containers in CONTAINERS {
        each_mut(template, &["spec", containers, "*", "image"], &mut |image| {
            if let Value::String(image) = image {
                *image = changed(image, parts);
            }
        });
    }
}

/// The image with the given parts. A digest names the very bytes, so it goes where the tag is given.
fn changed(image: &str, parts: &ImageOverride) -> String {
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (image, None),
    };
    let (registry, rest) = match rest.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => (Some(host), rest),
        _ => (None, rest),
    };
    let (repository, tag) = match rest.rsplit_once(':') {
        Some((repository, tag)) => (repository, Some(tag)),
        None => (rest, None),
    };
    let mut text = String::with_capacity(image.len());
    if let Some(registry) = parts.registry.as_deref().or(registry) {
        text.extend([registry, "/"]);
    }
    text.push_str(parts.repository.as_deref().unwrap_or(repository));
    if let Some(tag) = parts.tag.as_deref().or(tag) {
        text.extend([":", tag]);
    }
    if let Some(digest) = digest.filter(|_| parts.tag.is_none()) {
        text.extend(["@", digest]);
    }
    text
}

#[cfg(test)]
mod tests;
