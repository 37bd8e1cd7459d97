//! Whether a syncer runs as safely as it should: its connections, its files, its process, its rights.
//!
//! `facts` says what is looked at, `checks` judges it and is pure, `gather` looks, and `watch` does it all
//! again when time has passed or a file has changed. It must not know where the verdict is shown.

use std::fmt;

use serde::Serialize;

mod checks;
pub mod facts;
pub mod gather;
pub mod jwt;
pub mod watch;

pub use facts::Facts;

/// What is wrong, by the name that conditions and dashboards know it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Code {
    TLSVerifyDisabled,
    CAWithInsecure,
    CAInvalid,
    CAExpired,
    CertKeyMismatch,
    CertExpired,
    CertNotYetValid,
    CertExpiresSoon,
    TokenMissing,
    TokenEmpty,
    TokenExpired,
    TokenAudience,
    TokenExpiresSoon,
    TokenStatic,
    FilePermissions,
    ExecPluginInKubeconfig,
    SameCluster,
    IdentityMismatch,
    RBACMissing,
    RBACExcessive,
    RunAsRoot,
    WritableRoot,
    PrivilegeEscalation,
    MetricsExposed,
    TLSVersion,
    /// The connection cannot be made at all.
    ConfigUnusable,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// The worse the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Warn,
    /// Works, with less than it should have or not for long.
    Degrade,
    /// Not to be run like this.
    Fatal,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warn => "warn",
            Self::Degrade => "degrade",
            Self::Fatal => "fatal",
        })
    }
}

/// One thing that is wrong. The message names the flag or file and what to do, and never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    pub severity: Severity,
    pub code: Code,
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<7}  {}: {}", self.severity, self.code, self.message)
    }
}

/// What a fatal finding leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Enforcement {
    /// The process does not start, or ends.
    #[default]
    Enforce,
    /// It is said, and the process goes on.
    Warn,
}

/// What was found, the worst first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    pub findings: Vec<Finding>,
}

/// The reason of a condition that is as it should be.
const AS_EXPECTED: &str = "AsExpected";
/// The longest message of a condition that is worth reading.
const MESSAGE_LIMIT: usize = 1024;

/// Everything that is wrong with these facts, the worst first. Pure: equal facts give equal findings.
pub fn validate_security_context(facts: &Facts) -> Verdict {
    let mut findings = Vec::new();
    for side in &facts.sides {
        checks::connection(facts, side, &mut findings);
    }
    checks::files(facts, &mut findings);
    checks::identity(facts, &mut findings);
    checks::rights(facts, &mut findings);
    checks::process(facts, &mut findings);
    findings.sort_by(|one, other| other.severity.cmp(&one.severity).then_with(|| one.cmp(other)));
    findings.dedup();
    Verdict { findings }
}

impl Verdict {
    pub fn of(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.severity == severity)
    }

    pub fn is_fatal(&self) -> bool {
        self.of(Severity::Fatal).next().is_some()
    }

    /// Whether the process must not go on.
    pub fn stops(&self, enforcement: Enforcement) -> bool {
        enforcement == Enforcement::Enforce && self.is_fatal()
    }

    /// `SecurityContextValid`: False only for a fatal finding; one that degrades keeps it True and is the reason.
    pub fn condition(&self) -> Condition {
        let worst = self.findings.first().filter(|finding| finding.severity != Severity::Warn);
        let reason = worst.map_or_else(|| AS_EXPECTED.to_owned(), |finding| finding.code.to_string());
        Condition { status: !self.is_fatal(), reason, message: self.message() }
    }

    /// Rights that are missing, in words for people.
    pub fn missing_rights(&self) -> Vec<String> {
        let missing = self.findings.iter().filter(|finding| finding.code == Code::RBACMissing);
        missing.map(|finding| finding.message.clone()).collect()
    }

    /// All findings on one line each, cut where nobody would read on.
    fn message(&self) -> String {
        let mut text = String::new();
        for (index, finding) in self.findings.iter().enumerate() {
            let line = format!("{}: {}", finding.code, finding.message);
            if text.len() + line.len() > MESSAGE_LIMIT && index > 0 {
                text.push_str(&format!("\nand {} more", self.findings.len() - index));
                break;
            }
            if index > 0 {
                text.push('\n');
            }
            text.push_str(&line);
        }
        text
    }
}

/// What a SyncTarget's condition `SecurityContextValid` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    pub status: bool,
    /// A [`Code`], or `AsExpected`.
    pub reason: String,
    pub message: String,
}

#[cfg(test)]
mod tests;
