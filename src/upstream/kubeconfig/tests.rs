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
fn a_device_that_never_ends_is_given_up() {
    assert!(matches!(read(Path::new("/dev/zero")), Err(ReadError::TooLong)));
    let said = merged(&["/dev/null".into(), "/dev/zero".into()]).unwrap_err().to_string();
    assert_eq!(said, format!("cannot read /dev/zero: it is longer than {LONGEST} bytes"));
}

#[test]
fn a_pipe_is_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let text = "apiVersion: v1\nkind: Config\ncurrent-context: through-a-pipe\n";
    std::thread::scope(|scope| {
        scope.spawn(|| std::fs::write(&pipe, text).unwrap());
        assert_eq!(read(&pipe).unwrap().current_context.as_deref(), Some("through-a-pipe"));
    });
}

#[test]
fn the_first_of_several_files_wins() {
    let folder = tempfile::tempdir().unwrap();
    let files = ["one", "two"].map(|name| {
        let file = folder.path().join(name);
        let text = format!(
            "current-context: {name}\nclusters: [{{name: {name}, cluster: {{server: http://{name}}}}}]\n"
        );
        std::fs::write(&file, text).unwrap();
        file
    });
    let both = merged(&files).unwrap();
    assert_eq!(both.current_context.as_deref(), Some("one"));
    assert_eq!(both.clusters.len(), 2);
}

#[test]
fn a_folder_is_named_once() {
    let folder = tempfile::tempdir().unwrap();
    let said = read(folder.path()).unwrap_err().to_string();
    assert_eq!(said.matches("directory").count(), 1, "{said}");
    assert!(said.contains(folder.path().to_str().unwrap()), "{said}");
}

#[tokio::test]
async fn a_token_that_no_header_can_hold_is_refused() {
    let configured = |token: &str| {
        let text = serde_json::json!({
            "current-context": "a", "clusters": [{"name": "a", "cluster": {"server": "http://127.0.0.1:9"}}],
            "users": [{"name": "a", "user": {"token": token}}],
            "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        });
        let kubeconfig = Kubeconfig::from_yaml(&text.to_string()).unwrap();
        async { configure(kubeconfig, &KubeConfigOptions::default()).await }
    };
    configured("good").await.unwrap();
    let said = configured("CANARY\nCANARY").await.unwrap_err().to_string();
    assert!(said.contains("line break") && !said.contains("CANARY"), "{said}");
}

#[tokio::test]
async fn a_file_that_never_ends_is_refused_where_it_would_be_read() {
    let configured = |cluster: serde_json::Value, user: serde_json::Value, context: &str| {
        let text = serde_json::json!({
            "current-context": "a",
            "clusters": [{"name": "a", "cluster": cluster}, {"name": "b", "cluster": {"server": "http://b"}}],
            "users": [{"name": "a", "user": user}, {"name": "b", "user": {}}],
            "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}},
                {"name": "b", "context": {"cluster": "b", "user": "b"}}],
        });
        let kubeconfig = Kubeconfig::from_yaml(&text.to_string()).unwrap();
        let options = KubeConfigOptions { context: Some(context.to_owned()), ..KubeConfigOptions::default() };
        async move { configure(kubeconfig, &options).await.map_err(|error| error.to_string()) }
    };
    let server = serde_json::json!({"server": "http://a"});
    for key in ["tokenFile", "client-certificate", "client-key"] {
        let user = serde_json::json!({key: "/dev/zero"});
        let said = configured(server.clone(), user.clone(), "a").await.unwrap_err();
        assert_eq!(said, "cannot read /dev/zero: it is not a regular file", "{key}");
        configured(server.clone(), user, "b").await.unwrap();
    }
    let cluster = serde_json::json!({"server": "https://a", "certificate-authority": "/dev/zero"});
    let said = configured(cluster, serde_json::json!({}), "a").await.unwrap_err();
    assert!(said.contains("/dev/zero"), "{said}");
}
