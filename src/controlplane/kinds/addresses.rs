//! Addresses and node ports for Services.
//!
//! The strategies ask; the control plane answers, one [`Addresses`] for all its workspaces.

use std::{
    net::Ipv4Addr,
    sync::atomic::{AtomicU32, Ordering},
};

/// Hands out what Services need; never the same twice while there are others.
pub trait Addresses: Send + Sync + 'static {
    fn cluster_ip(&self) -> String;
    fn node_port(&self) -> u16;
}

/// Counts through `10.96.0.0/12` and the node ports 30000 to 32767, and begins again at the end. What callers choose
/// themselves is not known here, so the count begins where people seldom choose.
#[derive(Debug, Default)]
pub struct Counted {
    addresses: AtomicU32,
    ports: AtomicU32,
}

const NETWORK: u32 = u32::from_be_bytes([10, 96, 0, 0]);
const SIZE: u32 = 1 << 20;
/// Below are addresses that people give to well-known Services, as `10.96.0.10` to DNS.
const RESERVED: u32 = 256;
const FIRST_PORT: u16 = 30_000;
const PORTS: u32 = 2768;

impl Addresses for Counted {
    fn cluster_ip(&self) -> String {
        // The last is the broadcast address.
        let count = self.addresses.fetch_add(1, Ordering::Relaxed) % (SIZE - RESERVED - 1);
        Ipv4Addr::from(NETWORK + RESERVED + count).to_string()
    }

    fn node_port(&self) -> u16 {
        let count = self.ports.fetch_add(1, Ordering::Relaxed) % PORTS;
        FIRST_PORT + u16::try_from(count).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Addresses, Counted};

    #[test]
    fn addresses_come_one_after_the_other_and_begin_again() {
        let counted = Counted::default();
        assert_eq!(counted.cluster_ip(), "10.96.1.0");
        assert_eq!(counted.cluster_ip(), "10.96.1.1");
        assert_eq!(counted.node_port(), 30_000);
        let last = (1..2768).map(|_| counted.node_port()).last();
        assert_eq!(last, Some(32_767));
        assert_eq!(counted.node_port(), 30_000);
    }
}
