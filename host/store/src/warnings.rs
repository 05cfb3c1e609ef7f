//! What people are told once: that much of a limit is used, and that a gateway is down or works again.
//!
//! What is told, that it was told, and the mails about it are written in one transaction. So whoever finds it at the same time, on this
//! node or another, or again after a crash, finds that it was told.

use crate::db::{Tx, sql, transaction};
use crate::mails::queue;
use crate::{Store, StoreError, TenantScope};
use twobot_domain::{GatewayId, Mail, NotificationId, Timestamp, Trouble, UserId};

/// Much of what a plan allows is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitWarning<'a> {
    /// The limit's name in the catalogue of plans.
    pub limit: &'a str,
    /// What is limited, for people: `executions today`.
    pub words: &'a str,
    /// The days or months since 1970 in which it counts.
    pub period: i64,
    /// The threshold that was reached, in percent.
    pub percent: u8,
    /// What is used.
    pub used: u64,
    /// What the plan allows.
    pub allowed: u64,
    /// One line for the dashboard.
    pub title: &'a str,
    /// The rest of it.
    pub text: &'a str,
}

/// A gateway of which its people are to be told.
#[derive(Clone, Debug)]
pub struct Outage {
    /// Whose it is.
    pub scope: TenantScope,
    /// Which.
    pub gateway: GatewayId,
    /// Its name.
    pub name: String,
    /// Why it does not work; none of one that works again.
    pub trouble: Option<Trouble>,
    /// Whether it works again.
    pub recovered: bool,
    since: Timestamp,
}

/// The people of a tenant who decide on something, whose address is known to be theirs, and who want mails about limits.
const OF_LIMITS: &str = "SELECT id, name FROM users WHERE tenant_id = $1 AND role IN ('owner', 'admin') \
     AND email_verified_at IS NOT NULL AND mail_limits = 1 ORDER BY id";
/// The same of gateways.
const OF_GATEWAYS: &str = "SELECT id, name FROM users WHERE tenant_id = $1 AND role IN ('owner', 'admin') \
     AND email_verified_at IS NOT NULL AND mail_gateways = 1 ORDER BY id";

/// Tells people in the dashboard, and those by mail whom a query finds.
async fn tell(
    tx: &mut Tx,
    store: &Store,
    scope: TenantScope,
    (severity, title, text): (&str, &str, &str),
    mail: Option<(&'static str, &(dyn Fn(String) -> Mail + Sync))>,
) -> Result<(), StoreError> {
    tx.run(
        sql("INSERT INTO notifications (id, tenant_id, severity, title, text, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(NotificationId::new())
            .bind(scope.tenant())
            .bind(severity)
            .bind(title)
            .bind(text)
            .bind(Timestamp::now()),
    )
    .await?;
    let Some((people, words)) = mail else { return Ok(()) };
    for row in tx.all(sql(people).bind(scope.tenant())).await? {
        let (user, name): (UserId, String) = (row.get("id")?, row.get("name")?);
        queue(tx, &store.key, scope, user, &words(name)).await?;
    }
    Ok(())
}

impl Store {
    /// Tells a tenant's people that much of a limit is used, unless they were told of this or a higher threshold before, in the same period
    /// and of the same plan. Says whether they are told now.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn warn_of_limit(
        &self,
        scope: TenantScope,
        warning: &LimitWarning<'_>,
    ) -> Result<bool, StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            let told = tx
                .run(
                    sql("INSERT INTO limit_warnings (tenant_id, limit_name, period, allowed, percent, told_at) \
                         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, limit_name) DO UPDATE SET period = excluded.period, \
                         allowed = excluded.allowed, percent = excluded.percent, told_at = excluded.told_at \
                         WHERE limit_warnings.period <> excluded.period OR limit_warnings.allowed <> excluded.allowed \
                         OR limit_warnings.percent < excluded.percent")
                    .bind(scope.tenant())
                    .bind(warning.limit)
                    .bind(warning.period)
                    .bind(warning.allowed)
                    .bind(i64::from(warning.percent))
                    .bind(Timestamp::now()),
                )
                .await?;
            if told == 0 {
                return Ok(false);
            }
            let severity = if warning.percent >= 100 { "problem" } else { "warning" };
            let mail = |name| Mail::LimitWarning {
                name,
                limit: warning.words.to_owned(),
                percent: warning.percent,
                used: warning.used,
                allowed: warning.allowed,
            };
            let said = (severity, warning.title, warning.text);
            tell(&mut tx, self, scope, said, Some((OF_LIMITS, &mail))).await?;
            tx.commit().await?;
            Ok(true)
        })
    }

    /// Gateways that have failed, or have worked again, since a moment or longer, and of which nobody was told; at most so many.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn outages_to_tell(&self, since: Timestamp, most: u32) -> Result<Vec<Outage>, StoreError> {
        let rows = self
            .db
            .all(
                sql("SELECT id, tenant_id, name, trouble, health, health_at FROM gateways \
                     WHERE health IN ('failing', 'recovering') AND health_at <= $1 ORDER BY health_at LIMIT $2")
                .bind(since)
                .bind(u64::from(most)),
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Outage {
                    scope: TenantScope::of(row.get("tenant_id")?),
                    gateway: row.get("id")?,
                    name: row.get("name")?,
                    trouble: row.json_option("trouble")?,
                    recovered: row.get::<String>("health")? == "recovering",
                    since: row.get("health_at")?,
                })
            })
            .collect()
    }

    /// Tells a tenant's people of a gateway that is down, by mail too, or that works again. Says whether they are told now: not if they
    /// were, or if it is otherwise by now.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn tell_outage(
        &self,
        scope: TenantScope,
        outage: &Outage,
        title: &str,
        text: &str,
    ) -> Result<bool, StoreError> {
        let (before, after) = if outage.recovered { ("recovering", "well") } else { ("failing", "down") };
        transaction!(self.db.begin(scope), |tx| {
            let told = tx
                .run(
                    sql("UPDATE gateways SET health = $1 WHERE id = $2 AND tenant_id = $3 AND health = $4 AND health_at = $5")
                        .bind(after)
                        .bind(outage.gateway)
                        .bind(scope.tenant())
                        .bind(before)
                        .bind(outage.since),
                )
                .await?;
            if told == 0 {
                return Ok(false);
            }
            let mail = |name| Mail::GatewayDown {
                name,
                gateway: outage.name.clone(),
                trouble: outage.trouble.as_ref().map(|trouble| trouble.title.clone()).unwrap_or_default(),
            };
            let severity = if outage.recovered { "info" } else { "problem" };
            let mail: Option<(&'static str, &(dyn Fn(String) -> Mail + Sync))> =
                if outage.recovered { None } else { Some((OF_GATEWAYS, &mail)) };
            tell(&mut tx, self, scope, (severity, title, text), mail).await?;
            tx.commit().await?;
            Ok(true)
        })
    }
}
