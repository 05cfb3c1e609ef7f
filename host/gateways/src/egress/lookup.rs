//! Finding the addresses of a name.

use futures::future::BoxFuture;
use std::io;
use std::net::SocketAddr;

/// Finds the addresses of a name.
pub(super) trait Lookup: Send + Sync + 'static {
    /// All addresses, in the order in which they are to be tried. Their ports mean nothing.
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>;
}

/// As the system finds them.
pub(super) struct System;

impl Lookup for System {
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect()) })
    }
}
