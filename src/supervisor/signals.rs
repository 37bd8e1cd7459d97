//! SIGTERM and SIGINT as a stream of names.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::SupervisorError;

enum Source {
    Process {
        terminate: Signal,
        interrupt: Signal,
    },
    /// Sent by whoever runs the supervisor inside another program.
    Channel(tokio::sync::mpsc::Receiver<&'static str>),
}

/// Asks the process to stop; the first time gently.
pub struct Signals(Source);

impl Signals {
    /// Installed before anything starts, so that an early signal is not the default, sudden death.
    pub fn install() -> Result<Self, SupervisorError> {
        let listen = |kind| signal(kind).map_err(SupervisorError::Signals);
        Ok(Self(Source::Process {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        }))
    }

    pub fn from_channel(channel: tokio::sync::mpsc::Receiver<&'static str>) -> Self {
        Self(Source::Channel(channel))
    }

    /// Never resolves when no signal can come any more.
    pub(super) async fn next(&mut self) -> &'static str {
        let name = match &mut self.0 {
            Source::Process { terminate, interrupt } => tokio::select! {
                got = terminate.recv() => got.map(|()| "SIGTERM"),
                got = interrupt.recv() => got.map(|()| "SIGINT"),
            },
            Source::Channel(channel) => channel.recv().await,
        };
        match name {
            Some(name) => name,
            None => std::future::pending().await,
        }
    }
}
