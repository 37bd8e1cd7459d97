//! The judging: facts in, findings out. Pure.
//!
//! Every message names the flag or file and what to do, and is the same as long as the cause is: nothing in it
//! counts down, so that a condition made of it does not change by itself.

mod connection;
mod files;
mod identity;
mod process;
mod rights;

pub use connection::connection;
pub use files::files;
pub use identity::identity;
pub use process::process;
pub use rights::rights;

use super::{Code, Finding, Severity};

fn find(findings: &mut Vec<Finding>, severity: Severity, code: Code, message: String) {
    findings.push(Finding { severity, code, message });
}
