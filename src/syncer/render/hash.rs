//! The hash by which a rendered object is known again.

use std::fmt;

use aws_lc_rs::{digest, hmac};
use serde_json::Value;

/// The key under which hashes of Secrets are made: a plain hash would let readers of metadata guess short values. It is
/// kept nowhere, and each hash says under which key it was made.
pub struct HashKey {
    key: hmac::Key,
    id: String,
}

impl HashKey {
    /// Of bytes that nobody else has.
    pub fn new(secret: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let id = hex(&hmac::sign(&key, b"id").as_ref()[..4]);
        Self { key, id }
    }

    /// One of this process.
    pub fn random() -> Self {
        Self::new(&rand::random::<[u8; 32]>())
    }
}

/// Whether two hashes of Secrets cannot be compared.
pub(super) fn are_of_two_keys(one: &str, other: &str) -> bool {
    matches!((one.split_once('.'), other.split_once('.')), (Some((one, _)), Some((other, _))) if one != other)
}

impl fmt::Debug for HashKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("HashKey")
    }
}

/// Of the object as it will be written; a Secret's needs the key.
pub(super) fn hash(object: &Value, key: Option<&HashKey>) -> String {
    let bytes = serde_json::to_vec(object).expect("a Value is JSON");
    match key {
        Some(HashKey { key, id }) => format!("{id}.{}", hex(hmac::sign(key, &bytes).as_ref())),
        None => hex(digest::digest(&digest::SHA256, &bytes).as_ref()),
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
