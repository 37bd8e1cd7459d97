//! Readers that are slow, or many: their memory is bounded, and the others do not notice.

use std::time::{Duration, Instant};

use futures::future::join_all;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::binaries;
use crate::env::Env;
use crate::fixture::{Report, VIEWS, block_on, object_name, workspace};
use crate::wait::{seconds, until_true};

const WATCHERS: usize = 2_000;
/// What the whole server may hold with all of them connected.
const RESIDENT_MIB: u64 = 256;

type Connection = TlsStream<TcpStream>;

/// Reads until the stream holds `text`, or fails with the last that came.
async fn read_until(stream: &mut Connection, text: &str) -> Result<(), String> {
    let mut tail = Vec::new();
    let mut buffer = vec![0; 16 << 10];
    loop {
        match stream.read(&mut buffer).await {
            Ok(read @ 1..) => tail.extend_from_slice(&buffer[..read]),
            end => return Err(format!("{end:?} after {}", String::from_utf8_lossy(&tail))),
        }
        if tail.windows(text.len()).any(|window| window == text.as_bytes()) {
            return Ok(());
        }
    }
}

#[test]
fn two_thousand_watchers_all_see_a_change() {
    if !binaries::present() {
        return;
    }
    let env = Env::start("watchers");
    let workspace = workspace();
    let target = object_name(&workspace, "a");
    env.targets.healthy(&target, &workspace, 1);
    env.targets.until_deployments(&workspace, 1);
    let before = env.tmc.resident_mib();
    let server = env.wire();
    let path = format!("{VIEWS}?watch=true&resourceVersion=0");
    let mut watchers = Vec::with_capacity(WATCHERS);
    let start = Instant::now();
    block_on(async {
        while watchers.len() < WATCHERS {
            let batch = join_all((0..50).map(|_| server.open(&path, &[]))).await;
            for stream in batch {
                let mut stream = stream.expect("a watch is opened");
                read_until(&mut stream, r#""type":"ADDED""#).await.expect("it starts with what there is");
                watchers.push(stream);
            }
        }
    });
    println!("{WATCHERS} watches: open after {:.2?}", start.elapsed());

    let start = Instant::now();
    env.targets.report(&target, Report::healthy(77));
    let saw = block_on(async {
        let text = r#""deployments":77"#;
        let all = join_all(watchers.iter_mut().map(|stream| read_until(stream, text)));
        tokio::time::timeout(seconds(30), all).await.expect("every watcher sees it in time")
    });
    println!("{WATCHERS} watchers saw a change: after {:.2?}", start.elapsed());
    let missed: Vec<_> = saw.into_iter().filter_map(Result::err).collect();
    assert!(missed.is_empty(), "{} missed it; the first: {}", missed.len(), missed[0]);
    let with_all = env.tmc.resident_mib();
    println!("resident: {before} MiB before, {with_all} MiB with {WATCHERS} watchers");
    assert!(with_all < RESIDENT_MIB, "{with_all} MiB");

    // An ordinary user next to them waits for nothing.
    let start = Instant::now();
    env.targets.view(&workspace).expect("a view");
    println!("a GET beside {WATCHERS} watchers: after {:.2?}", start.elapsed());

    // Gone without a goodbye, they are forgotten.
    drop(watchers);
    let direct = env.direct(&env.admin());
    until_true("the watches are forgotten", seconds(60), || {
        let metrics = direct.run(&["get", "--raw", "/metrics"]);
        let open =
            |line: &&str| line.starts_with("apiserver_longrunning_requests{") && line.contains("WATCH");
        let count = |line: &str| line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok());
        metrics.lines().filter(open).filter_map(count).sum::<f64>() < 100.0
    });
}

#[test]
fn who_does_not_read_costs_the_others_nothing() {
    if !binaries::present() {
        return;
    }
    const DEAF: usize = 50;
    let env = Env::start("deaf-readers");
    // Objects of some size, so that what nobody reads would add up.
    let workspace = workspace();
    let names: Vec<_> = (0..20).map(|index| object_name(&workspace, &index.to_string())).collect();
    for name in &names {
        env.targets.healthy(name, &workspace, 1);
    }
    env.targets.until_deployments(&workspace, 20);
    let server = env.wire();
    let path = format!("{VIEWS}?watch=true&resourceVersion=0");
    let deaf: Vec<_> = block_on(join_all((0..DEAF).map(|_| server.open(&path, &[]))));
    let deaf: Vec<_> = deaf.into_iter().map(|stream| stream.expect("a watch is opened")).collect();
    let mut attentive = env.admin().start("attentive", &["get", "--raw", &path]);
    until_true("a reader that reads sees the view", seconds(20), || attentive.stdout().contains(&workspace));

    let start = Instant::now();
    let mut slowest = Duration::ZERO;
    for round in 0..150_u64 {
        let name = &names[round as usize % names.len()];
        env.targets.report(name, Report::healthy(1000 + round));
        if round % 10 == 0 {
            let asked = Instant::now();
            env.targets.view(&workspace).expect("a view");
            slowest = slowest.max(asked.elapsed());
        }
    }
    println!("150 changes: after {:.2?}; slowest GET meanwhile {slowest:.2?}", start.elapsed());
    let last: u64 = (130..150).map(|round| 1000 + round).sum();
    let text = format!(r#""resourceCount":{{"deployments":{last}"#);
    until_true("the reader that reads saw the last change", seconds(20), || {
        attentive
            .stdout()
            .lines()
            .last()
            .is_some_and(|line| line.contains(&text) || line.contains(&format!(r#""deployments":{last}"#)))
    });
    assert!(attentive.exited().is_none(), "{}", attentive.stderr());
    let resident = env.tmc.resident_mib();
    println!("resident: {resident} MiB with {DEAF} readers that do not read");
    assert!(resident < RESIDENT_MIB, "{resident} MiB");
    drop(deaf);
}
