//! Denials, hints that are missing, and an API that does not say, each against an API in this process.

use http::Method;

use super::*;
use crate::registration::fake::FakeApi;

async fn checked(authorities_given: bool, prepare: impl FnOnce(&FakeApi)) -> Result<(), String> {
    let api = FakeApi::start().await;
    prepare(&api);
    check(&api.upstream, "tmc-system", true, authorities_given).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn all_granted_is_asked_once() {
    let start = Instant::now();
    checked(false, |_| {}).await.unwrap();
    assert!(start.elapsed() < LASTS);
}

#[tokio::test]
async fn what_is_missing_is_named_with_its_role() {
    let said = checked(false, |api| {
        api.state.lock().not_allowed = vec!["watch synctargets", "create tokenreviews", "list clusterroles"];
    });
    assert_eq!(
        said.await.unwrap_err(),
        "this server may not watch synctargets.workload.kcp.io (granted by ClusterRole \
         tmc-server); create tokenreviews.authentication.k8s.io (granted by ClusterRole system:auth-delegator): \
         run `tmc register`, or kubectl apply -f apiservice/"
    );
}

#[tokio::test]
async fn what_only_helps_may_be_missing() {
    let missing = vec!["list clusterroles", "watch clusterrolebindings", "get secrets", "patch apiservices"];
    checked(false, |api| api.state.lock().not_allowed = missing).await.unwrap();
}

#[tokio::test]
async fn the_clusters_authorities_are_not_needed_beside_given_ones() {
    checked(true, |api| api.state.lock().not_allowed = vec!["get configmaps"]).await.unwrap();
}

#[tokio::test]
async fn an_api_that_will_not_say_denies_nothing() {
    let reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    checked(false, |api| api.state.lock().denied = vec![(Method::POST, reviews)]).await.unwrap();
}

/// The grant comes while the server starts, as when both are applied at once.
#[tokio::test]
async fn a_grant_that_comes_a_moment_later_counts() {
    let api = FakeApi::start().await;
    api.state.lock().not_allowed = vec!["list leases"];
    let asked = check(&api.upstream, "tmc-system", true, false);
    let granted = async {
        sleep(AGAIN).await;
        api.state.lock().not_allowed.clear();
    };
    let (outcome, ()) = tokio::join!(asked, granted);
    outcome.unwrap();
}
