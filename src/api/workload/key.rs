//! The sync-target key: how labels and annotations name a SyncTarget, on both sides; and the digits it is made of.
//! Pure.

use sha2::{Digest, Sha224};

const DIGITS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Of one division: both bases to this power fit into a word.
const GROUP: usize = 5;

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
    let base = u64::from(base as u32);
    let group = base.pow(GROUP as u32);
    let bytes = Sha224::digest(text);
    let (words, _) = bytes.as_chunks::<4>();
    let mut number: Vec<_> = words.iter().map(|word| u32::from_be_bytes(*word)).collect();
    let mut digits = Vec::with_capacity(48);
    // Long division of a big-endian number, as many digits a round as a word holds.
    while number.iter().any(|word| *word != 0) {
        let mut rest = 0;
        for word in &mut number {
            let part = (rest << 32) | u64::from(*word);
            *word = (part / group) as u32;
            rest = part % group;
        }
        for _ in 0..GROUP {
            digits.push(DIGITS[(rest % base) as usize]);
            rest /= base;
        }
    }
    // The last round may have had fewer.
    digits.truncate(digits.iter().rposition(|digit| *digit != DIGITS[0]).map_or(0, |last| last + 1));
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
