//! Names of below that mean nothing above: the namespace an object is in is named otherwise there.

use serde_json::{Map, Value};

/// One namespace, by its names on both sides. Both are empty for objects that are in none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Namespace<'a> {
    pub upstream: &'a str,
    pub downstream: &'a str,
}

impl Namespace<'_> {
    /// Puts upstream's name where the one below stands as a word of its own. Names of members stay.
    pub fn map_back(&self, members: &mut Map<String, Value>) {
        if self.downstream.is_empty() || self.upstream == self.downstream {
            return;
        }
        members.values_mut().for_each(|value| self.in_value(value));
    }

    fn in_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(mapped) = self.in_text(text) {
                    *text = mapped;
                }
            }
            Value::Array(elements) => elements.iter_mut().for_each(|element| self.in_value(element)),
            Value::Object(members) => members.values_mut().for_each(|member| self.in_value(member)),
            _ => {}
        }
    }

    fn in_text(&self, text: &str) -> Option<String> {
        let mut mapped = String::new();
        let mut from = 0;
        for (at, found) in text.match_indices(self.downstream) {
            let edge =
                |next: Option<char>| next.is_none_or(|next| !(next.is_ascii_alphanumeric() || next == '-'));
            if edge(text[..at].chars().next_back()) && edge(text[at + found.len()..].chars().next()) {
                mapped.push_str(&text[from..at]);
                mapped.push_str(self.upstream);
                from = at + found.len();
            }
        }
        (from > 0).then(|| mapped + &text[from..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_are_names() {
        let namespace = Namespace { upstream: "shop", downstream: "kcp-33jbiactwhg0" };
        let mapped = |text: &str| namespace.in_text(text).unwrap_or_else(|| text.to_owned());
        for (below, above) in [
            ("kcp-33jbiactwhg0", "shop"),
            ("Pod kcp-33jbiactwhg0/web-1 in \"kcp-33jbiactwhg0\"", "Pod shop/web-1 in \"shop\""),
            ("web.kcp-33jbiactwhg0.svc", "web.shop.svc"),
            ("xkcp-33jbiactwhg0 kcp-33jbiactwhg0-2", "xkcp-33jbiactwhg0 kcp-33jbiactwhg0-2"),
            ("", ""),
        ] {
            assert_eq!(mapped(below), above);
        }
        let same = Namespace { upstream: "a", downstream: "a" };
        let mut members = Map::from_iter([("a".to_owned(), Value::from("a"))]);
        same.map_back(&mut members);
        assert_eq!(members["a"], "a");
    }
}
