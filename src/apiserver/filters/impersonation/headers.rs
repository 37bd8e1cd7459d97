//! What the Impersonate-* headers ask for.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::apiserver::{authn::front::extra_key, identity::User, status::ApiError};

pub(super) const PREFIX: &str = "impersonate-";
const USER: &str = "impersonate-user";
const UID: &str = "impersonate-uid";
const GROUP: &str = "impersonate-group";
const EXTRA: &str = "impersonate-extra-";

/// The user as the headers have him, nothing added; `None` when they name none.
pub(super) fn wanted(headers: &HeaderMap) -> Result<Option<User>, ApiError> {
    let first = |name: &str| headers.get(name).map_or(Ok(String::new()), text);
    let groups = headers.get_all(GROUP).iter().map(text).collect::<Result<Vec<_>, _>>()?;
    let mut user = User { name: first(USER)?, uid: first(UID)?, groups, ..User::default() };
    for (name, value) in headers {
        if let Some(key) = name.as_str().strip_prefix(EXTRA) {
            user.extra.entry(extra_key(key)).or_default().push(text(value)?);
        }
    }
    if !user.name.is_empty() {
        return Ok(Some(user));
    }
    if user == User::default() {
        return Ok(None);
    }
    Err(ApiError::bad_request(format!("requested {} without impersonating a user name", in_go(&user))))
}

/// Nothing behind may see that somebody else was meant.
pub(super) fn remove(headers: &mut HeaderMap) {
    let own: Vec<HeaderName> =
        headers.keys().filter(|name| name.as_str().starts_with(PREFIX)).cloned().collect();
    for name in own {
        headers.remove(name);
    }
}

fn text(value: &HeaderValue) -> Result<String, ApiError> {
    let text = String::from_utf8(value.as_bytes().to_vec());
    text.map_err(|_| ApiError::bad_request("an Impersonate-* header is not UTF-8"))
}

/// As Go prints the struct.
fn in_go(user: &User) -> String {
    let list = |items: &[String]| {
        let items: Vec<_> = items.iter().map(|item| format!("{item:?}")).collect();
        format!("[]string{{{}}}", items.join(", "))
    };
    let groups = if user.groups.is_empty() { "[]string(nil)".to_owned() } else { list(&user.groups) };
    let extra: Vec<_> = user.extra.iter().map(|(key, values)| format!("{key:?}:{}", list(values))).collect();
    let extra = if extra.is_empty() { "(nil)".to_owned() } else { format!("{{{}}}", extra.join(", ")) };
    let (name, uid) = (&user.name, &user.uid);
    format!(
        "&user.DefaultInfo{{Name:{name:?}, UID:{uid:?}, Groups:{groups}, Extra:map[string][]string{extra}}}"
    )
}
