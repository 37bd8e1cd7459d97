//! Addresses, as Go's `net`, `net/url` and `net/mail` read them.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Four decimal octets, leading zeros allowed.
fn dotted(text: &str) -> Option<Ipv4Addr> {
    let octets: Vec<u8> = text
        .split('.')
        .map(|part| {
            let is_short = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            if is_short { part.parse().ok() } else { None }
        })
        .collect::<Option<_>>()?;
    Some(Ipv4Addr::from(<[u8; 4]>::try_from(octets).ok()?))
}

pub(super) fn is_ipv4(text: &str) -> bool {
    text.contains('.') && (dotted(text).is_some() || text.parse::<Ipv6Addr>().is_ok())
}

pub(super) fn is_ipv6(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok()
}

pub(super) fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    if bits.is_empty() || !bits.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let Ok(bits) = bits.parse::<u8>() else { return false };
    if dotted(address).is_some() { bits <= 32 } else { is_ipv6(address) && bits <= 128 }
}

/// 6, 8 or 20 octets: pairs by `:` or `-`, or fours by `.`.
pub(super) fn is_mac(text: &str) -> bool {
    let groups = |separator, digits: usize| {
        let groups: Vec<&str> = text.split(separator).collect();
        let is_hex =
            |group: &&str| group.len() == digits && group.bytes().all(|byte| byte.is_ascii_hexdigit());
        groups.iter().all(is_hex).then_some(groups.len() * digits / 2)
    };
    [(':', 2), ('-', 2), ('.', 4)]
        .into_iter()
        .any(|(separator, digits)| matches!(groups(separator, digits), Some(6 | 8 | 20)))
}

/// What `url.ParseRequestURI` accepts: an absolute URI or an absolute path.
pub(super) fn is_request_uri(text: &str) -> bool {
    if text.is_empty() || text.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
        return false;
    }
    if text == "*" {
        return true;
    }
    let Some(rest) = without_scheme(text) else { return false };
    let (has_scheme, path) = (rest.len() < text.len(), rest.split('?').next().unwrap_or_default());
    if !path.starts_with('/') {
        return has_scheme;
    }
    let authority = path.strip_prefix("//").map(|rest| rest.split('/').next().unwrap_or_default());
    if let Some(authority) = authority
        && (has_scheme || !path.starts_with("///"))
        && !is_authority(authority)
    {
        return false;
    }
    has_whole_escapes(path)
}

/// The rest after `scheme:`, the whole where there is none, nothing where it is misspelt.
fn without_scheme(text: &str) -> Option<&str> {
    for (at, letter) in text.char_indices() {
        match letter {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if at > 0 => {}
            ':' if at > 0 => return Some(&text[at + 1..]),
            ':' => return None,
            _ => return Some(text),
        }
    }
    Some(text)
}

fn is_authority(text: &str) -> bool {
    let host = text.rsplit('@').next().unwrap_or_default();
    let port = match host.rfind(']') {
        Some(end) if host.starts_with('[') => &host[end + 1..],
        Some(_) => return false,
        None => host.find(':').map_or("", |at| &host[at..]),
    };
    let is_port = port.is_empty()
        || port.strip_prefix(':').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    is_port && !host.contains([' ', '"', '<', '>', '^', '`', '{', '|', '}', '\\'])
}

fn has_whole_escapes(text: &str) -> bool {
    text.split('%')
        .skip(1)
        .all(|rest| rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit()))
}

/// `a@b`, or `Name <a@b>`.
pub(super) fn is_email(text: &str) -> bool {
    let text = text.trim();
    let address = match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((_, address)) => address,
        None => text,
    };
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let quoted = local.len() > 1 && local.starts_with('"') && local.ends_with('"');
    (quoted || is_dot_atom(local)) && is_dot_atom(domain)
}

fn is_dot_atom(text: &str) -> bool {
    let is_atom = |letter: char| {
        letter.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(letter) || !letter.is_ascii()
    };
    text.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom))
}
