//! Optional fields, `self.?a.?b`, spelt out as tests for them.
//!
//! The `cel` crate fails where such a field is missing. What is meant by it can be said without:
//! `has(self.a) && has(self.a.b) ? optional.of(self.a.b) : optional.none()`.

use kube_cel::cel::{
    IdedExpr,
    common::ast::{CallExpr, EntryExpr, Expr, SelectExpr},
};

use super::cost::Lengths;

const OPTIONAL_SELECT: &str = "_?._";
/// The value before a chain is copied for every test; what comes of it may not be larger.
const MOST_NODES: usize = 4096;

/// The expression without optional fields. `old_is_optional` says that `oldSelf` is an optional value.
pub(super) fn spelt_out(mut root: IdedExpr, old_is_optional: bool) -> Result<IdedExpr, String> {
    let mut rewrite = Rewrite { old_is_optional, copied: 0 };
    rewrite.expression(&mut root)?;
    Ok(root)
}

struct Rewrite {
    old_is_optional: bool,
    copied: usize,
}

impl Rewrite {
    fn expression(&mut self, expression: &mut IdedExpr) -> Result<(), String> {
        if is_chain(expression) {
            return self.chain(expression);
        }
        match &mut expression.expr {
            Expr::Call(call) => {
                call.target.iter_mut().try_for_each(|target| self.expression(target))?;
                call.args.iter_mut().try_for_each(|argument| self.expression(argument))
            }
            Expr::Comprehension(of) => {
                for part in [
                    &mut of.iter_range,
                    &mut of.accu_init,
                    &mut of.loop_cond,
                    &mut of.loop_step,
                    &mut of.result,
                ] {
                    self.expression(part)?;
                }
                Ok(())
            }
            Expr::List(list) => list.elements.iter_mut().try_for_each(|element| self.expression(element)),
            Expr::Map(map) => map.entries.iter_mut().try_for_each(|entry| self.entry(&mut entry.expr)),
            Expr::Struct(of) => of.entries.iter_mut().try_for_each(|entry| self.entry(&mut entry.expr)),
            Expr::Select(select) => self.expression(&mut select.operand),
            Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => Ok(()),
        }
    }

    fn entry(&mut self, entry: &mut EntryExpr) -> Result<(), String> {
        match entry {
            EntryExpr::StructField(field) => self.expression(&mut field.value),
            EntryExpr::MapEntry(entry) => {
                self.expression(&mut entry.key)?;
                self.expression(&mut entry.value)
            }
        }
    }

    fn chain(&mut self, expression: &mut IdedExpr) -> Result<(), String> {
        let (mut base, fields) = taken_apart(std::mem::take(expression));
        let is_optional = match &base.expr {
            Expr::Ident(name) => self.old_is_optional && name == "oldSelf",
            Expr::Call(CallExpr { target: Some(target), .. }) => is_ident(target, "optional"),
            _ => false,
        };
        self.expression(&mut base)?;
        self.copied += size(&base) * (fields.len() + 2);
        if self.copied > MOST_NODES {
            return Err("compilation failed: too many optional fields".to_owned());
        }
        let mut tests = Vec::new();
        let mut value = base.clone();
        if is_optional {
            tests.push(member(base.clone(), "hasValue", Vec::new()));
            value = member(base, "value", Vec::new());
        }
        for field in fields {
            tests.push(select(value.clone(), &field, true));
            value = select(value, &field, false);
        }
        let both = |one, other| call("_&&_", vec![one, other]);
        let Some(test) = tests.into_iter().reduce(both) else { return Ok(()) };
        let some = member(ident("optional"), "of", vec![value]);
        let none = member(ident("optional"), "none", Vec::new());
        *expression = call("_?_:_", vec![test, some, none]);
        Ok(())
    }
}

/// `….?a`, or a field of that.
fn is_chain(expression: &IdedExpr) -> bool {
    match &expression.expr {
        Expr::Call(call) => call.func_name == OPTIONAL_SELECT && field_of(call).is_some(),
        Expr::Select(select) => !select.test && is_chain(&select.operand),
        _ => false,
    }
}

fn field_of(call: &CallExpr) -> Option<String> {
    use kube_cel::cel::common::ast::LiteralValue;
    match &call.args.get(1)?.expr {
        Expr::Literal(LiteralValue::String(name)) => Some(name.inner().to_owned()),
        _ => None,
    }
}

/// The value before the chain, and the fields of the chain from there.
fn taken_apart(expression: IdedExpr) -> (IdedExpr, Vec<String>) {
    let (mut rest, mut fields) = (expression, Vec::new());
    while is_chain(&rest) {
        match rest.expr {
            Expr::Call(mut call) => {
                fields.extend(field_of(&call));
                rest = call.args.swap_remove(0);
            }
            Expr::Select(select) => {
                fields.push(select.field);
                rest = *select.operand;
            }
            other => {
                rest = IdedExpr { id: rest.id, expr: other };
                break;
            }
        }
    }
    fields.reverse();
    (rest, fields)
}

fn size(expression: &IdedExpr) -> usize {
    super::cost::Cost::of(expression).over(Lengths::default()) as usize
}

fn of(expr: Expr) -> IdedExpr {
    IdedExpr { id: 0, expr }
}

fn ident(name: &str) -> IdedExpr {
    of(Expr::Ident(name.to_owned()))
}

fn is_ident(expression: &IdedExpr, name: &str) -> bool {
    matches!(&expression.expr, Expr::Ident(found) if found == name)
}

fn call(name: &str, args: Vec<IdedExpr>) -> IdedExpr {
    of(Expr::Call(CallExpr { func_name: name.to_owned(), target: None, args }))
}

fn member(target: IdedExpr, name: &str, args: Vec<IdedExpr>) -> IdedExpr {
    of(Expr::Call(CallExpr { func_name: name.to_owned(), target: Some(Box::new(target)), args }))
}

fn select(operand: IdedExpr, field: &str, test: bool) -> IdedExpr {
    of(Expr::Select(SelectExpr { operand: Box::new(operand), field: field.to_owned(), test }))
}
