//! The parsed form of `shapes.txt`: one block per Go struct, one line per field.

use std::collections::HashMap;

/// How Go holds a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    Pointer(Box<Shape>),
    List(Box<Shape>),
    /// With the name of its type, if it has one.
    Map(Box<Shape>, String),
    Struct(String),
    /// With the name of its type, as errors show it.
    String(String),
    Bool,
    Int32,
    Int64,
    IntOrString,
    Quantity,
    Time,
    MicroTime,
    Bytes,
    Raw,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub shape: Shape,
    pub omit_empty: bool,
    pub omit_zero: bool,
    /// The embedded structs it is in, as errors show the way to it: `VolumeSource.`
    pub within: String,
}

impl Field {
    /// Go's `omitempty` knows no empty struct; `omitzero` does.
    pub fn left_out_when_empty(&self) -> bool {
        let structure = matches!(
            self.shape,
            Shape::Struct(_) | Shape::Time | Shape::MicroTime | Shape::Quantity | Shape::IntOrString
        );
        self.omit_zero || self.omit_empty && !structure
    }
}

impl Shape {
    /// The type as Go names it in an error.
    pub fn go(&self) -> String {
        match self {
            Self::Pointer(inner) => inner.go(),
            Self::List(inner) => format!("[]{}", inner.go_element()),
            Self::Map(inner, name) if name.is_empty() => format!("map[string]{}", inner.go_element()),
            Self::Map(_, name) => name.clone(),
            Self::Struct(name) | Self::String(name) => name.clone(),
            Self::Bool => "bool".to_owned(),
            Self::Int32 | Self::IntOrString => "int32".to_owned(),
            Self::Int64 => "int64".to_owned(),
            Self::Quantity | Self::Time | Self::MicroTime => "string".to_owned(),
            Self::Bytes => "[]uint8".to_owned(),
            Self::Raw => "interface {}".to_owned(),
        }
    }

    fn go_element(&self) -> String {
        match self {
            Self::Pointer(inner) => format!("*{}", inner.go_element()),
            Self::Quantity => "resource.Quantity".to_owned(),
            Self::IntOrString => "intstr.IntOrString".to_owned(),
            Self::Time => "v1.Time".to_owned(),
            Self::MicroTime => "v1.MicroTime".to_owned(),
            other => other.go(),
        }
    }
}

fn shape(text: &str) -> Shape {
    let inner = |text| Box::new(shape(text));
    if let Some(text) = text.strip_prefix('*') {
        return Shape::Pointer(inner(text));
    }
    if let Some(text) = text.strip_prefix("[]") {
        return Shape::List(inner(text));
    }
    if let Some((name, text)) = text.strip_prefix('{').and_then(|text| text.split_once('}')) {
        return Shape::Map(inner(text), name.to_owned());
    }
    if let Some(name) = text.strip_prefix('=') {
        return Shape::Struct(name.to_owned());
    }
    match text {
        "bool" => Shape::Bool,
        "int32" => Shape::Int32,
        "int64" => Shape::Int64,
        "intstr" => Shape::IntOrString,
        "quantity" => Shape::Quantity,
        "time" => Shape::Time,
        "microtime" => Shape::MicroTime,
        "bytes" => Shape::Bytes,
        "raw" => Shape::Raw,
        text => Shape::String(text.strip_prefix("string:").unwrap_or(text).to_owned()),
    }
}

pub fn parse(text: &'static str) -> HashMap<&'static str, Vec<Field>> {
    let mut structs: HashMap<_, Vec<Field>> = HashMap::new();
    let mut current = "";
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some(field) = line.strip_prefix("  ") else {
            current = line;
            structs.entry(current).or_default();
            continue;
        };
        let mut words = field.split(' ');
        let (Some(name), Some(kind)) = (words.next(), words.next()) else { continue };
        let options: Vec<_> = words.collect();
        let (omit_empty, omit_zero) = (options.contains(&"omitempty"), options.contains(&"omitzero"));
        // The outermost is written last.
        let within = options.iter().rev().filter_map(|option| option.strip_prefix("in:"));
        let within: String = within.map(|embedded| format!("{embedded}.")).collect();
        let field = Field { name: name.to_owned(), shape: shape(kind), omit_empty, omit_zero, within };
        structs.entry(current).or_default().push(field);
    }
    structs
}
