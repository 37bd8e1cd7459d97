//! Callers who may see some rows only.

use std::sync::atomic::Ordering;

use super::Fixture;

#[tokio::test]
async fn lists_show_only_allowed_rows() {
    let fixture = Fixture::seen(&["a", "c", "d-d"], 0);
    for name in ["a", "b", "c", "d-d", "e-e"] {
        fixture.put("", name, "blue", 1);
    }
    let list = fixture.list("").await;
    let names: Vec<_> = list["items"].as_array().unwrap().iter().map(|i| &i["metadata"]["name"]).collect();
    assert_eq!(names, ["a", "c", "d-d"]);
    assert_eq!(fixture.rows.asked.load(Ordering::Relaxed), 2);
    let hidden = fixture.list("?fieldSelector=metadata.name%3Db").await;
    assert_eq!(hidden["items"], serde_json::json!([]));
    fixture.put("", "un-known", "blue", 1);
    assert_eq!(fixture.list("").await["code"], 503);
}

#[tokio::test(start_paused = true)]
async fn watches_ask_about_names_that_are_not_decided() {
    let fixture = Fixture::seen(&["a", "d-d"], 0);
    fixture.put("", "a", "blue", 1);
    fixture.put("", "b", "blue", 1);
    let mut stream = fixture.open("").await;
    assert_eq!(stream.line().await, "ADDED a 101");
    fixture.put("", "b", "blue", 2);
    fixture.put("", "e-e", "blue", 2);
    fixture.put("", "d-d", "blue", 2);
    fixture.delete("", "b");
    fixture.delete("", "a");
    assert_eq!(stream.lines(2).await, ["ADDED d-d 105", "DELETED a 107"]);
    fixture.put("", "un-known", "blue", 2);
    assert_eq!(stream.lines(2).await, ["ERROR 503 nobody can be asked", "END"]);
}

#[tokio::test(start_paused = true)]
async fn a_filtered_caller_resumes_only_from_his_present_set() {
    let fixture = Fixture::seen(&["w00001"], 102);
    fixture.fill(4, 1);
    let mut old = fixture.open("?resourceVersion=101").await;
    assert_eq!(old.status, 200);
    assert_eq!(old.lines(2).await, ["ERROR 410 too old resource version: 101 (102)", "END"]);
    let mut new = fixture.open("?resourceVersion=102").await;
    fixture.delete("", "w00001");
    assert_eq!(new.line().await, "DELETED w00001 105");
}

#[tokio::test(start_paused = true)]
async fn a_changed_set_ends_the_watch_with_410() {
    let fixture = Fixture::seen(&["w00001"], 0);
    fixture.fill(4, 1);
    let mut idle = fixture.open("?resourceVersion=104").await;
    let mut busy = fixture.open("?resourceVersion=100").await;
    assert!(idle.is_quiet(5).await);
    fixture.rows.replaced.cancel();
    assert_eq!(idle.lines(2).await, ["ERROR 410 too old resource version: 104 (104)", "END"]);
    let ended = busy.lines(2).await;
    assert!(ended[0].starts_with("ERROR 410 ") && ended[1] == "END", "{ended:?}");
}
