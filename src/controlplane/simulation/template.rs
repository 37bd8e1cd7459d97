//! What pods are made from: told apart by a hash, as ReplicaSets and ControllerRevisions are.

use serde_json::Value;

/// Letters that spell no words.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
/// No registry is found under this top-level domain, whatever happens.
const NOWHERE: &str = ".invalid";

/// The suffix of what is made from a template. Equal templates have equal ones.
pub(super) fn hash(template: &Value) -> String {
    // FNV-1a over the JSON, whose members are sorted.
    let text = template.to_string();
    let sum =
        text.bytes().fold(0x811c_9dc5_u32, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    sum.to_string().bytes().map(|digit| char::from(ALPHABET[usize::from(digit) % ALPHABET.len()])).collect()
}

/// Whether all images can be pulled. One of a registry under `.invalid` never can, which is how to make a rollout
/// hang.
pub(super) fn pulls(template: &Value) -> bool {
    let containers = ["initContainers", "containers"];
    let all = containers.iter().flat_map(|kind| template["spec"][*kind].as_array().into_iter().flatten());
    let mut images = all.filter_map(|container| container["image"].as_str());
    !images.any(|image| {
        let registry = image.split_once('/').map_or("", |(registry, _)| registry);
        registry.split(':').next().is_some_and(|host| host.ends_with(NOWHERE))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn templates_are_told_apart() {
        let one = json!({"spec": {"containers": [{"image": "a:1"}]}});
        let other = json!({"spec": {"containers": [{"image": "a:2"}]}});
        assert_eq!(hash(&one), hash(&one.clone()));
        assert_ne!(hash(&one), hash(&other));
        assert!(hash(&one).bytes().all(|letter| ALPHABET.contains(&letter)));
    }

    #[test]
    fn an_image_of_nowhere_is_not_pulled() {
        for (image, pulled) in [
            ("nginx", true),
            ("registry.example/shop/cart:v2", true),
            ("registry.invalid/shop/cart:v2", false),
            ("registry.invalid:5000/cart", false),
            ("x.invalid", true),
        ] {
            let template = json!({"spec": {"containers": [{"image": "a"}, {"image": image}]}});
            assert_eq!(pulls(&template), pulled, "{image}");
        }
    }
}
