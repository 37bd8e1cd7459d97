//! Where work is synced, only what bears our stamps counts; what is beside it is present.

use super::*;
use crate::{
    api::workload::NamespaceMapping,
    syncer::{identity::Identity, naming, naming::Locator, ownership},
};

fn identity(uid: &str) -> Identity {
    Identity {
        name: "east".into(),
        uid: uid.into(),
        cluster: "root:prod".into(),
        workspace: "root:prod".into(),
        namespace_mapping: NamespaceMapping::Hashed,
        derived: Default::default(),
    }
}

/// A Deployment that is the target's copy of one of this name in namespace `shop`.
fn stamped(identity: &Identity, name: &str, mut object: Value) -> Value {
    let upstream = json!({"metadata": {"namespace": "shop", "name": name, "uid": format!("uid-{name}")}});
    let owner = ownership::Owner::of(identity, &deployments(), &upstream).unwrap();
    ownership::stamp(&mut object, &owner, identity, None);
    object
}

#[tokio::test(start_paused = true)]
async fn what_bears_our_stamps_is_counted_and_named_as_it_is_upstream() {
    let (ours, theirs) = (identity("u1"), identity("u0"));
    let cluster = Cluster::new(&[deployments()]);
    let place = naming::downstream_namespace(&ours, "shop").unwrap();
    let located =
        json!({"metadata": {"annotations": {naming::LOCATOR: Locator::new(&ours, "shop").to_text()}}});
    cluster.put(&namespaces(), "", &place, located);
    cluster.put(&namespaces(), "", "other", Value::Null);
    cluster.put(&deployments(), &place, "cart", stamped(&ours, "cart", deployment(3)));
    cluster.put(&deployments(), &place, "pay", stamped(&ours, "pay", deployment(1)));
    // Beside ours: of a target that is gone, a copied stamp, somebody's own, and all that elsewhere.
    cluster.put(&deployments(), &place, "old", stamped(&theirs, "old", deployment(0)));
    cluster.put(&deployments(), &place, "copied", stamped(&ours, "cart", deployment(0)));
    cluster.put(&deployments(), &place, "own", deployment(0));
    cluster.put(&deployments(), "other", "own", deployment(0));
    cluster.put(&deployments(), "other", "cart", stamped(&ours, "cart", deployment(0)));
    let times = Times { verify: Duration::from_secs(300), ..Times::default() };
    let setup = Setup { scope: Scope::Owned(ours.clone()), times, ..Setup::new(&cluster) };
    setup
        .run(async |mut counts| {
            let first = until(&mut counts, "complete", |counts| counts.complete).await;
            assert_eq!(row(&first, "deployments"), count(2, Some(1), 5));
            let problem = &first.problems[0];
            assert_eq!((problem.namespace.as_deref(), problem.name.as_str()), (Some("shop"), "pay"));
            assert_eq!(first.problems.len(), 1);
            // Let go, it is somebody's own.
            cluster.put(&deployments(), &place, "pay", deployment(1));
            until(&mut counts, "released", |counts| row(counts, "deployments") == count(1, Some(1), 5)).await;
            cluster.put(&deployments(), &place, "new", stamped(&ours, "new", deployment(3)));
            until(&mut counts, "new", |counts| row(counts, "deployments") == count(2, Some(2), 6)).await;
            sleep(Duration::from_secs(1200)).await;
            assert!(counts.borrow().unverified.is_empty());
            // A stamp that went unseen is found all the same.
            let cart = stamped(&ours, "late", deployment(3));
            cluster.lose(cluster.put(&deployments(), &place, "late", cart));
            until(&mut counts, "found", |counts| !counts.unverified.is_empty()).await;
            until(&mut counts, "late", |counts| row(counts, "deployments") == count(3, Some(3), 7)).await;
        })
        .await;
}
