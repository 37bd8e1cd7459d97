//! How the process itself runs, and what it opens to others.

use super::find;
use crate::security::context::{
    Code, Facts, Finding,
    Severity::{Fatal, Warn},
};

pub fn process(facts: &Facts, findings: &mut Vec<Finding>) {
    let process = &facts.process;
    if process.uid == Some(0) {
        let message =
            "the process runs as root: set runAsNonRoot in its securityContext, or start it as another user";
        find(findings, Warn, Code::RunAsRoot, message.to_owned());
    }
    if process.capabilities.is_some_and(|capabilities| capabilities != 0) {
        let message = "the process has Linux capabilities it needs none of: set capabilities.drop: [ALL]";
        find(findings, Warn, Code::PrivilegeEscalation, message.to_owned());
    }
    if process.no_new_privileges == Some(false) {
        let message = "the process could gain privileges: set allowPrivilegeEscalation: false";
        find(findings, Warn, Code::PrivilegeEscalation, message.to_owned());
    }
    if process.writable_root == Some(true) {
        let message =
            "the process may write to the root of its file system: set readOnlyRootFilesystem: true";
        find(findings, Warn, Code::WritableRoot, message.to_owned());
    }
    for listener in facts.listeners.iter().filter(|listener| !listener.loopback && !listener.protected) {
        let message = format!(
            "{}: {} answers everybody who reaches it, without TLS: keep others away with a NetworkPolicy, or \
             listen on 127.0.0.1",
            listener.flag, listener.address
        );
        find(findings, Warn, Code::MetricsExposed, message);
    }
    tls(facts, findings);
}

/// Only what TLS 1.2 and 1.3 still hold good can be made at all, so anything else in a flag is a mistake.
fn tls(facts: &Facts, findings: &mut Vec<Finding>) {
    if let Some(version) = &facts.tls.min_version
        && !["VersionTLS12", "VersionTLS13"].contains(&version.as_str())
    {
        let message =
            format!("--tls-min-version {version}: give VersionTLS12 or VersionTLS13, older ones are broken");
        find(findings, Fatal, Code::TLSVersion, message);
    }
    for suite in facts.tls.cipher_suites.iter().filter(|suite| !crate::security::config::is_strong(suite)) {
        let message = format!("--tls-cipher-suites {suite}: it is unknown or weak: leave it out");
        find(findings, Fatal, Code::TLSVersion, message);
    }
}
