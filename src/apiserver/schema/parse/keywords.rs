//! The value validations of a node, and typed access to its keywords.

use serde_json::{Map, Value};

use super::{Parser, Place};
use crate::apiserver::schema::{Pattern, Rule, Schema, SchemaError, Validations, formats};

type Fields = Map<String, Value>;

impl<'a> Parser<'a, '_> {
    pub(super) fn validations(
        &mut self,
        fields: &'a Fields,
        schema: &mut Schema,
        place: &Place,
    ) -> Result<(), SchemaError> {
        let mut found = scalars(fields, place)?;
        found.all_of = self.alternatives(fields, "allOf", place)?;
        found.any_of = self.alternatives(fields, "anyOf", place)?;
        found.one_of = self.alternatives(fields, "oneOf", place)?;
        if let Some(node) = present(fields, "not") {
            found.not = Some(Box::new(self.node(node, &place.child("not")?)?));
        }
        found.rules = rules(fields, place)?;
        if !formats::is_known(schema.kind, schema.int_or_string, &found.format) {
            found.format.clear();
        }
        if !found.is_empty() {
            schema.validations = Some(Box::new(found));
        }
        Ok(())
    }

    fn alternatives(
        &mut self,
        fields: &'a Fields,
        keyword: &str,
        place: &Place,
    ) -> Result<Vec<Schema>, SchemaError> {
        let Some(nodes) = array_of(fields, keyword, place)? else { return Ok(Vec::new()) };
        nodes
            .iter()
            .enumerate()
            .map(|(index, node)| self.node(node, &place.child(&format!("{keyword}[{index}]"))?))
            .collect()
    }
}

fn scalars(fields: &Fields, place: &Place) -> Result<Validations, SchemaError> {
    Ok(Validations {
        format: string_of(fields, "format", place)?.unwrap_or_default().to_owned(),
        minimum: number_of(fields, "minimum", place)?,
        exclusive_minimum: bool_of(fields, "exclusiveMinimum", place)?.unwrap_or_default(),
        maximum: number_of(fields, "maximum", place)?,
        exclusive_maximum: bool_of(fields, "exclusiveMaximum", place)?.unwrap_or_default(),
        multiple_of: number_of(fields, "multipleOf", place)?,
        min_length: count_of(fields, "minLength", place)?,
        max_length: count_of(fields, "maxLength", place)?,
        pattern: pattern_of(fields, place)?,
        min_items: count_of(fields, "minItems", place)?,
        max_items: count_of(fields, "maxItems", place)?,
        unique_items: bool_of(fields, "uniqueItems", place)?.unwrap_or_default(),
        min_properties: count_of(fields, "minProperties", place)?,
        max_properties: count_of(fields, "maxProperties", place)?,
        required: strings_of(fields, "required", place)?.unwrap_or_default(),
        any_value_of: array_of(fields, "enum", place)?.map(<[Value]>::to_vec).unwrap_or_default(),
        ..Validations::default()
    })
}

impl Validations {
    fn is_empty(&self) -> bool {
        let Self { format, pattern, required, any_value_of, all_of, any_of, one_of, not, rules, .. } = self;
        let numbers = [self.minimum, self.maximum, self.multiple_of];
        let counts = [self.min_length, self.max_length, self.min_items, self.max_items];
        let properties = [self.min_properties, self.max_properties];
        format.is_empty()
            && pattern.is_none()
            && required.is_empty()
            && any_value_of.is_empty()
            && all_of.is_empty()
            && any_of.is_empty()
            && one_of.is_empty()
            && not.is_none()
            && rules.is_empty()
            && !self.unique_items
            && numbers.iter().all(Option::is_none)
            && counts.iter().chain(&properties).all(Option::is_none)
    }
}

fn pattern_of(fields: &Fields, place: &Place) -> Result<Option<Pattern>, SchemaError> {
    let Some(text) = string_of(fields, "pattern", place)?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    Pattern::new(text).map(Some).map_err(|problem| SchemaError::Pattern {
        path: place.path.clone(),
        pattern: text.to_owned(),
        problem,
    })
}

fn rules(fields: &Fields, place: &Place) -> Result<Vec<Rule>, SchemaError> {
    const KEYWORD: &str = "x-kubernetes-validations";
    let Some(rules) = array_of(fields, KEYWORD, place)? else { return Ok(Vec::new()) };
    rules
        .iter()
        .map(|rule| {
            let fields = rule.as_object().ok_or_else(|| place.wrong(KEYWORD, "a list of objects"))?;
            let text = |name| Ok(string_of(fields, name, place)?.unwrap_or_default().to_owned());
            Ok(Rule {
                rule: text("rule")?,
                message: text("message")?,
                message_expression: text("messageExpression")?,
                reason: string_of(fields, "reason", place)?.map(str::to_owned),
                field_path: text("fieldPath")?,
                optional_old_self: bool_of(fields, "optionalOldSelf", place)?,
            })
        })
        .collect()
}

fn present<'a>(fields: &'a Fields, keyword: &str) -> Option<&'a Value> {
    fields.get(keyword).filter(|value| !value.is_null())
}

fn typed<'a, T>(
    fields: &'a Fields,
    keyword: &str,
    place: &Place,
    expected: &'static str,
    read: impl FnOnce(&'a Value) -> Option<T>,
) -> Result<Option<T>, SchemaError> {
    let Some(value) = present(fields, keyword) else { return Ok(None) };
    read(value).map(Some).ok_or_else(|| place.wrong(keyword, expected))
}

pub(super) fn bool_of(fields: &Fields, keyword: &str, place: &Place) -> Result<Option<bool>, SchemaError> {
    typed(fields, keyword, place, "true or false", Value::as_bool)
}

pub(super) fn string_of<'a>(
    fields: &'a Fields,
    keyword: &str,
    place: &Place,
) -> Result<Option<&'a str>, SchemaError> {
    typed(fields, keyword, place, "a string", Value::as_str)
}

fn number_of(fields: &Fields, keyword: &str, place: &Place) -> Result<Option<f64>, SchemaError> {
    typed(fields, keyword, place, "a number", Value::as_f64)
}

fn count_of(fields: &Fields, keyword: &str, place: &Place) -> Result<Option<u64>, SchemaError> {
    typed(fields, keyword, place, "a whole number", |value| {
        // Negative limits are legal and say nothing, or everything: neither can be met below zero.
        value.as_u64().or_else(|| value.as_i64().map(|_| 0))
    })
}

fn array_of<'a>(
    fields: &'a Fields,
    keyword: &str,
    place: &Place,
) -> Result<Option<&'a [Value]>, SchemaError> {
    typed(fields, keyword, place, "a list", |value| value.as_array().map(Vec::as_slice))
}

pub(super) fn strings_of(
    fields: &Fields,
    keyword: &str,
    place: &Place,
) -> Result<Option<Vec<String>>, SchemaError> {
    typed(fields, keyword, place, "a list of strings", |value| {
        value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
    })
}
