//! A database of one's own on the server that `cargo xtask test` or `cargo xtask postgres <command>` starts.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

/// A database without a table; gone with this.
pub(crate) struct Database {
    server: String,
    name: String,
}

impl Database {
    pub(crate) async fn empty() -> Self {
        let server = std::env::var("TWOBOT_TEST_POSTGRES").expect(
            "this test needs PostgreSQL: run `cargo xtask test`, or `cargo xtask postgres <command>` for a command of your own",
        );
        let name = format!("test_{}", uuid::Uuid::new_v4().simple());
        run(&server, &format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        Self { server, name }
    }

    pub(crate) fn url(&self) -> String {
        let (place, parameters) = self.server.split_once('?').unwrap_or((&self.server, ""));
        let (place, _) = place.rsplit_once('/').unwrap();
        format!("{place}/{}?{parameters}", self.name)
    }

    /// Runs a statement; how many rows it changed.
    pub(crate) async fn execute(&self, text: &str) -> u64 {
        run(&self.url(), text).await
    }

    /// The number that a query answers.
    pub(crate) async fn number(&self, text: &str) -> i64 {
        let mut connection = PgConnection::connect(&self.url()).await.unwrap();
        let text = format!("SELECT CAST(({text}) AS BIGINT)");
        let row = sqlx::query(AssertSqlSafe(text)).fetch_one(&mut connection).await.unwrap();
        let number = row.get(0);
        connection.close().await.unwrap();
        number
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, drop) = (self.server.clone(), format!("DROP DATABASE {} WITH (FORCE)", self.name));
        // A test's own runtime can not wait for this one.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(run(&server, &drop));
        });
        let _ = dropped.join();
    }
}

async fn run(url: &str, text: &str) -> u64 {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let done = sqlx::query(AssertSqlSafe(text.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    connection.close().await.unwrap();
    done.rows_affected()
}
