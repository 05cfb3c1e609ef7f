//! What runs: how many servers, on which database.

use crate::Options;
use crate::faults::{Faults, Manner, Target};
use crate::seeds::Seeds;
use anyhow::Context as _;
use clap::ValueEnum;
use rand::RngExt as _;
use sqlx::{Connection as _, PgConnection};
use std::path::{Path, PathBuf};

/// What runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Setup {
    /// One server on its own file.
    Sqlite,
    /// One server on PostgreSQL.
    Postgres,
    /// Three servers on one PostgreSQL.
    Nodes,
}

impl Setup {
    /// How many servers.
    pub(crate) const fn servers(self) -> usize {
        match self {
            Self::Sqlite | Self::Postgres => 1,
            Self::Nodes => 3,
        }
    }
}

/// The database of a course.
#[derive(Clone, Debug)]
pub(crate) enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// A database of its own on a server of PostgreSQL.
    Postgres {
        /// As the servers under test reach it: through what disturbs their connections.
        disturbed: String,
        /// As this program reaches it.
        direct: String,
    },
}

impl Database {
    /// Makes an empty one.
    pub(crate) async fn make(
        options: &Options,
        folder: &Path,
        faults: Option<&Faults>,
    ) -> anyhow::Result<Self> {
        if options.setup == Setup::Sqlite {
            return Ok(Self::Sqlite(folder.join("data-0/twobot.db")));
        }
        let server = options.postgres.as_deref().context("--postgres must say where the server is")?;
        let faults = faults.context("connections to PostgreSQL go through what disturbs them")?;
        let name = format!("crash_{:016x}", rand::rng().random::<u64>());
        let mut connection = PgConnection::connect(server).await.context("PostgreSQL can not be reached")?;
        let make = format!("CREATE DATABASE {name}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(make.as_str())).execute(&mut connection).await?;
        connection.close().await?;
        let (before, arguments) =
            server.split_once('?').context("the address must name the folder of a socket")?;
        let base = before.rsplit_once('/').map_or(before, |(base, _)| base);
        Ok(Self::Postgres {
            direct: format!("{base}/{name}?{arguments}"),
            disturbed: format!("postgres://postgres@{}/{name}?sslmode=disable", faults.address()),
        })
    }

    /// For the setting `DATABASE_URL`.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(file) => format!("sqlite:{}", file.display()),
            Self::Postgres { disturbed, .. } => disturbed.clone(),
        }
    }
}

/// The server of Redis, as the servers under test reach it: through what disturbs their connections. Each course has names of its own there.
#[derive(Clone, Debug)]
pub(crate) struct Redis {
    pub(crate) faults: Faults,
    prefix: String,
}

impl Redis {
    /// That of a course with several nodes, where there is one.
    pub(crate) async fn of(options: &Options, seeds: Seeds) -> anyhow::Result<Option<Self>> {
        let Some(url) = options.redis.as_deref().filter(|_| options.setup == Setup::Nodes) else {
            return Ok(None);
        };
        let address = url.trim_start_matches("redis://").trim_end_matches('/').parse();
        let address = address.context("Redis must be named by redis://<address>:<port>/")?;
        let faults = Faults::before(Target::Port(address), Manner::REDIS, seeds.of("redis")).await?;
        Ok(Some(Self { faults, prefix: format!("crash:{:016x}", rand::rng().random::<u64>()) }))
    }

    /// The settings of the servers under test.
    pub(crate) fn settings(&self) -> [(&'static str, String); 2] {
        [
            ("REDIS_URL", format!("redis://{}/", self.faults.address())),
            ("TWOBOT_REDIS_PREFIX", self.prefix.clone()),
        ]
    }
}
