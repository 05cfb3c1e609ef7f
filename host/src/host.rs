//! Puts the platform together from its settings.

use crate::commands::compile;
use crate::settings::{Settings, without_password};
use crate::{components, master_key};
use anyhow::Context as _;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use twobot_engine::{Engine, EngineConfig};
use twobot_gateways::{
    Connectors, EgressClients, OpenAi, OpenAiOptions, Telegram, TelegramOptions, WebHook, WebHookOptions,
};
use twobot_redis::{Redis, RedisOptions};
use twobot_runtime::{Compiler, CompilerProcess, Machine, MachineConfig};
use twobot_store::Store;

/// Opens the database, with its schema up to date.
///
/// # Errors
/// When it can not be opened or brought up to date.
pub(crate) async fn store(settings: &Settings) -> anyhow::Result<Store> {
    let key = master_key::load(settings.database.master_key.as_ref(), &settings.server.data_dir)?;
    let url = &settings.database.url;
    let store = Store::open(url, key)
        .await
        .with_context(|| format!("can not open the database {}", without_password(url)))?;
    store.migrate().await.context("can not bring the database up to date")?;
    Ok(store)
}

/// Begins to connect to Redis, if there is one. Whether it answers is not waited for: nothing depends on it.
pub(crate) fn redis(settings: &Settings, store: &Store) -> Option<Redis> {
    let address = settings.redis.address.clone()?;
    let key = store.master_key().derive("redis");
    // All nodes of a deployment have the same key, and other deployments others.
    let own = || format!("2bot:{}", hex::encode(&store.master_key().derive("redis prefix")[..8]));
    let prefix = settings.redis.prefix.clone().unwrap_or_else(own);
    Some(Redis::open(RedisOptions { address, prefix, key }))
}

/// Opens the database only to read it. Makes nothing: neither a key nor a database nor its schema.
///
/// # Errors
/// When there is none, or none of this version.
pub(crate) async fn store_to_read(settings: &Settings) -> anyhow::Result<Store> {
    let key = master_key::load_existing(settings.database.master_key.as_ref(), &settings.server.data_dir)?;
    let url = &settings.database.url;
    Store::open_read_only(url, key)
        .await
        .with_context(|| format!("can not read the database {}", without_password(url)))
}

/// The sandbox host of a command that keeps nothing: no files, no compiled code.
///
/// # Errors
/// When it can not be started.
pub(crate) fn machine_to_replay(store: &Store) -> anyhow::Result<Machine> {
    Machine::new(MachineConfig {
        sandboxes: 0,
        compiler: compiler(),
        // The same key as the server's: from it comes the chance that a run sees.
        ..MachineConfig::new(store.master_key().derive("sandbox host"), NonZeroUsize::MIN)
    })
    .context("can not start the sandbox host")
}

/// This program, as the compiler of components.
pub(crate) fn compiler() -> Compiler {
    // The program that runs, also where its file was replaced meanwhile: only the same program makes code that fits.
    let program = PathBuf::from("/proc/self/exe");
    let program = if program.exists() { program } else { std::env::current_exe().unwrap_or(program) };
    Compiler::Process(CompilerProcess::new(program, vec![compile::NAME.into()]))
}

/// Puts the engine together. It does not run yet.
///
/// # Errors
/// When a part can not be made; says which.
pub(crate) async fn engine(
    settings: &Settings,
    store: Store,
    redis: Option<Redis>,
) -> anyhow::Result<Engine> {
    let machine = Machine::new(MachineConfig {
        cache: Some(settings.server.data_dir.join("compiled")),
        files: Some(settings.server.data_dir.join("files")),
        cache_bytes: settings.sandbox.compiled_cache_bytes,
        compiler: compiler(),
        sandboxes: settings.sandbox.sandboxes,
        ..MachineConfig::new(store.master_key().derive("sandbox host"), settings.sandbox.threads)
    })
    .context("can not start the sandbox host")?;
    let catalogue = components::load(&machine, &store, settings.sandbox.plugins_dir.as_deref()).await?;
    let telegram = Telegram::new(TelegramOptions::new(settings.gateways.telegram_api_url.clone()))
        .context("can not set up the Telegram connector")?;
    let openai = OpenAi::new(OpenAiOptions::new(settings.gateways.egress.clone()))
        .context("can not set up the AI connector")?;
    let web_hook = WebHook::new(WebHookOptions::new(settings.gateways.egress.clone()))
        .context("can not set up the connector of web hooks")?;
    Ok(Engine::new(EngineConfig {
        store,
        machine,
        plans: settings.plans.catalogue.clone(),
        catalogue,
        connectors: Connectors::default()
            .with(Arc::new(telegram))
            .with(Arc::new(openai))
            .with(Arc::new(web_hook)),
        egress: EgressClients::for_plugins(settings.gateways.egress.clone())
            .context("can not set up plugins' requests to other hosts")?,
        public_url: settings.server.public_url.clone(),
        marks: Some(settings.server.data_dir.clone()),
        redis,
    }))
}
