//! Bad input of the command line: a clear sentence that names the flag or file, and a non-zero exit. Most
//! need no Kubernetes.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use crate::env::shared;
use crate::pki::{Authority, Leaf};
use crate::tmc::{tmc, tmc_with};

/// Its complaint; a success fails the test.
#[track_caller]
fn refused(arguments: &[&str]) -> String {
    let output = tmc(arguments);
    assert!(!output.status.success(), "tmc {arguments:?} should have failed");
    assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
    assert!(output.status.code().is_some(), "it exits by itself: {}", output.status);
    output.stdout + &output.stderr
}

#[track_caller]
fn assert_says(arguments: &[&str], words: &[&str]) {
    let complaint = refused(arguments);
    for word in words {
        assert!(complaint.contains(word), "tmc {arguments:?} does not name {word:?}: {complaint}");
    }
}

/// A kubeconfig of a server that nobody runs, and two certificates.
struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("create a folder");
        let authority = Authority::new("e2e").expect("create an authority");
        let leaf = Leaf { common_name: "tmc", serves: &["tmc.tmc-system.svc"], ..Leaf::default() };
        authority.issue(&leaf).and_then(|it| it.write(folder.path(), "valid")).expect("write files");
        let expired = Leaf { expired: true, ..leaf };
        authority.issue(&expired).and_then(|it| it.write(folder.path(), "expired")).expect("write files");
        let user = authority.issue(&Leaf { common_name: "user", ..Leaf::default() }).expect("issue");
        let text = crate::kubeconfig::with_certificate("https://127.0.0.1:9", &authority.pem, &user);
        std::fs::write(folder.path().join("kubeconfig"), text).expect("write files");
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        let path: PathBuf = self.folder.path().join(name);
        path.to_str().expect("temp paths are UTF-8").to_owned()
    }
}

#[test]
fn unknown_flags_and_values_are_named() {
    assert_says(&["serve", "--colour"], &["--colour"]);
    assert_says(&["serve", "--secure-port", "many"], &["--secure-port", "many"]);
    assert_says(&["serve", "--bind-address", "nowhere"], &["--bind-address", "nowhere"]);
    assert_says(&["serve", "--shutdown-delay-duration", "soon"], &["--shutdown-delay-duration", "soon"]);
    assert_says(&["serve", "--shutdown-delay-duration", "99999h"], &["--shutdown-delay-duration", "1h"]);
    assert_says(&["serve", "--otlp-endpoint", "garbage"], &["--otlp-endpoint", "http://"]);
    assert_says(&["serve", "--service", "a/b:443"], &["--service", "a/b:443", "without a port"]);
    assert_says(&["register", "--service", "no-slash"], &["--service", "no-slash"]);
    assert_says(&["paint"], &["paint"]);
}

#[test]
fn a_kubeconfig_that_is_missing_or_none_is_named() {
    let files = Files::new();
    let absent = files.path("absent");
    for command in
        [&["serve"][..], &["register", "--service", "tmc-system/tmc:443"], &["unregister"], &["doctor"]]
    {
        assert_says(&[command, &["--kubeconfig", &absent]].concat(), &["kubeconfig", &absent]);
    }
    let text = files.path("text");
    std::fs::write(&text, "this is: [no kubeconfig").expect("write files");
    assert_says(&["serve", "--kubeconfig", &text], &["kubeconfig", &text]);
    for endless in ["/dev/zero", "/dev/urandom"] {
        assert_says(&["serve", "--kubeconfig", endless], &["--kubeconfig", endless]);
        let by_variable = tmc_with(&["doctor"], &[("KUBECONFIG", endless)]);
        assert!(
            !by_variable.status.success() && by_variable.stderr.contains(endless),
            "{}",
            by_variable.stderr
        );
    }
    let kubeconfig = files.path("kubeconfig");
    let unknown = ["serve", "--kubeconfig", &kubeconfig, "--context", "other"];
    assert_says(&unknown, &["--context", "other"]);
}

#[test]
fn a_certificate_without_its_key_an_expired_one_and_rubbish_are_named() {
    let files = Files::new();
    let [kubeconfig, valid, key, expired, expired_key] =
        ["kubeconfig", "valid.crt", "valid.key", "expired.crt", "expired.key"].map(|name| files.path(name));
    let serve = |flags: &[&str], words: &[&str]| {
        let base = ["serve", "--kubeconfig", &kubeconfig, "--bind-address=127.0.0.1", "--secure-port=0"];
        assert_says(&[&base, flags].concat(), words);
    };
    serve(&["--tls-cert-file", &valid], &["--tls-private-key-file"]);
    serve(&["--tls-private-key-file", &key], &["--tls-cert-file"]);
    serve(&["--tls-cert-file", &expired, "--tls-private-key-file", &expired_key], &["expired", &expired]);
    serve(&["--tls-cert-file", &valid, "--tls-private-key-file", &expired_key], &[&expired_key]);
    let absent = files.path("absent.crt");
    serve(&["--tls-cert-file", &absent, "--tls-private-key-file", &key], &[&absent]);
    serve(&["--tls-cert-file", &kubeconfig, "--tls-private-key-file", &key], &[&kubeconfig]);
    serve(&["--tls-cert-file", "/dev/zero", "--tls-private-key-file", &key], &["/dev/zero", "1 MiB"]);
    serve(&["--client-ca-file", "/dev/zero"], &["--client-ca-file", "/dev/zero", "1 MiB"]);
    assert_says(&["manifests", "--ca-file", "/dev/zero"], &["--ca-file", "/dev/zero", "1 MiB"]);
    serve(&["--client-ca-file", &absent], &["--client-ca-file", &absent]);
    serve(&["--requestheader-client-ca-file", &kubeconfig], &["--requestheader-client-ca-file"]);
}

#[test]
fn a_port_in_use_is_named() {
    let files = Files::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("take a port");
    let port = taken.local_addr().expect("its address").port().to_string();
    let kubeconfig = files.path("kubeconfig");
    let [valid, key] = ["valid.crt", "valid.key"].map(|name| files.path(name));
    let flags = ["serve", "--kubeconfig", &kubeconfig, "--bind-address=127.0.0.1", "--secure-port", &port];
    let files = ["--tls-cert-file", &valid, "--tls-private-key-file", &key];
    assert_says(&[&flags[..], &files].concat(), &["--secure-port", &port, "in use"]);
}

#[test]
fn a_right_that_is_missing_is_named() {
    let Some(env) = shared() else { return };
    let nobody = env.cluster.user("without-rights", &[]);
    let kubeconfig = nobody.kubeconfig().to_str().expect("temp paths are UTF-8");
    let register = ["register", "--kubeconfig", kubeconfig, "--service=tmc-system/tmc:1", "--timeout=5s"];
    assert_says(&register, &["without-rights", "apiservices.apiregistration.k8s.io"]);
    let doctor = tmc(&["doctor", "--kubeconfig", kubeconfig]);
    assert!(doctor.stdout.contains("could not be checked"), "{}", doctor.stdout);
    assert!(doctor.stdout.contains(r#"User "without-rights" cannot get resource"#), "{}", doctor.stdout);
}

#[test]
fn the_doctor_finds_a_good_installation_good() {
    let Some(env) = shared() else { return };
    let admin = env.admin();
    let kubeconfig = admin.kubeconfig().to_str().expect("temp paths are UTF-8");
    let output = tmc(&["doctor", "--kubeconfig", kubeconfig]);
    assert!(output.status.success(), "{}{}", output.stdout, output.stderr);
}

#[test]
fn the_seeds_examples_apply_unchanged() {
    let Some(env) = shared() else { return };
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for file in ["synctarget.yaml", "placement.yaml"] {
        let file = examples.join(file);
        env.admin().run(&["apply", "-f", file.to_str().expect("the repository's path is UTF-8")]);
    }
    let workspace = env.admin().run(&["get", "synctarget", "production-east", "--no-headers"]);
    assert!(workspace.contains("root:production"), "{workspace}");
    let view = env.targets.until_view("root:production", "its view is there", |_| true).0;
    assert_eq!(view["status"]["syncTargets"][0]["metadata"]["name"], "production-east");
    env.admin().run(&["delete", "synctarget", "production-east"]);
}

/// A token beside what is wrong in a kubeconfig stays out of the complaint, which is one line.
#[test]
fn a_slip_in_a_kubeconfig_does_not_print_its_token() {
    let files = Files::new();
    let slip = files.path("slip");
    let text = "users:\n- name: a\n  user:\n    token: CANARY\n   oops: x\n";
    std::fs::write(&slip, text).expect("write files");
    for command in ["serve", "doctor", "unregister"] {
        let complaint = refused(&[command, "--kubeconfig", &slip]);
        assert!(!complaint.contains("CANARY"), "{complaint}");
        assert!(complaint.contains("line 5") && complaint.trim().lines().count() == 1, "{complaint}");
    }
}

/// What a kubeconfig's plugin prints may be a token, whether it fails or not.
#[test]
fn what_a_failing_plugin_printed_is_not_shown() {
    let files = Files::new();
    let text = std::fs::read_to_string(files.path("kubeconfig")).expect("read files");
    let mut config: serde_json::Value = serde_json::from_str(&text).expect("it was written as JSON");
    for (script, words) in
        [("echo CANARY; exit 7", "exit status: 7"), ("echo '{CANARY'", "did not print an ExecCredential")]
    {
        config["users"][0]["user"] = serde_json::json!({"exec": {
            "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never",
            "command": "sh", "args": ["-c", script],
        }});
        let file = files.path("plugin");
        std::fs::write(&file, config.to_string()).expect("write files");
        for command in ["serve", "doctor", "unregister"] {
            let complaint = refused(&[command, "--kubeconfig", &file]);
            assert!(complaint.contains("--kubeconfig") && complaint.contains(words), "{complaint}");
            assert!(!complaint.contains("CANARY"), "{complaint}");
        }
    }
}

/// Exits with its own code when nobody reads what it prints.
#[test]
fn a_reader_that_went_away_is_no_panic() {
    let files = Files::new();
    let kubeconfig = files.path("kubeconfig");
    let shell = r#"exec "$0" doctor --kubeconfig "$1" >/dev/full"#;
    let mut command = std::process::Command::new("sh");
    command.arg("-c").arg(shell).arg(crate::binaries::tmc()).arg(&kubeconfig);
    let output = crate::process::run("tmc", &command, crate::wait::seconds(30));
    assert_eq!(output.status.code(), Some(1), "{}", output.stderr);
    assert!(output.stderr.contains("checks failed"), "{}", output.stderr);
}
