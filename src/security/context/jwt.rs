//! What a token says of itself, read without checking its signature: only the API it is for can do that.
//!
//! Nothing of the token but its claims about time and audience leaves this file.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::Deserialize;

/// The longest token that is looked into.
const LONGEST: usize = 64 << 10;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    pub not_before: Option<Timestamp>,
    pub expires: Option<Timestamp>,
    pub audiences: Vec<String>,
}

#[derive(Deserialize)]
struct Payload {
    nbf: Option<f64>,
    exp: Option<f64>,
    aud: Option<Audience>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// `None`: it is no JWT.
pub fn claims(token: &str) -> Option<Claims> {
    let token = token.trim();
    if token.len() > LONGEST {
        return None;
    }
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let payload: Payload = serde_json::from_slice(&payload).ok()?;
    let audiences = match payload.aud {
        None => Vec::new(),
        Some(Audience::One(one)) => vec![one],
        Some(Audience::Many(many)) => many,
    };
    Some(Claims { not_before: payload.nbf.map(time), expires: payload.exp.map(time), audiences })
}

/// A time that no calendar holds is the end of time on its side.
fn time(seconds: f64) -> Timestamp {
    let end = if seconds > 0.0 { Timestamp::MAX } else { Timestamp::MIN };
    Timestamp::from_second(seconds as i64).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(payload: &str) -> String {
        format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn claims_are_read_and_nothing_else_is_a_jwt() {
        let found = claims(&token(r#"{"exp":100,"nbf":50.5,"aud":"a","sub":"x"}"#)).unwrap();
        assert_eq!(found.expires.unwrap().as_second(), 100);
        assert_eq!(found.not_before.unwrap().as_second(), 50);
        assert_eq!(found.audiences, ["a"]);
        assert_eq!(claims(&token(r#"{"aud":["a","b"]}"#)).unwrap().audiences, ["a", "b"]);
        assert_eq!(claims(&token("{}")), Some(Claims::default()));
        assert_eq!(claims(&token(r#"{"exp":1e300}"#)).unwrap().expires, Some(Timestamp::MAX));
        for other in ["", "secret", "a.b", "a.b.c", "a.e30.c.d", "e30.W10.x"] {
            assert_eq!(claims(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in ".{0,200}", payload in ".{0,200}") {
            let _ = claims(&text);
            let _ = claims(&token(&payload));
        }
    }
}
