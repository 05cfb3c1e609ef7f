//! What plugins may do: their owners decide, also when a new version asks for more.

use super::{paused, target, tell_paused};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::{scheduler, troubles};
use serde_json::json;
use twobot_domain::manifest::{Capability, PluginManifest};
use twobot_domain::{AuditAction, Timestamp, Trouble};
use twobot_store::audit::{By, Note};
use twobot_store::installs::{Install, InstallState};
use twobot_store::{StoreError, TenantScope};

/// How long events are kept for a plugin whose owner has to decide: as long as for a workspace that does not run.
const KEPT_MILLIS: i64 = 24 * 60 * 60 * 1_000;

impl Engine {
    /// Decides what an installed plugin may do. Everything that it asks for now counts as decided, granted or not; one that was
    /// paused for this decision goes on, with what has waited for it.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for what the plugin does not ask for.
    pub async fn grant_plugin(
        &self,
        scope: TenantScope,
        by: &By,
        slug: &str,
        grants: Vec<Capability>,
    ) -> Result<Install, EngineError> {
        let install = self.installed(scope, slug).await?;
        let manifest = &self.entry(slug)?.manifest;
        check(manifest, &grants)?;
        // In the manifest's order, each once.
        let grants: Vec<_> =
            manifest.capabilities.iter().filter(|one| grants.contains(one)).cloned().collect();
        let refused: Vec<_> = manifest.capabilities.iter().filter(|one| !grants.contains(one)).collect();
        let note = Note::new(by, AuditAction::PluginGrant, target(manifest))
            .with(json!({"version": manifest.version, "granted": grants, "refused": refused}));
        let store = self.store().noting(note);
        store.set_grants(scope, install.id, &grants, &manifest.capabilities).await?;
        let install = self.installed(scope, slug).await?;
        self.tell_install(scope, slug, install.state.as_str());
        self.wake_executions(scope);
        Ok(install)
    }

    /// What an installed plugin asks for that its owner has not decided on.
    #[must_use]
    pub fn undecided(&self, install: &Install) -> Vec<Capability> {
        let entry = self.catalogue().plugin(&install.slug);
        entry.map_or_else(Vec::new, |entry| news(&entry.manifest, install))
    }
}

/// Whether a plugin asks for all of this.
pub(super) fn check(manifest: &PluginManifest, grants: &[Capability]) -> Result<(), EngineError> {
    match grants.iter().find(|grant| !manifest.capabilities.contains(grant)) {
        Some(more) => Err(EngineError::field("grants", format!("the plugin does not ask for `{more}`"))),
        None => Ok(()),
    }
}

/// What a manifest asks for that the install's owner has not decided on.
fn news(manifest: &PluginManifest, install: &Install) -> Vec<Capability> {
    let decided = install.asked.as_ref().unwrap_or(&install.grants);
    manifest.capabilities.iter().filter(|one| !decided.contains(one)).cloned().collect()
}

/// Why an install may not run before its owner has decided, if that is so.
pub(crate) fn undecided(manifest: &PluginManifest, install: &Install) -> Option<Trouble> {
    let news = news(manifest, install);
    (!news.is_empty()).then(|| troubles::permissions_needed(manifest, &news))
}

/// After a start: installs run what the catalogue has now, and follow its schedules. One whose new version asks for what its owner
/// has not decided on stays off until then; it keeps its data, and its events are kept for it.
pub(crate) async fn follow_catalogue(engine: &Engine) -> Result<(), StoreError> {
    for (scope, mut install) in engine.store().all_installs().await? {
        let Some(entry) = engine.catalogue().plugin(&install.slug) else { continue };
        let manifest = &entry.manifest;
        if install.digest != entry.digest || install.asked.is_none() {
            // An install that is older than the question has decided on what it ran with; of a version that it never ran, on
            // what it granted before.
            let asked = match install.asked.take() {
                Some(asked) => asked,
                None if install.digest == entry.digest => manifest.capabilities.clone(),
                None => install.grants.clone(),
            };
            let store = engine.store();
            store.set_install_version(scope, install.id, &manifest.version, &entry.digest, &asked).await?;
            install.asked = Some(asked);
            let schedules = scheduler::first_times(&manifest.schedules);
            store.set_schedules(scope, install.id, &schedules).await?;
        }
        // Looked at in every start, so that one that was interrupted leaves nothing half done.
        if install.state == InstallState::Enabled
            && let Some(trouble) = undecided(manifest, &install)
        {
            let store = engine.store().noting(paused(engine, &install, &trouble));
            store.hold_install(scope, install.id, &trouble).await?;
            tell_paused(engine, scope, &install, &trouble).await?;
        } else if install.waits && undecided(manifest, &install).is_none() {
            // A later version, or the old one again, asks for nothing that was not decided on.
            let note = Note::new(&By::system(), AuditAction::PluginEnable, target(manifest))
                .with(json!({"reason": "nothing_to_decide", "version": manifest.version}));
            let store = engine.store().noting(note);
            store.set_install_state(scope, install.id, InstallState::Enabled, None).await?;
        }
    }
    Ok(())
}

/// Gives up what has been held, or has waited for a workspace that rests, for longer than it is kept.
pub(crate) async fn give_up_held(engine: &Engine, now: Timestamp) -> Result<(), StoreError> {
    let before = now.plus_millis(-KEPT_MILLIS);
    let given_up = engine.store().give_up_held(before, &troubles::held_too_long()).await?;
    if given_up > 0 {
        tracing::info!(given_up, "events that waited for owners' decisions were given up after a day");
    }
    let given_up = engine.store().give_up_resting(before, &troubles::rested_too_long()).await?;
    if given_up > 0 {
        tracing::info!(given_up, "what waited for stopped workspaces was given up after a day");
    }
    Ok(())
}
