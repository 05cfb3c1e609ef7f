//! The server's database, read from outside.

use crate::setup::Database;
use anyhow::{Context as _, bail};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use serde::Deserialize;
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::{Column as _, Connection as _, PgConnection, Row as _, TypeInfo as _};
use std::collections::HashMap;

/// The server's database, read from outside.
pub(crate) enum Books {
    Sqlite(Connection),
    Postgres(PgConnection),
}

/// A column of a row, whichever database it came from.
enum Cell {
    Number(i64),
    Bytes(Vec<u8>),
}

impl Cell {
    fn number(self) -> anyhow::Result<u64> {
        match self {
            Self::Number(number) => Ok(number.unsigned_abs()),
            Self::Bytes(_) => bail!("a text where a number is expected"),
        }
    }

    fn bytes(self) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Number(_) => bail!("a number where a text is expected"),
        }
    }

    fn text(self) -> anyhow::Result<String> {
        Ok(String::from_utf8(self.bytes()?)?)
    }

    /// A number as plugins keep it: as text.
    fn counter(self) -> anyhow::Result<u64> {
        Ok(self.text()?.trim().parse()?)
    }
}

impl Books {
    pub(crate) async fn open(database: &Database) -> anyhow::Result<Self> {
        Ok(match database {
            Database::Sqlite(file) => {
                Self::Sqlite(Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?)
            }
            Database::Postgres { direct, .. } => Self::Postgres(PgConnection::connect(direct).await?),
        })
    }

    async fn rows<const N: usize>(&mut self, query: &str) -> anyhow::Result<Vec<[Cell; N]>> {
        let rows = match self {
            Self::Sqlite(database) => sqlite_rows(database, query),
            Self::Postgres(database) => {
                let rows = sqlx::raw_sql(sqlx::AssertSqlSafe(query)).fetch_all(database).await;
                rows.map_err(anyhow::Error::from).and_then(|rows| rows.iter().map(postgres_row).collect())
            }
        };
        let rows: Vec<Vec<Cell>> = rows.with_context(|| query.to_owned())?;
        rows.into_iter()
            .map(|row| <[Cell; N]>::try_from(row).map_err(|_| anyhow::anyhow!("other columns: {query}")))
            .collect()
    }

    /// The number that a query answers.
    pub(crate) async fn count(&mut self, query: &str) -> anyhow::Result<u64> {
        let [row] = <[[Cell; 1]; 1]>::try_from(self.rows(query).await?)
            .map_err(|_| anyhow::anyhow!("one row is expected: {query}"))?;
        let [number] = row;
        number.number()
    }

    /// What waits in the queues.
    pub(crate) async fn waiting(&mut self) -> anyhow::Result<u64> {
        // One statement, and so one moment: what waits goes from one table to another. Appointments have no regular times.
        let queued = ["inbound", "executions", "effects"]
            .map(|table| format!("(SELECT count(*) FROM {table} WHERE state IN ('waiting', 'running'))"));
        let appointed = "(SELECT count(*) FROM schedules WHERE cron IS NULL)";
        self.count(&format!("SELECT {} + {appointed}", queued.join(" + "))).await
    }

    /// The ledger plugin's page of every conversation, by the tenant's address and the chat.
    pub(crate) async fn pages(&mut self) -> anyhow::Result<HashMap<(String, String), Page>> {
        let rows = self
            .rows(
                "SELECT u.email, kv.key, kv.value FROM kv JOIN users u ON u.tenant_id = kv.tenant_id \
                 WHERE kv.bucket = 'ledger' AND kv.key <> 'total'",
            )
            .await?;
        rows.into_iter()
            .map(|[email, chat, page]| {
                Ok(((email.text()?, chat.text()?), serde_json::from_slice(&page.bytes()?)?))
            })
            .collect()
    }

    /// What the plugins' counters come to.
    pub(crate) async fn total(&mut self) -> anyhow::Result<u64> {
        let rows = self.rows("SELECT value FROM kv WHERE bucket = 'ledger' AND key = 'total'").await?;
        rows.into_iter().map(|[value]| value.counter()).sum()
    }

    /// What the numbers come to that plugins read and wrote, each for all of its conversations.
    pub(crate) async fn shared(&mut self) -> anyhow::Result<u64> {
        let rows = self.rows("SELECT value FROM kv WHERE bucket = 'shared'").await?;
        rows.into_iter().map(|[value]| value.counter()).sum()
    }

    /// How often each appointment was kept, by the tenant's address and the appointment's name.
    pub(crate) async fn appointments(&mut self) -> anyhow::Result<HashMap<(String, String), u64>> {
        let rows = self
            .rows(
                "SELECT u.email, kv.key, kv.value FROM kv JOIN users u ON u.tenant_id = kv.tenant_id \
                 WHERE kv.bucket = 'appointments'",
            )
            .await?;
        rows.into_iter()
            .map(|[email, name, times]| Ok(((email.text()?, name.text()?), times.counter()?)))
            .collect()
    }

    /// How the runs of each tenant's plugin ended, by the tenant's address.
    pub(crate) async fn runs(&mut self) -> anyhow::Result<HashMap<String, Runs>> {
        let rows = self
            .rows(
                "SELECT u.email, CAST(sum(CASE WHEN e.state = 'succeeded' THEN 1 ELSE 0 END) AS BIGINT), \
                 CAST(sum(e.attempt) AS BIGINT) FROM executions e JOIN users u ON u.tenant_id = e.tenant_id GROUP BY u.email",
            )
            .await?;
        rows.into_iter()
            .map(|[email, succeeded, attempts]| {
                let (succeeded, attempts) = (succeeded.number()?, attempts.number()?);
                let failed_attempts = attempts.saturating_sub(succeeded);
                Ok((email.text()?, Runs { succeeded, failed_attempts }))
            })
            .collect()
    }

    /// What the server knows of every answer, by the tenant's address and the chat.
    pub(crate) async fn effects(&mut self) -> anyhow::Result<HashMap<(String, String), Vec<Effect>>> {
        let rows = self
            .rows(
                "SELECT u.email, f.action, f.state, f.done_at_most, coalesce(f.trouble, '') FROM effects f \
                 JOIN users u ON u.tenant_id = f.tenant_id ORDER BY f.id",
            )
            .await?;
        let mut effects: HashMap<_, Vec<Effect>> = HashMap::new();
        for [email, action, state, done_at_most, trouble] in rows {
            let action: Value = serde_json::from_str(&action.text()?)?;
            let message =
                action.as_object().and_then(|action| action.values().next()).context("an action")?;
            let text = |name: &str| message[name].as_str().context("a message has a text and a conversation");
            let (state, trouble) = (state.text()?, trouble.text()?);
            let is_unknown = state == "failed" && trouble.contains("\"gateway_outcome_unknown\"");
            let effect = Effect {
                number: text("text")?.parse()?,
                is_sent: state == "sent",
                is_unknown,
                trouble,
                done_at_most: done_at_most.number()?,
            };
            effects.entry((email.text()?, text("conversation")?.to_owned())).or_default().push(effect);
        }
        Ok(effects)
    }
}

fn sqlite_rows(database: &Connection, query: &str) -> anyhow::Result<Vec<Vec<Cell>>> {
    let mut query = database.prepare(query)?;
    let columns = query.column_count();
    let mut rows = query.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let cells = (0..columns).map(|column| match row.get_ref(column)? {
            ValueRef::Integer(number) => Ok(Cell::Number(number)),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Ok(Cell::Bytes(bytes.to_vec())),
            other => bail!("a column is {}", other.data_type()),
        });
        found.push(cells.collect::<anyhow::Result<_>>()?);
    }
    Ok(found)
}

fn postgres_row(row: &PgRow) -> anyhow::Result<Vec<Cell>> {
    let cells = row.columns().iter().enumerate().map(|(place, column)| {
        Ok(match column.type_info().name() {
            "INT8" => Cell::Number(row.try_get(place)?),
            "TEXT" | "VARCHAR" => Cell::Bytes(row.try_get::<String, _>(place)?.into_bytes()),
            "BYTEA" => Cell::Bytes(row.try_get(place)?),
            other => bail!("a column is {other}"),
        })
    });
    cells.collect()
}

/// What the ledger plugin keeps of a conversation.
#[derive(Deserialize)]
pub(crate) struct Page {
    /// The number of the last message.
    pub(crate) last: u64,
    /// Messages that did not follow the one before: which was expected, and which came.
    pub(crate) wrong: Vec<(u64, u64)>,
}

/// How the runs of a tenant's plugin ended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Runs {
    pub(crate) succeeded: u64,
    /// Attempts that were recorded as failed, of runs that then succeeded as well.
    pub(crate) failed_attempts: u64,
}

/// What the server knows of one answer.
pub(crate) struct Effect {
    pub(crate) number: u64,
    pub(crate) is_sent: bool,
    /// It is told that it is not known whether it was sent.
    pub(crate) is_unknown: bool,
    /// What was told of it last.
    pub(crate) trouble: String,
    pub(crate) done_at_most: u64,
}
