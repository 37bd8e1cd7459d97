//! The walk over an object with its rules.

use kube_cel::{
    KubeCelExt,
    cel::{Context, ExecutionError, ResolveResult, Value as Cel},
};
use serde_json::Value;

use super::{
    Compiled, Expression, Rules,
    cost::{BUDGET, Lengths},
    values::convert,
};
use crate::apiserver::{
    field::FieldError,
    schema::{Schema, path::Path},
};

const OUT_OF_BUDGET: &str =
    "validation failed due to running out of cost budget, no further validation rules will be run";
/// Longer messages of an expression are not shown.
const LONGEST_MESSAGE: usize = 5 * 1024;

/// The language rules are written in.
pub(super) fn new_context() -> Context<'static> {
    let mut context = Context::default().with_all();
    context.add_function("dyn", |value: Cel| -> ResolveResult { Ok(value) });
    context.add_function("type", |value: Cel| -> ResolveResult { Ok(type_named(type_of(&value))) });
    for name in TYPES {
        context.add_variable_from_value(name, type_named(name));
    }
    context
}

/// CEL's own types, which are values as well.
pub(super) const TYPES: [&str; 9] =
    ["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "uint"];

fn type_of(value: &Cel) -> &'static str {
    match value {
        Cel::Bool(_) => "bool",
        Cel::Bytes(_) => "bytes",
        Cel::Float(_) => "double",
        Cel::Int(_) => "int",
        Cel::List(_) => "list",
        Cel::Map(_) => "map",
        Cel::Null => "null_type",
        Cel::String(_) => "string",
        Cel::UInt(_) => "uint",
        _ => "other",
    }
}

/// A type as a value that equals no other kind of value.
fn type_named(name: &str) -> Cel {
    Cel::List(vec![Cel::Null, Cel::from("type"), Cel::from(name)].into())
}

/// What a value was before, and whether it has changed.
#[derive(Clone, Copy)]
struct Change<'a> {
    /// The schema, the value and its old one, where it can be told which that is.
    current: Option<(&'a Schema, &'a Value, &'a Value)>,
    /// The same of the nearest value around it.
    nearest: Option<(&'a Schema, &'a Value, &'a Value)>,
}

impl<'a> Change<'a> {
    fn is_none(self) -> bool {
        self.current.or(self.nearest).is_some_and(|(schema, new, old)| schema.is_unchanged(new, old))
    }

    fn below(self, current: Option<(&'a Schema, &'a Value, &'a Value)>) -> Self {
        if self.current.is_none() { self } else { Self { current, nearest: self.current } }
    }

    fn old(self) -> Option<&'a Value> {
        self.current.map(|(_, _, old)| old)
    }
}

pub(super) struct Evaluation {
    context: Context<'static>,
    budget: u64,
    errors: Vec<FieldError>,
}

/// The budget is used up; nothing more is evaluated.
struct Spent;

impl Evaluation {
    pub(super) fn new() -> Self {
        Self { context: new_context(), budget: BUDGET, errors: Vec::new() }
    }

    pub(super) fn run(
        mut self,
        rules: &Rules,
        schema: &Schema,
        object: &Value,
        old: Option<&Value>,
    ) -> Vec<FieldError> {
        let change = Change { current: old.map(|old| (schema, object, old)), nearest: None };
        let _ = self.node(rules, schema, object, old, change, &Path::Root);
        self.errors
    }

    fn node(
        &mut self,
        rules: &Rules,
        schema: &Schema,
        value: &Value,
        old: Option<&Value>,
        change: Change<'_>,
        path: &Path<'_>,
    ) -> Result<(), Spent> {
        if value.is_null() {
            return Ok(());
        }
        if !rules.own.is_empty() {
            self.own(rules, schema, value, old.filter(|old| !old.is_null()), change, path)?;
        }
        match value {
            Value::Array(items) => {
                let (Some(rules), Some(child)) = (&rules.items, schema.items.as_deref()) else {
                    return Ok(());
                };
                for (index, item) in items.iter().enumerate() {
                    let old_item = schema.old_item(old, item);
                    let current = schema.old_item(change.old(), item).map(|old| (child, item, old));
                    self.node(rules, child, item, old_item, change.below(current), &path.index(index))?;
                }
            }
            Value::Object(fields) => {
                for (name, value) in fields {
                    let named = rules.properties.get(name);
                    let is_key = !schema.properties.contains_key(name);
                    let of_map = rules.additional_properties.as_deref().filter(|_| is_key);
                    let (Some(rules), Some(child)) = (named.or(of_map), schema.child(name)) else { continue };
                    let old = old.and_then(|old| old.get(name));
                    let current = schema.old_field(change.old(), name).map(|old| (child, value, old));
                    let path = if is_key { path.key(name) } else { path.field(name) };
                    self.node(rules, child, value, old, change.below(current), &path)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn own(
        &mut self,
        rules: &Rules,
        schema: &Schema,
        value: &Value,
        old: Option<&Value>,
        change: Change<'_>,
        path: &Path<'_>,
    ) -> Result<(), Spent> {
        let mut lengths = Lengths::of(value);
        old.into_iter().for_each(|old| lengths.add(old));
        let this = convert(&self.context, value, Some(schema));
        let that = old.map(|old| convert(&self.context, old, Some(schema)));
        for compiled in &rules.own {
            let is_optional = compiled.rule.optional_old_self == Some(true);
            if compiled.uses_old_self && old.is_none() && !is_optional {
                continue;
            }
            if let Err(spent) = self.spend(&compiled.expression, lengths) {
                self.errors.push(FieldError::invalid(text(path), schema.type_text(), OUT_OF_BUDGET));
                return Err(spent);
            }
            let outcome = self.evaluate(&compiled.expression, &this, that.as_ref(), is_optional);
            let problem = match outcome {
                Ok(Cel::Bool(true)) => continue,
                Ok(Cel::Bool(false)) => None,
                Ok(_) => Some("rule does not evaluate to a bool".to_owned()),
                Err(problem) => Some(problem),
            };
            if let Some(problem) = problem {
                let detail = format!("{problem} evaluating rule: {}", compiled.shown());
                self.errors.push(FieldError::invalid(text(path), schema.type_text(), detail));
                continue;
            }
            if !compiled.uses_old_self && change.is_none() {
                continue;
            }
            let message = self.message(compiled, &this, that.as_ref(), lengths)?;
            self.errors.push(compiled.failure(path, value, message));
        }
        Ok(())
    }

    fn spend(&mut self, expression: &Expression, lengths: Lengths) -> Result<(), Spent> {
        self.budget = self.budget.checked_sub(expression.cost.over(lengths)).ok_or(Spent)?;
        Ok(())
    }

    fn evaluate(
        &self,
        expression: &Expression,
        this: &Cel,
        that: Option<&Cel>,
        is_optional: bool,
    ) -> Result<Cel, String> {
        let mut scope = self.context.new_inner_scope();
        scope.add_variable_from_value("self", this.clone());
        if let (Some(that), false) = (that, is_optional) {
            scope.add_variable_from_value("oldSelf", that.clone());
        }
        if is_optional {
            let optional = self.optional(that).map_err(|error| error.to_string())?;
            scope.add_variable_from_value("oldSelf", optional);
        }
        scope.resolve(&expression.root).map_err(|error| told(&error))
    }

    /// `optional.of(value)` or `optional.none()`.
    fn optional(&self, value: Option<&Cel>) -> ResolveResult {
        let text = if value.is_some() { "optional.of(value)" } else { "optional.none()" };
        let mut scope = self.context.new_inner_scope();
        scope.add_variable_from_value("value", value.cloned().unwrap_or(Cel::Null));
        let call = kube_cel::cel::parser::Parser::default().parse(text).expect("written here and tested");
        scope.resolve(&call)
    }

    /// What the message expression says, if it says something presentable.
    fn message(
        &mut self,
        compiled: &Compiled,
        this: &Cel,
        that: Option<&Cel>,
        lengths: Lengths,
    ) -> Result<Option<String>, Spent> {
        let Some(message) = &compiled.message else { return Ok(None) };
        self.spend(message, lengths)?;
        let is_optional = compiled.rule.optional_old_self == Some(true);
        let Ok(Cel::String(text)) = self.evaluate(message, this, that, is_optional) else { return Ok(None) };
        let text = text.trim();
        let is_presentable = !text.is_empty() && text.len() <= LONGEST_MESSAGE && !text.contains('\n');
        Ok(is_presentable.then(|| text.to_owned()))
    }
}

impl Compiled {
    /// The rule as messages name it.
    fn shown(&self) -> &str {
        let rule = &self.rule;
        if rule.message.is_empty() { rule.rule.trim() } else { rule.message.trim() }
    }

    fn failure(&self, path: &Path<'_>, value: &Value, message: Option<String>) -> FieldError {
        let detail = message.unwrap_or_else(|| match self.rule.message.is_empty() {
            true => format!("failed rule: {}", self.shown()),
            false => self.shown().to_owned(),
        });
        let field = self.rule.field_path.trim();
        let path = match (field, path.is_root()) {
            ("", _) => text(path),
            (field, true) => field.trim_start_matches('.').to_owned(),
            (field, false) => format!("{path}{field}"),
        };
        let is_whole = value.is_object() || value.is_array();
        match self.rule.reason.as_deref() {
            Some("FieldValueForbidden") => FieldError::forbidden(path, detail),
            Some("FieldValueRequired") => FieldError::required(path, detail),
            Some("FieldValueDuplicate") => FieldError::duplicate(path, value.clone()),
            _ if is_whole => FieldError::invalid_part(path, detail),
            _ => FieldError::invalid(path, value.clone(), detail),
        }
    }
}

/// The path as Go writes it.
fn text(path: &Path<'_>) -> String {
    if path.is_root() { "<nil>".to_owned() } else { path.to_string() }
}

/// An error as cel-go tells it.
fn told(error: &ExecutionError) -> String {
    let text = match error {
        ExecutionError::IndexOutOfBounds(Cel::Int(index)) => format!("index out of bounds: {index}"),
        ExecutionError::FunctionError { message, .. } => message.clone(),
        other => other.to_string(),
    };
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
