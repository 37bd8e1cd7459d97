//! Which scope leads to which logical cluster.

use super::{ROOT, Workspace, Workspaces};
use crate::apiserver::scope::{Scope, Unresolved, Workspaces as _};

#[test]
fn paths_and_ids_lead_to_the_same_logical_cluster() {
    let workspaces = Workspaces::new();
    workspaces.add(Workspace { id: "abc".into(), path: "root:a".into() });
    workspaces.add(Workspace { id: "def".into(), path: "root:a:b".into() });
    let id = |id: &str| Ok(Scope::Id(id.into()));
    for (scope, expected) in [
        (Scope::None, id(ROOT)),
        (Scope::Id("root".into()), id("root")),
        (Scope::Id("abc".into()), id("abc")),
        (Scope::Path("root:a".into()), id("abc")),
        (Scope::Path("root:a:b".into()), id("def")),
        (Scope::Path("abc:b".into()), id("def")),
        (Scope::Path("root:b".into()), Err(Unresolved::Unknown)),
        (Scope::Id("a".into()), Err(Unresolved::Unknown)),
        (Scope::Wildcard, Ok(Scope::Wildcard)),
    ] {
        assert_eq!(workspaces.resolve(&scope), expected, "{scope:?}");
    }
    workspaces.remove("abc");
    assert_eq!(workspaces.resolve(&Scope::Path("root:a".into())), Err(Unresolved::Unknown));
    assert_eq!(workspaces.all().len(), 2);
}
