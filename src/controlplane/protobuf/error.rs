//! Why a body is not understood, in kube-apiserver's words.

use thiserror::Error;

/// A body that is not understood.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{problem}")]
pub struct ProtobufError {
    pub problem: Problem,
    /// What the body says it is, if it could be read so far: apiVersion and kind.
    pub of: Option<(String, String)>,
}

impl ProtobufError {
    /// The message of the 400 that kube-apiserver answers where it expects an object of `kind`.
    pub fn refusal(&self, kind: &str, body: &[u8]) -> String {
        const SHOWN: usize = 30;
        if let Some((api_version, own)) = &self.of {
            let version = api_version.rsplit('/').next().unwrap_or_default();
            return format!("{own} in version {version:?} cannot be handled as a {kind}: {self}");
        }
        let shown = &body[..body.len().min(SHOWN)];
        let summary = match body.first() {
            None => "<empty>".into(),
            Some(b'{') => String::from_utf8_lossy(shown).into_owned(),
            Some(_) => shown.iter().map(|byte| format!("{byte:02x}")).collect(),
        };
        let more = if body.len() > SHOWN { " ..." } else { "" };
        format!("the object provided is unrecognized (must be of type {kind}): {self} ({summary}{more})")
    }
}

/// What is wrong with it.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Problem {
    #[error("empty data")]
    Empty,
    #[error("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")]
    NoPrefix,
    #[error("empty body")]
    OnlyPrefix,
    /// The scheme's name is the line of Kubernetes 1.36 that made it.
    #[error(
        "no kind {kind:?} is registered for version {api_version:?} in scheme \"pkg/runtime/scheme.go:111\""
    )]
    NotRegistered { api_version: String, kind: String },
    #[error("unexpected EOF")]
    Truncated,
    #[error("proto: integer overflow")]
    Overflow,
    #[error("proto: negative length found during unmarshaling")]
    NegativeLength,
    #[error("proto: {0}: wiretype end group for non-group")]
    EndOfNoGroup(String),
    #[error("proto: unexpected end of group")]
    UnexpectedEndOfGroup,
    #[error("proto: {message}: illegal tag {number} (wire type {tag})")]
    IllegalTag { message: String, number: i32, tag: u64 },
    #[error("proto: illegal wireType {0}")]
    IllegalWireType(u8),
    #[error("proto: wrong wireType = {wire_type} for field {field}")]
    WrongWireType { wire_type: u8, field: &'static str },
    #[error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    NoQuantity,
    #[error("impossible IntOrString.Type")]
    NoIntOrString,
    #[error("json: unsupported value: {0}")]
    NoNumber(String),
    #[error("a field holds no JSON: {0}")]
    NoJson(String),
    #[error("a time is out of range")]
    NoTime,
    /// Ours: kube-apiserver has no such limit, its decoder of JSON has.
    #[error("exceeded max depth")]
    TooDeep,
    /// Ours: so few bytes may not become so large an object.
    #[error("too many fields")]
    TooMany,
}
