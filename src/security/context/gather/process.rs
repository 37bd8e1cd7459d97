//! How this process runs, from what Linux says of it. Where it says nothing, nothing is known.

use crate::security::context::facts::Process;

pub fn look() -> Process {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut process = parse(&status);
    process.writable_root = writable_root(&process);
    process
}

/// The lines of `/proc/self/status` that matter.
fn parse(status: &str) -> Process {
    let field = |name: &str| {
        status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    };
    Process {
        // Real, effective, saved, file system.
        uid: field("Uid").and_then(|ids| ids.split_whitespace().nth(1)?.parse().ok()),
        capabilities: field("CapEff").and_then(|bits| u64::from_str_radix(bits, 16).ok()),
        no_new_privileges: field("NoNewPrivs").map(|value| value == "1"),
        writable_root: None,
    }
}

/// By the mount's options and the permission bits: nothing is written to find out.
fn writable_root(process: &Process) -> Option<bool> {
    use std::os::unix::fs::MetadataExt;
    let mounts = std::fs::read_to_string("/proc/self/mounts").ok()?;
    if mounted_read_only(&mounts)? {
        return Some(false);
    }
    let root = std::fs::metadata("/").ok()?;
    let (uid, mode) = (process.uid?, root.mode());
    Some(uid == 0 || (uid == root.uid() && mode & 0o200 != 0) || mode & 0o002 != 0)
}

/// The last mount on `/` is the one that is seen.
fn mounted_read_only(mounts: &str) -> Option<bool> {
    let mut fields = mounts.lines().rev().map(|line| line.split(' ').collect::<Vec<_>>());
    let root = fields.find(|fields| fields.get(1) == Some(&"/"))?;
    Some(root.get(3)?.split(',').any(|option| option == "ro"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_a_process_is_read() {
        let status = "Name:\ttmc\nUid:\t1000\t65532\t0\t0\nCapEff:\t00000000a80425fb\nNoNewPrivs:\t1\n";
        let process = parse(status);
        assert_eq!(process.uid, Some(65532));
        assert_eq!(process.capabilities, Some(0xa804_25fb));
        assert_eq!(process.no_new_privileges, Some(true));
        assert_eq!(parse("nonsense"), Process::default());
    }

    #[test]
    fn the_mount_that_is_seen_decides() {
        assert_eq!(mounted_read_only("a / ext4 rw,noatime 0 0\nb /x ext4 ro 0 0\n"), Some(false));
        assert_eq!(
            mounted_read_only("rootfs / rootfs rw 0 0\noverlay / overlay ro,relatime 0 0\n"),
            Some(true)
        );
        assert_eq!(mounted_read_only(""), None);
    }

    #[test]
    fn this_process_is_looked_at() {
        let process = look();
        assert!(process.uid.is_some() && process.writable_root.is_some(), "{process:?}");
    }
}
