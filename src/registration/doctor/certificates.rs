//! Whether the CA that the APIService trusts is the one that signs the server's certificate, and for how long.

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use serde_json::Value;

use super::Finding;
use crate::{
    registration::{
        ca::{Authority, CaError, Certificate, SecretData, bundle_of},
        installation::{ServiceReference, ServingCa},
        manifests::SERVING_SECRET,
    },
    security::rules::SERVING_CA_SECRET,
    upstream::UpstreamError,
};

/// The Secret that this way to install has; given files are none of our Secrets.
pub fn secret_name(serving_ca: ServingCa) -> Option<&'static str> {
    match serving_ca {
        ServingCa::Secret => Some(SERVING_CA_SECRET),
        ServingCa::CertManager => Some(SERVING_SECRET),
        ServingCa::File => None,
    }
}

pub fn judge(
    api_service: &Value,
    serving_ca: ServingCa,
    service: &ServiceReference,
    secret: Result<Option<Value>, UpstreamError>,
    now: Timestamp,
) -> Vec<Finding> {
    let bundle = bundle_of(api_service).unwrap_or_default();
    let mut findings = vec![judge_bundle(&bundle, serving_ca, now)];
    let Some(name) = secret_name(serving_ca) else { return findings };
    let name = format!("Secret {}/{name}", service.namespace);
    match secret {
        Err(error) => findings.push(Finding::unread(name, &error)),
        Ok(None) => findings.push(Finding::fail(format!("{name} does not exist"), "run `tmc register`")),
        Ok(Some(secret)) if serving_ca == ServingCa::Secret => {
            findings.extend(judge_authority(&name, &secret, &bundle, now));
        }
        Ok(Some(secret)) => findings.push(judge_serving(&name, &secret, service, now)),
    }
    findings
}

fn judge_bundle(bundle: &[u8], serving_ca: ServingCa, now: Timestamp) -> Finding {
    let again = match serving_ca {
        ServingCa::Secret => "run `tmc register`",
        ServingCa::File => "run `tmc register --ca-file` with the CA in use",
        ServingCa::CertManager => "look at cert-manager's ca-injector",
    };
    match Certificate::parse_pem(bundle) {
        Err(error) => Finding::fail(format!("the APIService's caBundle: {error}"), again),
        Ok(found) if found.is_empty() => Finding::fail("the APIService has no caBundle", again),
        Ok(found) => {
            let Some(last) = found.iter().filter(|ca| !ca.expired(now)).max_by_key(|ca| ca.not_after) else {
                return Finding::fail("every CA of the APIService's caBundle has expired", again);
            };
            if last.due(now) && serving_ca == ServingCa::File {
                let what = format!("the APIService's caBundle holds until {}", last.not_after);
                return Finding::warn(what, "renew it before: nobody does it for given files");
            }
            Finding::ok(format!("the APIService's caBundle holds until {}", last.not_after))
        }
    }
}

/// Our own CA in its Secret, against the bundle of the APIService.
fn judge_authority(name: &str, secret: &Value, bundle: &[u8], now: Timestamp) -> Vec<Finding> {
    let again = "run `tmc register`, or look at the log of `tmc serve`, which renews it";
    let authority = SecretData::of(secret).and_then(|data| {
        if data.is_empty() { Err(CaError::Malformed("it is empty".to_owned())) } else { Authority::of(&data) }
    });
    let authority = match authority {
        Ok(authority) => authority,
        Err(error) => return vec![Finding::fail(format!("{name}: {error}"), again)],
    };
    let signing = &authority.signing().certificate;
    let mut findings = Vec::new();
    findings.push(if signing.expired(now) {
        Finding::fail(format!("the serving CA of {name} has expired"), again)
    } else if signing.due(now) && authority.next().is_none() {
        let what = format!(
            "the serving CA of {name} should have been rotated, it holds until {}",
            signing.not_after
        );
        Finding::warn(what, "is `tmc serve` running, and may it patch this Secret?")
    } else if authority.next().is_some() {
        Finding::ok(format!("the serving CA of {name} is being rotated"))
    } else {
        Finding::ok(format!("the serving CA of {name} holds until {}", signing.not_after))
    });
    findings.push(if bundle == authority.bundle().as_bytes() {
        Finding::ok(format!("the APIService trusts what {name} holds"))
    } else {
        Finding::fail(
            format!("the APIService's caBundle is not what {name} holds"),
            "run `tmc register`; a running `tmc serve` repairs it within 10 s if it may patch the APIService",
        )
    });
    findings
}

/// The certificate that cert-manager made for the server.
fn judge_serving(name: &str, secret: &Value, service: &ServiceReference, now: Timestamp) -> Finding {
    let look = "kubectl describe certificate tmc-serving, in the server's namespace";
    let pem = secret["data"]["tls.crt"].as_str().and_then(|text| BASE64_STANDARD.decode(text).ok());
    let found = match Certificate::parse_pem(&pem.unwrap_or_default()) {
        Ok(found) => found,
        Err(error) => return Finding::fail(format!("tls.crt of {name}: {error}"), look),
    };
    let Some(leaf) = found.first() else {
        return Finding::fail(format!("{name} has no tls.crt"), look);
    };
    let wanted = &service.certificate_names()[0];
    if !leaf.names.contains(wanted) {
        return Finding::fail(format!("the certificate of {name} is not for {wanted}"), look);
    }
    if leaf.expired(now) {
        return Finding::fail(format!("the certificate of {name} has expired"), look);
    }
    Finding::ok(format!("the certificate of {name} holds until {}", leaf.not_after))
}
