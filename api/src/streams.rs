//! How many live streams each tenant has open.

use crate::error::ApiError;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use twobot_domain::TenantId;

/// Live streams of one tenant at a time. A page has two, so this is many people with many pages; without it one tenant could
/// hold every connection that the server may have.
const PER_TENANT: usize = 64;

/// Counts the live streams that are open, per tenant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Streams(Arc<Mutex<HashMap<TenantId, usize>>>);

/// An open stream. It counts until it is dropped.
#[derive(Debug)]
pub(crate) struct OpenStream {
    streams: Streams,
    tenant: TenantId,
}

impl Streams {
    /// Counts one more.
    ///
    /// # Errors
    /// `rate_limited` when the tenant has too many.
    pub(crate) fn open(&self, tenant: TenantId) -> Result<OpenStream, ApiError> {
        let mut open = self.0.lock();
        let count = open.entry(tenant).or_default();
        if *count >= PER_TENANT {
            return Err(ApiError::too_many_streams(PER_TENANT));
        }
        *count += 1;
        Ok(OpenStream { streams: self.clone(), tenant })
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut open = self.streams.0.lock();
        if let Some(count) = open.get_mut(&self.tenant) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_counts_as_long_as_it_is_open() {
        let streams = Streams::default();
        let (ada, bob) = (TenantId::new(), TenantId::new());
        let mut open: Vec<_> = (0..PER_TENANT).map(|_| streams.open(ada).unwrap()).collect();
        assert_eq!(streams.open(ada).unwrap_err().problem.code, "rate_limited");
        streams.open(bob).unwrap();
        open.pop();
        open.push(streams.open(ada).unwrap());
        drop(open);
        assert!(streams.0.lock().is_empty());
    }
}
