//! Ten thousand views: lists are whole, pages add up, memory stays bounded while many read them at once and
//! some do not read, and who asks for one view waits for none of that.

use std::time::{Duration, Instant};

use futures::future::join_all;
use futures::{StreamExt, stream};
use serde_json::Value;

use crate::binaries;
use crate::env::Env;
use crate::fixture::{Report, VIEWS, block_on};
use crate::wait::{seconds, until};
use crate::wire::Server;

const TARGETS: usize = 10_000;
/// Of the whole server. The views themselves are about 30 MB of JSON.
const RESIDENT_MIB: u64 = 400;

fn workspace(index: usize) -> String {
    format!("root:large:w{index:05}")
}

fn name(index: usize) -> String {
    format!("large-{index:05}")
}

/// Creates all targets, many at a time.
fn create_all(env: &Env) {
    let start = Instant::now();
    block_on(async {
        let created = stream::iter(0..TARGETS).map(|index| env.targets.put(name(index), workspace(index)));
        let failed = created.buffer_unordered(64).filter_map(async |result| result.err());
        let failed: Vec<_> = failed.collect().await;
        assert!(failed.is_empty(), "{} were not created: {:#}", failed.len(), failed[0]);
    });
    println!("{TARGETS} SyncTargets: created after {:.2?}", start.elapsed());
    until("all views are served", seconds(60), || {
        let page = env.targets.get(&format!("{VIEWS}?limit=1")).map_err(|error| format!("{error:#}"))?;
        let left = page["metadata"]["remainingItemCount"].as_u64();
        if left == Some(TARGETS as u64 - 1) { Ok(()) } else { Err(format!("{left:?} more than one")) }
    });
}

/// Reads many whole lists at once; the slowest GET of one view meanwhile.
fn read_lists(server: &Server) -> Duration {
    const READERS: usize = 16;
    let lists = join_all((0..READERS).map(|_| server.get(VIEWS, &[])));
    let gets = async {
        let mut slowest = Duration::ZERO;
        for index in 0..20 {
            let start = Instant::now();
            let view = server.get(&format!("{VIEWS}/{}", workspace(index)), &[]).await.expect("a view");
            assert_eq!(view.status, 200, "{}", view.body);
            slowest = slowest.max(start.elapsed());
        }
        slowest
    };
    let (lists, slowest) = block_on(async { tokio::join!(lists, gets) });
    for list in lists {
        let list = list.expect("a list");
        assert_eq!(list.status, 200);
        let list: Value = serde_json::from_str(&list.body).expect("a list is JSON");
        assert_eq!(list["items"].as_array().map(Vec::len), Some(TARGETS));
    }
    slowest
}

#[test]
fn ten_thousand_views_are_listed_within_bounds() {
    if !binaries::present() {
        return;
    }
    // What it says of ten thousand heartbeats would change all views all the time.
    let env = Env::start_with("large", &["--heartbeat=false", "--combine-status=false"]);
    create_all(&env);
    let before = env.tmc.resident_mib();
    let server = env.wire();
    // These ask for everything and take nothing of it.
    let deaf = block_on(join_all((0..20).map(|_| server.open(VIEWS, &[]))));
    assert!(deaf.iter().all(Result::is_ok));
    let slowest = read_lists(&server);
    let after = env.tmc.resident_mib();
    println!(
        "resident: {before} MiB before, {after} MiB after the lists; slowest GET meanwhile {slowest:.2?}"
    );
    assert!(after < RESIDENT_MIB, "{after} MiB");

    let names = env.admin().run(&["get", "av", "-oname"]);
    assert_eq!(names.lines().count(), TARGETS, "pages of 500 add up");
    let table = env.admin().run(&["get", "av", "--no-headers", "--chunk-size=0"]);
    assert_eq!(table.lines().count(), TARGETS);

    // A change is one event, however many views there are.
    let watch = env.admin().start("watch", &["get", "av", "--watch-only", "-v=6"]);
    until("the watch is open", seconds(30), || {
        let log = watch.stderr();
        if log.contains("watch=true") { Ok(()) } else { Err(log) }
    });
    env.targets.report(&name(7), Report::healthy(1));
    let (_, took) = until("the change is seen", seconds(20), || {
        let output = watch.stdout();
        if output.contains(&workspace(7)) { Ok(()) } else { Err(output) }
    });
    println!("a change among {TARGETS}: seen after {took:.2?}");
    assert!(!watch.stdout().contains(&workspace(8)), "no other view changed");
    drop(deaf);
}
