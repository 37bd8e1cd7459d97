//! The answers to writes and to gets of subresources, in the form the client asked for.

use axum::response::Response;
use http::{HeaderValue, header};

use super::{Rest, body, yaml};
use crate::apiserver::{
    negotiation::{self, Media},
    request::{ResourceRequest, Verb},
    status::ApiError,
    storage::{Answer, Written},
    table::Include,
};

impl Rest {
    pub(super) async fn write(&self, request: &ResourceRequest) -> Result<Response, ApiError> {
        let info = self.storage.info();
        let representation = negotiation::negotiate(&request.headers, request.query(), Verb::Get, info)?;
        let include = Include::of(representation.form, request.query())?;
        let writer = self.storage.writer().ok_or_else(ApiError::unknown_path)?;
        let Written { code, answer, warnings } = match request.verb {
            Verb::Get => writer.read(request).await?,
            _ => writer.write(request).await?,
        };
        let mut response = match answer {
            Answer::Object(object) => {
                let content = self.single(object, representation, include);
                content.into_response(false, &self.shared.encoded).await?
            }
            Answer::Json(value) => {
                let json = serde_json::to_vec(&value).map_err(|_| ApiError::internal())?;
                let bytes =
                    if representation.media == Media::Yaml { yaml::object(&json) } else { json.into() };
                body::uncompressed(representation.media, bytes)
            }
        };
        *response.status_mut() = code;
        warnings.iter().for_each(|warning| warn(&mut response, warning));
        Ok(response)
    }
}

/// Adds a warning to an answer.
pub(super) fn warn(response: &mut Response, warning: &str) {
    if let Ok(value) = HeaderValue::try_from(format!("299 - {}", quoted(warning))) {
        response.headers_mut().append(header::WARNING, value);
    }
}

/// The text of a warning as a quoted string of HTTP.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    let printable: String = escaped.chars().filter(|c| !c.is_control()).collect();
    format!("\"{printable}\"")
}
