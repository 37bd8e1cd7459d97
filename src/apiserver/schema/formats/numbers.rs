//! Numbers with a check digit.

fn digits(text: &str) -> String {
    text.chars().filter(|letter| !matches!(letter, ' ' | '-' | '\t' | '\n')).collect()
}

pub(super) fn is_isbn(text: &str) -> bool {
    is_isbn10(text) || is_isbn13(text)
}

pub(super) fn is_isbn10(text: &str) -> bool {
    let text = digits(text);
    let weighted = text.bytes().enumerate().try_fold(0u32, |sum, (at, byte)| {
        let digit = match byte {
            b'0'..=b'9' => u32::from(byte - b'0'),
            b'X' if at == 9 => 10,
            _ => return None,
        };
        Some(sum + (at as u32 + 1) * digit)
    });
    text.len() == 10 && weighted.is_some_and(|sum| sum % 11 == 0)
}

pub(super) fn is_isbn13(text: &str) -> bool {
    let text = digits(text);
    text.len() == 13
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text
            .bytes()
            .enumerate()
            .map(|(at, byte)| u32::from(byte - b'0') * if at % 2 == 0 { 1 } else { 3 })
            .sum::<u32>()
            .is_multiple_of(10)
}

/// The issuers' lengths and prefixes, and Luhn's sum.
pub(super) fn is_credit_card(text: &str) -> bool {
    let text: String = text.chars().filter(char::is_ascii_digit).collect();
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| text.starts_with(prefix));
    let is_issued = match text.len() {
        13 => starts(&["4"]),
        14 => starts(&["300", "301", "302", "303", "304", "305", "36", "38"]),
        15 => starts(&["34", "37", "2131", "1800"]),
        16 => starts(&[
            "4", "51", "52", "53", "54", "55", "6011", "65", "35", "22", "23", "24", "25", "26", "27",
        ]),
        _ => false,
    };
    let sum: u32 = text
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, byte)| {
            let digit = u32::from(byte - b'0') * if at % 2 == 1 { 2 } else { 1 };
            if digit > 9 { digit - 9 } else { digit }
        })
        .sum();
    is_issued && sum.is_multiple_of(10)
}
