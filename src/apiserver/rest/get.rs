//! GET of one object. The request is authorized for this name, so 404 tells the caller nothing new.

use axum::{body::Body, response::Response};
use http::{HeaderValue, header};

use super::{Rest, version};
use crate::apiserver::{
    object::Key,
    request::ResourceRequest,
    resource::ResourceInfo,
    status::{ApiError, Details},
};

impl Rest {
    pub(super) async fn get(&self, request: &ResourceRequest) -> Result<Response, ApiError> {
        let log = self.storage.log(&request.scope)?;
        let wanted = version::parse(request.query.get("resourceVersion"))?;
        let snapshot = version::not_older_than(&log, wanted.unwrap_or(0)).await?;
        let key = Key { namespace: request.namespace.as_str().into(), name: request.name.as_str().into() };
        let object = snapshot.get(&key).ok_or_else(|| not_found(self.storage.info(), &request.name))?;
        let mut response = Response::new(Body::from(object.json()));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(response)
    }
}

fn not_found(info: &ResourceInfo, name: &str) -> ApiError {
    let mut error = ApiError::new(
        http::StatusCode::NOT_FOUND,
        "NotFound",
        format!("{} \"{name}\" not found", info.qualified()),
    );
    error.details = Some(Box::new(Details {
        name: name.to_owned(),
        group: info.group.to_owned(),
        kind: info.resource.to_owned(),
        ..Details::default()
    }));
    error
}
