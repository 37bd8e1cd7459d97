//! One complete list, page by page, within the limits of its source.

use std::time::Duration;

use bytes::Bytes;
use http::header;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::time::timeout;

use super::{
    Limits,
    decode::{self, Page},
    event::{RawObject, Resource},
    fetch::{Fetch, FetchBody},
    trouble::Trouble,
};

/// Everything there was at one version.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) objects: Vec<RawObject>,
    pub(super) resource_version: String,
}

pub(super) async fn list(fetch: &dyn Fetch, resource: &Resource, limits: &Limits) -> Result<Listed, Trouble> {
    let mut listed = Listed { objects: Vec::new(), resource_version: String::new() };
    let (mut size, mut next, mut bytes) = (limits.page_objects, String::new(), 0usize);
    for _ in 0..limits.pages {
        let path = format!(
            "{}?limit={size}&continue={}",
            resource.path(),
            utf8_percent_encode(&next, NON_ALPHANUMERIC)
        );
        let body = match read(fetch, path.trim_end_matches("&continue="), limits).await {
            // Few large objects are legal; ask for fewer of them at once.
            Err(Trouble::TooLarge(_)) if size > 1 => {
                size = size.div_ceil(2);
                continue;
            }
            body => body?,
        };
        bytes += body.len();
        let page = decode::page(resource, &body, limits.depth)?;
        let more = take(&mut listed, page, &mut next, fetch.across())?;
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
fn take(listed: &mut Listed, page: Page, next: &mut String, across: bool) -> Result<bool, Trouble> {
    for object in page.objects {
        listed.objects.push(decode::place(object, across)?);
    }
    listed.resource_version = page.resource_version;
    if !page.next.is_empty() && page.next == *next {
        return Err(Trouble::Desync("a list does not move on"));
    }
    *next = page.next;
    Ok(!next.is_empty())
}

/// One page's bytes.
async fn read(fetch: &dyn Fetch, path: &str, limits: &Limits) -> Result<Bytes, Trouble> {
    let body = open(fetch, path, limits.answer).await?;
    let body = timeout(limits.answer * 3, Limited::new(body, limits.page_bytes).collect());
    match body.await {
        Err(_) => Err(Trouble::Timeout),
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Trouble::TooLarge("one page")),
        Ok(Err(_)) => Err(Trouble::Cut),
    }
}

/// Sends a request and judges its status line.
pub(super) async fn open(fetch: &dyn Fetch, path: &str, answer: Duration) -> Result<FetchBody, Trouble> {
    let response = timeout(answer, fetch.fetch(path)).await.map_err(|_| Trouble::Timeout)??;
    if response.status().is_success() {
        return Ok(response.into_body());
    }
    let seconds = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = seconds.and_then(|text| text.parse().ok()).map(Duration::from_secs);
    Err(Trouble::of_status(response.status(), retry_after))
}
