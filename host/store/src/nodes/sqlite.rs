//! What a process does that is alone with its database.

use crate::db::{Db, sql};
use crate::{StoreError, order};

/// From now on this process makes ids behind all that the one before it has recorded.
pub(super) async fn go_on(db: &Db) -> Result<(), StoreError> {
    for newest in [
        sql("SELECT max(id) AS id FROM inbound"),
        sql("SELECT max(id) AS id FROM executions"),
        sql("SELECT max(id) AS id FROM effects"),
    ] {
        order::go_on_after(db.one(newest).await?.get("id")?);
    }
    Ok(())
}
