//! HTTP/2 floods by a stranger without a certificate: he is told to calm down or cut off, or what he sends
//! costs nothing; the ordinary client beside him is served and memory stays bounded.

use crate::binaries;
use crate::frames::{
    self, CANCEL, CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, End, GOAWAY, HEADERS, PING,
    PRIORITY, REFUSED_STREAM, SETTINGS, WINDOW_UPDATE, frame, id, open, setting,
};
use crate::siege::Siege;
use crate::wait::seconds;
use crate::wire::Server;

const SETTINGS_INITIAL_WINDOW: u16 = 4;
const EMPTY_SETTINGS: &[u8] = &[0, 0, 0, SETTINGS, 0, 0, 0, 0, 0];
/// A server that has not taken a flood by then never will.
const LIMIT: std::time::Duration = seconds(20);

/// Sends `parts` one after another while the answers are read, until they end or the connection does.
async fn flood(server: Server, parts: impl Iterator<Item = Vec<u8>> + Send + 'static) -> End {
    flood_until(server, parts, |_| false).await
}

async fn flood_until(
    server: Server,
    parts: impl Iterator<Item = Vec<u8>> + Send + 'static,
    done: fn(&End) -> bool,
) -> End {
    let (mut reader, mut writer) = open(&server, EMPTY_SETTINGS).await.expect("a connection");
    let mut reading = tokio::task::JoinSet::new();
    reading.spawn(async move { reader.rest(LIMIT, done).await });
    let mut batch = Vec::new();
    for part in parts {
        batch.extend(part);
        if batch.len() >= 64 << 10 {
            if !writer.send(&batch, LIMIT).await {
                break;
            }
            batch.clear();
        }
    }
    writer.send(&batch, LIMIT).await;
    // What is left to say is said by then: a goodbye that is answered ends the reading.
    writer.send(&frame(GOAWAY, 0, 0, &[0; 8]), LIMIT).await;
    reading.join_next().await.expect("one task").expect("reading does not fail")
}

#[track_caller]
fn assert_calmed(what: &str, end: &End) {
    assert!(end.closed, "{what}: the connection was closed: {end:?}");
    assert_eq!(end.goaway, Some(ENHANCE_YOUR_CALM), "{what}: {end:?}");
}

#[test]
fn http2_floods_are_calmed_or_cost_nothing() {
    if !binaries::present() {
        return;
    }
    let siege = Siege::start("floods");
    let stranger = siege.env.wire_as(None);
    let attack = |what: &str, parts: Box<dyn Iterator<Item = Vec<u8>> + Send>| {
        let end = siege.attack(what, flood(stranger.clone(), parts));
        println!("{what}: {:?}, {} resets, {} answers", end.goaway, end.resets.len(), end.answers);
        end
    };

    let rapid =
        (0..200_000).map(|at| [frames::get(id(at), "/livez"), frames::reset(id(at), CANCEL)].concat());
    assert_calmed("rapid reset", &attack("rapid reset", Box::new(rapid)));

    let end = attack("PING flood", Box::new((0..300_000).map(|_| frame(PING, 0, 0, &[7; 8]))));
    assert!(end.goaway.is_some() || end.acknowledged > 0, "{end:?}");
    let end =
        attack("SETTINGS flood", Box::new((0..300_000).map(|_| setting(SETTINGS_INITIAL_WINDOW, 65_535))));
    assert!(end.goaway.is_some() || end.acknowledged > 0, "{end:?}");
    let priorities = (0..300_000).map(|at| frame(PRIORITY, 0, id(at), &[0, 0, 0, 0, 16]));
    attack("PRIORITY flood", Box::new(priorities));
    attack("frames of no known kind", Box::new((0..50_000).map(|_| frame(0xee, 0xff, 0, &[1; 100]))));

    let start = std::iter::once(frame(HEADERS, END_STREAM, 1, &frames::block("/version")));
    let more = (0..20_000)
        .map(|at| frame(CONTINUATION, 0, 1, &frames::field(&format!("x-{at}"), &"y".repeat(4000), false)));
    let end = attack("CONTINUATION flood", Box::new(start.chain(more)));
    assert!(end.closed && end.goaway.is_some() && end.answers == 0, "{end:?}");
    let start = std::iter::once(frame(HEADERS, END_STREAM, 1, &frames::block("/version")));
    let end = attack(
        "empty CONTINUATIONs",
        Box::new(start.chain((0..200_000).map(|_| frame(CONTINUATION, 0, 1, &[])))),
    );
    assert!(end.closed && end.goaway.is_some() && end.answers == 0, "{end:?}");

    let start = std::iter::once(frame(HEADERS, END_HEADERS, 1, &frames::block("/version")));
    let end = attack("empty DATA", Box::new(start.chain((0..200_000).map(|_| frame(DATA, 0, 1, &[])))));
    assert!(end.closed, "{end:?}");
    let end =
        attack("a frame of 16 MiB", Box::new((0..1).map(|_| frame(DATA, 0, 1, &vec![0; (1 << 24) - 1]))));
    assert!(end.closed && end.goaway.is_some(), "{end:?}");

    // A field of 4000 bytes goes into the table once and is meant 16,000 times by one byte each.
    let bomb = std::iter::once({
        let fields =
            [frames::block("/version"), frames::field("x-bomb", &"y".repeat(4000), true), vec![0xbe; 16_000]];
        fields.concat().chunks(16_000).enumerate().fold(Vec::new(), |mut all, (at, part)| {
            let (kind, flags) = if at == 0 { (HEADERS, END_STREAM) } else { (CONTINUATION, END_HEADERS) };
            all.extend(frame(kind, flags, 1, part));
            all
        })
    });
    let end = attack("a header list that unpacks to 64 MB", Box::new(bomb));
    assert!(end.closed || end.answers == 1, "431 or the end: {end:?}");
    siege.survived();
}

#[test]
fn thousands_of_streams_and_windows_that_never_open() {
    if !binaries::present() {
        return;
    }
    let siege = Siege::start("streams");
    let admin = siege.env.wire();
    let collection = crate::fixture::VIEWS;
    let watch = format!("{collection}?watch=true&resourceVersion=0");
    let streams = (0..1_000).map({
        let watch = watch.clone();
        move |at| frames::get(id(at), &watch)
    });
    // On one connection 250 are served, the others are refused.
    let end = siege.attack(
        "1,000 watches on one connection",
        flood_until(admin.clone(), streams, |end| end.answers + end.resets.len() == 1_000),
    );
    println!("{} answered, {} refused, {:?}", end.answers, end.resets.len(), end.goaway);
    assert!((1..=250).contains(&end.answers), "{end:?}");
    assert!(end.resets.iter().filter(|code| **code == REFUSED_STREAM).count() >= 700, "{end:?}");
    // Who goes on opening more than he may is sent away.
    let many = (0..50_000).map({
        let watch = watch.clone();
        move |at| frames::get(id(at), &watch)
    });
    let end = siege.attack("50,000 watches on one connection", flood(admin.clone(), many));
    assert!(end.closed && end.answers <= 250, "{end:?}");
    assert_eq!(end.goaway, Some(ENHANCE_YOUR_CALM), "{end:?}");

    // Streams that the server is made to reset: each gets more window than there can be.
    let made = (0..5_000).map(move |at| {
        [frames::get(id(at), &watch), frame(WINDOW_UPDATE, 0, id(at), &0x7fff_ffff_u32.to_be_bytes())]
            .concat()
    });
    let end = siege.attack("resets that the server is made to send", flood(admin.clone(), made));
    println!("{:?}, {} resets, {} answers", end.goaway, end.resets.len(), end.answers);
    assert!(end.closed && end.resets.len() <= 1_024, "{end:?}");
    assert_eq!(end.goaway, Some(ENHANCE_YOUR_CALM), "{end:?}");

    // Nobody can be made to hold what is never read: 20 connections with 250 lists each and no window.
    let deaf = async move {
        let mut open_connections = Vec::new();
        for _ in 0..20 {
            let (reader, mut writer) =
                open(&admin, &setting(SETTINGS_INITIAL_WINDOW, 0)).await.expect("a connection");
            for at in 0..250 {
                assert!(writer.send(&frames::get(id(at), collection), LIMIT).await, "it takes the request");
            }
            open_connections.push((reader, writer));
        }
        // Each is answered, as far as an answer needs no window.
        let mut answers = 0;
        for (reader, _) in &mut open_connections {
            for _ in 0..250 {
                loop {
                    let frame = reader.next().await.expect("it stays open");
                    if frame.kind == HEADERS {
                        answers += 1;
                        break;
                    }
                    assert_ne!(frame.kind, DATA, "no window, no data");
                }
            }
        }
        answers
    };
    assert_eq!(siege.attack("5,000 answers without a window", deaf), 5_000);
    siege.survived();
}
