//! The host's own work for a guest, in pieces.
//!
//! Fuel makes a guest let others have the thread, but a call of the host costs it hardly any, however long the host works on it. So the
//! host counts its own work, and lets others go on after a piece of it; there the clocks are looked at too.

/// What a call is worth besides its bytes.
const CALL: usize = 512;

/// Work after which others may go on: about a tenth of a millisecond, like a slice of fuel.
const PIECE: usize = 128 * 1024;

/// Counts work, in bytes that are copied and looked through.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pace(usize);

impl Pace {
    /// Counts one call of the host that works on so many bytes.
    pub(crate) async fn call(&mut self, bytes: usize) {
        self.0 = self.0.saturating_add(CALL).saturating_add(bytes);
        if self.0 >= PIECE {
            self.0 = 0;
            tokio::task::yield_now().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[tokio::test]
    async fn others_go_on_after_a_piece_of_work() {
        let mut pace = Pace::default();
        let small = (0..PIECE / CALL - 1).filter(|_| pace.call(0).now_or_never().is_some()).count();
        assert_eq!(small, PIECE / CALL - 1, "small calls together");
        assert!(pace.call(0).now_or_never().is_none());
        assert!(pace.call(PIECE / 2).now_or_never().is_some(), "half a piece");
        assert!(pace.call(PIECE / 2).now_or_never().is_none(), "and its other half");
        assert!(pace.call(usize::MAX).now_or_never().is_none(), "one large call");
    }
}
