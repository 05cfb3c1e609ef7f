//! What the tenant is told in the dashboard.

use crate::db::{Row, sql};
use crate::{Page, PageRequest, Store, StoreError, TenantScope};
use twobot_domain::{NotificationId, Timestamp};

/// Something that the tenant is told.
#[derive(Clone, Debug)]
pub struct Notification {
    /// Its id.
    pub id: NotificationId,
    /// The plugin that says it; none for the platform itself.
    pub slug: Option<String>,
    /// `info`, `warning` or `problem`.
    pub severity: String,
    /// One line.
    pub title: String,
    /// The rest.
    pub text: String,
    /// When it was read.
    pub read_at: Option<Timestamp>,
    /// When it was said.
    pub created_at: Timestamp,
}

fn notification(row: &Row) -> Result<Notification, StoreError> {
    Ok(Notification {
        id: row.get("id")?,
        slug: row.get("slug")?,
        severity: row.get("severity")?,
        title: row.get("title")?,
        text: row.get("text")?,
        read_at: row.get("read_at")?,
        created_at: row.get("created_at")?,
    })
}

impl Store {
    /// The platform tells a tenant something.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn notify(
        &self,
        scope: TenantScope,
        severity: &str,
        title: &str,
        text: &str,
    ) -> Result<NotificationId, StoreError> {
        let id = NotificationId::new();
        self.db
            .run(
                sql("INSERT INTO notifications (id, tenant_id, severity, title, text, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
                    .bind(id)
                    .bind(scope.tenant())
                    .bind(severity)
                    .bind(title)
                    .bind(text)
                    .bind(Timestamp::now()),
            )
            .await?;
        Ok(id)
    }

    /// The tenant's notifications, newest first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn notifications(
        &self,
        scope: TenantScope,
        page: PageRequest,
    ) -> Result<Page<Notification>, StoreError> {
        let rows = self
            .db
            .all(
                sql("SELECT n.id, i.slug, n.severity, n.title, n.text, n.read_at, n.created_at FROM notifications n \
                     LEFT JOIN installs i ON i.id = n.install_id WHERE n.tenant_id = $1 AND n.id < $2 ORDER BY n.id DESC LIMIT $3")
                .bind(scope.tenant())
                .bind(page.before())
                .bind(page.probe()),
            )
            .await?;
        let items = rows.iter().map(notification).collect::<Result<_, _>>()?;
        Ok(Page::from_probe(items, page, |item: &Notification| item.id.uuid()))
    }

    /// Marks one as read; one that was read stays as it is.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such notification.
    pub async fn read_notification(&self, scope: TenantScope, id: NotificationId) -> Result<(), StoreError> {
        let changed = self
            .db
            .run(
                sql("UPDATE notifications SET read_at = coalesce(read_at, $1) WHERE id = $2 AND tenant_id = $3")
                    .bind(Timestamp::now())
                    .bind(id)
                    .bind(scope.tenant()),
            )
            .await?;
        if changed == 0 { Err(StoreError::NotFound) } else { Ok(()) }
    }

    /// Marks all as read.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn read_all_notifications(&self, scope: TenantScope) -> Result<(), StoreError> {
        self.db
            .run(
                sql("UPDATE notifications SET read_at = $1 WHERE tenant_id = $2 AND read_at IS NULL")
                    .bind(Timestamp::now())
                    .bind(scope.tenant()),
            )
            .await
            .map(drop)
    }

    /// Removes one.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such notification.
    pub async fn delete_notification(
        &self,
        scope: TenantScope,
        id: NotificationId,
    ) -> Result<(), StoreError> {
        let deleted = self
            .db
            .run(
                sql("DELETE FROM notifications WHERE id = $1 AND tenant_id = $2")
                    .bind(id)
                    .bind(scope.tenant()),
            )
            .await?;
        if deleted == 0 { Err(StoreError::NotFound) } else { Ok(()) }
    }
}
