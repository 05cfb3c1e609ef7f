//! Gateways that somebody has to be with: to connect them, to end their connection, or to poll.
//!
//! Whoever wants a gateway's connection to be made anew counts `connect_asked` up, on whichever node. The node that works for the tenant
//! sees that another number was asked for than it works on, and begins anew; when it has nothing more to do, it notes the number
//! that it did. So a wish that comes while another is carried out is not lost.

use crate::db::{sql, sql_of};
use crate::gateways::{GatewayStatus, ProviderAccount};
use crate::{Store, StoreError, TenantScope};
use twobot_domain::{GatewayId, Trouble};

/// A gateway that somebody has to be with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToConnect {
    /// Which.
    pub gateway: GatewayId,
    /// The number of the wish.
    pub asked: u64,
}

impl Store {
    /// The tenants with gateways that somebody has to be with.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn tenants_to_connect(&self) -> Result<Vec<TenantScope>, StoreError> {
        let rows = self
            .db
            .all(sql(
                "SELECT DISTINCT tenant_id FROM gateways WHERE enabled = 1 AND connect_done < connect_asked",
            ))
            .await?;
        rows.iter().map(|row| Ok(TenantScope::of(row.get("tenant_id")?))).collect()
    }

    /// The gateways of a tenant that somebody has to be with; none while it is suspended.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn to_connect(&self, scope: TenantScope) -> Result<Vec<ToConnect>, StoreError> {
        let rows = self
            .db
            .all(
                sql("SELECT id, connect_asked FROM gateways \
                     WHERE tenant_id = $1 AND enabled = 1 AND connect_done < connect_asked \
                     AND EXISTS (SELECT 1 FROM tenants t WHERE t.id = $1 AND t.state <> 'suspended') ORDER BY id")
                .bind(scope.tenant()),
            )
            .await?;
        rows.iter()
            .map(|row| Ok(ToConnect { gateway: row.get("id")?, asked: row.get("connect_asked")? }))
            .collect()
    }

    /// Asks for the connection of every gateway that is switched on, of every tenant: what the first node does when it starts.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn connect_all_anew(&self) -> Result<u64, StoreError> {
        self.db.run(sql("UPDATE gateways SET connect_asked = connect_asked + 1 WHERE enabled = 1")).await
    }

    /// Notes that nobody has to be with a gateway any more, unless another wish came meanwhile.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn connection_done(
        &self,
        scope: TenantScope,
        id: GatewayId,
        asked: u64,
    ) -> Result<(), StoreError> {
        self.db
            .run(
                sql("UPDATE gateways SET connect_done = $1 WHERE id = $2 AND tenant_id = $3 AND connect_asked = $1")
                    .bind(asked)
                    .bind(id)
                    .bind(scope.tenant()),
            )
            .await
            .map(drop)
    }

    /// Notes whether a gateway's connection works, as whoever is with it sees it. An account that is not given stays.
    ///
    /// # Errors
    /// `NotFound` when the gateway is gone or switched off, or another wish came meanwhile.
    pub async fn set_connection_status(
        &self,
        scope: TenantScope,
        to_connect: ToConnect,
        status: GatewayStatus,
        trouble: Option<&Trouble>,
        account: Option<&ProviderAccount>,
    ) -> Result<(), StoreError> {
        let only = " AND enabled = 1 AND connect_asked = $7";
        let statement = sql_of(format!("{}{only}", crate::gateways::SET_STATUS));
        let statement =
            crate::gateways::bind_status(statement, scope, to_connect.gateway, status, trouble, account)?;
        match self.db.run(statement.bind(to_connect.asked)).await? {
            0 => Err(StoreError::NotFound),
            _ => Ok(()),
        }
    }
}
