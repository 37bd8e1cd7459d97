//! The sync-target key: how labels and annotations name a SyncTarget, on both sides; and the digits it is made of.
//! Pure.

use sha2::{Digest, Sha224};

const DIGITS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// base62 of SHA-224 of `<logical cluster>:<name>`. A SyncTarget that is made again has the same one. On a
/// Kubernetes source `spec.kcpCluster` stands for the logical cluster.
pub fn key(cluster: &str, name: &str) -> String {
    digest(&format!("{cluster}:{name}"), Base::SixtyTwo)
}

/// The digits that names are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Lower case, for names of objects.
    ThirtySix = 36,
    SixtyTwo = 62,
}

/// SHA-224 of the text as a number, as kcp names what it derives.
pub fn digest(text: &str, base: Base) -> String {
    let base = base as u32;
    let mut number = Sha224::digest(text).to_vec();
    let mut digits = Vec::with_capacity(44);
    // Long division of a big-endian number, a digit a round.
    while number.iter().any(|byte| *byte != 0) {
        let mut rest = 0_u32;
        for byte in &mut number {
            let part = (rest << 8) | u32::from(*byte);
            *byte = (part / base) as u8;
            rest = part % base;
        }
        digits.push(DIGITS[rest as usize]);
    }
    digits.iter().rev().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_kcp() {
        assert_eq!(key("root:org:ws", "us-west1"), "6ohB8yeXhwqTQVuBzJRgqcRJTpRjX7yTZu5g5g");
        assert!(key("", "").len() <= 38);
        assert_ne!(key("root:a", "b"), key("root", "a-b"));
    }
}
