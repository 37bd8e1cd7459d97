//! Files that are no kubeconfig, with a secret near to what is wrong.

use super::*;

fn complaint(text: &str) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    read(file.path()).unwrap_err().to_string()
}

#[test]
fn a_complaint_says_where_and_shows_nothing() {
    let indented = "users:\n- name: a\n  user:\n    token: CANARY\n   oops: x\n";
    assert_eq!(complaint(indented), "it is not a kubeconfig: look at line 5 column 4");
    for text in ["users: CANARY\n", "users:\n- name: a\n  user: CANARY\n", "\0CANARY", "CANARY"] {
        let said = complaint(text);
        assert!(said.starts_with("it is not a kubeconfig"), "{said}");
        assert!(!said.contains("CANARY") && !said.contains('\n'), "{said}");
    }
}

#[test]
fn a_huge_file_is_not_read() {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(1 << 40).unwrap();
    assert!(matches!(read(file.path()), Err(ReadError::TooLong)));
}

#[test]
fn a_folder_is_named_once() {
    let folder = tempfile::tempdir().unwrap();
    let said = read(folder.path()).unwrap_err().to_string();
    assert_eq!(said.matches("directory").count(), 1, "{said}");
    assert!(said.contains(folder.path().to_str().unwrap()), "{said}");
}
