//! The JSONPath of printer columns: what client-go's template understands of it, for one value.
//!
//! Fields, quoted keys, indices, slices, wildcards, recursive descent and filters by comparison. Missing parts
//! are no mistake, they find nothing.

#[cfg(test)]
mod tests;

use serde_json::Value;

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Field(String),
    /// Negative from the end.
    Index(i64),
    Slice(Option<i64>, Option<i64>),
    All,
    Descend,
    Filter(Vec<Step>, Option<(String, Operand)>),
}

#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Literal(Value),
    Path(Vec<Step>),
}

/// A parsed path.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct JsonPath(Vec<Step>);

/// Filters inside filters are as deep as this.
const DEPTH_LIMIT: usize = 8;
/// How many values one step may find.
const FOUND_LIMIT: usize = 10_000;

impl JsonPath {
    pub(super) fn parse(text: &str) -> Option<Self> {
        steps(text.trim(), 0).map(Self)
    }

    /// The first value found.
    pub(super) fn first<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        found(&self.0, value).into_iter().next()
    }
}

fn steps(text: &str, depth: usize) -> Option<Vec<Step>> {
    if depth > DEPTH_LIMIT {
        return None;
    }
    let mut rest = text.strip_prefix(['$', '@']).unwrap_or(text);
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("..") {
            steps.push(Step::Descend);
            rest = after;
            if !rest.starts_with('[') {
                rest = field(rest, &mut steps)?;
            }
        } else if let Some(after) = rest.strip_prefix('.') {
            // `.[0]` is `[0]`, and a lone dot is the value itself.
            rest = if after.is_empty() || after.starts_with('[') { after } else { field(after, &mut steps)? };
        } else if let Some(after) = rest.strip_prefix('[') {
            let end = closing(after)?;
            steps.push(bracket(after[..end].trim(), depth)?);
            rest = &after[end + 1..];
        } else if steps.is_empty() {
            rest = field(rest, &mut steps)?;
        } else {
            return None;
        }
    }
    Some(steps)
}

/// A field up to the next dot or bracket; a backslash takes the next character as it is.
fn field<'a>(text: &'a str, steps: &mut Vec<Step>) -> Option<&'a str> {
    let mut name = String::new();
    let mut letters = text.char_indices();
    let mut end = text.len();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => name.push(letters.next()?.1),
            '.' | '[' => {
                end = at;
                break;
            }
            _ => name.push(letter),
        }
    }
    match name.as_str() {
        "" => return None,
        "*" => steps.push(Step::All),
        _ => steps.push(Step::Field(name)),
    }
    Some(&text[end..])
}

/// Where the bracket that is open ends, past quotes and inner brackets.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote, mut escaped) = (0usize, None, false);
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == letter => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(letter),
            (None, '[') => depth += 1,
            (None, ']') if depth == 0 => return Some(at),
            (None, ']') => depth -= 1,
            (None, _) => {}
        }
    }
    None
}

fn bracket(text: &str, depth: usize) -> Option<Step> {
    if text == "*" {
        return Some(Step::All);
    }
    if let Some(name) = quoted(text) {
        return Some(Step::Field(name));
    }
    if let Some(condition) = text.strip_prefix("?(").and_then(|text| text.strip_suffix(')')) {
        return filter(condition.trim(), depth);
    }
    let number = |text: &str| match text.trim() {
        "" => Some(None),
        text => text.parse::<i64>().ok().map(Some),
    };
    match text.split_once(':') {
        None => text.parse().ok().map(Step::Index),
        Some((start, end)) => Some(Step::Slice(number(start)?, number(end)?)),
    }
}

fn quoted(text: &str) -> Option<String> {
    let quote = text.chars().next().filter(|letter| matches!(letter, '\'' | '"'))?;
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    Some(inner.replace(&format!("\\{quote}"), &quote.to_string()))
}

fn filter(text: &str, depth: usize) -> Option<Step> {
    for operator in ["==", "!=", "<=", ">=", "<", ">"] {
        let Some((left, right)) = text.split_once(operator) else { continue };
        let right = right.trim();
        let operand = match quoted(right) {
            Some(text) => Operand::Literal(Value::from(text)),
            None if right.starts_with(['@', '$', '.']) => Operand::Path(steps(right, depth + 1)?),
            None => Operand::Literal(serde_json::from_str(right).ok()?),
        };
        return Some(Step::Filter(steps(left.trim(), depth + 1)?, Some((operator.to_owned(), operand))));
    }
    Some(Step::Filter(steps(text, depth + 1)?, None))
}

fn found<'a>(steps: &[Step], value: &'a Value) -> Vec<&'a Value> {
    let mut values = vec![value];
    for step in steps {
        let mut next = Vec::new();
        for value in values {
            step.take(value, &mut next);
            next.truncate(FOUND_LIMIT);
        }
        values = next;
    }
    values
}

impl Step {
    fn take<'a>(&self, value: &'a Value, out: &mut Vec<&'a Value>) {
        match (self, value) {
            (Step::Field(name), Value::Object(fields)) => out.extend(fields.get(name)),
            (Step::Index(index), Value::Array(items)) => {
                let index = if *index < 0 { *index + items.len() as i64 } else { *index };
                out.extend(usize::try_from(index).ok().and_then(|index| items.get(index)));
            }
            (Step::Slice(start, end), Value::Array(items)) => {
                let place = |index: i64| {
                    let index = if index < 0 { index + items.len() as i64 } else { index };
                    usize::try_from(index).unwrap_or(0).min(items.len())
                };
                let (start, end) = (place(start.unwrap_or(0)), end.map_or(items.len(), place));
                out.extend(items.get(start..end).into_iter().flatten());
            }
            (Step::All, Value::Array(items)) => out.extend(items),
            (Step::All, Value::Object(fields)) => out.extend(fields.values()),
            (Step::Descend, value) => descend(value, out),
            (Step::Filter(left, comparison), Value::Array(items)) => {
                out.extend(items.iter().filter(|item| holds(left, comparison.as_ref(), item)));
            }
            _ => {}
        }
    }
}

fn descend<'a>(value: &'a Value, out: &mut Vec<&'a Value>) {
    if out.len() >= FOUND_LIMIT {
        return;
    }
    out.push(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| descend(item, out)),
        Value::Object(fields) => fields.values().for_each(|value| descend(value, out)),
        _ => {}
    }
}

fn holds(left: &[Step], comparison: Option<&(String, Operand)>, item: &Value) -> bool {
    let Some(left) = found(left, item).into_iter().next() else { return false };
    let Some((operator, right)) = comparison else { return true };
    let right = match right {
        Operand::Literal(value) => value,
        Operand::Path(steps) => match found(steps, item).into_iter().next() {
            Some(value) => value,
            None => return false,
        },
    };
    let order = match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64().partial_cmp(&right.as_f64()),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (left, right) => (left == right).then_some(std::cmp::Ordering::Equal),
    };
    match operator.as_str() {
        "==" => order.is_some_and(|order| order.is_eq()),
        "!=" => order.is_none_or(|order| order.is_ne()),
        "<=" => order.is_some_and(|order| order.is_le()),
        ">=" => order.is_some_and(|order| order.is_ge()),
        "<" => order.is_some_and(|order| order.is_lt()),
        _ => order.is_some_and(|order| order.is_gt()),
    }
}
