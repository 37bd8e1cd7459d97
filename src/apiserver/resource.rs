//! What a served resource is called and how its table looks. Data only.

use std::borrow::Cow;

/// Borrowed for what is compiled in, owned for what a definition brings at run time.
pub type Text = Cow<'static, str>;

/// The names of one served resource and the columns of its table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceInfo {
    pub group: Text,
    pub version: Text,
    /// Plural, as in the path: `aggregatedviews`.
    pub resource: Text,
    pub singular: Text,
    pub kind: Text,
    pub list_kind: Text,
    pub short_names: Vec<Text>,
    pub categories: Vec<Text>,
    pub namespaced: bool,
    /// Sorted, as discovery shows them.
    pub verbs: Cow<'static, [&'static str]>,
    /// What is served below an object, e.g. `status`.
    pub subresources: Vec<Subresource>,
    /// The role that opens rows, named when a caller has too many rows to ask about one by one.
    pub reader_role: &'static str,
    pub columns: Cow<'static, [Column]>,
    /// What every answer warns of: that the version is deprecated.
    pub warning: Option<Text>,
}

/// A subresource as discovery shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subresource {
    pub name: &'static str,
    /// Group, version and kind where they differ from the resource's own, as a Scale's do.
    pub kind: Option<(&'static str, &'static str, &'static str)>,
    pub verbs: &'static [&'static str],
}

/// One column of a `meta.k8s.io/v1` Table. Priority above 0 shows with `-o wide` only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: Text,
    pub kind: Text,
    pub format: Text,
    pub description: Text,
    pub priority: i32,
}

/// The verbs of what is only read.
pub const READ_VERBS: &[&str] = &["get", "list", "watch"];
/// The verbs of what is stored.
pub const ALL_VERBS: &[&str] =
    &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

impl Column {
    pub const fn new(
        name: &'static str,
        kind: &'static str,
        format: &'static str,
        description: &'static str,
        priority: i32,
    ) -> Self {
        Self {
            name: Cow::Borrowed(name),
            kind: Cow::Borrowed(kind),
            format: Cow::Borrowed(format),
            description: Cow::Borrowed(description),
            priority,
        }
    }
}

impl ResourceInfo {
    /// `group/version`, or `version` in the core group.
    pub fn group_version(&self) -> String {
        match &*self.group {
            "" => self.version.to_string(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// `resource.group`, or `resource` in the core group: how error messages name it.
    pub fn qualified(&self) -> String {
        match &*self.group {
            "" => self.resource.to_string(),
            group => format!("{}.{group}", self.resource),
        }
    }
}
