//! One expression over one value, `self`, that has no schema: for others than definitions.
//!
//! The language is that of rules. What it may cost is known before it is evaluated: the nodes as for rules, the bytes
//! of all texts it can make, and what its loops copy. It must not know what its answer is for.

use std::sync::LazyLock;

use kube_cel::cel::{
    Context, IdedExpr, Value as Cel,
    common::ast::{CallExpr, EntryExpr, Expr, LiteralValue},
    objects::Key,
};
use serde_json::{Map, Value};

use super::{
    Expression, check,
    cost::{BUDGET, Lengths},
    evaluate::new_context,
    parse,
    values::convert,
};

/// How deep parentheses, lists and calls may be nested: each takes its part of the stack.
const DEEPEST: usize = 32;
/// All texts of one evaluation together, in bytes.
const MOST_TEXT: u64 = 512 << 20;
/// The parts of values that loops copy while they make lists.
const MOST_COPIES: u64 = 50_000_000;
/// The parts of an answer, counting each byte of a text.
const LARGEST_ANSWER: usize = 1 << 20;

/// Functions that make no text.
const NO_TEXT: [&str; 12] = [
    "@in",
    "bool",
    "contains",
    "double",
    "endsWith",
    "hasValue",
    "int",
    "matches",
    "optional.of",
    "size",
    "startsWith",
    "type",
];

/// An expression that was checked.
#[derive(Debug)]
pub struct Program {
    expression: Expression,
    growth: Growth,
}

/// Why there is no answer. No message holds a part of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    #[error("the expression would cost too much over this object: make it smaller, or nest fewer loops")]
    TooCostly,
    #[error("the expression fails for this object: guard what may be missing with has()")]
    Failed,
    #[error("the expression yields no JSON, or too much of it")]
    NoJson,
}

impl Program {
    /// Parses and checks an expression; the error says what is wrong with it.
    pub fn compile(text: &str) -> Result<Self, String> {
        if nesting(text) > DEEPEST {
            return Err(format!("the expression is nested deeper than {DEEPEST} levels"));
        }
        let expression = parse(text, false)?;
        if check::check(&expression.root, None, false)? {
            return Err("compilation failed: undeclared reference to 'oldSelf' (in container '')".to_owned());
        }
        let growth = Growth::of(&expression.root)?;
        Ok(Self { expression, growth })
    }

    /// The answer over a value.
    pub fn evaluate(&self, this: &Value) -> Result<Value, ProgramError> {
        let lengths = Lengths::of(this);
        let nodes = self.expression.cost.over(lengths);
        let copies = self.growth.copies(lengths.longest_list(), || parts(this));
        if nodes > BUDGET || copies > MOST_COPIES || self.growth.texts(nodes, lengths) > MOST_TEXT {
            return Err(ProgramError::TooCostly);
        }
        static CONTEXT: LazyLock<Context<'static>> = LazyLock::new(new_context);
        let mut scope = CONTEXT.new_inner_scope();
        scope.add_variable_from_value("self", convert(&CONTEXT, this, None));
        let answer = scope.resolve(&self.expression.root).map_err(|_| ProgramError::Failed)?;
        let mut rest = LARGEST_ANSWER;
        to_json(&answer, &mut rest).ok_or(ProgramError::NoJson)
    }
}

/// What an expression makes of a value beyond looking at it.
#[derive(Debug, Default)]
struct Growth {
    /// Calls that make any.
    makers: u64,
    /// Those that make longer ones: each adds one of the longest.
    additions: u64,
    /// How often those multiply that put one text into many places of another.
    factor: u64,
    /// Those that make one text of a whole list.
    joins: u32,
    /// Loops that make a list, by how many loops are around them; deeper ones count for the last. Each turn copies
    /// the list so far.
    appends: [u64; 6],
}

impl Growth {
    fn of(expression: &IdedExpr) -> Result<Self, String> {
        let mut growth = Self { factor: 1, ..Self::default() };
        growth.add(expression, 0)?;
        Ok(growth)
    }

    /// The most parts that are copied over a value of so many `parts`.
    fn copies(&self, longest: u64, parts: impl FnOnce() -> u64) -> u64 {
        let turns = self.appends.iter().zip(1_u32..).fold(0, |sum: u64, (appends, depth)| {
            sum.saturating_add(appends.saturating_mul(longest.saturating_pow(depth)))
        });
        if turns == 0 { 0 } else { turns.saturating_mul(parts()) }
    }

    /// The most bytes of texts that are made.
    fn texts(&self, nodes: u64, lengths: Lengths) -> u64 {
        if self.makers == 0 {
            return 0;
        }
        let longest =
            lengths.longest_text().max(64).saturating_mul(self.additions + 1).saturating_mul(self.factor);
        nodes.saturating_mul(longest.saturating_mul(lengths.longest_list().max(1).saturating_pow(self.joins)))
    }

    fn add(&mut self, expression: &IdedExpr, depth: usize) -> Result<(), String> {
        match &expression.expr {
            Expr::Call(call) => {
                self.call(call, depth)?;
                call.target.iter().try_for_each(|target| self.add(target, depth))?;
                call.args.iter().try_for_each(|argument| self.add(argument, depth))
            }
            Expr::Comprehension(of) => {
                self.add(&of.iter_range, depth)?;
                let inside = [&of.accu_init, &of.loop_cond, &of.loop_step, &of.result];
                inside.into_iter().try_for_each(|part| self.add(part, depth + 1))
            }
            Expr::List(list) => list.elements.iter().try_for_each(|element| self.add(element, depth)),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| self.entry(&entry.expr, depth)),
            Expr::Struct(of) => of.entries.iter().try_for_each(|entry| self.entry(&entry.expr, depth)),
            Expr::Select(select) => self.add(&select.operand, depth),
            Expr::Literal(LiteralValue::String(text)) => {
                // Its own texts count as well.
                self.additions += text.inner().len() as u64 / 64;
                Ok(())
            }
            Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => Ok(()),
        }
    }

    fn call(&mut self, call: &CallExpr, depth: usize) -> Result<(), String> {
        // How a loop makes its list.
        let is_list = call.args.iter().any(|argument| matches!(argument.expr, Expr::List(_)));
        let is_operator = !call.func_name.starts_with(|letter: char| letter.is_ascii_alphabetic());
        match call.func_name.as_str() {
            "_+_" if is_list => {
                self.appends[depth.min(5)] += 1;
                return Ok(());
            }
            "_+_" => self.additions += 1,
            "join" | "format" => self.joins += 1,
            "replace" => {
                let by = call.args.get(1).map(|by| &by.expr);
                let Some(Expr::Literal(LiteralValue::String(by))) = by else {
                    return Err("replace() needs a text in quotes to put in".to_owned());
                };
                self.factor = self.factor.saturating_mul(by.inner().len() as u64 + 1);
            }
            name if is_operator || NO_TEXT.contains(&name) => return Ok(()),
            _ => {}
        }
        self.makers += 1;
        Ok(())
    }

    fn entry(&mut self, entry: &EntryExpr, depth: usize) -> Result<(), String> {
        match entry {
            EntryExpr::StructField(field) => self.add(&field.value, depth),
            EntryExpr::MapEntry(entry) => {
                self.add(&entry.key, depth)?;
                self.add(&entry.value, depth)
            }
        }
    }
}

/// Of how many values a value is made.
fn parts(value: &Value) -> u64 {
    match value {
        Value::Array(items) => 1 + items.iter().map(parts).sum::<u64>(),
        Value::Object(fields) => 1 + fields.values().map(parts).sum::<u64>(),
        _ => 1,
    }
}

/// How deep the brackets of a text are nested, and how many signs stand before one value.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest, mut signs) = (0_usize, 0, 0_usize);
    for letter in text.chars() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '!' | '-' | '?' => signs += 1,
            _ if letter.is_whitespace() => {}
            _ => signs = 0,
        }
        deepest = deepest.max(depth + signs);
    }
    deepest
}

fn to_json(value: &Cel, rest: &mut usize) -> Option<Value> {
    let size = match value {
        Cel::String(text) => text.len() + 1,
        _ => 1,
    };
    *rest = rest.checked_sub(size)?;
    Some(match value {
        Cel::Null => Value::Null,
        Cel::Bool(value) => Value::Bool(*value),
        Cel::Int(number) => (*number).into(),
        Cel::UInt(number) => (*number).into(),
        Cel::Float(number) => serde_json::Number::from_f64(*number)?.into(),
        Cel::String(text) => Value::String(text.to_string()),
        Cel::List(items) => items.iter().map(|item| to_json(item, rest)).collect::<Option<Vec<_>>>()?.into(),
        Cel::Map(map) => {
            let mut fields = Map::new();
            for (key, value) in map.map.iter() {
                let Key::String(key) = key else { return None };
                *rest = rest.checked_sub(key.len())?;
                fields.insert(key.to_string(), to_json(value, rest)?);
            }
            fields.into()
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
