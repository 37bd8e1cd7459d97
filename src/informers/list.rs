//! One complete list, page by page, within the limits of its source; and how many objects there are.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header;
use http_body_util::BodyExt;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::time::timeout;

use super::{
    Limits,
    ask::Ask,
    decode::{self, Page},
    event::{RawObject, Resource, Selection},
    fetch::{Fetch, FetchBody},
    trouble::Trouble,
};

/// What is kept of everything there was at one version.
#[derive(Debug)]
pub struct Listed<T> {
    pub objects: Vec<T>,
    pub resource_version: String,
}

/// How many objects there were at one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// `None`: the server does not tell.
    pub objects: Option<u64>,
    pub resource_version: String,
}

type Keep<T> = dyn Fn(RawObject) -> T + Send + Sync;

/// Everything there is of a resource, apart from any source; `keep` says what of each object.
pub async fn list<T: Send>(
    fetch: &dyn Fetch,
    resource: Resource,
    selection: Selection,
    limits: &Limits,
    keep: &Keep<T>,
) -> Result<Listed<T>, Trouble> {
    list_all(fetch, &Ask { resource, selection }, limits, keep).await
}

/// How many objects of a resource there are, by asking for one of them.
pub async fn count(fetch: &dyn Fetch, resource: Resource, limits: &Limits) -> Result<Counted, Trouble> {
    let ask = Ask { resource, selection: Selection { metadata_only: true, ..Selection::default() } };
    let body = read(fetch, &ask.path("limit=1"), ask.list_type(), limits).await?;
    let page = decode::page(&ask.resource, &body, limits.depth, Ok)?;
    let here = page.objects.len() as u64;
    let objects = match page.next.as_str() {
        "" => Some(here),
        _ => page.remaining.map(|remaining| remaining.saturating_add(here)),
    };
    Ok(Counted { objects, resource_version: page.resource_version })
}

pub(super) async fn list_all<T>(
    fetch: &dyn Fetch,
    ask: &Ask,
    limits: &Limits,
    keep: &Keep<T>,
) -> Result<Listed<T>, Trouble> {
    let mut listed = Listed { objects: Vec::new(), resource_version: String::new() };
    let (mut most, mut next, mut bytes) = (limits.page_objects, String::new(), 0usize);
    let mut size = most;
    for _ in 0..limits.pages {
        let query = format!("limit={size}&continue={}", utf8_percent_encode(&next, NON_ALPHANUMERIC));
        let path = ask.path(query.trim_end_matches("&continue="));
        let body = match read(fetch, &path, ask.list_type(), limits).await {
            // Few large objects are legal; ask for fewer of them at once.
            Err(Trouble::TooLarge(_)) if size > 1 => {
                most = size.div_ceil(2);
                size = most;
                continue;
            }
            body => body?,
        };
        bytes += body.len();
        let across = fetch.across();
        let keep = |object| Ok(keep(decode::place(object, across)?));
        let page = decode::page(&ask.resource, &body, limits.depth, keep)?;
        size = match page.objects.len() {
            0 => most,
            objects => (objects * PAGE / body.len()).clamp(1, most),
        };
        if let Some(remaining) = page.remaining.filter(|_| listed.objects.is_empty()) {
            // Once: a long list that outgrows its memory step by step takes up to twice as much.
            let remaining = remaining.min(limits.objects as u64) as usize;
            listed.objects.reserve_exact(page.objects.len() + remaining);
        }
        let more = take(&mut listed, page, &mut next)?;
        if bytes > limits.list_bytes || listed.objects.len() > limits.objects {
            return Err(Trouble::TooLarge("one list"));
        }
        if !more {
            return Ok(listed);
        }
    }
    Err(Trouble::TooLarge("pages of one list"))
}

/// Adds a page; whether another follows.
fn take<T>(listed: &mut Listed<T>, page: Page<T>, next: &mut String) -> Result<bool, Trouble> {
    listed.objects.extend(page.objects);
    listed.resource_version = page.resource_version;
    if !page.next.is_empty() && page.next == *next {
        return Err(Trouble::Desync("a list does not move on"));
    }
    *next = page.next;
    Ok(!next.is_empty())
}

/// Bytes of a page that follows another, about: sources that list at the same time hold one each.
const PAGE: usize = 256 << 10;

/// The bytes of one answer, at most as many as a page may have.
pub async fn read(
    fetch: &dyn Fetch,
    path: &str,
    accept: &'static str,
    limits: &Limits,
) -> Result<Bytes, Trouble> {
    let body = open(fetch, path, accept, limits.answer).await?;
    let whole = timeout(limits.answer * 3, whole(body, limits.page_bytes));
    whole.await.map_err(|_| Trouble::Timeout)?
}

/// A body in one piece. Its frames are let go as they come: collected, they would be there twice.
async fn whole(mut body: FetchBody, limit: usize) -> Result<Bytes, Trouble> {
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Trouble::Cut)?;
        let data = frame.data_ref().map_or(&[][..], |data| data);
        if bytes.len() + data.len() > limit {
            return Err(Trouble::TooLarge("one page"));
        }
        bytes.extend_from_slice(data);
    }
    Ok(bytes.freeze())
}

/// Sends a request and judges its status line.
pub(super) async fn open(
    fetch: &dyn Fetch,
    path: &str,
    accept: &'static str,
    answer: Duration,
) -> Result<FetchBody, Trouble> {
    let response = timeout(answer, fetch.fetch(path, accept)).await.map_err(|_| Trouble::Timeout)??;
    if response.status().is_success() {
        return Ok(response.into_body());
    }
    let seconds = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = seconds.and_then(|text| text.parse().ok()).map(Duration::from_secs);
    Err(Trouble::of_status(response.status(), retry_after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_may_have_as_many_pages_as_its_bytes_need() {
        for limits in [Limits::default(), Limits::quiet()] {
            assert!(limits.pages * PAGE >= limits.list_bytes);
        }
    }
}
