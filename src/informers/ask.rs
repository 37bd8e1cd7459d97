//! How a resource is asked for: path, query and the type of the answer.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::event::{Resource, Selection};

const WHOLE: &str = "application/json";
/// What cannot be had as metadata alone comes whole; it is read all the same.
const METADATA_LIST: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) resource: Resource,
    pub(super) selection: Selection,
}

impl Ask {
    /// `query` is encoded already.
    pub(super) fn path(&self, query: &str) -> String {
        let Selection { labels, name, .. } = &self.selection;
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let labels = labels.as_deref().map(|labels| format!("&labelSelector={}", encoded(labels)));
        let name = name.as_deref().map(|name| format!("&fieldSelector=metadata.name%3D{}", encoded(name)));
        let (labels, name) = (labels.unwrap_or_default(), name.unwrap_or_default());
        format!("{}?{query}{labels}{name}", self.resource.path())
    }

    pub(super) fn list_type(&self) -> &'static str {
        if self.selection.metadata_only { METADATA_LIST } else { WHOLE }
    }

    /// Of the objects in watch events.
    pub(super) fn watch_type(&self) -> &'static str {
        if self.selection.metadata_only { METADATA } else { WHOLE }
    }
}
