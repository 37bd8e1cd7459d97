//! Regular expressions as Go reads them.
//!
//! Patterns in schemas are written for RE2 as Go has it. The `regex` crate differs in a few places: its classes
//! nest and have set operations, its `\d`, `\w` and `\s` know all of Unicode, and it refuses lone braces.

#[cfg(test)]
mod tests;

use std::iter::Peekable;

use regex::Regex;

/// A compiled pattern and how it was written.
#[derive(Clone, Debug)]
pub struct Pattern {
    pub text: String,
    regex: Regex,
}

impl Pattern {
    pub fn new(text: &str) -> Result<Self, String> {
        let regex = Regex::new(&translated(text)).map_err(|error| problem(&error, text))?;
        Ok(Self { text: text.to_owned(), regex })
    }

    /// Whether it is found anywhere in the text.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// The mistake in Go's words where they are known. The crate draws it over several lines; the last says what it is.
fn problem(error: &regex::Error, pattern: &str) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
    match last {
        "unclosed group" => format!("error parsing regexp: missing closing ): `{pattern}`"),
        "unopened group" => format!("error parsing regexp: unexpected ): `{pattern}`"),
        _ => last.to_owned(),
    }
}

fn translated(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text.char_indices().peekable();
    while let Some((at, letter)) = rest.next() {
        match letter {
            '\\' => escape(&mut rest, &mut out, false),
            '[' => class(&mut rest, &mut out),
            '{' if !is_repetition(&text[at..]) => out.push_str("\\{"),
            _ => out.push(letter),
        }
    }
    out
}

/// `{n}`, `{n,}` or `{n,m}`; anything else is a brace.
fn is_repetition(text: &str) -> bool {
    let Some((inside, _)) = text[1..].split_once('}') else { return false };
    let (least, most) = inside.split_once(',').unwrap_or((inside, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !least.is_empty() && digits(least) && digits(most)
}

fn escape(rest: &mut Peekable<impl Iterator<Item = (usize, char)>>, out: &mut String, in_class: bool) {
    let Some((_, letter)) = rest.next() else { return out.push('\\') };
    match letter {
        'd' => out.push_str("[0-9]"),
        'D' => out.push_str("[^0-9]"),
        'w' => out.push_str("[0-9A-Za-z_]"),
        'W' => out.push_str("[^0-9A-Za-z_]"),
        's' => out.push_str("[\\t\\n\\f\\r ]"),
        'S' => out.push_str("[^\\t\\n\\f\\r ]"),
        'b' | 'B' if !in_class => out.extend(["(?-u:\\", if letter == 'b' { "b)" } else { "B)" }]),
        '<' | '>' => out.push(letter),
        'Q' => quoted(rest, out),
        _ => out.extend(['\\', letter]),
    }
}

/// `\Q…\E`: everything between stands for itself.
fn quoted(rest: &mut Peekable<impl Iterator<Item = (usize, char)>>, out: &mut String) {
    while let Some((_, letter)) = rest.next() {
        if letter == '\\' && rest.next_if(|(_, next)| *next == 'E').is_some() {
            return;
        }
        out.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4])));
    }
}

fn class(rest: &mut Peekable<impl Iterator<Item = (usize, char)>>, out: &mut String) {
    out.push('[');
    if rest.next_if(|(_, letter)| *letter == '^').is_some() {
        out.push('^');
    }
    if rest.next_if(|(_, letter)| *letter == ']').is_some() {
        out.push_str("\\]");
    }
    let mut previous = ' ';
    while let Some((_, letter)) = rest.next() {
        match letter {
            ']' => return out.push(']'),
            '\\' => escape(rest, out, true),
            '[' if rest.next_if(|(_, next)| *next == ':').is_some() => posix(rest, out),
            '[' | '&' | '~' => out.extend(['\\', letter]),
            '-' if previous == '-' => out.push_str("\\-"),
            _ => out.push(letter),
        }
        previous = letter;
    }
}

/// `[:alpha:]`
fn posix(rest: &mut Peekable<impl Iterator<Item = (usize, char)>>, out: &mut String) {
    out.push_str("[:");
    for (_, letter) in rest.by_ref() {
        out.push(letter);
        if letter == ']' {
            return;
        }
    }
}
