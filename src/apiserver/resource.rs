//! What a served resource is called and how its table looks. Data only.

/// The names of one served resource and the columns of its table.
#[derive(Debug)]
pub struct ResourceInfo {
    pub group: &'static str,
    pub version: &'static str,
    /// Plural, as in the path: `aggregatedviews`.
    pub resource: &'static str,
    pub singular: &'static str,
    pub kind: &'static str,
    pub list_kind: &'static str,
    pub short_names: &'static [&'static str],
    pub categories: &'static [&'static str],
    pub namespaced: bool,
    /// Sorted, as discovery shows them.
    pub verbs: &'static [&'static str],
    /// The role that opens rows, named when a caller has too many rows to ask about one by one.
    pub reader_role: &'static str,
    pub columns: &'static [Column],
}

/// One column of a `meta.k8s.io/v1` Table. Priority above 0 shows with `-o wide` only.
#[derive(Debug)]
pub struct Column {
    pub name: &'static str,
    pub kind: &'static str,
    pub format: &'static str,
    pub description: &'static str,
    pub priority: i32,
}

impl ResourceInfo {
    /// `group/version`, or `version` in the core group.
    pub fn group_version(&self) -> String {
        match self.group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// `resource.group`, or `resource` in the core group: how error messages name it.
    pub fn qualified(&self) -> String {
        match self.group {
            "" => self.resource.to_owned(),
            group => format!("{}.{group}", self.resource),
        }
    }
}
