//! Says why credentials could not be had without what a plugin printed, was given, or what a file holds: any of
//! it may be a token. Fed with the errors of kube's client.

use std::error::Error;

use kube::client::AuthError;

/// The error itself, or where credentials are its cause, a text that shows nothing of them.
pub fn redacted(error: kube::Error) -> Box<dyn Error + Send + Sync> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(one) = cause {
        if let Some(found) = one.downcast_ref::<AuthError>() {
            return said(found).into();
        }
        cause = one.source();
    }
    Box::new(error)
}

/// The variants' own texts hold the command line with its variables and what it printed.
fn said(error: &AuthError) -> String {
    match error {
        AuthError::AuthExecStart(error) => {
            format!("the kubeconfig's exec plugin cannot be started: {error}")
        }
        AuthError::AuthExecRun { out, .. } => {
            format!("the kubeconfig's exec plugin failed with {}; run it by hand to see why", out.status)
        }
        AuthError::AuthExecParse(_) => {
            "the kubeconfig's exec plugin did not print an ExecCredential".to_owned()
        }
        AuthError::AuthExec(_) | AuthError::ParseTokenKey(_) | AuthError::MalformedTokenExpirationDate(_) => {
            "the kubeconfig's exec plugin or auth-provider gave no usable token".to_owned()
        }
        // They name a file or a step, never a value.
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
