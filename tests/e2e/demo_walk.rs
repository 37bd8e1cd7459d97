//! The newcomer's first minutes: every command that `tmc dev` prints, a cluster that breaks, the table without kubectl.

use std::process::Command;
use std::time::Instant;

use rustix::process::Signal;

use crate::binaries;
use crate::demo::{Demo, environment};
use crate::process::{Output, Process, run};
use crate::wait::{seconds, until, until_true};

fn shell(demo: &Demo, script: &str) -> Output {
    run("sh", &script_of(demo, script), seconds(30))
}

fn script_of(demo: &Demo, script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    environment(&mut command, demo.folder.path());
    command
}

/// The cells of a row of `kubectl get aggregatedviews`.
fn row(table: &str, name: &str) -> Vec<String> {
    let rows = table.lines().map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    rows.rev().find(|cells| cells.first().is_some_and(|first| first == name)).unwrap_or_default()
}

#[test]
fn every_command_that_is_printed_works() {
    if !binaries::present() {
        return;
    }
    let mut demo = Demo::start(&[]);
    let said = demo.process.stdout();
    let commands: Vec<_> = said.lines().filter_map(|line| line.split_once("  # ")).collect();
    assert!(commands.len() >= 7, "{said}");
    let (export, rest) = commands.split_first().expect("commands");
    for (command, what) in rest {
        let output = shell(&demo, &format!("{}\n{command}", export.0));
        assert!(output.status.success(), "{command} # {what}: {}{}", output.stdout, output.stderr);
        assert!(!output.stdout.trim().is_empty(), "{command} says something");
    }
    let last = said.lines().last().expect("a last line");
    let watch =
        Process::start("last", &script_of(&demo, last), demo.folder.path()).expect("start the last line");
    until_true("the last line shows the views", seconds(20), || watch.stdout().contains("root:production"));
    demo.process.signal(Signal::INT);
    let status = demo.process.wait(seconds(10));
    assert!(status.success(), "Ctrl-C is a clean end: {}", demo.process.stderr());
}

#[test]
fn the_views_differ_at_once_and_follow_a_cluster_that_breaks() {
    if !binaries::present() {
        return;
    }
    let demo = Demo::start(&[]);
    let kubectl = demo.kubectl();
    let table = kubectl.run(&["get", "aggregatedviews"]);
    // Targets, healthy, degraded, unhealthy, unknown.
    assert_eq!(row(&table, "root:production")[1..6], ["2", "1", "1", "0", "0"], "{table}");
    assert_eq!(row(&table, "root:staging")[1..6], ["2", "1", "0", "0", "1"], "{table}");
    assert!(row(&table, "root").is_empty(), "no target is in the root itself: {table}");

    until("the rollouts are through", seconds(30), || {
        let table = kubectl.run(&["get", "aggregatedviews"]);
        let ready = row(&table, "root:production")[6] == "6/6" && row(&table, "root:staging")[6] == "3/4";
        if ready { Ok(()) } else { Err(table) }
    });
    let same = demo.tmc(&["view", "--kubeconfig", "tmc.kubeconfig"]);
    let ageless = |table: &str| {
        let rows = table.lines().map(|line| line.rsplit_once(' ').map_or(line, |(rest, _)| rest).trim_end());
        rows.map(str::to_owned).collect::<Vec<_>>()
    };
    let table = kubectl.run(&["get", "aggregatedviews"]);
    assert_eq!(ageless(&same.stdout), ageless(&table), "{}", same.stderr);

    let watch = kubectl.start("watch", &["get", "aggregatedviews", "-w"]);
    let view = demo.tmc_start(&["view", "--kubeconfig", "tmc.kubeconfig", "-w"]);
    until_true("the watches have begun", seconds(20), || {
        [&watch, &view].iter().all(|watch| watch.stdout().contains("root:staging"))
    });
    let failed = demo.tmc(&["dev", "fail", "east"]);
    assert!(failed.status.success(), "{}", failed.stderr);
    assert_eq!(failed.stdout, "cluster east is failing\n");
    let started = Instant::now();
    for watch in [&watch, &view] {
        until("the row shows it", seconds(20), || {
            let row = row(&watch.stdout(), "root:production");
            if row[1..6] == ["2", "0", "1", "1", "0"] { Ok(()) } else { Err(row.join(" ")) }
        });
    }
    println!("the row changed after {:.1?}", started.elapsed());
    let restored = demo.tmc(&["dev", "heal", "east"]);
    assert!(restored.status.success(), "{}", restored.stderr);
    until("the row is as before", seconds(30), || {
        let row = row(&watch.stdout(), "root:production");
        if row[1..6] == ["2", "1", "1", "0", "0"] { Ok(()) } else { Err(row.join(" ")) }
    });
}

#[test]
fn the_walk_of_the_readme_works() {
    if !binaries::present() {
        return;
    }
    let demo = Demo::start(&[]);
    let readme = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(readme).expect("there is a README");
    let walk = readme.split_once("## Five minutes").and_then(|(_, rest)| rest.split_once("\n## "));
    let (walk, _) = walk.expect("the README has the walk");
    let blocks = walk.split("```sh\n").skip(1).filter_map(|block| block.split("```").next());
    let commands: Vec<_> = blocks.flat_map(str::lines).filter(|line| !line.starts_with("make")).collect();
    assert!(commands.len() >= 8, "{commands:?}");
    for line in commands {
        let command = line.replace("https://127.0.0.1:6443", &demo.url()).replace("target/debug/tmc", "tmc");
        let output = shell(&demo, &format!("export KUBECONFIG=tmc.kubeconfig\n{command}"));
        assert!(output.status.success(), "{command}: {}{}", output.stdout, output.stderr);
    }
    until("the rollout that hung is through", seconds(30), || {
        let row = row(&demo.kubectl().run(&["get", "aggregatedviews"]), "root:staging");
        if row[6] == "4/4" { Ok(()) } else { Err(row.join(" ")) }
    });
}

#[test]
fn what_a_workspace_holds_runs_on_its_clusters() {
    if !binaries::present() {
        return;
    }
    let demo = Demo::start(&[]);
    until("the sample runs on both clusters", seconds(60), || {
        let row = row(&demo.kubectl().run(&["get", "aggregatedviews"]), "root:production");
        if row[1..7] == ["2", "1", "1", "0", "0", "6/6"] { Ok(()) } else { Err(row.join(" ")) }
    });
    let above = demo.within("root:production").with(&["--namespace=shop"]);
    above.run(&["create", "deployment", "hello", "--image=registry.example/hello:v1"]);
    above.run(&["wait", "--for=condition=Available", "deployment/hello", "--timeout=60s"]);
    until("its status is the sum of two clusters", seconds(60), || {
        match above.run(&["get", "deployment", "hello", "-ojsonpath={.status.readyReplicas}"]).as_str() {
            "2" => Ok(()),
            other => Err(other.to_owned()),
        }
    });
    let below = ["east", "west"].map(|cluster| demo.physical(cluster));
    let copies = |kubectl: &crate::kubectl::Kubectl| {
        let all = kubectl.run(&["get", "deployments", "-A", "-ojsonpath={.items[*].metadata.name}"]);
        all.split(' ').filter(|name| *name == "hello").count()
    };
    assert_eq!(below.each_ref().map(copies), [1, 1]);
    above.run(&["delete", "deployment", "hello", "--timeout=60s"]);
    assert_eq!(below.each_ref().map(copies), [0, 0], "gone above, it was gone below");
    // West's syncer may not read Secrets: that kind stands still, and no other.
    let target =
        ["get", "synctarget", "west", "-ojsonpath={.status.conditions[?(@.type=='ResourcesSynced')]}"];
    let said = demo.within("root:production").run(&target);
    assert!(said.contains("these kinds are not synced: secrets: the syncer may not list"), "{said}");
}

#[test]
fn what_runs_on_a_cluster_already_is_reported_and_left_alone() {
    if !binaries::present() {
        return;
    }
    let demo = Demo::start(&["--syncer-mode=observe"]);
    until("the rollouts are through", seconds(30), || {
        let table = demo.kubectl().run(&["get", "aggregatedviews"]);
        let ready = row(&table, "root:production")[6] == "5/5" && row(&table, "root:staging")[6] == "3/4";
        if ready { Ok(()) } else { Err(table) }
    });
    let above = demo.within("root:production").run(&["get", "deployments", "-A"]);
    assert_eq!(above, "", "the workspace itself holds nothing");
    let north = demo.physical("north").with(&["--namespace=shop"]);
    north.run(&["set", "image", "deployment/search", "search=registry.example/shop/search:v3"]);
    until("the rollout that hung is through", seconds(30), || {
        let row = row(&demo.kubectl().run(&["get", "aggregatedviews"]), "root:staging");
        if row[6] == "4/4" { Ok(()) } else { Err(row.join(" ")) }
    });
}

#[test]
fn workspaces_and_physical_clusters_are_what_they_say() {
    if !binaries::present() {
        return;
    }
    let demo = Demo::start(&["--clusters=2", "--workspaces=root:a:b,root:c"]);
    let kubectl = demo.kubectl();
    let names = |output: String| output.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(names(kubectl.run(&["get", "av", "-oname"])).len(), 2);
    let own = |workspace: &str| {
        names(demo.within(workspace).run(&["get", "synctargets", "-ojsonpath={.items[*].metadata.name}"]))
    };
    assert_eq!(
        (own("root:a:b"), own("root:c")),
        (vec!["east".into()], vec!["not-joined".into(), "west".into()])
    );
    let tree = demo.within("root:a").run(&["get", "aggregatedtrees", "-ojsonpath={.items[*].metadata.name}"]);
    assert_eq!(names(tree), ["root:a", "root:a:b"], "a workspace shows itself and what is below it");
    assert!(demo.within("root:c").fail(&["get", "av", "root:a:b"]).contains("NotFound"));

    kubectl.run(&["delete", "workspace", "c", "--timeout=30s"]);
    until("its row goes with a workspace", seconds(20), || {
        let left = names(kubectl.run(&["get", "av", "-oname"]));
        if left.len() == 1 { Ok(()) } else { Err(left.join(" ")) }
    });

    let rollout = ["rollout", "status", "-n", "shop", "deployment/web", "--timeout=20s"];
    demo.within("root:a:b").run(&rollout);
    let east = demo.physical("east");
    let mode = std::fs::metadata(east.kubeconfig()).expect("a kubeconfig");
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode.permissions()) & 0o777, 0o600);
    let nowhere = demo.tmc(&["dev", "fail", "north"]);
    assert!(!nowhere.status.success());
    assert!(nowhere.stderr.contains("there are: east, west"), "{}", nowhere.stderr);
    let (folder, process) = (demo.folder, demo.process);
    drop(process);
    let mut command = Command::new(binaries::tmc());
    environment(&mut command, folder.path());
    command.args(["dev", "heal", "east"]);
    let gone = run("tmc", &command, seconds(30));
    assert!(!gone.status.success() && gone.stderr.contains("no `tmc dev` is running"), "{}", gone.stderr);
}

#[test]
fn bad_flags_get_clear_words() {
    let said = |flags: &[&str]| {
        let output = crate::tmc::tmc(&[&["dev"], flags].concat());
        assert!(!output.status.success(), "{flags:?}");
        output.stderr
    };
    assert!(said(&["--workspaces=production"]).contains("for example root:production"));
    assert!(said(&["--clusters=9"]).contains("--clusters"));
    assert!(said(&["--syncer-mode=placement"]).contains("it is neither observe nor filter"));
    let unwritable = said(&["--listen=127.0.0.1:0", "--kubeconfig=/nonexistent/tmc.kubeconfig"]);
    assert!(unwritable.contains("--kubeconfig: cannot write /nonexistent/tmc.kubeconfig"), "{unwritable}");
    let busy = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let listen = format!("--listen={}", busy.local_addr().expect("its address"));
    assert!(said(&[&listen]).contains("cannot listen on"));
    let nobody = said(&["fail", "east", "--kubeconfig=/nonexistent/tmc.kubeconfig"]);
    assert!(nobody.contains("no `tmc dev` is running here"), "{nobody}");
}
