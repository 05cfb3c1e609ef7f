//! Plugins in a tenant's workspace, and the gateways that are bound to them.

use crate::db::{Row, Tx, sql, sql_of, transaction};
use crate::{Store, StoreError, TenantScope};
use serde_json::Value;
use std::collections::BTreeMap;
use twobot_domain::manifest::Capability;
use twobot_domain::{GatewayId, InstallId, Timestamp, Trouble};

/// Whether an install gets events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstallState {
    /// It does.
    Enabled,
    /// Its owner switched it off.
    Disabled,
    /// It failed again and again, or waits for its owner's decision; its trouble says which.
    Paused,
}

impl InstallState {
    /// The name in the database and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Paused => "paused",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        match text {
            "enabled" => Ok(Self::Enabled),
            "disabled" => Ok(Self::Disabled),
            "paused" => Ok(Self::Paused),
            other => Err(StoreError::Corrupt(format!("install state {other}"))),
        }
    }
}

/// The gateways of each slot, in the tenant's order.
pub type Bindings = BTreeMap<String, Vec<GatewayId>>;

/// A plugin in a workspace.
#[derive(Clone, Debug)]
pub struct Install {
    /// Its id.
    pub id: InstallId,
    /// The plugin's slug.
    pub slug: String,
    /// The version that was installed.
    pub version: String,
    /// The digest of the component that runs.
    pub digest: String,
    /// Whether it gets events.
    pub state: InstallState,
    /// Why it is paused.
    pub trouble: Option<Trouble>,
    /// Its configuration.
    pub config: Value,
    /// What its tenant granted.
    pub grants: Vec<Capability>,
    /// What its owner has decided on, granted or not. None where it is older than the question.
    pub asked: Option<Vec<Capability>>,
    /// Whether it is paused until its owner has decided on more. Its events are kept meanwhile.
    pub waits: bool,
    /// Failures in a row.
    pub failures: u64,
    /// When it was installed.
    pub created_at: Timestamp,
    /// When it was changed by its owner; each change has a later time than the one before.
    pub updated_at: Timestamp,
}

/// A plugin to be installed.
#[derive(Clone, Debug)]
pub struct NewInstall {
    /// The plugin's slug.
    pub slug: String,
    /// Its version.
    pub version: String,
    /// The digest of its component.
    pub digest: String,
    /// Whether it gets events at once.
    pub state: InstallState,
    /// Its configuration.
    pub config: Value,
    /// What its tenant granted.
    pub grants: Vec<Capability>,
    /// What was decided on, granted or not.
    pub asked: Vec<Capability>,
    /// The gateways of each slot.
    pub bindings: Bindings,
}

/// A gateway that is bound to an install.
#[derive(Clone, Debug)]
pub struct BoundGateway {
    /// The slot.
    pub slot: String,
    /// The gateway.
    pub id: GatewayId,
    /// Its kind.
    pub kind: String,
    /// For people.
    pub name: String,
}

const COLUMNS: &str = "id, tenant_id, slug, version, digest, state, trouble, config, grants, asked, waits, failures, created_at, updated_at";

fn install(row: &Row) -> Result<Install, StoreError> {
    Ok(Install {
        id: row.get("id")?,
        slug: row.get("slug")?,
        version: row.get("version")?,
        digest: row.get("digest")?,
        state: InstallState::parse(&row.get::<String>("state")?)?,
        trouble: row.json_option("trouble")?,
        config: row.json("config")?,
        grants: row.json("grants")?,
        asked: row.json_option("asked")?,
        waits: row.get("waits")?,
        failures: row.get("failures")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// Writes the bindings of an install. A gateway of another tenant is not found.
async fn write_bindings(
    tx: &mut Tx,
    scope: TenantScope,
    id: InstallId,
    bindings: &Bindings,
) -> Result<(), StoreError> {
    for (slot, gateways) in bindings {
        for (position, gateway) in gateways.iter().enumerate() {
            let written = tx
                .run(
                    sql("INSERT INTO install_gateways (install_id, slot, gateway_id, tenant_id, position) \
                         SELECT $1, $2, id, tenant_id, $3 FROM gateways WHERE id = $4 AND tenant_id = $5 \
                         ON CONFLICT DO NOTHING")
                    .bind(id)
                    .bind(slot.as_str())
                    .bind(position as u64)
                    .bind(*gateway)
                    .bind(scope.tenant()),
                )
                .await?;
            if written == 0 {
                let known = sql("SELECT 1 AS one FROM gateways WHERE id = $1 AND tenant_id = $2");
                tx.optional(known.bind(*gateway).bind(scope.tenant())).await?.ok_or(StoreError::NotFound)?;
            }
        }
    }
    Ok(())
}

/// The same as [`Store::install`], within a transaction.
pub(crate) async fn within(tx: &mut Tx, scope: TenantScope, slug: &str) -> Result<Install, StoreError> {
    let text = format!("SELECT {COLUMNS} FROM installs WHERE slug = $1 AND tenant_id = $2");
    let row = tx.optional(sql_of(text).bind(slug).bind(scope.tenant())).await?;
    install(&row.ok_or(StoreError::NotFound)?)
}

impl Store {
    /// Installs a plugin, unless the tenant has `limit` of them already.
    ///
    /// # Errors
    /// `Exists` when it is installed; `Quota` at the limit; `NotFound` for a gateway that is not the tenant's.
    pub async fn create_install(
        &self,
        scope: TenantScope,
        new: &NewInstall,
        limit: Option<u32>,
    ) -> Result<Install, StoreError> {
        let (id, now) = (InstallId::new(), Timestamp::now());
        transaction!(self.db.begin(scope), |tx| {
            let count: u64 = tx
                .optional(sql("SELECT count(*) AS n FROM installs WHERE tenant_id = $1").bind(scope.tenant()))
                .await?
                .map_or(Ok(0), |row| row.get("n"))?;
            if let Some(allowed) = limit.map(u64::from).filter(|allowed| count >= *allowed) {
                return Err(StoreError::Quota { name: "plugins", used: count, allowed, unit: "plugins" });
            }
            tx.run(
            sql("INSERT INTO installs (id, tenant_id, slug, version, digest, state, config, grants, asked, created_at, updated_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)")
            .bind(id)
            .bind(scope.tenant())
            .bind(new.slug.as_str())
            .bind(new.version.as_str())
            .bind(new.digest.as_str())
            .bind(new.state.as_str())
            .bind(new.config.to_string())
            .bind(json(&new.grants)?)
            .bind(json(&new.asked)?)
            .bind(now),
        )
        .await?;
            write_bindings(&mut tx, scope, id, &new.bindings).await?;
            self.write_note(&mut tx, scope).await?;
            tx.commit().await
        })?;
        self.install_by_id(scope, id).await
    }

    /// The install of a plugin.
    ///
    /// # Errors
    /// `NotFound` when it is not installed.
    pub async fn install(&self, scope: TenantScope, slug: &str) -> Result<Install, StoreError> {
        let text = format!("SELECT {COLUMNS} FROM installs WHERE slug = $1 AND tenant_id = $2");
        install(&self.db.one(sql_of(text).bind(slug).bind(scope.tenant())).await?)
    }

    /// The install of that id.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such install.
    pub async fn install_by_id(&self, scope: TenantScope, id: InstallId) -> Result<Install, StoreError> {
        let text = format!("SELECT {COLUMNS} FROM installs WHERE id = $1 AND tenant_id = $2");
        install(&self.db.one(sql_of(text).bind(id).bind(scope.tenant())).await?)
    }

    /// The tenant's installs, oldest first. A plan allows few enough that they come as one list.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn installs(&self, scope: TenantScope) -> Result<Vec<Install>, StoreError> {
        let text = format!("SELECT {COLUMNS} FROM installs WHERE tenant_id = $1 ORDER BY id");
        self.db.all(sql_of(text).bind(scope.tenant())).await?.iter().map(install).collect()
    }

    /// Every install of every tenant: what follows the catalogue after a start.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn all_installs(&self) -> Result<Vec<(TenantScope, Install)>, StoreError> {
        let rows = self.db.all(sql_of(format!("SELECT {COLUMNS} FROM installs ORDER BY id"))).await?;
        rows.iter().map(|row| Ok((TenantScope::of(row.get("tenant_id")?), install(row)?))).collect()
    }

    /// The installs that a gateway is bound to and that are to get its events: those that are enabled, and those whose events are
    /// kept until their owners have decided.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn subscribers(
        &self,
        scope: TenantScope,
        gateway: GatewayId,
    ) -> Result<Vec<Install>, StoreError> {
        let text = format!(
            "SELECT {COLUMNS} FROM installs WHERE tenant_id = $1 AND (state = 'enabled' OR waits = 1) AND id IN \
             (SELECT install_id FROM install_gateways WHERE gateway_id = $2) ORDER BY id"
        );
        self.db.all(sql_of(text).bind(scope.tenant()).bind(gateway)).await?.iter().map(install).collect()
    }

    /// The gateways that are bound to an install, by slot and in the tenant's order.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn bound_gateways(
        &self,
        scope: TenantScope,
        id: InstallId,
    ) -> Result<Vec<BoundGateway>, StoreError> {
        let rows = self
            .db
            .all(
                sql("SELECT b.slot, g.id, g.kind, g.name FROM install_gateways b JOIN gateways g ON g.id = b.gateway_id \
                     WHERE b.install_id = $1 AND b.tenant_id = $2 ORDER BY b.slot, b.position")
                .bind(id)
                .bind(scope.tenant()),
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(BoundGateway {
                    slot: row.get("slot")?,
                    id: row.get("id")?,
                    kind: row.get("kind")?,
                    name: row.get("name")?,
                })
            })
            .collect()
    }

    /// Replaces the gateways of the slots that are given.
    ///
    /// # Errors
    /// `NotFound` for an install or a gateway that is not the tenant's.
    pub async fn bind_gateways(
        &self,
        scope: TenantScope,
        id: InstallId,
        bindings: &Bindings,
    ) -> Result<(), StoreError> {
        transaction!(self.begin(scope), |tx| {
            for slot in bindings.keys() {
                tx.run(
                    sql(
                        "DELETE FROM install_gateways WHERE install_id = $1 AND slot = $2 AND tenant_id = $3",
                    )
                    .bind(id)
                    .bind(slot.as_str())
                    .bind(scope.tenant()),
                )
                .await?;
            }
            let touched = tx
                .run(
                    sql("UPDATE installs SET updated_at = CASE WHEN updated_at < $1 THEN $1 ELSE updated_at + 1 END \
                         WHERE id = $2 AND tenant_id = $3")
                        .bind(Timestamp::now())
                        .bind(id)
                        .bind(scope.tenant()),
                )
                .await?;
            if touched == 0 {
                return Err(StoreError::NotFound);
            }
            write_bindings(&mut tx, scope, id, bindings).await?;
            self.write_note(&mut tx, scope).await?;
            tx.commit().await
        })
    }

    /// Replaces an install's configuration.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such install.
    pub async fn configure_install(
        &self,
        scope: TenantScope,
        id: InstallId,
        config: &Value,
    ) -> Result<(), StoreError> {
        let changed = self
            .change(
                scope,
                sql("UPDATE installs SET config = $1, updated_at = CASE WHEN updated_at < $2 THEN $2 ELSE updated_at + 1 END \
                     WHERE id = $3 AND tenant_id = $4")
                    .bind(config.to_string())
                    .bind(Timestamp::now())
                    .bind(id)
                    .bind(scope.tenant()),
            )
            .await?;
        if changed == 0 { Err(StoreError::NotFound) } else { Ok(()) }
    }

    /// Enables, disables or pauses an install. Enabling forgets its failures; whatever was held for it has its turn.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such install.
    pub async fn set_install_state(
        &self,
        scope: TenantScope,
        id: InstallId,
        state: InstallState,
        trouble: Option<&Trouble>,
    ) -> Result<(), StoreError> {
        transaction!(self.begin(scope), |tx| {
            let changed = tx
            .run(
                sql("UPDATE installs SET state = $1, trouble = $2, waits = 0, \
                     failures = CASE WHEN $1 = 'enabled' THEN 0 ELSE failures END WHERE id = $3 AND tenant_id = $4")
                .bind(state.as_str())
                .bind(trouble.map(json).transpose()?)
                .bind(id)
                .bind(scope.tenant()),
            )
            .await?;
            if changed == 0 {
                return Err(StoreError::NotFound);
            }
            crate::executions::release(&mut tx, scope, id).await?;
            self.write_note(&mut tx, scope).await?;
            tx.commit().await
        })
    }

    /// Pauses an install until its owner has decided on what it asks for. What waits for it and what comes is held meanwhile.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such install.
    pub async fn hold_install(
        &self,
        scope: TenantScope,
        id: InstallId,
        trouble: &Trouble,
    ) -> Result<(), StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            let changed = tx
            .run(
                sql("UPDATE installs SET state = 'paused', trouble = $1, waits = 1 WHERE id = $2 AND tenant_id = $3")
                    .bind(json(trouble)?)
                    .bind(id)
                    .bind(scope.tenant()),
            )
            .await?;
            if changed == 0 {
                return Err(StoreError::NotFound);
            }
            crate::executions::hold(&mut tx, scope, id).await?;
            self.write_note(&mut tx, scope).await?;
            tx.commit().await
        })
    }

    /// Records what the owner decided: what is granted, of all that was asked. One that waited for this is enabled, and what was
    /// held for it has its turn.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such install.
    pub async fn set_grants(
        &self,
        scope: TenantScope,
        id: InstallId,
        grants: &[Capability],
        asked: &[Capability],
    ) -> Result<(), StoreError> {
        transaction!(self.begin(scope), |tx| {
            let changed = tx
            .run(
                sql("UPDATE installs SET grants = $1, asked = $2, \
                     updated_at = CASE WHEN updated_at < $3 THEN $3 ELSE updated_at + 1 END, \
                     state = CASE WHEN waits = 1 THEN 'enabled' ELSE state END, \
                     trouble = CASE WHEN waits = 1 THEN NULL ELSE trouble END, \
                     failures = CASE WHEN waits = 1 THEN 0 ELSE failures END, waits = 0 WHERE id = $4 AND tenant_id = $5")
                .bind(json(grants)?)
                .bind(json(asked)?)
                .bind(Timestamp::now())
                .bind(id)
                .bind(scope.tenant()),
            )
            .await?;
            if changed == 0 {
                return Err(StoreError::NotFound);
            }
            crate::executions::release(&mut tx, scope, id).await?;
            self.write_note(&mut tx, scope).await?;
            tx.commit().await
        })
    }

    /// Notes that an install now runs another component of the same plugin, and what its owner had decided on before.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn set_install_version(
        &self,
        scope: TenantScope,
        id: InstallId,
        version: &str,
        digest: &str,
        asked: &[Capability],
    ) -> Result<(), StoreError> {
        self.db
            .run(
                sql("UPDATE installs SET version = $1, digest = $2, asked = $3 WHERE id = $4 AND tenant_id = $5")
                    .bind(version)
                    .bind(digest)
                    .bind(json(asked)?)
                    .bind(id)
                    .bind(scope.tenant()),
            )
            .await
            .map(drop)
    }

    /// Removes a plugin with its data.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such install.
    pub async fn delete_install(&self, scope: TenantScope, id: InstallId) -> Result<(), StoreError> {
        transaction!(self.begin(scope), |tx| {
            crate::kv::forget_install(&mut tx, scope, id).await?;
            crate::usage::forget_install(&mut tx, scope, id).await?;
            let deleted = tx
                .run(
                    sql("DELETE FROM installs WHERE id = $1 AND tenant_id = $2")
                        .bind(id)
                        .bind(scope.tenant()),
                )
                .await?;
            if deleted == 0 {
                return Err(StoreError::NotFound);
            }
            self.write_note(&mut tx, scope).await?;
            tx.commit().await
        })
    }
}
