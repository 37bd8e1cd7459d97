//! What `tmc dev` says once everything runs: the commands to try. Each of them is tried by a test.

use std::path::Path;

use super::{clusters::Cluster, demo::workloads::NAMESPACE, path::WorkspacePath};

pub struct Welcome<'a> {
    pub url: &'a str,
    pub kubeconfig: &'a Path,
    pub workspaces: &'a [WorkspacePath],
    pub clusters: &'a [Cluster],
    pub demo: bool,
    /// The workspaces hold the sample workloads, not the clusters alone.
    pub synced: bool,
}

pub fn say(welcome: &Welcome<'_>) {
    let tmc = std::env::args().next().unwrap_or_else(|| "tmc".to_owned());
    let kubectl = on_path("kubectl");
    let clusters: Vec<_> =
        welcome.clusters.iter().map(|cluster| (cluster.name, shown(&cluster.kubeconfig))).collect();
    for line in lines(welcome, &tmc, kubectl, &clusters) {
        crate::cli::say(line);
    }
}

fn lines(welcome: &Welcome<'_>, tmc: &str, kubectl: bool, clusters: &[(&str, String)]) -> Vec<String> {
    let (config, url) = (shown(welcome.kubeconfig), welcome.url);
    let flag = match welcome.kubeconfig == Path::new(super::mode::KUBECONFIG) {
        true => String::new(),
        false => format!(" --kubeconfig {config}"),
    };
    let mut lines = vec![String::new()];
    let mut try_ = |command: String, what: &str| lines.push(format!("  {command:<58}  # {what}"));
    if kubectl {
        try_(format!("export KUBECONFIG={config}"), "for the commands below");
        try_("kubectl get aggregatedviews".to_owned(), "one row per workspace; -w follows it live");
        try_("kubectl get aggregatedtrees -o wide".to_owned(), "each workspace with all below it");
        try_("kubectl get workspaces".to_owned(), "what is below the root");
        if let (Some(workspace), true) = (welcome.workspaces.first(), welcome.demo) {
            let server = format!("kubectl --server {url}/clusters/{workspace} get synctargets");
            try_(server, "that workspace alone");
            if welcome.synced {
                let server =
                    format!("kubectl --server {url}/clusters/{workspace} get deployments -n {NAMESPACE}");
                try_(server, "what it holds, with the status of all its clusters");
            }
        }
    } else {
        try_(format!("{tmc} view --kubeconfig {config}"), "one row per workspace; -w follows it live");
    }
    if let Some((name, own)) = clusters.first() {
        if kubectl {
            try_(format!("kubectl --kubeconfig {own} get deployments -A"), "a physical cluster from inside");
        }
        try_(format!("{tmc} dev fail {name}{flag}"), "break it and see its row change");
        try_(format!("{tmc} dev heal {name}{flag}"), "make it whole; partition and restrict are others");
    }
    lines.push(String::new());
    if !kubectl {
        lines.push(
            "kubectl was not found on PATH: https://kubernetes.io/docs/tasks/tools/#kubectl says how to get it. Until \
             then `tmc view` shows the same table."
                .to_owned(),
        );
    }
    lines.push("Ctrl-C ends it. In another terminal:".to_owned());
    lines.push(match kubectl {
        true => format!("kubectl --kubeconfig {config} get aggregatedviews -w"),
        false => format!("{tmc} view --kubeconfig {config} -w"),
    });
    lines
}

/// As a shell takes it.
fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(kubectl: bool, kubeconfig: &str) -> Vec<String> {
        let workspaces = [WorkspacePath::known("root:production")];
        let welcome = Welcome {
            url: "https://127.0.0.1:6443",
            kubeconfig: Path::new(kubeconfig),
            workspaces: &workspaces,
            clusters: &[],
            demo: true,
            synced: kubeconfig == "tmc.kubeconfig",
        };
        lines(&welcome, "tmc", kubectl, &[("east", "tmc-east.kubeconfig".to_owned())])
    }

    #[test]
    fn the_last_line_is_one_to_copy() {
        let with = said(true, "tmc.kubeconfig");
        assert_eq!(with.last().unwrap(), "kubectl --kubeconfig tmc.kubeconfig get aggregatedviews -w");
        assert!(with.iter().any(|line| line.contains("tmc dev fail east ")));
        assert!(with.iter().any(|line| line.contains("get deployments -n shop")));
        let elsewhere = said(true, "/tmp/my config");
        assert!(elsewhere.iter().all(|line| !line.contains("-n shop")), "it holds nothing");
        assert!(elsewhere.iter().any(|line| line.contains("dev fail east --kubeconfig '/tmp/my config'")));
    }

    #[test]
    fn without_kubectl_there_is_another_way() {
        let without = said(false, "tmc.kubeconfig");
        assert_eq!(without.last().unwrap(), "tmc view --kubeconfig tmc.kubeconfig -w");
        assert!(without.iter().all(|line| !line.starts_with("  kubectl ")));
        assert!(without.iter().any(|line| line.contains("kubernetes.io/docs/tasks/tools")));
    }
}
