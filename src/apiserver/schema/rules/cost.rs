//! The most that evaluating an expression can cost.
//!
//! Every node is evaluated once per turn of the loops around it, and no loop is longer than the longest list or
//! map that the rule can see, or than the list that the rule itself writes. That is more than what most rules cost;
//! the limit leaves room for it.

use kube_cel::cel::{
    IdedExpr,
    common::ast::{EntryExpr, Expr},
};
use serde_json::Value;

/// How many nodes the rules of one object may evaluate.
pub(super) const BUDGET: u64 = 20_000_000;

/// The size of an expression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    /// The nodes at each depth of loops over values, outermost first; deeper ones count for the last.
    nodes: [u64; 6],
    /// Whether it makes lists of texts.
    splits: bool,
}

impl Cost {
    pub(super) fn of(expression: &IdedExpr) -> Cost {
        let mut cost = Cost::default();
        cost.add(expression, 0, 1);
        cost
    }

    /// The most nodes that are evaluated over a value.
    pub(super) fn over(&self, lengths: Lengths) -> u64 {
        let texts = if self.splits { lengths.text } else { 0 };
        let longest = lengths.list.max(texts).max(1);
        self.nodes.iter().enumerate().fold(0, |sum: u64, (depth, nodes)| {
            sum.saturating_add(nodes.saturating_mul(longest.saturating_pow(depth as u32)))
        })
    }

    fn count(&mut self, depth: usize, times: u64) {
        let place = &mut self.nodes[depth.min(5)];
        *place = place.saturating_add(times);
    }

    /// `times` is how often loops over lists of the rule itself come by.
    fn add(&mut self, expression: &IdedExpr, depth: usize, times: u64) {
        self.count(depth, times);
        match &expression.expr {
            Expr::Call(call) => {
                // Looking through a list is a loop, be it a fast one.
                let is_search = call.func_name == "@in"
                    && call.args.last().is_some_and(|list| !matches!(list.expr, Expr::List(_)));
                self.splits |= matches!(call.func_name.as_str(), "split" | "findAll");
                if is_search {
                    self.count(depth + 1, times);
                }
                call.target.iter().for_each(|target| self.add(target, depth, times));
                call.args.iter().for_each(|argument| self.add(argument, depth, times));
            }
            Expr::Comprehension(of) => {
                self.add(&of.iter_range, depth, times);
                self.add(&of.accu_init, depth, times);
                let (depth_inside, times_inside) = match &of.iter_range.expr {
                    Expr::List(list) => (depth, times.saturating_mul(list.elements.len() as u64)),
                    _ => (depth + 1, times),
                };
                self.add(&of.loop_cond, depth_inside, times_inside);
                self.add(&of.loop_step, depth_inside, times_inside);
                self.add(&of.result, depth, times);
            }
            Expr::List(list) => list.elements.iter().for_each(|element| self.add(element, depth, times)),
            Expr::Map(map) => map.entries.iter().for_each(|entry| self.entry(&entry.expr, depth, times)),
            Expr::Struct(of) => of.entries.iter().for_each(|entry| self.entry(&entry.expr, depth, times)),
            Expr::Select(select) => self.add(&select.operand, depth, times),
            Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
        }
    }

    fn entry(&mut self, entry: &EntryExpr, depth: usize, times: u64) {
        match entry {
            EntryExpr::StructField(field) => self.add(&field.value, depth, times),
            EntryExpr::MapEntry(entry) => {
                self.add(&entry.key, depth, times);
                self.add(&entry.value, depth, times);
            }
        }
    }
}

/// The longest list or map, and the longest text, that a rule can see.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lengths {
    list: u64,
    text: u64,
}

impl Lengths {
    pub(super) fn of(value: &Value) -> Self {
        let mut lengths = Self::default();
        lengths.add(value);
        lengths
    }

    pub(super) fn longest_list(self) -> u64 {
        self.list
    }

    pub(super) fn longest_text(self) -> u64 {
        self.text
    }

    pub(super) fn add(&mut self, value: &Value) {
        match value {
            Value::Array(items) => {
                self.list = self.list.max(items.len() as u64);
                items.iter().for_each(|item| self.add(item));
            }
            Value::Object(fields) => {
                self.list = self.list.max(fields.len() as u64);
                fields.values().for_each(|value| self.add(value));
            }
            Value::String(text) => self.text = self.text.max(text.len() as u64),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}
