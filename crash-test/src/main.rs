//! Kills the server again and again under load, and looks for what was lost, repeated or out of order.
//!
//! Many tenants have a Telegram bot each, at a Bot API server of this program. People write to the bots in many conversations; the
//! program delivers what they write by webhook, as Telegram does: again and again until it is answered by 200. Meanwhile it
//! kills the server (`SIGKILL`) at random moments and starts it on the same data. In the end everything that was acknowledged must
//! have been handled once and in order, and answered. On PostgreSQL the connections to the database come late and are cut besides;
//! and of three servers that share one, now and then one is paused for longer than it may hold anything, and what they reach Redis by,
//! where there is one, is late, cut or silent all the time.

#![expect(clippy::print_stdout, reason = "a command line tool talks to the terminal")]

mod books;
mod faults;
mod fleet;
mod intruder;
mod journey;
mod moods;
mod people;
mod points;
mod polls;
mod provider;
mod report;
mod seeds;
mod server;
mod setup;
mod surroundings;
mod verdict;
mod world;

use clap::Parser;
use std::path::PathBuf;

/// Kills the server again and again under load, and looks for what was lost, repeated or out of order.
#[derive(Clone, Debug, Parser)]
struct Options {
    /// The server's binary.
    #[arg(long, env = "TWOBOT_BIN")]
    binary: PathBuf,
    /// The component that keeps the book: `target/components/tests/ledger.wasm`.
    #[arg(long)]
    plugin: PathBuf,
    /// What runs.
    #[arg(long, value_enum, default_value = "sqlite")]
    setup: setup::Setup,
    /// The server of PostgreSQL, by the folder of its socket; a database of its own is made on it.
    #[arg(long, env = "TWOBOT_TEST_POSTGRES")]
    postgres: Option<String>,
    /// The file with the number of PostgreSQL's process, where somebody starts it again at once when it ends: then it ends once.
    #[arg(long)]
    postgres_process: Option<PathBuf>,
    /// A server of Redis for the nodes, by its address: `redis://127.0.0.1:<port>/`. Without one they do without.
    #[arg(long, env = "TWOBOT_TEST_REDIS")]
    redis: Option<String>,
    /// Adds a row to each of the tables in this folder.
    #[arg(long)]
    report: Option<PathBuf>,
    /// How often to kill it.
    #[arg(long, default_value_t = 20)]
    kills: u32,
    /// Tenants.
    #[arg(long, default_value_t = 12)]
    tenants: usize,
    /// Conversations of each tenant.
    #[arg(long, default_value_t = 6)]
    conversations: usize,
    /// The longest that the server runs before it is killed, in milliseconds.
    #[arg(long, default_value_t = 900)]
    longest_run: u64,
    /// Where the random numbers begin; another number, another course.
    #[arg(long)]
    seed: Option<u64>,
    /// Keep the data directory and say where it is.
    #[arg(long)]
    keep: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    journey::run(&Options::parse()).await
}
