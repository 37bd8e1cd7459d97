//! Histories that no correct server has: each made of a good one by one change. A check that lets one pass checks
//! nothing.

use serde_json::json;

use super::{
    check::check,
    record::{Begin, History, Op, version},
    watching::REFERENCE,
};

type Fault = (&'static str, fn(&mut History));

const FAULTS: [Fault; 16] = [
    ("an accepted write is lost", |history| {
        let at = history.calls.iter().position(|call| matches!(call.op, Op::Update(_)) && call.status == 200);
        let version = version(&history.calls[at.expect("there was one")].answer).to_string();
        for watch in &mut history.watches {
            watch.events.retain(|event| event["object"]["metadata"]["resourceVersion"] != version);
        }
    }),
    ("two writes are answered with one version", |history| {
        let mut writes = history.calls.iter_mut().filter(|call| matches!(call.op, Op::Update(_)));
        let first = writes.find(|call| call.status == 200).expect("there was one").answer.clone();
        writes.find(|call| call.status == 200).expect("there was another").answer = first;
    }),
    ("an update replaces what it did not name", |history| {
        let mut writes = history.calls.iter_mut().filter(|call| call.status == 200);
        let write = writes.find(|call| matches!(call.op, Op::Update(_))).expect("there was one");
        let Op::Update(given) = write.op else { return };
        write.op = Op::Update(given - 1);
    }),
    ("a write leaves out what was there", |history| {
        let mut writes = history.calls.iter_mut().filter(|call| call.status == 200);
        writes.find(|call| call.op == Op::Json).expect("there was one").sent[1]["value"] = json!("other");
    }),
    ("a write happens after its answer", |history| {
        let end = history.calls.iter().map(|call| call.answered).max().unwrap_or(0);
        let first = history.calls.iter_mut().find(|call| call.is_accepted_write()).expect("there was one");
        (first.asked, first.answered) = (end + 1, end + 2);
    }),
    ("a read is stale", |history| {
        let end = history.calls.iter().map(|call| call.answered).max().unwrap_or(0);
        let read = history.calls.iter_mut().find(|call| call.op == Op::Get && call.status == 200);
        let read = read.expect("there was one");
        (read.asked, read.answered) = (end + 1, end + 2);
    }),
    ("what is there is not found", |history| {
        let read = history.calls.iter_mut().rfind(|call| call.op == Op::Get && call.name == "n0");
        read.expect("there was one").status = 404;
    }),
    ("a conflict with nobody", |history| {
        let write = history.calls.iter_mut().find(|call| call.op == Op::Apply && call.status == 200);
        let mut refused = write.expect("there was one").clone();
        (refused.asked, refused.answered, refused.status) = (u64::MAX - 1, u64::MAX, 409);
        history.calls.push(refused);
    }),
    ("a list leaves out an object", |history| {
        history.lists.iter_mut().find(|list| !list.items.is_empty()).expect("there was one").items.pop();
    }),
    ("a list is older than what was written before", |history| {
        history.lists.last_mut().expect("there was one").asked = u64::MAX - 1;
        history.lists.last_mut().expect("there was one").answered = u64::MAX;
    }),
    ("a watch misses an event", |history| {
        drop(events(history, "cut and resumed").remove(5));
    }),
    ("a watch tells an event twice", |history| {
        let events = events(history, "by label");
        let again = events[3].clone();
        events.insert(3, again);
    }),
    ("a watch changes the order", |history| events(history, "all workspaces").swap(4, 5)),
    ("a watch tells of the wrong kind of change", |history| {
        let events = events(history, "a table");
        let event = events.iter_mut().find(|event| event["type"] == "ADDED").expect("there was one");
        event["type"] = json!("MODIFIED");
    }),
    ("a watch tells other content", |history| {
        events(history, "by name")[2]["object"]["data"]["last"] = json!("other");
    }),
    ("a watch begins with an older state", |history| {
        let watch =
            history.watches.iter_mut().find(|watch| watch.title == "streamed").expect("it is planned");
        assert_eq!(watch.begin, Begin::Streamed);
        let first = watch.events.iter_mut().find(|event| event["type"] == "ADDED").expect("there was one");
        first["object"]["metadata"]["resourceVersion"] = json!("1");
    }),
];

fn events<'a>(history: &'a mut History, title: &str) -> &'a mut Vec<serde_json::Value> {
    assert_ne!(title, REFERENCE);
    let watch = history.watches.iter_mut().find(|watch| watch.title == title).expect("it is planned");
    watch.events.retain(|event| event["type"] != "BOOKMARK");
    &mut watch.events
}

/// Plants each fault in a copy of a good history.
pub fn are_found(history: &History) {
    for (what, plant) in FAULTS {
        let mut faulty = history.clone();
        plant(&mut faulty);
        let found = check(&faulty);
        let found = found.expect_err(what);
        println!("{what}: {}", found.chars().take(120).collect::<String>());
    }
}
