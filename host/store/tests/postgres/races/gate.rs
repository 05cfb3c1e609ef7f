//! Something that holds others in the middle of their transactions.

use crate::world::World;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use std::time::Duration;
use tokio::task::JoinHandle;

/// The lock that whoever writes to the table waits for.
const LOCK: i64 = 4_711;

/// Holds everybody who writes a row of a table, in the middle of their transaction.
pub(super) struct Gate {
    url: String,
    holder: tokio::sync::Mutex<PgConnection>,
}

impl Gate {
    /// Holds those who are about to write a row.
    pub(super) async fn close(world: &World, table: &str) -> Self {
        Self::close_with(world, table, "BEFORE").await
    }

    /// Holds those who have just written a row.
    pub(super) async fn close_after(world: &World, table: &str) -> Self {
        Self::close_with(world, table, "AFTER").await
    }

    async fn close_with(world: &World, table: &str, moment: &str) -> Self {
        let pass = format!(
            "CREATE OR REPLACE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN PERFORM pg_advisory_xact_lock_shared({LOCK}); RETURN NEW; END $$"
        );
        world.execute(&pass).await;
        let trigger = format!(
            "CREATE OR REPLACE TRIGGER gate {moment} INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION gate()"
        );
        world.execute(&trigger).await;
        let mut holder = PgConnection::connect(&world.url()).await.unwrap();
        run(&mut holder, &format!("SELECT pg_advisory_lock({LOCK})")).await;
        Self { url: world.url(), holder: tokio::sync::Mutex::new(holder) }
    }

    /// Waits until so many wait, here or for one who does.
    pub(super) async fn until_waiting(&self, count: i64) {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let wait = async {
            let mut holder = self.holder.lock().await;
            while sqlx::query(waiting).fetch_one(&mut *holder).await.unwrap().get::<i64, _>(0) < count {
                tokio::task::yield_now().await;
            }
        };
        // Sooner than the store gives up waiting, so that it is this that is told.
        let waited = tokio::time::timeout(Duration::from_secs(8), wait).await;
        assert!(waited.is_ok(), "{count} did not come to wait");
    }

    /// Runs statements in a transaction beside the store. They do not look for deadlocks, so that the store finds them.
    pub(super) async fn rival(&self, statements: &[&'static str]) -> JoinHandle<()> {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        run(&mut connection, "SET deadlock_timeout = '1h'").await;
        run(&mut connection, "BEGIN").await;
        let statements = statements.to_vec();
        tokio::spawn(async move {
            for statement in statements {
                run(&mut connection, statement).await;
            }
        })
    }

    /// Lets everybody pass.
    pub(super) async fn open(self) {
        let mut holder = self.holder.into_inner();
        run(&mut holder, &format!("SELECT pg_advisory_unlock({LOCK})")).await;
        holder.close().await.unwrap();
    }
}

async fn run(connection: &mut PgConnection, text: &str) {
    sqlx::query(AssertSqlSafe(text.to_owned()))
        .execute(connection)
        .await
        .unwrap_or_else(|error| panic!("{text}: {error}"));
}
