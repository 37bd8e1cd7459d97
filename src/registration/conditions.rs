//! Conditions of an object, and what the reasons of an APIService's `Available` mean to who installs.

use serde_json::Value;

#[cfg(test)]
mod tests;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    pub status: String,
    pub reason: String,
    pub message: String,
}

pub fn find(object: &Value, condition: &str) -> Option<Condition> {
    let all = object["status"]["conditions"].as_array()?;
    let found = all.iter().find(|found| found["type"] == condition)?;
    let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    Some(Condition { status: text("status"), reason: text("reason"), message: text("message") })
}

impl Condition {
    pub fn is_true(&self) -> bool {
        self.status == "True"
    }

    /// The reason, Kubernetes' own message, and what to do where we know it.
    pub fn explained(&self) -> String {
        let mut text = self.reason.clone();
        if !self.message.is_empty() {
            text = format!("{text}: {}", self.message);
        }
        match self.what_to_do() {
            Some(what) => format!("{text} ({what})"),
            None => text,
        }
    }

    /// Reasons as kube-aggregator's availability controller gives them.
    pub fn what_to_do(&self) -> Option<&'static str> {
        Some(match self.reason.as_str() {
            "ServiceNotFound" => "the Service is gone: run `tmc register` again",
            "ServiceAccessError" | "EndpointsAccessError" => {
                "kube-apiserver cannot read the Service or its endpoints: see its own log"
            }
            "ServicePortError" => {
                "the Service has no such port: give a port it has to `tmc register --service`"
            }
            "EndpointsNotFound" | "MissingEndpoints" => {
                "no ready Pod is behind the Service: is `tmc serve` running, and do its labels match the selector?"
            }
            "FailedDiscoveryCheck" => self.discovery_failure(),
            _ => return None,
        })
    }

    fn discovery_failure(&self) -> &'static str {
        let message = self.message.as_str();
        let has = |text: &str| message.contains(text);
        if has("x509: certificate signed by unknown authority") {
            "the bundle of the APIService is not of the CA that signed the server's certificate: \
             run `tmc register` again; a running `tmc serve` follows within 10 s"
        } else if has("x509: certificate is valid for") || has("x509: certificate is not valid for any names")
        {
            "the certificate is for another Service: give `tmc serve --service` what was registered"
        } else if has("x509: certificate has expired or is not yet valid") {
            "look at the clocks of both machines and at the certificate"
        } else if has("connection refused") {
            "nothing listens there: is `tmc serve` running, on the port of --service?"
        } else if has("no such host") {
            "kube-apiserver cannot resolve the host: look at --external-name"
        } else if has("deadline exceeded") || has("i/o timeout") || has("Client.Timeout") {
            "kube-apiserver gets no answer: a firewall or a NetworkPolicy between it and the server?"
        } else if has("bad status") && (has(": 401") || has(": 403")) {
            "the server does not accept kube-aggregator's certificate: look at \
             ConfigMap kube-system/extension-apiserver-authentication and at the server's log"
        } else {
            "see the log of `tmc serve`"
        }
    }
}
