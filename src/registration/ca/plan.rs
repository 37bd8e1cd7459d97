//! What to do next about the CA and the serving certificate. Pure: it reads no clock and sends nothing.

use jiff::Timestamp;

use super::{Authority, CaError, Leaf, TRUST_DELAY};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Keep,
    /// Sign a new serving certificate; only this process is concerned.
    IssueLeaf,
    /// There is no CA that could sign: make one.
    FoundAuthority,
    /// Begin a rotation: put a new CA into the bundle that signs nothing yet.
    PublishNext,
    /// The new CA has been trusted for long enough: let it sign.
    SwitchToNext,
}

/// `authority` is what the Secret holds: `None` if empty, an error if damaged. `trusted_since` is when the
/// APIService was first seen to trust every CA of the bundle, while it still does.
pub fn plan(
    now: Timestamp,
    authority: Result<Option<&Authority>, &CaError>,
    leaf: Option<&Leaf>,
    trusted_since: Option<Timestamp>,
) -> Step {
    let Ok(Some(authority)) = authority else { return Step::FoundAuthority };
    let signing = &authority.signing().certificate;
    if signing.expired(now) {
        return Step::FoundAuthority;
    }
    match authority.next() {
        None if signing.due(now) => return Step::PublishNext,
        Some(_) if trusted_since.is_some_and(|since| now.duration_since(since) >= TRUST_DELAY) => {
            return Step::SwitchToNext;
        }
        _ => {}
    }
    match leaf {
        Some(leaf) if leaf.issuer == signing.der && !leaf.certificate.due(now) => Step::Keep,
        _ => Step::IssueLeaf,
    }
}
