//! Tags, varints, lengths, and what is passed over.

use super::*;

fn skipped(wire_type: WireType, bytes: &[u8]) -> Result<usize, Problem> {
    let mut reader = Reader::new(bytes);
    reader.skip(wire_type).map(|()| bytes.len() - reader.rest.len())
}

#[test]
fn varints_end_within_ten_bytes() {
    let varint = |bytes: &[u8]| Reader::new(bytes).varint();
    assert_eq!(varint(&[0]), Ok(0));
    assert_eq!(varint(&[0xac, 0x02]), Ok(300));
    assert_eq!(varint(&[0xff; 9]), Err(Problem::Truncated));
    assert_eq!(varint(&[0xff; 10]), Err(Problem::Overflow));
    let minus_one = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    assert_eq!(varint(&minus_one), Ok(u64::MAX));
}

#[test]
fn lengths_stay_within_the_message() {
    let delimited = |bytes: &'static [u8]| Reader::new(bytes).delimited();
    assert_eq!(delimited(&[2, 7, 8, 9]), Ok(&[7, 8][..]));
    assert_eq!(delimited(&[3, 7, 8]), Err(Problem::Truncated));
    let negative = &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    assert_eq!(delimited(negative), Err(Problem::NegativeLength));
    assert_eq!(delimited(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]), Err(Problem::Truncated));
}

#[test]
fn tags_name_a_field() {
    let tag = |bytes: &[u8]| Reader::new(bytes).tag("Pod").map(|tag| tag.map(|tag| tag.number));
    assert_eq!(tag(&[]), Ok(None));
    assert_eq!(tag(&[0x0a]), Ok(Some(1)));
    assert_eq!(tag(&[0x0c]), Err(Problem::EndOfNoGroup("Pod".into())));
    assert_eq!(tag(&[0x02]), Err(Problem::IllegalTag { message: "Pod".into(), number: 0, tag: 2 }));
}

#[test]
fn unknown_fields_are_passed_over() {
    assert_eq!(skipped(WireType::Varint, &[0x80, 0x01, 9]), Ok(2));
    assert_eq!(skipped(WireType::Fixed64, &[0; 9]), Ok(8));
    assert_eq!(skipped(WireType::Fixed32, &[0; 9]), Ok(4));
    assert_eq!(skipped(WireType::Delimited, &[1, 9, 9]), Ok(2));
    // A group with a varint and a group within it.
    assert_eq!(skipped(WireType::StartGroup, &[0x08, 0x01, 0x13, 0x14, 0x0c, 9]), Ok(5));
    assert_eq!(skipped(WireType::StartGroup, &[0x08, 0x01]), Err(Problem::Truncated));
    assert_eq!(skipped(WireType::EndGroup, &[]), Err(Problem::UnexpectedEndOfGroup));
    assert_eq!(skipped(WireType::Unknown(7), &[]), Err(Problem::IllegalWireType(7)));
}
