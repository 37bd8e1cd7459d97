//! A schema as managed fields see it: what is one field and what is made of fields.
//!
//! Fed by [`Schema`]; the reading is that of kube-openapi's `schemaconv`: what nothing is known of has granular
//! maps and atomic lists, and `metadata` is the same for every kind.

use std::sync::LazyLock;

use serde_json::Value;

use super::{object_meta::OBJECT_META, path::Step};
use crate::apiserver::schema::{ListType, Schema, Type};

/// What nothing is said of.
static ANYTHING: LazyLock<Schema> = LazyLock::new(Schema::default);

/// What nothing is said of, as one field: the items of a list without a schema.
static ONE_VALUE: LazyLock<Schema> = LazyLock::new(|| Schema { atomic_map: true, ..Schema::default() });

/// `apiVersion` and `kind`.
static TEXT: LazyLock<Schema> = LazyLock::new(|| Schema { kind: Type::String, ..Schema::default() });

/// The JSON type a value is treated as, where a schema allows several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Map,
    Scalar,
    List,
}

/// What a scalar must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScalarKind {
    Numeric,
    String,
    Boolean,
    Any,
}

/// One place in a schema.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    schema: &'a Schema,
    /// Unknown fields are kept here or further up.
    preserves_unknown: bool,
    /// The place is a whole object with `metadata`.
    object: bool,
}

impl<'a> Node<'a> {
    /// The schema of a whole object.
    pub fn object(schema: &'a Schema) -> Self {
        Self { object: true, ..Self::of(schema) }
    }

    /// The schema of a part of one.
    pub fn of(schema: &'a Schema) -> Self {
        Self { schema, preserves_unknown: schema.preserve_unknown_fields, object: schema.embedded_resource }
    }

    /// `x-kubernetes-preserve-unknown-fields` holds for everything below it.
    fn child(self, schema: &'a Schema) -> Self {
        let child = Self::of(schema);
        Self { preserves_unknown: self.preserves_unknown || child.preserves_unknown, ..child }
    }

    /// The field of this name, if the schema has it.
    pub fn declared(self, name: &str) -> Option<Self> {
        match name {
            "metadata" if self.object => Some(Self::of(&OBJECT_META)),
            "apiVersion" | "kind" if self.object => Some(Self::of(&TEXT)),
            _ => self.schema.properties.get(name).map(|schema| self.child(schema)),
        }
    }

    /// What a field the schema does not name must be; none if there may be no such field.
    pub fn undeclared(self) -> Option<Self> {
        if let Some(schema) = &self.schema.additional_properties {
            return Some(self.child(schema));
        }
        let free = self.preserves_unknown || !self.has_fields();
        free.then(|| Self::of(&ANYTHING))
    }

    pub fn field(self, name: &str) -> Option<Self> {
        self.declared(name).or_else(|| self.undeclared())
    }

    /// What every item of a list must be.
    pub fn item(self) -> Self {
        match &self.schema.items {
            Some(schema) => self.child(schema),
            None => Self::of(&ONE_VALUE),
        }
    }

    /// Where a step leads that is no declared field.
    pub fn below(self, step: &Step) -> Option<Self> {
        match step {
            Step::Field(_) => self.allows(Shape::Map).then(|| self.undeclared()).flatten(),
            Step::Key(_) => self.allows(Shape::List).then(|| self.item()),
            Step::Value(_) | Step::Index(_) => None,
        }
    }

    /// The default, which stands in for a key an item leaves out.
    pub fn default(self) -> Option<&'a Value> {
        self.schema.default.as_ref()
    }

    pub fn map_is_atomic(self) -> bool {
        self.schema.atomic_map
    }

    pub fn list_is_atomic(self) -> bool {
        self.schema.list_type == ListType::Atomic
    }

    /// The fields that tell the items of an associative list apart; a set has none.
    pub fn list_keys(self) -> &'a [String] {
        match self.schema.list_type {
            ListType::Map => &self.schema.list_map_keys,
            _ => &[],
        }
    }

    pub fn scalar_kind(self) -> ScalarKind {
        match self.schema.kind {
            _ if self.schema.int_or_string => ScalarKind::Any,
            Type::Integer | Type::Number => ScalarKind::Numeric,
            // What is a time or a quantity may be written in other ways.
            Type::String if self.has_format() => ScalarKind::Any,
            Type::String => ScalarKind::String,
            Type::Boolean => ScalarKind::Boolean,
            Type::Any | Type::Object | Type::Array => ScalarKind::Any,
        }
    }

    fn has_format(self) -> bool {
        let format = self.schema.validations.as_ref().map_or("", |validations| &validations.format);
        !matches!(format, "" | "byte")
    }

    /// Whether all that is known of the map is that it may hold anything.
    pub fn is_deduced_map(self) -> bool {
        !self.has_fields()
            && self
                .undeclared()
                .is_some_and(|node| node.scalar_kind() == ScalarKind::Any && node.allows(Shape::Scalar))
    }

    /// The shapes this value may be treated as: its own if the schema allows it, else all the schema allows.
    pub fn shapes(self, value: Option<&Value>) -> Shapes {
        let own = match value {
            None | Some(Value::Null) => None,
            Some(Value::Object(_)) => Some(Shape::Map),
            Some(Value::Array(_)) => Some(Shape::List),
            Some(_) => Some(Shape::Scalar),
        };
        match own {
            Some(own) if self.allows(own) => Shapes::Only(own),
            _ if self.schema.kind == Type::Any => Shapes::Every,
            _ => Shapes::Only(self.main_shape()),
        }
    }

    pub fn allows(self, shape: Shape) -> bool {
        self.schema.kind == Type::Any || self.main_shape() == shape
    }

    /// The shape of a value that does not say what it is.
    pub fn main_shape(self) -> Shape {
        match self.schema.kind {
            Type::Any | Type::Object => Shape::Map,
            Type::Array => Shape::List,
            Type::String | Type::Integer | Type::Number | Type::Boolean => Shape::Scalar,
        }
    }

    fn has_fields(self) -> bool {
        self.object || !self.schema.properties.is_empty()
    }
}

/// The shapes still possible once a value is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shapes {
    Only(Shape),
    Every,
}

impl Shapes {
    /// The shape to treat the value as.
    pub fn chosen(self) -> Shape {
        match self {
            Self::Only(shape) => shape,
            Self::Every => Shape::Map,
        }
    }
}
