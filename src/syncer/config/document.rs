//! YAML as JSON, with the line of every part of it.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};
use serde_saphyr::Spanned;

/// A file that was read.
pub(super) struct Document {
    pub(super) value: Value,
    /// By the path of the part: `transforms[0].name`.
    lines: BTreeMap<String, u64>,
}

impl Document {
    /// An empty text is an empty map. The error has a line, where that is known.
    pub(super) fn parse(text: &str) -> Result<Self, (Option<u64>, String)> {
        let mut document = Self { value: Value::Object(Map::new()), lines: BTreeMap::new() };
        if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(document);
        }
        let tree: Spanned<Tree> = serde_saphyr::from_str(text).map_err(|error| {
            let line = error.location().map(|location| location.line()).filter(|line| *line > 0);
            (line, format!("is not YAML: {}", error.without_snippet()))
        })?;
        document.value = document.flatten(tree, "");
        match &document.value {
            Value::Null => document.value = Value::Object(Map::new()),
            Value::Object(_) => {}
            _ => return Err((Some(1), "must be a map of fields".to_owned())),
        }
        Ok(document)
    }

    /// The line of a field, or of the nearest part around it that there is.
    pub(super) fn line(&self, field: &str) -> Option<u64> {
        let mut path = field;
        loop {
            if let Some(line) = self.lines.get(path) {
                return Some(*line);
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }

    fn flatten(&mut self, tree: Spanned<Tree>, path: &str) -> Value {
        let line = tree.referenced.line();
        if line > 0 {
            self.lines.insert(path.to_owned(), line);
        }
        match tree.value {
            Tree::Scalar(value) => value,
            Tree::List(items) => {
                let items = items.into_iter().enumerate();
                items
                    .map(|(at, item)| self.flatten(item, &format!("{path}[{at}]")))
                    .collect::<Vec<_>>()
                    .into()
            }
            Tree::Map(fields) => {
                let dot = if path.is_empty() { "" } else { "." };
                let fields = fields.into_iter().map(|(name, value)| {
                    let value = self.flatten(value, &format!("{path}{dot}{name}"));
                    (name, value)
                });
                fields.collect::<Map<_, _>>().into()
            }
        }
    }
}

enum Tree {
    Scalar(Value),
    List(Vec<Spanned<Tree>>),
    Map(Vec<(String, Spanned<Tree>)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyTree)
    }
}

struct AnyTree;

impl<'de> Visitor<'de> for AnyTree {
    type Value = Tree;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("YAML that JSON has too")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Tree, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("a number must be finite"))?;
        Ok(Tree::Scalar(number.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Scalar(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(field) = fields.next_entry()? {
            map.push(field);
        }
        Ok(Tree::Map(map))
    }
}

#[cfg(test)]
mod tests;
