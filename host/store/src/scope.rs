//! Whose data a query may touch.

use twobot_domain::TenantId;

/// The right to one tenant's rows. Every repository method that touches a tenant's data takes one.
///
/// It can only be made inside this crate, by what has established the tenant: checking a session's token, registering, or
/// reading a stored row that says whose it is (a claimed event, a gateway that a webhook names). So a query that forgets the
/// tenant does not compile, and a tenant id from a request can not become a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TenantScope(TenantId);

impl TenantScope {
    pub(crate) const fn of(tenant: TenantId) -> Self {
        Self(tenant)
    }

    /// Whose it is.
    #[must_use]
    pub const fn tenant(self) -> TenantId {
        self.0
    }
}
