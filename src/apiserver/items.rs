//! How one object is written inside a list, a table or a stream of initial events.
//!
//! Pure: the same object in the same format always gives the same bytes, so they may be cached.

use jiff::Timestamp;

use super::{
    negotiation::{Form, MetaVersion},
    object::Object,
    snapshot::Segment,
    table::{self, Include},
};

/// The form of one item. A row's ages are those of `second`, so tables of one second share their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ItemFormat {
    Object,
    Metadata(MetaVersion),
    Row {
        include: Include,
        version: MetaVersion,
        second: i64,
    },
    /// An ADDED frame with the object itself.
    Added,
}

impl ItemFormat {
    pub fn new(form: Form, include: Include) -> Self {
        match form {
            Form::Object => Self::Object,
            Form::Metadata(version) => Self::Metadata(version),
            Form::Table(version) => Self::Row { include, version, second: Timestamp::now().as_second() },
        }
    }

    /// Whether items stand in a JSON array, with commas between them.
    fn separated(self) -> bool {
        self != Self::Added
    }

    /// Writes the item with the comma before it.
    pub fn write(self, out: &mut Vec<u8>, object: &Object) {
        if self.separated() {
            out.push(b',');
        }
        match self {
            Self::Object => out.extend_from_slice(&object.json()),
            Self::Metadata(version) => table::write_metadata(out, object, version),
            Self::Row { include, version, second } => {
                let now = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
                table::write_row(out, object, include, version, now);
            }
            Self::Added => {
                out.extend_from_slice(br#"{"type":"ADDED","object":"#);
                out.extend_from_slice(&object.json());
                out.extend_from_slice(b"}\n");
            }
        }
    }

    /// Every item of the segment, each with the comma before it.
    pub fn write_segment(self, segment: &Segment) -> Vec<u8> {
        let each = if self.separated() { 1 } else { 32 };
        let mut out = Vec::with_capacity(segment.json_len + each * segment.objects.len());
        for object in &segment.objects {
            self.write(&mut out, object);
        }
        out
    }
}
