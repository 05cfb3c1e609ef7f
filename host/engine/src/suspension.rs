//! What a suspended tenant may not do, and for how long what arrives for it is still taken.

use crate::error::EngineError;
use twobot_domain::Timestamp;
use twobot_store::accounts::{Tenant, WorkspaceState};

/// For how long what arrives for a suspended tenant is still taken: it may be resumed.
const KEPT_MS: i64 = 86_400_000;

/// That nothing of a suspended tenant runs, also where a person or a program asks for it.
///
/// # Errors
/// `Suspended` where it is.
pub(crate) fn may_run(tenant: &Tenant) -> Result<(), EngineError> {
    if tenant.state == WorkspaceState::Suspended { Err(EngineError::Suspended) } else { Ok(()) }
}

/// Whether what arrives for a tenant is taken.
pub(crate) fn may_receive(tenant: &Tenant) -> bool {
    tenant.suspended_at.is_none_or(|since| since.plus_millis(KEPT_MS) >= Timestamp::now())
}
