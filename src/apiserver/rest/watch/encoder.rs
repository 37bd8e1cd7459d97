//! The frames of a watch: `{"type":…,"object":…}` and a newline.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use crate::apiserver::{
    log::EventKind,
    negotiation::{Form, MetaVersion},
    object::Object,
    resource::ResourceInfo,
    status::ApiError,
    table::{self, Include},
};

/// The annotation that ends the initial events, as a member of `metadata`.
const INITIAL_EVENTS_END: &str = r#","annotations":{"k8s.io/initial-events-end":"true"}"#;

/// Writes the frames of one watch in the form it asked for.
pub(super) struct Encoder {
    info: Arc<ResourceInfo>,
    form: Form,
    include: Include,
    /// Only the first Table of a stream has them.
    columns_sent: bool,
}

impl Encoder {
    pub(super) fn new(info: Arc<ResourceInfo>, form: Form, include: Include) -> Self {
        Self { info, form, include, columns_sent: false }
    }

    /// Frames with the object itself are the same for every watcher, so their bytes may be shared.
    pub(super) fn shares_frames(&self) -> bool {
        self.form == Form::Object
    }

    pub(super) fn write(&mut self, out: &mut Vec<u8>, kind: EventKind, object: &Object) {
        let name = match kind {
            EventKind::Added => "ADDED",
            EventKind::Modified => "MODIFIED",
            EventKind::Deleted => "DELETED",
        };
        out.extend_from_slice(format!(r#"{{"type":"{name}","object":"#).as_bytes());
        match self.form {
            Form::Object => out.extend_from_slice(&object.json()),
            Form::Metadata(version) => table::write_metadata(out, object, version),
            Form::Table(version) => {
                self.open_table(out, version, object.resource_version);
                table::write_row(out, object, self.include, version, Timestamp::now());
                out.extend_from_slice(b"]}");
            }
        }
        out.extend_from_slice(b"}\n");
    }

    /// How far the watch has come; `initial_events_end` marks the one after the initial events.
    pub(super) fn bookmark(&mut self, resource_version: u64, initial_events_end: bool) -> Bytes {
        let annotations = if initial_events_end { INITIAL_EVENTS_END } else { "" };
        let partial = |version: MetaVersion| ("PartialObjectMetadata", version.api_version().to_owned());
        let own = (&*self.info.kind, self.info.group_version());
        let (kind, api_version) = match (self.form, self.include) {
            (Form::Object, _) | (Form::Table(_), Include::Object) => own,
            (Form::Metadata(version) | Form::Table(version), _) => partial(version),
        };
        let object = format!(
            r#"{{"kind":"{kind}","apiVersion":"{api_version}","metadata":{{"resourceVersion":"{resource_version}"{annotations}}}}}"#
        );
        let mut out = br#"{"type":"BOOKMARK","object":"#.to_vec();
        match self.form {
            Form::Object | Form::Metadata(_) => out.extend_from_slice(object.as_bytes()),
            Form::Table(version) => {
                self.open_table(&mut out, version, resource_version);
                let mut cells = vec!["null"; self.info.columns.len()];
                // The name is there, and empty.
                if let Some(name) = cells.first_mut() {
                    *name = r#""""#;
                }
                let cells = cells.join(",");
                out.extend_from_slice(format!(r#"{{"cells":[{cells}],"object":{object}}}]}}"#).as_bytes());
            }
        }
        out.extend_from_slice(b"}\n");
        out.into()
    }

    /// A Table up to the bracket that opens its rows.
    fn open_table(&mut self, out: &mut Vec<u8>, version: MetaVersion, resource_version: u64) {
        let columns = match std::mem::replace(&mut self.columns_sent, true) {
            true => "null".to_owned(),
            false => table::column_definitions(&self.info),
        };
        let api_version = version.api_version();
        out.extend_from_slice(
            format!(
                r#"{{"kind":"Table","apiVersion":"{api_version}","metadata":{{"resourceVersion":"{resource_version}"}},"columnDefinitions":{columns},"rows":["#
            )
            .as_bytes(),
        );
    }
}

/// The last frame of a watch that failed: a Status in any form.
pub(super) fn error(error: &ApiError) -> Bytes {
    let mut out = br#"{"type":"ERROR","object":"#.to_vec();
    out.extend_from_slice(&error.to_json());
    out.extend_from_slice(b"}\n");
    out.into()
}
