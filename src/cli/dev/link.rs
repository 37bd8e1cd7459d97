//! The way from a simulated cluster to the workspaces: cut, nothing gets through and every connection breaks.

use std::{io, net::SocketAddr};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use crate::apiserver::server;

/// More connections at a time than one syncer has.
const CONNECTIONS: usize = 64;

pub struct Link {
    listener: TcpListener,
    to: SocketAddr,
    /// Whether it is whole.
    whole: watch::Receiver<bool>,
}

impl Link {
    /// On a free port of the same address.
    pub async fn new(to: SocketAddr, whole: watch::Receiver<bool>) -> Result<Self, server::BindError> {
        let listener = server::bind(SocketAddr::new(to.ip(), 0)).await?;
        Ok(Self { listener, to, whole })
    }

    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Until nobody is left to cut it.
    pub async fn run(mut self) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                changed = self.whole.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    if !*self.whole.borrow_and_update() {
                        connections.shutdown().await;
                    }
                }
                Some(_) = connections.join_next() => {}
                accepted = self.listener.accept() => {
                    let Ok((stream, _)) = accepted else { continue };
                    if *self.whole.borrow() && connections.len() < CONNECTIONS {
                        connections.spawn(carry(stream, self.to));
                    }
                }
            }
        }
    }
}

async fn carry(mut from: TcpStream, to: SocketAddr) {
    let _ = from.set_nodelay(true);
    if let Ok(mut to) = TcpStream::connect(to).await {
        let _ = to.set_nodelay(true);
        // However it ends, both sides notice.
        let _ = copy_bidirectional(&mut from, &mut to).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn cut_it_breaks_and_carries_nothing_until_it_is_whole_again() {
        let there = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (whole, follows) = watch::channel(true);
        let link = Link::new(there.local_addr().unwrap(), follows).await.unwrap();
        let address = link.address().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(link.run());
        let mut one = TcpStream::connect(address).await.unwrap();
        let (mut other, _) = there.accept().await.unwrap();
        one.write_all(b"ping").await.unwrap();
        let mut read = [0; 4];
        other.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"ping");

        whole.send_replace(false);
        assert_eq!(one.read(&mut read).await.unwrap_or(0), 0);
        assert_eq!(other.read(&mut read).await.unwrap_or(0), 0);
        let mut refused = TcpStream::connect(address).await.unwrap();
        assert_eq!(refused.read(&mut read).await.unwrap_or(0), 0);
        whole.send_replace(true);
        loop {
            let mut again = TcpStream::connect(address).await.unwrap();
            let taken = tokio::time::timeout(std::time::Duration::from_millis(100), there.accept()).await;
            if let Ok(Ok((mut other, _))) = taken {
                other.write_all(b"pong").await.unwrap();
                again.read_exact(&mut read).await.unwrap();
                return assert_eq!(&read, b"pong");
            }
        }
    }
}
