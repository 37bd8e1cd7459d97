//! Who else may read or write what we log in with.

use super::find;
use crate::security::context::{
    Code, Facts, Finding,
    Severity::{Degrade, Fatal},
    facts::{FileFact, Holds},
};

const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;
const GROUP_READS: u32 = 0o040;
const OTHERS_READ: u32 = 0o004;

pub fn files(facts: &Facts, findings: &mut Vec<Finding>) {
    for file in &facts.files {
        owner(facts, file, findings);
        let (write, read) = (writers(file), readers(file));
        let path = file.path.display();
        let mode = file.mode & 0o7777;
        if !write.is_empty() {
            let message = format!("{path}: {write} may write it (mode {mode:04o}): chmod go-w {path}");
            find(findings, Fatal, Code::FilePermissions, message);
        }
        if !read.is_empty() {
            let message = format!("{path}: {read} may read it (mode {mode:04o}): chmod go-r {path}");
            find(findings, Degrade, Code::FilePermissions, message);
        }
    }
}

fn owner(facts: &Facts, file: &FileFact, findings: &mut Vec<Finding>) {
    let trusted = file.owner == 0 || facts.process.uid.is_none_or(|uid| uid == file.owner);
    if !trusted {
        let path = file.path.display();
        let message = format!(
            "{path}: belongs to user {}, who can replace it: let it belong to root or to the user this runs as",
            file.owner
        );
        find(findings, Fatal, Code::FilePermissions, message);
    }
}

fn writers(file: &FileFact) -> &'static str {
    match (file.mode & GROUP_WRITES != 0, file.mode & OTHERS_WRITE != 0) {
        (_, true) => "everybody",
        (true, false) => "its group",
        (false, false) => "",
    }
}

/// The group of a projected file is the pod's own, by fsGroup.
fn readers(file: &FileFact) -> &'static str {
    if file.holds == Holds::Public {
        return "";
    }
    match (file.mode & GROUP_READS != 0 && !file.projected, file.mode & OTHERS_READ != 0) {
        (_, true) => "everybody",
        (true, false) => "its group",
        (false, false) => "",
    }
}
