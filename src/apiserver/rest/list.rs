//! LIST: whole snapshots from shared bytes; selected, paged or partly visible ones copied row by row.

use std::sync::Arc;

use axum::response::Response;
use futures::FutureExt;

use super::{
    Rest,
    document::{Document, ListMeta, Rows},
    pages::{Binding, Page},
    selection::{Selection, visible},
    version,
};
use crate::apiserver::{
    encoded::ListKey,
    identity::Access,
    items::ItemFormat,
    log::ResourceLog,
    negotiation::{self, Representation},
    object::Object,
    options::ListOptions,
    request::{ResourceRequest, Verb},
    status::ApiError,
    table::Include,
};

/// How often a list is begun anew because the caller's rows have become others.
const MAX_TRIES: usize = 3;

impl Rest {
    pub(super) async fn list(&self, request: &ResourceRequest) -> Result<Response, ApiError> {
        let info = self.storage.info();
        let representation = negotiation::negotiate(&request.headers, request.query(), Verb::List, info)?;
        let include = Include::of(representation.form, request.query())?;
        let options = ListOptions::parse(request.query(), Verb::List)?;
        let log = self.storage.log(request.scope())?;
        let selection = Selection::new(request, &options, self.storage.as_ref())?;
        let scope = format!("{:?}", request.scope());
        let binding = Binding {
            user: &request.attributes.user.name,
            scope: &scope,
            resource: &info.resource,
            namespace: &selection.namespace,
            label_selector: request.query().get("labelSelector").unwrap_or_default(),
            field_selector: request.query().get("fieldSelector").unwrap_or_default(),
        };
        let mut tries = 0;
        let (access, page, gathered) = loop {
            let access = self.shared.access.access(info, &request.attributes, &log).await?;
            version::not_older_than(&log, access.since()).await?;
            let page = self.pages.open(&options, &log, request.scope(), &binding).await?;
            let gathered = self.gather(&page, &selection, access.as_ref(), options.limit).await?;
            // A list by rows that have become others meanwhile could be resumed from by mistake.
            if access.changed().now_or_never().is_none() {
                break (access, page, gathered);
            }
            tries += 1;
            if tries == MAX_TRIES {
                return Err(ApiError::unavailable("the rows you may see are changing, please try again", 1));
            }
        };
        let mut meta = ListMeta { resource_version: page.snapshot.resource_version, ..ListMeta::default() };
        if let (true, Some(last)) = (gathered.more, gathered.rows.last()) {
            meta.continue_token = Some(self.pages.next(&page.snapshot, &last.key, request.scope(), &binding));
            if access.all() && !selection.has_selectors() {
                meta.remaining = Some(selection.count_after(&page.snapshot, &last.key));
            }
        }
        self.write_list(request, &log, representation, include, &meta, gathered.rows).await
    }

    /// The rows of one page that are selected and visible.
    async fn gather(
        &self,
        page: &Page,
        selection: &Selection,
        access: &dyn Access,
        limit: Option<usize>,
    ) -> Result<Gathered, ApiError> {
        let whole = page.after.is_none() && limit.is_none_or(|limit| limit >= page.snapshot.len());
        if whole && selection.is_everything() && access.all() {
            return Ok(Gathered { rows: Rows::Whole(page.snapshot.clone()), more: false });
        }
        let mut rows: Vec<Arc<Object>> = Vec::new();
        let key = selection.key(self.storage.info());
        if let Some(key) = key {
            let candidate = page.snapshot.get(&key).filter(|object| {
                selection.matches(object) && page.after.as_ref().is_none_or(|after| *after < key)
            });
            if let Some(object) = candidate
                && visible(access, &key.name).await?
            {
                rows.push(object.clone());
            }
            return Ok(Gathered { rows: Rows::Some(rows), more: false });
        }
        let floor = page.after.clone().unwrap_or_else(|| selection.floor()).max(selection.floor());
        for object in page.snapshot.after(&floor) {
            if selection.is_past(&object.key) {
                break;
            }
            if !selection.matches(object) || !visible(access, &object.key.name).await? {
                continue;
            }
            if limit.is_some_and(|limit| rows.len() >= limit) {
                return Ok(Gathered { rows: Rows::Some(rows), more: true });
            }
            rows.push(object.clone());
        }
        Ok(Gathered { rows: Rows::Some(rows), more: false })
    }

    async fn write_list(
        &self,
        request: &ResourceRequest,
        log: &ResourceLog,
        representation: Representation,
        include: Include,
        meta: &ListMeta,
        rows: Rows,
    ) -> Result<Response, ApiError> {
        let info = self.storage.info();
        let Representation { form, media } = representation;
        let format = ItemFormat::new(form, include);
        // Only what every caller gets alike may be shared.
        let shared = matches!(rows, Rows::Whole(_)).then(|| ListKey {
            log: log.id,
            resource_version: meta.resource_version,
            format,
            media,
        });
        let document = Document::new(info, form, format, meta, rows);
        let content = document.into_content(media, shared, self.shared.encoded.clone());
        content.into_response(negotiation::accepts_gzip(&request.headers), &self.shared.encoded).await
    }
}

struct Gathered {
    rows: Rows,
    /// At least one more row follows.
    more: bool,
}
