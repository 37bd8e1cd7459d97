//! A list or table before it is bytes: its head, its rows and the format of each.

use std::{ops::Range, sync::Arc};

use bytes::Bytes;

use super::{
    body::Content,
    frames::{FRAME, Pieces},
    yaml,
};
use crate::apiserver::{
    encoded::{EncodedCache, ListKey},
    items::ItemFormat,
    negotiation::{Form, Media},
    object::Object,
    resource::ResourceInfo,
    snapshot::{Segment, Snapshot},
    table,
};

/// A segment with more JSON than this is copied in pieces instead of being cached as one.
const LARGEST_CACHED: usize = 1 << 20;

/// The rows of an answer.
pub(super) enum Rows {
    /// All objects of a snapshot.
    Whole(Arc<Snapshot>),
    Some(Vec<Arc<Object>>),
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Whole(snapshot) => snapshot.len(),
            Self::Some(objects) => objects.len(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The last of selected rows; a whole snapshot has no page after it.
    pub(super) fn last(&self) -> Option<&Arc<Object>> {
        match self {
            Self::Whole(_) => None,
            Self::Some(objects) => objects.last(),
        }
    }

    fn json_len(&self) -> usize {
        match self {
            Self::Whole(snapshot) => snapshot.segments().iter().map(|segment| segment.json_len).sum(),
            Self::Some(objects) => objects.iter().map(|object| object.json_len()).sum(),
        }
    }

    pub(super) fn into_objects(self) -> Box<dyn Iterator<Item = Arc<Object>> + Send> {
        match self {
            Self::Some(objects) => Box::new(objects.into_iter()),
            Self::Whole(snapshot) => {
                let segments = snapshot.segments().to_vec();
                Box::new(segments.into_iter().flat_map(|segment| segment.objects.clone()))
            }
        }
    }

    /// The items in pieces, each item with its comma.
    fn pieces(self, format: ItemFormat, encoded: Arc<EncodedCache>) -> Pieces {
        match self {
            Self::Some(objects) => Box::new(copied(objects, format)),
            Self::Whole(snapshot) => {
                let segments = snapshot.segments().to_vec();
                Box::new(segments.into_iter().flat_map(move |segment| of_segment(&segment, format, &encoded)))
            }
        }
    }
}

/// One segment's items: shared bytes, unless the objects are so large that copies come cheaper.
pub(super) fn of_segment(segment: &Arc<Segment>, format: ItemFormat, encoded: &EncodedCache) -> Pieces {
    if segment.json_len > LARGEST_CACHED {
        return Box::new(copied(segment.objects.clone(), format));
    }
    Box::new(std::iter::once(encoded.segment(segment, format)))
}

/// The items copied into buffers of about [`FRAME`].
fn copied(objects: Vec<Arc<Object>>, format: ItemFormat) -> impl Iterator<Item = Bytes> + Send {
    let mut objects = objects.into_iter();
    std::iter::from_fn(move || {
        let mut buffer = Vec::new();
        while buffer.len() < FRAME - FRAME / 4 {
            let Some(object) = objects.next() else { break };
            format.write(&mut buffer, &object);
        }
        (!buffer.is_empty()).then(|| buffer.into())
    })
}

/// What `metadata` of a list says.
#[derive(Clone, Debug, Default)]
pub(super) struct ListMeta {
    pub(super) resource_version: u64,
    pub(super) continue_token: Option<String>,
    pub(super) remaining: Option<usize>,
}

pub(super) struct Document {
    /// The members before the array, with the brace that opens the document.
    pub(super) open: String,
    /// The member that holds the rows.
    pub(super) array: &'static str,
    pub(super) rows: Rows,
    pub(super) format: ItemFormat,
}

impl Document {
    pub(super) fn new(
        info: &ResourceInfo,
        form: Form,
        format: ItemFormat,
        meta: &ListMeta,
        rows: Rows,
    ) -> Self {
        let (kind, api_version, array) = match form {
            Form::Object => (&*info.list_kind, info.group_version(), "items"),
            Form::Metadata(version) => ("PartialObjectMetadataList", version.api_version().into(), "items"),
            Form::Table(version) => ("Table", version.api_version().into(), "rows"),
        };
        let mut open = format!(
            r#"{{"kind":"{kind}","apiVersion":"{api_version}","metadata":{{"resourceVersion":"{}""#,
            meta.resource_version
        );
        if let Some(token) = &meta.continue_token {
            open.push_str(&format!(r#","continue":"{token}""#));
        }
        if let Some(remaining) = meta.remaining {
            open.push_str(&format!(r#","remainingItemCount":{remaining}"#));
        }
        open.push('}');
        if let Form::Table(_) = form {
            open.push_str(&format!(r#","columnDefinitions":{}"#, table::column_definitions(info)));
        }
        Self { open, array, rows, format }
    }

    pub(super) fn into_content(
        self,
        media: Media,
        list: Option<ListKey>,
        encoded: Arc<EncodedCache>,
    ) -> Content {
        if media == Media::Yaml {
            return Content { media, pieces: yaml::list(self), length: None, list };
        }
        let head = Bytes::from(format!(r#"{},"{}":["#, self.open, self.array));
        let tail = Bytes::from_static(b"]}\n");
        let commas = self.rows.len().saturating_sub(1);
        let length = (self.format == ItemFormat::Object)
            .then(|| head.len() + self.rows.json_len() + commas + tail.len());
        let items = self.rows.pieces(self.format, encoded).enumerate().map(|(at, piece)| {
            // The first item has no comma before it.
            let range: Range<usize> = usize::from(at == 0)..piece.len();
            piece.slice(range)
        });
        let pieces = std::iter::once(head).chain(items).chain(std::iter::once(tail));
        Content { media, pieces: Box::new(pieces), length, list }
    }
}
