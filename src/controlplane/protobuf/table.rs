//! The layout of every message that a request body may contain, read from `messages.txt`, which `make
//! generate-kubernetes` writes from Kubernetes' own Go types.

use std::{collections::HashMap, sync::LazyLock};

pub(super) static TABLE: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("messages.txt")));

pub(super) struct Table {
    /// By apiVersion and kind.
    kinds: HashMap<(&'static str, &'static str), usize>,
    messages: Vec<Message>,
}

pub(super) struct Message {
    /// The name of the Go type.
    pub name: &'static str,
    /// Sorted by number.
    pub fields: Vec<Field>,
}

pub(super) struct Field {
    number: u32,
    pub go_name: &'static str,
    /// None: a message whose fields stand where this one stands.
    pub name: Option<&'static str>,
    pub of: Type,
    pub shape: Shape,
    pub omit_empty: bool,
    pub omit_zero: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Value,
    Pointer,
    Repeated,
    /// By strings.
    Map,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    String,
    Bytes,
    Bool,
    Int32,
    Int64,
    Float64,
    Time,
    MicroTime,
    Quantity,
    IntOrString,
    /// Bytes that are JSON.
    Json,
    /// A message that is nothing but a list of strings.
    Strings,
    SchemaOrBool,
    SchemaOrArray,
    SchemaOrStringArray,
    Message(usize),
}

impl Table {
    /// The message of a kind. Typed clients send DeleteOptions in the group version of what they delete.
    pub(super) fn kind(&'static self, api_version: &str, kind: &str) -> Option<&'static Message> {
        let api_version = if kind == "DeleteOptions" { "meta.k8s.io/v1" } else { api_version };
        self.kinds.get(&(api_version, kind)).map(|index| self.message(*index))
    }

    pub(super) fn message(&'static self, index: usize) -> &'static Message {
        &self.messages[index]
    }

    /// The schema of CustomResourceDefinitions, which three special types contain.
    pub(super) fn json_schema_props(&'static self) -> &'static Message {
        let found = self.messages.iter().find(|message| message.name == "JSONSchemaProps");
        found.expect("the table has JSONSchemaProps")
    }

    fn parse(text: &'static str) -> Self {
        let lines = || text.lines().filter(|line| !line.starts_with('#')).map(words);
        let names = lines().filter(|line| line[0] == "message").enumerate();
        let indices: HashMap<_, _> = names.map(|(index, line)| (line[1], index)).collect();
        let mut table = Self { kinds: HashMap::new(), messages: Vec::new() };
        for line in lines() {
            match line[0] {
                "kind" => drop(table.kinds.insert((line[1], line[2]), indices[line[3]])),
                "message" => {
                    let name = line[1].rsplit('.').next().unwrap_or(line[1]);
                    table.messages.push(Message { name, fields: Vec::new() });
                }
                _ => {
                    let message = table.messages.last_mut().expect("a field belongs to a message");
                    message.fields.push(field(&line, &indices));
                }
            }
        }
        table
    }
}

fn words(line: &'static str) -> Vec<&'static str> {
    line.split(' ').collect()
}

fn field(line: &[&'static str], messages: &HashMap<&str, usize>) -> Field {
    let has = |property| line[4..].contains(&property);
    Field {
        number: line[0].parse().expect("a field begins with its number"),
        go_name: line[1],
        name: Some(line[2]).filter(|name| *name != "-"),
        of: type_of(line[3], messages),
        shape: match () {
            () if has("pointer") => Shape::Pointer,
            () if has("repeated") => Shape::Repeated,
            () if has("map") => Shape::Map,
            () => Shape::Value,
        },
        omit_empty: has("omitempty"),
        omit_zero: has("omitzero"),
    }
}

fn type_of(name: &str, messages: &HashMap<&str, usize>) -> Type {
    match name {
        "string" => Type::String,
        "bytes" => Type::Bytes,
        "bool" => Type::Bool,
        "int32" => Type::Int32,
        "int64" => Type::Int64,
        "float64" => Type::Float64,
        "Time" => Type::Time,
        "MicroTime" => Type::MicroTime,
        "Quantity" => Type::Quantity,
        "IntOrString" => Type::IntOrString,
        "JSON" => Type::Json,
        "Strings" => Type::Strings,
        "JSONSchemaPropsOrBool" => Type::SchemaOrBool,
        "JSONSchemaPropsOrArray" => Type::SchemaOrArray,
        "JSONSchemaPropsOrStringArray" => Type::SchemaOrStringArray,
        message => Type::Message(messages[message]),
    }
}

impl Message {
    pub(super) fn field(&self, number: u32) -> Option<&Field> {
        let index = self.fields.binary_search_by_key(&number, |field| field.number).ok()?;
        Some(&self.fields[index])
    }
}
