//! The errors of writes in upstream's words.

use http::StatusCode;

use crate::apiserver::{
    resource::ResourceInfo,
    status::{ApiError, Details},
};

fn about(code: StatusCode, reason: &'static str, info: &ResourceInfo, name: &str, text: &str) -> ApiError {
    let mut error = ApiError::new(code, reason, format!("{} \"{name}\" {text}", info.qualified()));
    error.details = Some(Box::new(Details {
        name: name.to_owned(),
        group: info.group.to_string(),
        kind: info.resource.to_string(),
        ..Details::default()
    }));
    error
}

pub(super) fn not_found(info: &ResourceInfo, name: &str) -> ApiError {
    about(StatusCode::NOT_FOUND, "NotFound", info, name, "not found")
}

pub(super) fn forbidden(info: &ResourceInfo, name: &str, why: &str) -> ApiError {
    about(StatusCode::FORBIDDEN, "Forbidden", info, name, &format!("is forbidden: {why}"))
}

/// `deleting`: the one that is there is on its way out.
pub(super) fn already_exists(info: &ResourceInfo, name: &str, deleting: bool) -> ApiError {
    let mut error = about(StatusCode::CONFLICT, "AlreadyExists", info, name, "already exists");
    if deleting {
        error.message = format!("object is being deleted: {}", error.message);
    }
    error
}

pub(super) fn conflict(info: &ResourceInfo, name: &str, why: &str) -> ApiError {
    let qualified = info.qualified();
    let message = format!("Operation cannot be fulfilled on {qualified} \"{name}\": {why}");
    let mut error = about(StatusCode::CONFLICT, "Conflict", info, name, "");
    error.message = message;
    error
}

/// The object is not the one that a deletion is meant for; upstream names its kind, not its resource.
pub(super) fn unfit(info: &ResourceInfo, name: &str, why: &str) -> ApiError {
    let mut error = conflict(info, name, why);
    let dot = if info.group.is_empty() { "" } else { "." };
    error.message =
        format!("Operation cannot be fulfilled on {}{dot}{} \"{name}\": {why}", info.kind, info.group);
    if let Some(details) = &mut error.details {
        details.kind = info.kind.to_string();
    }
    error
}

/// The object was changed since the client read it.
pub(super) fn modified(info: &ResourceInfo, name: &str) -> ApiError {
    let why = "the object has been modified; please apply your changes to the latest version and try again";
    conflict(info, name, why)
}
