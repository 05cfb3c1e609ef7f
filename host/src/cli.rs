//! The command line.

use crate::commands;
use crate::settings::{Settings, Source};
use anyhow::Context as _;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::LazyLock;
use twobot_engine::Role;

/// 2Bot: bots, AI and plugins for many tenants, each in a sandbox, in one binary.
#[derive(Parser)]
#[command(name = "twobot", version, long_version = long_version(), about, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// The version with that of the sandbox engine, so that an operator can hold it against an advisory.
fn long_version() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        format!("{}\nsandboxes by Wasmtime {}", env!("CARGO_PKG_VERSION"), twobot_runtime::WASMTIME_VERSION)
    });
    &TEXT
}

#[derive(Subcommand)]
enum Command {
    /// Run the platform: gateways, plugins, API and dashboard.
    Serve {
        /// Make a demo tenant that is ready to use, and print its login.
        #[arg(long)]
        demo: bool,
        /// What this process is there for, where several share a PostgreSQL database: all, api or worker.
        #[arg(long, value_name = "ROLE", default_value = "all")]
        role: Role,
    },
    /// Bring the database's schema up to date.
    Migrate,
    /// Print the OpenAPI document of the REST API.
    Openapi,
    /// Print every setting with its meaning, default and present value.
    Config,
    /// Make a backup of the embedded database, also while the server runs.
    Backup {
        /// The file to make.
        file: PathBuf,
    },
    /// Put a backup in the place of the embedded database. The server must not run.
    Restore {
        /// The backup.
        file: PathBuf,
        /// Replace the database that is there; it is kept beside, as `twobot.db.replaced`.
        #[arg(long)]
        replace: bool,
    },
    /// Run an execution again from what was recorded of it, touch nothing, and show its log and what is other than then.
    ///
    /// Ends with 0 where it did the same, with 3 where something is other, and with 1 where it can not be replayed.
    Replay(commands::replay::Replay),
    /// Compile the component on standard input. The platform calls this itself, in a process of its own for each component.
    #[command(name = commands::compile::NAME, hide = true)]
    CompileComponent,
    /// Look after the sums of what was used.
    #[command(subcommand)]
    Usage(Usage),
    /// Look at the mails to people that wait, were sent, or were not.
    #[command(subcommand)]
    Mail(Mail),
    /// Look after the master key, which seals stored credentials.
    #[command(subcommand)]
    Keys(commands::keys::Keys),
    /// Look after the audit logs.
    #[command(subcommand)]
    Audit(Audit),
    /// Manage users.
    #[command(subcommand)]
    User(User),
    /// Help plugin authors.
    #[command(subcommand)]
    Plugin(Plugin),
}

#[derive(Subcommand)]
enum Usage {
    /// Hold the sums by minute, hour and day against the rows of what was used, and print each difference.
    ///
    /// Ends with 0 where there is none, and with 1 where there is one, or was one that is repaired now.
    Reconcile(commands::usage::Reconcile),
}

#[derive(Subcommand)]
enum Mail {
    /// Print the newest mails of the outbox, one a line.
    List(commands::mail::List),
    /// Print a mail as text, with the links in it. One that was sent is no longer kept.
    Show(commands::mail::Show),
}

#[derive(Subcommand)]
enum Audit {
    /// Check that nobody changed, removed or put in a row of an audit log, and name the first that is not as it should be.
    ///
    /// Ends with 0 where all is well, and with 1 where it is not.
    Verify(commands::audit::Verify),
}

#[derive(Subcommand)]
enum User {
    /// Make a user, with a tenant of their own or in one that is there.
    Create(commands::user::Create),
    /// Turn two-factor sign-in off for a user who lost their authenticator and their recovery codes. They are told by mail.
    TwoFactorOff(commands::user::TwoFactorOff),
    /// Make a user an operator, who looks after the whole server.
    GrantOperator(commands::user::Of),
    /// Take that from an operator.
    RevokeOperator(commands::user::Of),
}

#[derive(Subcommand)]
enum Plugin {
    /// Check a component as a host would, and print what it says of itself.
    Check {
        /// The component.
        file: PathBuf,
    },
}

/// Runs the command line and says how it ended.
pub(crate) fn run() -> ExitCode {
    match dispatch(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            tell(&error);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "the command line answers there")]
fn tell(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}

fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    // Commands that need no configuration come first: they work beside a wrong one.
    let command = match cli.command {
        Command::Openapi => return commands::openapi::run().map(done),
        Command::CompileComponent => return commands::compile::run().map(done),
        Command::Config => return commands::config::run(&Source::of_process()?).map(done),
        other => other,
    };
    let settings = Settings::read(&Source::of_process()?)?;
    settings.logging.start();
    for name in &settings.unknown {
        tracing::warn!(name, "is set, and is no setting of this version; `twobot config` lists them");
    }
    // One TLS backend for the whole process, before the first connection.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("can not start threads")?;
    runtime.block_on(async {
        match command {
            Command::Replay(replay) => return commands::replay::run(&settings, replay).await,
            Command::Usage(Usage::Reconcile(reconcile)) => {
                return commands::usage::reconcile(&settings, reconcile).await;
            }
            Command::Serve { demo, role } => commands::serve::run(settings, demo, role).await,
            Command::Migrate => commands::migrate::run(&settings).await,
            Command::Mail(Mail::List(list)) => commands::mail::list(&settings, &list).await,
            Command::Mail(Mail::Show(show)) => commands::mail::show(&settings, &show).await,
            Command::Keys(keys) => commands::keys::run(&settings, keys).await,
            Command::User(User::Create(create)) => commands::user::create(&settings, create).await,
            Command::User(User::TwoFactorOff(off)) => commands::user::two_factor_off(&settings, &off).await,
            Command::User(User::GrantOperator(of)) => {
                commands::user::set_operator(&settings, &of, true).await
            }
            Command::User(User::RevokeOperator(of)) => {
                commands::user::set_operator(&settings, &of, false).await
            }
            Command::Audit(Audit::Verify(verify)) => return commands::audit::verify(&settings, verify).await,
            Command::Plugin(Plugin::Check { file }) => commands::plugin::check(&file).await,
            Command::Backup { file } => commands::backup::make(&settings, &file).await,
            Command::Restore { file, replace } => commands::backup::restore(&settings, &file, replace).await,
            Command::Openapi | Command::Config | Command::CompileComponent => Ok(()),
        }
        .map(done)
    })
}

/// Nothing more to say than that it was done.
const fn done((): ()) -> ExitCode {
    ExitCode::SUCCESS
}
