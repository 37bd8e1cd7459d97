//! One side's connection: whom we believe, who we say we are, and for how long both hold.

use jiff::{SignedDuration, Timestamp};

use super::find;
use crate::security::context::{
    Code, Facts, Finding,
    Severity::{Degrade, Fatal},
    facts::{Authorities, ClientCertificate, Side, Token},
};

/// A certificate that ends within this time should have been replaced.
const CERTIFICATE_SOON: SignedDuration = SignedDuration::from_hours(7 * 24);
const CERTIFICATE_VERY_SOON: SignedDuration = SignedDuration::from_hours(24);
/// So should a token, unless its file was written lately: then whoever writes it is at work.
const TOKEN_SOON: SignedDuration = SignedDuration::from_mins(10);

pub fn connection(facts: &Facts, side: &Side, findings: &mut Vec<Finding>) {
    for (code, why) in &side.unusable {
        find(findings, Fatal, *code, why.clone());
    }
    verification(side, findings);
    authorities(facts.now, side, findings);
    certificate(facts.now, side, findings);
    token(facts.now, side, findings);
    if side.exec_plugin && !facts.allow_exec_plugin {
        let message = format!(
            "{}: the kubeconfig runs a program to log in (exec or auth-provider): use a token or certificate \
             file, or allow it with --allow-exec-plugin",
            side.source
        );
        find(findings, Fatal, Code::ExecPluginInKubeconfig, message);
    }
}

fn verification(side: &Side, findings: &mut Vec<Finding>) {
    let Side { name, source, server, .. } = side;
    if side.skip_verify {
        let message = format!(
            "{source}: the {name} server's certificate is not verified: remove insecure-skip-tls-verify or \
             --insecure-skip-tls-verify and give its CA"
        );
        find(findings, Fatal, Code::TLSVerifyDisabled, message);
        if side.authorities != Authorities::System {
            let message = format!(
                "{source}: a CA is given and verification is off at once: remove insecure-skip-tls-verify"
            );
            find(findings, Fatal, Code::CAWithInsecure, message);
        }
    }
    let url = server.parse::<http::Uri>().ok();
    let plain = url.as_ref().and_then(http::Uri::scheme_str).is_some_and(|scheme| scheme == "http");
    if plain && !url.as_ref().and_then(http::Uri::host).is_some_and(is_loopback) {
        let message =
            format!("{source}: the {name} server {server} is not on this machine and not https: use https");
        find(findings, Fatal, Code::TLSVerifyDisabled, message);
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn authorities(now: Timestamp, side: &Side, findings: &mut Vec<Finding>) {
    match &side.authorities {
        Authorities::System => {}
        Authorities::Invalid { file, why } => {
            let message = format!("{file}: {why}: give the PEM certificates of the {} CA", side.name);
            find(findings, Fatal, Code::CAInvalid, message);
        }
        // One that still holds is enough: a bundle keeps the old one for a while after a rotation.
        Authorities::Given { file, validity, .. } => {
            if let Some(last) = validity.iter().map(|validity| validity.not_after).max()
                && last <= now
            {
                let message =
                    format!("{file}: every certificate has expired, the last on {last}: give the CA in use");
                find(findings, Fatal, Code::CAExpired, message);
            }
        }
    }
}

fn certificate(now: Timestamp, side: &Side, findings: &mut Vec<Finding>) {
    let (file, validity) = match &side.certificate {
        ClientCertificate::None => return,
        ClientCertificate::Unusable { file, why } => {
            let message = format!("{file}: {why}: give a PEM certificate and the key that belongs to it");
            return find(findings, Fatal, Code::CertKeyMismatch, message);
        }
        ClientCertificate::Given { file, validity, key_fits, client_auth } => {
            if !key_fits {
                let message = format!(
                    "{file}: the key is not that of the certificate: give the two that belong together"
                );
                find(findings, Fatal, Code::CertKeyMismatch, message);
            }
            if !client_auth {
                let message = format!(
                    "{file}: the certificate is not for clients (extended key usage lacks clientAuth): issue one that is"
                );
                find(findings, Fatal, Code::CertKeyMismatch, message);
            }
            (file, validity)
        }
    };
    let (begin, end) = (validity.not_before, validity.not_after);
    if now < begin {
        let message = format!("{file}: holds only from {begin}: set this machine's clock, or issue another");
        find(findings, Fatal, Code::CertNotYetValid, message);
    }
    let left = end.duration_since(now);
    if left <= SignedDuration::ZERO {
        find(findings, Fatal, Code::CertExpired, format!("{file}: expired on {end}: replace it"));
    } else if left < CERTIFICATE_SOON {
        let urgent = if left < CERTIFICATE_VERY_SOON { ", in less than a day: now" } else { "" };
        let message =
            format!("{file}: expires on {end}: replace it{urgent}; the file is read again by itself");
        find(findings, Degrade, Code::CertExpiresSoon, message);
    }
}

fn token(now: Timestamp, side: &Side, findings: &mut Vec<Finding>) {
    match &side.token {
        Token::None | Token::Opaque { .. } => {}
        Token::Missing { file, why } => {
            let message = format!("{file}: {why}: put a token there, or correct the path");
            find(findings, Fatal, Code::TokenMissing, message);
        }
        Token::Empty { file } => {
            find(findings, Fatal, Code::TokenEmpty, format!("{file}: holds no token: put one there"));
        }
        Token::Jwt { file, not_before, expires, audiences, accepted, written } => {
            if let Some(begin) = not_before.filter(|begin| now < *begin) {
                let message = format!("{file}: the token holds only from {begin}: set this machine's clock");
                find(findings, Fatal, Code::TokenExpired, message);
            }
            if !accepted.is_empty() && !audiences.iter().any(|audience| accepted.contains(audience)) {
                let message = format!(
                    "{file}: the token is for {audiences:?}, the {} API takes {accepted:?}: request it with that audience",
                    side.name
                );
                find(findings, Fatal, Code::TokenAudience, message);
            }
            lifetime(now, file, *expires, *written, findings);
        }
    }
}

fn lifetime(
    now: Timestamp,
    file: &str,
    expires: Option<Timestamp>,
    written: Option<Timestamp>,
    findings: &mut Vec<Finding>,
) {
    let Some(end) = expires else {
        let message = format!(
            "{file}: the token never expires: whoever copies it keeps it. Use one that does \
             (kubectl create token, or a projected volume)"
        );
        return find(findings, Degrade, Code::TokenStatic, message);
    };
    let left = end.duration_since(now);
    if left <= SignedDuration::ZERO {
        let message = format!("{file}: the token expired on {end}: make a new one (kubectl create token)");
        find(findings, Fatal, Code::TokenExpired, message);
    } else if left < TOKEN_SOON && written.is_none_or(|written| now.duration_since(written) >= TOKEN_SOON) {
        let message = format!("{file}: the token expires on {end} and nobody has renewed the file: renew it");
        find(findings, Degrade, Code::TokenExpiresSoon, message);
    }
}
