//! `twobot keys`

use super::answer;
use crate::host;
use crate::key_file::KeyFile;
use crate::settings::Settings;
use anyhow::Context as _;
use clap::{Args, Subcommand};
use secrecy::ExposeSecret as _;
use std::time::Duration;
use twobot_store::rotation::Resealed;
use twobot_store::{KeyId, MasterKey};
use zeroize::Zeroizing;

/// How long a former key is kept at least: a server that has not looked at the file yet may still seal with it.
const SETTLED: Duration = Duration::from_secs(60);

/// What to do about the keys.
#[derive(Subcommand)]
pub(crate) enum Keys {
    /// Print the keys, and how many secrets each has sealed.
    List,
    /// Add a new key that only opens, for the nodes of a shared database: copy the file to each of them, then rotate.
    Add,
    /// Seal with a new key, and seal anew what is there. Servers that run go on, and seal with it within a second.
    Rotate(Rotate),
    /// Seal anew what a former key sealed, after `TWOBOT_MASTER_KEY` was changed.
    Reseal,
    /// Forget former keys, when nothing needs them any more. Keep them with the backups from before.
    Retire,
}

/// How to rotate.
#[derive(Args)]
pub(crate) struct Rotate {
    /// A key that is there and does not seal yet, as `twobot keys list` names it. A new one is made where it is left out.
    #[arg(long, value_name = "ID")]
    to: Option<KeyId>,
}

/// Does it.
///
/// # Errors
/// When the keys or the database can not be read or written, or it would leave secrets that nothing opens.
pub(crate) async fn run(settings: &Settings, keys: Keys) -> anyhow::Result<()> {
    match keys {
        Keys::List => list(settings).await,
        Keys::Add => add(settings),
        Keys::Rotate(rotate) => rotate_keys(settings, rotate).await,
        Keys::Reseal => {
            let store = host::store(settings).await?;
            told(store.reseal().await?)?;
            store.close().await;
            Ok(())
        }
        Keys::Retire => retire(settings).await,
    }
}

async fn list(settings: &Settings) -> anyhow::Result<()> {
    let store = host::store_to_read(settings).await?;
    let mut sealed = store.sealed_by().await?;
    let key = store.master_key();
    let known = std::iter::once((key.id(), "seals")).chain(key.former().into_iter().map(|id| (id, "opens")));
    for (id, does) in known {
        answer::line(&format!("{id}  {does:8}  {} secrets", sealed.remove(&id).unwrap_or(0)))?;
    }
    for (id, secrets) in sealed {
        answer::line(&format!("{id}  {:8}  {secrets} secrets that can not be opened", "not here"))?;
    }
    store.close().await;
    Ok(())
}

fn add(settings: &Settings) -> anyhow::Result<()> {
    let file = file(settings)?;
    let _lock = file.lock()?;
    let mut keys = read(&file)?;
    let new = Zeroizing::new(rand::random::<[u8; 32]>());
    keys.push(*new);
    file.replace(&keys)?;
    answer::line(&format!(
        "added {id}, which opens and does not seal yet\n\
         copy {path} to every other node, then run here: twobot keys rotate --to {id}",
        id = MasterKey::new(*new).id(),
        path = file.path().display(),
    ))?;
    Ok(())
}

async fn rotate_keys(settings: &Settings, rotate: Rotate) -> anyhow::Result<()> {
    let file = file(settings)?;
    let _lock = file.lock()?;
    // Before anything is changed: the database answers, and its own keys do not depend on the one that seals.
    let store = host::store(settings).await?;
    anyhow::ensure!(
        rotate.to.is_some() || !store.can_be_shared(),
        "other nodes may use this database, and must have the new key before anything is sealed with it: \
         run `twobot keys add`, copy {} to each of them, then run `twobot keys rotate --to <id>`",
        file.path().display()
    );
    let mut keys = read(&file)?;
    let id = if let Some(id) = rotate.to {
        let place = keys.iter().position(|key| MasterKey::new(*key).id() == id);
        let place = place.with_context(|| format!("no key {id} is in {}", file.path().display()))?;
        keys[..=place].rotate_right(1);
        id
    } else {
        keys.insert(0, rand::random());
        MasterKey::new(keys[0]).id()
    };
    file.replace(&keys)?;
    store.close().await;
    // With the file as it is now.
    let store = host::store(settings).await?;
    answer::line(&format!("{id} seals from now on"))?;
    told(store.reseal().await?)?;
    answer::line("former keys stay until you run: twobot keys retire")?;
    if store.can_be_shared() {
        answer::line(&format!("copy {} to every other node now", file.path().display()))?;
    }
    store.close().await;
    Ok(())
}

async fn retire(settings: &Settings) -> anyhow::Result<()> {
    let file = file(settings)?;
    let _lock = file.lock()?;
    let keys = read(&file)?;
    if keys.len() == 1 {
        return Ok(answer::line("there are no former keys")?);
    }
    let left = SETTLED.saturating_sub(file.age()?);
    anyhow::ensure!(
        left.is_zero(),
        "{} was changed less than a minute ago, and a server may still seal with a former key; try again in {} s",
        file.path().display(),
        left.as_secs() + 1
    );
    let store = host::store(settings).await?;
    told(store.reseal().await?)?;
    let sealed = store.sealed_by().await?;
    let needed: Vec<_> =
        store.master_key().former().into_iter().filter(|id| sealed.contains_key(id)).collect();
    store.close().await;
    anyhow::ensure!(needed.is_empty(), "secrets are still sealed with former keys; try again");
    file.replace(&keys[..1])?;
    answer::line("former keys are forgotten here; keep them with the backups that were made before")?;
    Ok(())
}

/// The file of the keys, where the keys stand in one.
fn file(settings: &Settings) -> anyhow::Result<KeyFile> {
    anyhow::ensure!(
        settings.database.master_key.is_none(),
        "the key comes from TWOBOT_MASTER_KEY: give every node `<former>,<new>`, then every node `<new>,<former>`, \
         then run `twobot keys reseal`, and take the former one away"
    );
    let file = KeyFile::of(&settings.server.data_dir);
    anyhow::ensure!(file.path().exists(), "there is no key {}", file.path().display());
    Ok(file)
}

fn read(file: &KeyFile) -> anyhow::Result<Zeroizing<Vec<[u8; 32]>>> {
    Ok(Zeroizing::new(file.read_or_make()?.0.expose_secret().clone()))
}

fn told(done: Resealed) -> anyhow::Result<()> {
    answer::line(&format!("sealed anew: {}", done.resealed))?;
    if done.unopened > 0 {
        answer::line(&format!(
            "can not be opened with any of the keys, and stay as they are: {}",
            done.unopened
        ))?;
    }
    Ok(())
}
