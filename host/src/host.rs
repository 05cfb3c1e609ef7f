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
use twobot_store::{Store, StoreError};

/// What the deployment's own keys are for. Their names are kept with them.
mod own_key {
    /// The chance that sandboxes see.
    pub(super) const SANDBOXES: &str = "sandbox host";
    /// What tells our own messages on a Redis server from others'.
    pub(super) const REDIS: &str = "redis";
    /// What stands before our names there.
    pub(super) const REDIS_PREFIX: &str = "redis prefix";
}

/// What is told where the master key is another one than before.
pub(crate) const WRONG_KEY: &str = "the master key is not the one that sealed what is in this database: bring back the key that belongs to \
    it, and give every node the same TWOBOT_MASTER_KEY";

/// Opens the database, with its schema up to date.
///
/// # Errors
/// When it can not be opened or brought up to date.
pub(crate) async fn store(settings: &Settings) -> anyhow::Result<Store> {
    let key = master_key::load(settings)?;
    let url = &settings.database.url;
    let store = Store::open(url, key)
        .await
        .with_context(|| format!("can not open the database {}", without_password(url)))?;
    store.migrate().await.context("can not bring the database up to date")?;
    for purpose in [own_key::SANDBOXES, own_key::REDIS, own_key::REDIS_PREFIX] {
        match store.make_own_key(purpose).await {
            Err(StoreError::Unsealable) => anyhow::bail!(WRONG_KEY),
            made => made.context("can not make the deployment's own keys")?,
        }
    }
    Ok(store)
}

/// Begins to connect to Redis, if there is one. Whether it answers is not waited for: nothing depends on it.
///
/// # Errors
/// When the database does not tell the keys for it.
pub(crate) async fn redis(settings: &Settings, store: &Store) -> anyhow::Result<Option<Redis>> {
    let Some(address) = settings.redis.address.clone() else { return Ok(None) };
    let key = store.own_key(own_key::REDIS).await?;
    let prefix = match &settings.redis.prefix {
        Some(prefix) => prefix.clone(),
        // All nodes of a deployment have the same key, and other deployments others.
        None => format!("2bot:{}", hex::encode(&store.own_key(own_key::REDIS_PREFIX).await?[..8])),
    };
    Ok(Some(Redis::open(RedisOptions { address, prefix, key })))
}

/// Opens the database only to read it. Makes nothing: neither a key nor a database nor its schema.
///
/// # Errors
/// When there is none, or none of this version.
pub(crate) async fn store_to_read(settings: &Settings) -> anyhow::Result<Store> {
    let key = master_key::load_existing(settings)?;
    let url = &settings.database.url;
    Store::open_read_only(url, key)
        .await
        .with_context(|| format!("can not read the database {}", without_password(url)))
}

/// The sandbox host of a command that keeps nothing: no files, no compiled code.
///
/// # Errors
/// When it can not be started.
pub(crate) async fn machine_to_replay(store: &Store) -> anyhow::Result<Machine> {
    let key = store.own_key(own_key::SANDBOXES).await?;
    Machine::new(MachineConfig {
        sandboxes: 0,
        compiler: compiler(),
        // The same key as the server's: from it comes the chance that a run sees.
        ..MachineConfig::new(key, NonZeroUsize::MIN)
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
    let key = store.own_key(own_key::SANDBOXES).await?;
    let machine = Machine::new(MachineConfig {
        cache: Some(settings.server.data_dir.join("compiled")),
        files: Some(settings.server.data_dir.join("files")),
        cache_bytes: settings.sandbox.compiled_cache_bytes,
        compiler: compiler(),
        sandboxes: settings.sandbox.sandboxes,
        ..MachineConfig::new(key, settings.sandbox.threads)
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
