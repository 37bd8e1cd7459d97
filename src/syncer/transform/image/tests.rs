//! Images part by part.

use super::*;

fn parts(registry: &str, repository: &str, tag: &str) -> ImageOverride {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    ImageOverride { registry: given(registry), repository: given(repository), tag: given(tag) }
}

#[test]
fn parts_that_are_not_given_stay() {
    for (image, parts, expected) in [
        ("nginx", parts("r.io", "", ""), "r.io/nginx"),
        ("nginx:1", parts("r.io:5000", "", ""), "r.io:5000/nginx:1"),
        ("a/b:1", parts("r.io", "", ""), "r.io/a/b:1"),
        ("old.io/a/b:1", parts("r.io", "", ""), "r.io/a/b:1"),
        ("localhost/a:1", parts("r.io", "", ""), "r.io/a:1"),
        ("localhost:5000/a", parts("", "", "2"), "localhost:5000/a:2"),
        ("r.io/a@sha256:ab", parts("m.io", "", ""), "m.io/a@sha256:ab"),
        ("r.io/a:1@sha256:ab", parts("", "", "2"), "r.io/a:2"),
        ("r.io/a:1", parts("", "c/d", ""), "r.io/c/d:1"),
        ("a", parts("r.io", "b", "c"), "r.io/b:c"),
        ("", parts("", "", "1"), ":1"),
    ] {
        assert_eq!(changed(image, &parts), expected, "{image}");
    }
}

#[test]
fn parts_that_are_none_are_refused() {
    for (given, problem) in [
        (parts("", "", ""), "none of"),
        (parts("https://r.io", "", ""), "no host"),
        (parts("r.io/a", "", ""), "no host"),
        (parts("", "/a", ""), "no path"),
        (parts("", "a b", ""), "no path"),
        (parts("", "", ":1"), "is none"),
        (parts("", "", ".1"), "is none"),
        (parts("", "", &"a".repeat(200)), "is none"),
    ] {
        let error = check(&given).unwrap_err();
        assert!(error.contains(problem), "{given:?}: {error}");
    }
    assert_eq!(check(&parts("r.io:5000", "a/b_c", "v1.0-x")), Ok(()));
    assert!(check(&ImageOverride { registry: Some(String::new()), ..parts("", "", "") }).is_err());
}
