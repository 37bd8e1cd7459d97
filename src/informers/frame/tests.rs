//! The same bytes give the same lines however they are cut.

use proptest::prelude::*;

use super::*;

const LIMIT: usize = 32;

/// All lines, or those before the one that was too long.
fn decode<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Bytes>, Result<bool, FrameTooLong>) {
    let mut decoder = FrameDecoder::new(LIMIT);
    let mut frames = Vec::new();
    for chunk in chunks {
        decoder.push(chunk);
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Err(error)),
            }
        }
    }
    (frames, Ok(decoder.is_cut()))
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![4 => Just(b'a'), 1 => Just(b'\n'), 1 => Just(b'\r'), 1 => any::<u8>()];
    proptest::collection::vec(byte, 0..200)
}

proptest! {
    #[test]
    fn chunks_do_not_matter(body in body(), cuts in proptest::collection::vec(0usize..200, 0..8)) {
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(body.len())).collect();
        cuts.sort_unstable();
        let mut from = 0;
        let mut chunks = Vec::new();
        for cut in cuts.into_iter().chain([body.len()]) {
            chunks.push(&body[from..cut]);
            from = cut;
        }
        let whole = decode([&body[..]]);
        prop_assert_eq!(&decode(chunks), &whole);
        prop_assert_eq!(&decode(body.chunks(1)), &whole);
    }

    #[test]
    fn lines_are_those_of_the_body(body in body()) {
        let (frames, end) = decode([&body[..]]);
        let mut lines: Vec<&[u8]> = body.split(|byte| *byte == b'\n').collect();
        let tail = lines.pop().unwrap_or_default();
        let fine: Vec<_> = lines.iter().take_while(|line| line.len() <= LIMIT).collect();
        let expected: Vec<_> = fine.iter().filter(|line| !line.trim_ascii().is_empty()).collect();
        prop_assert_eq!(frames.len(), expected.len());
        for (frame, line) in frames.iter().zip(expected) {
            prop_assert_eq!(&frame[..], &line[..]);
        }
        if fine.len() < lines.len() || tail.len() > LIMIT {
            prop_assert_eq!(end, Err(FrameTooLong { limit: LIMIT }));
        } else {
            prop_assert_eq!(end, Ok(!tail.trim_ascii().is_empty()));
        }
    }
}

#[test]
fn an_endless_line_is_refused_before_it_ends() {
    let mut decoder = FrameDecoder::new(LIMIT);
    decoder.push(&[b'a'; LIMIT]);
    assert_eq!(decoder.next_frame(), Ok(None));
    decoder.push(b"a");
    assert_eq!(decoder.next_frame(), Err(FrameTooLong { limit: LIMIT }));
}
