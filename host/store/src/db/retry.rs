//! Doing a transaction once more, where the database asks for it.

use crate::error::StoreError;
use std::time::Duration;

/// Tries after the first one. Two that met once rarely meet again.
const MAX_RETRIES: u32 = 8;

/// The tries of one transaction.
#[derive(Debug, Default)]
pub(crate) struct Tries(u32);

impl Tries {
    /// Whether to try again after an error. Waits a little before, each time longer, so that those who met part.
    pub(crate) async fn again(&mut self, error: &StoreError) -> bool {
        if self.0 >= MAX_RETRIES || !error.asks_for_another_try() {
            return false;
        }
        self.0 += 1;
        let most = 2_u64 << self.0;
        tokio::time::sleep(Duration::from_millis(rand::random::<u64>() % most)).await;
        true
    }
}

/// Runs a block in a transaction, and from the beginning where the database ended the transaction for the sake of another. The
/// block answers a `Result` and commits itself; `?` and `return` leave the block, not the function.
macro_rules! transaction {
    ($begin:expr, |$tx:ident| $body:block) => {{
        let mut tries = $crate::db::Tries::default();
        loop {
            let outcome: Result<_, $crate::StoreError> = async {
                let mut $tx = $begin.await?;
                $body
            }
            .await;
            match outcome {
                Err(error) if tries.again(&error).await => {}
                outcome => break outcome,
            }
        }
    }};
}
pub(crate) use transaction;
