//! `x-kubernetes-validations`: rules in CEL, compiled once, asked at every write.
//!
//! The walk and the texts are those of `apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go`; the
//! language is that of the `cel` crate with Kubernetes' functions from `kube-cel`. It is not as strictly typed as
//! upstream's: what the check of a definition lets through and fails later is told as a mistake of the object.
//!
//! What a rule may cost is bounded by its length, by how deep its loops are nested, and by the longest list they
//! can run over.

mod check;
mod cost;
mod evaluate;
mod names;
mod optional;
pub mod program;
#[cfg(test)]
mod tests;
mod values;

use std::{collections::BTreeMap, fmt, sync::Arc};

use kube_cel::cel::{IdedExpr, parser::Parser};
use serde_json::Value;

use self::evaluate::Evaluation;
use super::{Rule, Schema};
use crate::apiserver::field::FieldError;

/// Longer expressions are refused.
const LONGEST_EXPRESSION: usize = 16 * 1024;

/// The rules of a schema and of all below it.
#[derive(Debug, Default)]
pub struct Rules {
    own: Vec<Compiled>,
    properties: BTreeMap<String, Rules>,
    additional_properties: Option<Box<Rules>>,
    items: Option<Box<Rules>>,
}

#[derive(Debug)]
struct Compiled {
    rule: Rule,
    expression: Expression,
    message: Option<Expression>,
    uses_old_self: bool,
}

/// A parsed expression and its bounds.
struct Expression {
    root: IdedExpr,
    cost: cost::Cost,
}

impl fmt::Debug for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Expression").field("cost", &self.cost).finish_non_exhaustive()
    }
}

/// A rule that is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("rule {rule:?}: {problem}")]
pub struct RuleError {
    pub rule: String,
    pub problem: String,
    /// Whether it is the message that is wrong.
    pub in_message: bool,
}

impl Rules {
    /// Compiles the rules of the schema of a whole object.
    pub fn compile(schema: &Schema) -> Result<Rules, RuleError> {
        Self::node(schema, true)
    }

    fn node(schema: &Schema, is_object: bool) -> Result<Rules, RuleError> {
        let of = |schema: &Arc<Schema>| Self::node(schema, schema.embedded_resource);
        let boxed = |schema: &Option<Arc<Schema>>| -> Result<Option<Box<Rules>>, RuleError> {
            let rules = schema.as_ref().map(of).transpose()?;
            Ok(rules.filter(|rules| !rules.is_empty()).map(Box::new))
        };
        let mut properties = BTreeMap::new();
        for (name, schema) in &schema.properties {
            let rules = of(schema)?;
            if !rules.is_empty() {
                properties.insert(name.clone(), rules);
            }
        }
        let own = schema.validations.iter().flat_map(|validations| &validations.rules);
        Ok(Rules {
            own: own.map(|rule| compile(rule, schema, is_object)).collect::<Result<_, _>>()?,
            properties,
            additional_properties: boxed(&schema.additional_properties)?,
            items: boxed(&schema.items)?,
        })
    }

    pub fn is_empty(&self) -> bool {
        self.own.is_empty()
            && self.properties.is_empty()
            && self.additional_properties.is_none()
            && self.items.is_none()
    }

    /// What the rules say of an object, and of its change from the stored one.
    pub fn validate(&self, schema: &Schema, object: &Value, old: Option<&Value>) -> Vec<FieldError> {
        if self.is_empty() {
            return Vec::new();
        }
        Evaluation::new().run(self, schema, object, old)
    }
}

/// Compiles one rule for values of the schema; whether it asks for the old value.
pub fn check_rule(rule: &Rule, schema: &Schema, is_object: bool) -> Result<bool, RuleError> {
    compile(rule, schema, is_object).map(|compiled| compiled.uses_old_self)
}

fn compile(rule: &Rule, schema: &Schema, is_object: bool) -> Result<Compiled, RuleError> {
    let wrong = |in_message: bool| {
        move |problem: String| {
            let problem = if in_message { format!("messageExpression {problem}") } else { problem };
            RuleError { rule: rule.rule.clone(), problem, in_message }
        }
    };
    let old_is_optional = rule.optional_old_self == Some(true);
    let expression = parse(&rule.rule, old_is_optional).map_err(wrong(false))?;
    let mut uses_old_self = check::check(&expression.root, Some(schema), is_object).map_err(wrong(false))?;
    let message = match rule.message_expression.trim() {
        "" => None,
        text => {
            let message = parse(text, old_is_optional).map_err(wrong(true))?;
            uses_old_self |= check::check(&message.root, Some(schema), is_object).map_err(wrong(true))?;
            Some(message)
        }
    };
    Ok(Compiled { rule: rule.clone(), expression, message, uses_old_self })
}

fn parse(text: &str, old_is_optional: bool) -> Result<Expression, String> {
    if text.len() > LONGEST_EXPRESSION {
        return Err(format!("expression is longer than {LONGEST_EXPRESSION} bytes"));
    }
    let root = Parser::default()
        .enable_optional_syntax(true)
        .parse(text)
        .map_err(|error| format!("compilation failed: {}", error.to_string().replace("\n| ", "\n | ")))?;
    let root = optional::spelt_out(root, old_is_optional)?;
    let cost = cost::Cost::of(&root);
    Ok(Expression { root, cost })
}
