//! Where clients and provers connect.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

/// A socket that listens on `address`, as tokio wants it. Not asynchronous, so that what starts a server need not be.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
