//! The syncer's configuration file: what is synced, how it is changed on its way, and how it is written.
//!
//! Reads YAML and tells all that is wrong with it at once, with file, line and field. Documented in
//! `docs/tmc/configuration.md`. It must not read files, nor know the flags' values.

mod document;
mod policies;
mod schema;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use self::document::Document;
pub use self::policies::Policies;
use super::{
    filter::{FilterOptions, ResourceFilter, SecretFilter, SecretPolicy},
    kind::Kind,
    render::access::Access,
    transform::Transforms,
};
use crate::api::placement::{GroupResource, Override};

/// Larger files are refused, in bytes.
const LARGEST: usize = 1 << 20;

/// What a file says; the default is that of an empty one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// Flags that are given take the place of its parts.
    pub filter: FilterOptions,
    pub secrets: SecretFilter,
    /// Pods reach the API of their workspace there, with the token of their service account.
    pub in_cluster_access: Option<Access>,
    /// Checked: [`Transforms::compile`] finds no fault in them.
    pub transforms: Vec<Override>,
    /// How objects are written that no Placement says it for.
    pub policies: Policies,
    /// Kinds whose objects are made by the cluster and copied up.
    pub upsync: BTreeSet<Upsync>,
    /// Kinds that hold data and may be deleted and made again all the same, where the policy is `Recreate`.
    pub allow_recreate: BTreeSet<GroupResource>,
}

/// A kind of objects that clusters make and workspaces want to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Upsync {
    Endpoints,
    PersistentVolumes,
    Pods,
}

impl Upsync {
    pub fn kind(self) -> Kind {
        let (resource, kind, namespaced) = match self {
            Self::Endpoints => ("endpoints", "Endpoints", true),
            Self::PersistentVolumes => ("persistentvolumes", "PersistentVolume", false),
            Self::Pods => ("pods", "Pod", true),
        };
        let (group, version) = (String::new(), "v1".to_owned());
        Kind { group, version, resource: resource.to_owned(), kind: kind.to_owned(), namespaced }
    }
}

/// Something wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    pub file: String,
    /// Counted from 1; none where it cannot be told.
    pub line: Option<u64>,
    /// `transforms[0].ops[1].set.path`; empty for the file as a whole.
    pub field: String,
    /// What is wrong, and what to do.
    pub problem: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, field, problem } = self;
        write!(formatter, "{file}:")?;
        if let Some(line) = line {
            write!(formatter, "{line}:")?;
        }
        if !field.is_empty() {
            write!(formatter, " {field}:")?;
        }
        write!(formatter, " {problem}")
    }
}

impl Config {
    /// Reads the text of a file, which errors call `file`. All that is wrong is told.
    pub fn read(file: &str, text: &str) -> Result<Self, Vec<ConfigError>> {
        let whole = |line, problem: String| {
            vec![ConfigError { file: file.to_owned(), line, field: String::new(), problem }]
        };
        if text.len() > LARGEST {
            return Err(whole(None, format!("the file has more than {LARGEST} bytes")));
        }
        let document = Document::parse(text).map_err(|(line, problem)| whole(line, problem))?;
        let mut reader = Reader { document: &document, errors: Vec::new() };
        let config = reader.config();
        let mut errors: Vec<_> = reader
            .errors
            .into_iter()
            .map(|(field, problem)| ConfigError {
                file: file.to_owned(),
                line: document.line(&field),
                field,
                problem,
            })
            .collect();
        errors.sort_by(|one, other| (one.line, &one.field).cmp(&(other.line, &other.field)));
        if errors.is_empty() { Ok(config) } else { Err(errors) }
    }
}

struct Reader<'a> {
    document: &'a Document,
    errors: Vec<(String, String)>,
}

impl Reader<'_> {
    fn config(&mut self) -> Config {
        self.errors.extend(schema::faults(&self.document.value));
        let in_cluster_access = self.in_cluster_access();
        let secrets: Secrets = self.part("secrets").unwrap_or_default();
        if in_cluster_access.is_some() && secrets.policy == SecretPolicy::None {
            let problem =
                "None lets no token go, which inClusterAccess needs: give another, or leave one of both out";
            self.errors.push(("secrets.policy".to_owned(), problem.to_owned()));
        }
        let kinds: Vec<GroupResource> = self.part("allowRecreate").unwrap_or_default();
        Config {
            filter: self.filter(),
            secrets: SecretFilter {
                policy: secrets.policy,
                named: secrets.named.into_iter().map(|secret| (secret.namespace, secret.name)).collect(),
                tokens: in_cluster_access.is_some(),
            },
            in_cluster_access,
            transforms: self.transforms(),
            policies: self.policies(),
            upsync: self.part("upsync").unwrap_or_default(),
            allow_recreate: kinds.into_iter().collect(),
        }
    }

    fn value(&self, field: &str) -> Option<&Value> {
        self.document.value.get(field).filter(|value| !value.is_null())
    }

    /// One part of the file; none if it is not there, or not as it should be.
    fn part<T: DeserializeOwned>(&mut self, field: &str) -> Option<T> {
        let value = self.value(field)?.clone();
        self.decode(field, value)
    }

    fn decode<T: DeserializeOwned>(&mut self, field: &str, value: Value) -> Option<T> {
        match serde_json::from_value(value) {
            Ok(part) => Some(part),
            Err(error) => {
                // The schema says it better, where it says it.
                let is_told = |told: &(String, String)| told.0.starts_with(field);
                if !self.errors.iter().any(is_told) {
                    self.errors.push((field.to_owned(), error.to_string()));
                }
                None
            }
        }
    }

    fn filter(&mut self) -> FilterOptions {
        let filter: Filter = self.part("filter").unwrap_or_default();
        let options = FilterOptions {
            namespaces: filter.namespaces,
            resource_types: filter.resource_types,
            namespace_selector: filter.namespace_selector,
            label_selector: filter.label_selector,
            annotation_selector: filter
                .annotations
                .into_iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect(),
        };
        for error in ResourceFilter::parse(&options).err().into_iter().flatten() {
            let field = match error.flag {
                "--namespaces" => "filter.namespaces",
                "--resource-types" => "filter.resourceTypes",
                "--namespace-selector" => "filter.namespaceSelector",
                "--label-selector" => "filter.labelSelector",
                _ => "filter.annotations",
            };
            self.errors.push((field.to_owned(), error.problem));
        }
        options
    }

    fn in_cluster_access(&mut self) -> Option<Access> {
        let InClusterAccess { server } = self.part("inClusterAccess")?;
        let access = Access::at(&server);
        access.map_err(|problem| self.errors.push(("inClusterAccess.server".to_owned(), problem))).ok()
    }

    fn transforms(&mut self) -> Vec<Override> {
        let values = self.value("transforms").and_then(Value::as_array).cloned().unwrap_or_default();
        let (mut places, mut rules) = (Vec::new(), Vec::new());
        for (at, value) in values.into_iter().enumerate() {
            if let Some(rule) = self.decode::<Override>(&format!("transforms[{at}]"), value) {
                places.push(at);
                rules.push(rule);
            }
        }
        for finding in Transforms::compile(&rules, &BTreeMap::new()).err().into_iter().flatten() {
            let at = places.get(finding.at).copied().unwrap_or(finding.at);
            let field = format!("transforms[{at}].{}", finding.field);
            // What the schema has said already.
            if !self.errors.iter().any(|(told, _)| *told == field) {
                self.errors.push((field, finding.problem));
            }
        }
        rules
    }

    fn policies(&mut self) -> Policies {
        let of_all = self.value("applyPolicy").cloned();
        let of_kinds = self.value("kinds").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut policies = Policies::default();
        if let Some(policy) = of_all.clone().and_then(|value| self.decode("applyPolicy", value)) {
            policies.of_all = policy;
        }
        for (at, value) in of_kinds.into_iter().enumerate() {
            let field = format!("kinds[{at}]");
            let Some(kind) = self.decode::<GroupResource>(&field, value.clone()) else { continue };
            let changes = value.get("applyPolicy").cloned().unwrap_or_default();
            let merged = policies::merged(of_all.clone(), changes);
            if let Some(policy) = self.decode(&format!("{field}.applyPolicy"), merged) {
                policies.of_kinds.insert(kind, policy);
            }
        }
        policies
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Filter {
    namespaces: Vec<String>,
    resource_types: Vec<String>,
    namespace_selector: String,
    label_selector: String,
    annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct InClusterAccess {
    server: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Secrets {
    policy: SecretPolicy,
    named: Vec<NamedSecret>,
}

#[derive(Deserialize)]
struct NamedSecret {
    namespace: String,
    name: String,
}

#[cfg(test)]
mod tests;
