//! Files that hold a token, and the commands that are printed.

use std::{fs, os::unix::fs::PermissionsExt};

use super::*;
use crate::cli::upstream::UpstreamArgs;

#[test]
fn a_file_with_a_token_is_its_owner_s_alone_even_where_there_was_an_open_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("east.yaml");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    write_secret(&path, "new").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    let error = write_secret(&folder.path().join("absent/east.yaml"), "x").unwrap_err().to_string();
    assert!(error.contains("--output"), "{error}");
}

#[test]
fn the_next_command_has_the_flags_of_this_one() {
    let args = UpstreamArgs { kubeconfig: Some("a.kubeconfig".into()), context: Some("b".to_owned()) };
    assert_eq!(kubectl(&args), "kubectl --kubeconfig a.kubeconfig --context b");
    assert_eq!(flags(&args), " --kubeconfig a.kubeconfig --context b");
    assert_eq!(kubectl(&UpstreamArgs::default()), "kubectl");
}
