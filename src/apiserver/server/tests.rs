//! Connections on loopback sockets.
