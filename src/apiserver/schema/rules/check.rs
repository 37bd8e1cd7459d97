//! Whether a rule speaks of things that exist: variables, functions, fields of the schema.
//!
//! Upstream's type checker does more; this one finds what would make a rule fail for every object.

use std::sync::LazyLock;

use kube_cel::cel::{
    Context, ExecutionError, IdedExpr,
    common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, SelectExpr},
    parser::Parser,
};

use super::{
    evaluate::{TYPES, new_context},
    names::escaped,
};
use crate::apiserver::schema::{META_FIELDS, Schema, Type};

/// Whether the expression asks for `oldSelf`, or what is wrong with it. Without a schema nothing is known of `self`.
pub(super) fn check(root: &IdedExpr, schema: Option<&Schema>, is_object: bool) -> Result<bool, String> {
    let mut check = Check { scopes: Vec::new(), schema, is_object, uses_old_self: false };
    check.expression(root)?;
    Ok(check.uses_old_self)
}

/// What is known of a value.
#[derive(Clone, Copy)]
enum Known<'a> {
    Nothing,
    /// A value of the schema; the flag says that it is an object with metadata.
    Of(&'a Schema, bool),
}

struct Check<'a> {
    /// The variables of the loops around, innermost last.
    scopes: Vec<(String, Known<'a>)>,
    schema: Option<&'a Schema>,
    is_object: bool,
    uses_old_self: bool,
}

impl<'a> Check<'a> {
    fn expression(&mut self, expression: &IdedExpr) -> Result<Known<'a>, String> {
        match &expression.expr {
            Expr::Ident(name) => self.variable(name),
            Expr::Select(select) => self.select(select),
            Expr::Call(call) => self.call(call),
            Expr::Comprehension(loop_) => self.comprehension(loop_),
            Expr::List(list) => self.all(list.elements.iter()),
            Expr::Map(map) => self.entries(map.entries.iter().map(|entry| &entry.expr)),
            Expr::Struct(of) => Err(format!("compilation failed: undeclared type '{}'", of.type_name)),
            Expr::Literal(_) | Expr::Unspecified => Ok(Known::Nothing),
        }
    }

    fn all<'e>(&mut self, mut of: impl Iterator<Item = &'e IdedExpr>) -> Result<Known<'a>, String> {
        of.try_for_each(|expression| self.expression(expression).map(drop))?;
        Ok(Known::Nothing)
    }

    fn entries<'e>(&mut self, entries: impl Iterator<Item = &'e EntryExpr>) -> Result<Known<'a>, String> {
        for entry in entries {
            match entry {
                EntryExpr::StructField(field) => drop(self.expression(&field.value)?),
                EntryExpr::MapEntry(entry) => drop(self.all([&entry.key, &entry.value].into_iter())?),
            }
        }
        Ok(Known::Nothing)
    }

    fn variable(&mut self, name: &str) -> Result<Known<'a>, String> {
        if let Some((_, known)) = self.scopes.iter().rev().find(|(scoped, _)| scoped == name) {
            return Ok(*known);
        }
        match name {
            "self" => Ok(self.schema.map_or(Known::Nothing, |schema| Known::Of(schema, self.is_object))),
            "oldSelf" => {
                self.uses_old_self = true;
                Ok(Known::Nothing)
            }
            _ if name.starts_with('@') || TYPES.contains(&name) => Ok(Known::Nothing),
            _ => Err(format!("compilation failed: undeclared reference to '{name}' (in container '')")),
        }
    }

    fn select(&mut self, select: &SelectExpr) -> Result<Known<'a>, String> {
        let Known::Of(schema, is_object) = self.expression(&select.operand)? else {
            return Ok(Known::Nothing);
        };
        if let Some(values) = &schema.additional_properties {
            return Ok(of(values));
        }
        let field = &select.field;
        let named = |name: &&String| escaped(name).is_some_and(|escaped| escaped == *field);
        if is_object && META_FIELDS.contains(&field.as_str()) {
            return Ok(Known::Nothing);
        }
        if !matches!(schema.kind, Type::Any | Type::Object) {
            let kind = schema.cel_type();
            return Err(format!("compilation failed: type '{kind}' does not support field selection"));
        }
        match schema.properties.iter().find(|(name, _)| named(name)) {
            Some((_, child)) => Ok(of(child)),
            None => Err(format!("compilation failed: undefined field '{field}'")),
        }
    }

    fn call(&mut self, call: &CallExpr) -> Result<Known<'a>, String> {
        if let Some(target) = &call.target {
            // A function of a namespace: `math.greatest`.
            if let Expr::Ident(namespace) = &target.expr
                && self.variable(namespace).is_err()
            {
                known_function(&format!("{namespace}.{}(null)", call.func_name), &call.func_name)?;
                return self.all(call.args.iter());
            }
            self.expression(target)?;
            known_function(&format!("null.{}()", call.func_name), &call.func_name)?;
            return self.all(call.args.iter());
        }
        let is_operator = !call.func_name.starts_with(|letter: char| letter.is_ascii_alphabetic());
        if !is_operator {
            known_function(&format!("{}(null)", call.func_name), &call.func_name)?;
        }
        if call.func_name == "_[_]" && call.args.len() == 2 {
            let known = self.expression(&call.args[0])?;
            self.expression(&call.args[1])?;
            return Ok(item_of(known));
        }
        self.all(call.args.iter())
    }

    fn comprehension(&mut self, loop_: &ComprehensionExpr) -> Result<Known<'a>, String> {
        let range = self.expression(&loop_.iter_range)?;
        self.expression(&loop_.accu_init)?;
        let depth = self.scopes.len();
        self.scopes.push((loop_.accu_var.clone(), Known::Nothing));
        // Of a map, the first variable is the key.
        let is_list = matches!(range, Known::Of(schema, _) if schema.items.is_some());
        let first = if is_list && loop_.iter_var2.is_none() { item_of(range) } else { Known::Nothing };
        self.scopes.push((loop_.iter_var.clone(), first));
        if let Some(second) = &loop_.iter_var2 {
            self.scopes.push((second.clone(), item_of(range)));
        }
        self.all([&loop_.loop_cond, &loop_.loop_step, &loop_.result].into_iter())?;
        self.scopes.truncate(depth);
        Ok(Known::Nothing)
    }
}

impl Schema {
    /// The type as CEL names it.
    fn cel_type(&self) -> &'static str {
        match self.kind {
            Type::Integer => "int",
            Type::Number => "double",
            Type::Boolean => "bool",
            Type::Array => "list",
            Type::String => "string",
            Type::Any | Type::Object => "dyn",
        }
    }
}

fn of(schema: &Schema) -> Known<'_> {
    Known::Of(schema, schema.embedded_resource)
}

fn item_of(known: Known<'_>) -> Known<'_> {
    match known {
        Known::Of(Schema { items: Some(child), .. }, _)
        | Known::Of(Schema { additional_properties: Some(child), .. }, _) => of(child),
        _ => Known::Nothing,
    }
}

/// Calls a function with an argument that it may well refuse: one that is not there refuses otherwise.
fn known_function(call: &str, name: &str) -> Result<(), String> {
    static CONTEXT: LazyLock<Context<'static>> = LazyLock::new(new_context);
    let Ok(call) = Parser::default().parse(call) else { return Ok(()) };
    match CONTEXT.resolve(&call) {
        // Members of formats exist on `format` alone, which is asked for as a namespace.
        Err(ExecutionError::UndeclaredReference(unknown)) if *unknown == name => {
            Err(format!("compilation failed: undeclared reference to function '{name}'"))
        }
        _ => Ok(()),
    }
}
