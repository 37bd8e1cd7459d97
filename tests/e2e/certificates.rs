//! Certificates change while everything runs: the serving CA that `tmc serve` keeps, serving files that
//! somebody else keeps, and the authority of the aggregator's own certificate.

use serde_json::json;

use crate::binaries;
use crate::cluster::Cluster;
use crate::env::Env;
use crate::fixture::{NAMESPACE, VIEWS, block_on};
use crate::pki::{Authority, Leaf};
use crate::tmc::{SERVER_NAME, Tmc};
use crate::wait::{seconds, until, until_true};
use crate::wire::Server;

#[test]
fn a_lost_serving_ca_is_replaced_and_told_to_the_aggregator() {
    if !binaries::present() {
        return;
    }
    let env = Env::start("serving-ca");
    let (admin, before) = (env.admin(), env.tmc.authority());
    let emptied = json!({"data": null}).to_string();
    admin.run(&["patch", "secret", "tmc-serving-ca", "-n", NAMESPACE, "--type=merge", "-p", &emptied]);
    until_true("the APIService has another bundle", seconds(30), || env.tmc.authority() != before);
    env.tmc.until_available();
    until("kubectl gets through", seconds(30), || admin.try_run(&["get", "--raw", VIEWS]));
    // Whoever trusts the new bundle alone can verify it.
    let direct = env.direct(&admin);
    until("the new certificate is served", seconds(60), || direct.try_run(&["get", "--raw", VIEWS]));
}

#[test]
fn given_files_are_served_and_read_again_when_they_change() {
    if !binaries::present() {
        return;
    }
    let cluster = Cluster::start("given-files");
    let [first, second] = ["first", "second"].map(|name| Authority::new(name).expect("create an authority"));
    let leaf = Leaf { common_name: "tmc", serves: &[SERVER_NAME], ..Leaf::default() };
    let write = |authority: &Authority| {
        let identity = authority.issue(&leaf).expect("issue a certificate");
        identity.write(&cluster.folder, "given").expect("write the files")
    };
    let (certificate, key) = write(&first);
    let bundle = cluster.folder.join("given-ca.crt");
    std::fs::write(&bundle, first.pem.clone() + &second.pem).expect("write the bundle");
    let flags = [
        format!("--tls-cert-file={}", certificate.display()),
        format!("--tls-private-key-file={}", key.display()),
    ];
    let ca_file = format!("--ca-file={}", bundle.display());
    let tmc = Tmc::start_registered_with(&cluster, &flags.each_ref().map(String::as_str), &[&ca_file]);

    let trusts = |authority: &Authority| {
        let server = Server::new(tmc.port, SERVER_NAME, &authority.pem, None).expect("TLS");
        block_on(server.get("/readyz", &[])).map(|answer| answer.status)
    };
    assert_eq!(trusts(&first).ok(), Some(200));
    assert!(trusts(&second).is_err(), "it is not of the second authority yet");
    write(&second);
    until_true("the new file is served", seconds(90), || trusts(&second).ok() == Some(200));
    assert!(trusts(&first).is_err(), "the old one is shown no more");
    tmc.until_available();
    until("kubectl gets through", seconds(30), || cluster.admin().try_run(&["get", "--raw", VIEWS]));
}

#[test]
fn the_aggregators_authority_can_be_replaced_under_way() {
    if !binaries::present() {
        return;
    }
    let mut env = Env::start("front-authority");
    let masters = [("X-Remote-User", "admin"), ("X-Remote-Group", "system:masters")];
    let front = |env: &Env| {
        let identity = env.cluster.front_identity().expect("issue a certificate");
        env.wire_as(Some(&identity))
    };
    let status = |server: &Server| block_on(server.get(VIEWS, &masters)).expect("an answer").status;
    let old = front(&env);
    assert_eq!(status(&old), 200);

    env.cluster.kill_apiserver();
    env.cluster.replace_front_proxy();
    env.cluster.start_apiserver();
    // kube-apiserver adds its authority to those it finds there; what is old goes by hand.
    env.admin().run(&["delete", "cm", "-n", "kube-system", "extension-apiserver-authentication"]);
    let new = front(&env);
    until_true("the new front is trusted", seconds(90), || status(&new) == 200);
    until_true("the old front is not", seconds(60), || status(&old) == 401);
    env.tmc.until_available();
    until("kubectl gets through", seconds(30), || env.admin().try_run(&["get", "av"]));
}
