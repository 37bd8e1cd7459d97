//! GET of one object. The request is authorized for this name, so 404 tells the caller nothing new.

use std::sync::Arc;

use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;

use super::{
    Rest,
    body::{self, Content, GZIP_FLOOR},
    document::{Document, ListMeta, Rows},
    version, yaml,
};
use crate::apiserver::{
    items::ItemFormat,
    negotiation::{self, Form, Media, Representation},
    object::Object,
    options,
    request::{ResourceRequest, Verb},
    resource::ResourceInfo,
    status::{ApiError, Details},
    table::Include,
};

impl Rest {
    pub(super) async fn get(&self, request: &ResourceRequest) -> Result<Response, ApiError> {
        let info = self.storage.info();
        let representation = negotiation::negotiate(&request.headers, request.query(), Verb::Get, info)?;
        let include = Include::of(representation.form, request.query())?;
        let wanted = options::resource_version(request.query())?;
        let log = self.storage.log(request.scope())?;
        let snapshot = version::not_older_than(&log, wanted.unwrap_or(0)).await?;
        let namespace = if info.namespaced { request.namespace() } else { "" };
        let found = snapshot.find(namespace, request.name());
        let found = found.filter(|_| self.storage.shows(request.scope(), request.name()));
        let object = found.ok_or_else(|| not_found(info, request.name()))?;
        if let Representation { form: Form::Object, media: Media::Json } = representation
            && object.json_len() <= GZIP_FLOOR
        {
            return Ok(body::uncompressed(representation.media, object.json()));
        }
        let content = self.single(object.clone(), representation, include);
        content.into_response(negotiation::accepts_gzip(&request.headers), &self.shared.encoded).await
    }

    pub(super) fn single(
        &self,
        object: Arc<Object>,
        representation: Representation,
        include: Include,
    ) -> Content {
        let Representation { form, media } = representation;
        let format = ItemFormat::new(form, include);
        let json = match form {
            Form::Table(_) => {
                let meta = ListMeta { resource_version: object.resource_version, ..ListMeta::default() };
                let rows = Rows::Some(vec![object]);
                let document = Document::new(self.storage.info(), form, format, &meta, rows);
                return document.into_content(media, None, self.shared.encoded.clone());
            }
            Form::Object => object.json(),
            Form::Metadata(_) => {
                let mut json = Vec::new();
                format.write(&mut json, &object);
                Bytes::from(json).slice(1..)
            }
        };
        let bytes = if media == Media::Yaml { yaml::object(&json) } else { json };
        let length = Some(bytes.len());
        Content { media, pieces: Box::new(std::iter::once(bytes)), length, list: None }
    }
}

fn not_found(info: &ResourceInfo, name: &str) -> ApiError {
    let message = format!("{} \"{name}\" not found", info.qualified());
    let mut error = ApiError::new(StatusCode::NOT_FOUND, "NotFound", message);
    error.details = Some(Box::new(Details {
        name: name.to_owned(),
        group: info.group.to_string(),
        kind: info.resource.to_string(),
        ..Details::default()
    }));
    error
}
