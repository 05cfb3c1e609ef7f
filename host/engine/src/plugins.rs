//! A tenant's plugins: installing, configuring, enabling and removing them.

pub(crate) mod action;
pub(crate) mod files;
pub(crate) mod grants;
pub(crate) mod own_files;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::live::LiveEvent;
use crate::{scheduler, schema};
use chrono::Datelike as _;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;
use twobot_domain::manifest::{Capability, PluginManifest};
use twobot_domain::{AuditAction, AuditOutcome, Timestamp, Trouble, config};
use twobot_runtime::PluginComponent;
use twobot_store::audit::{By, Note, Target};
use twobot_store::installs::{Bindings, Install, InstallState, NewInstall};
use twobot_store::{StoreError, TenantScope};

/// How to install a plugin.
#[derive(Clone, Debug, Default)]
pub struct InstallOptions {
    /// Settings that differ from the plugin's defaults.
    pub config: Option<Value>,
    /// The gateways of each slot.
    pub bindings: Bindings,
    /// What is granted; all that the manifest asks for where this is not given.
    pub grants: Option<Vec<Capability>>,
    /// Whether it gets events at once; where this is not given, it does when its required slots are filled.
    pub enable: Option<bool>,
}

impl Engine {
    fn entry(&self, slug: &str) -> Result<&Arc<PluginComponent>, EngineError> {
        self.catalogue().plugin(slug).ok_or(EngineError::NotFound("plugin"))
    }

    async fn installed(&self, scope: TenantScope, slug: &str) -> Result<Install, EngineError> {
        self.store().install(scope, slug).await.map_err(EngineError::missing("plugin"))
    }

    /// Installs a plugin.
    ///
    /// # Errors
    /// `NotFound` for a plugin that the catalogue does not have; `Conflict` when it is installed; `Invalid` with each wrong field;
    /// `Limit` at the plan's number of plugins.
    pub async fn install_plugin(
        &self,
        scope: TenantScope,
        by: &By,
        slug: &str,
        options: InstallOptions,
    ) -> Result<Install, EngineError> {
        let entry = self.entry(slug)?;
        let manifest = &entry.manifest;
        let config = config::defaults(&manifest.config_schema);
        let config =
            options.config.as_ref().map_or_else(|| config.clone(), |change| config::merged(&config, change));
        schema::check("config", &manifest.config_schema, &config)?;
        self.check_bindings(scope, manifest, &options.bindings).await?;
        let grants = options.grants.unwrap_or_else(|| manifest.capabilities.clone());
        grants::check(manifest, &grants)?;
        let missing = missing_slot(manifest, &options.bindings);
        let enable = options.enable.unwrap_or(missing.is_none());
        if let (true, Some(slot)) = (enable, missing) {
            return Err(needs_gateway(&slot));
        }
        let new = NewInstall {
            slug: slug.to_owned(),
            version: manifest.version.clone(),
            digest: entry.digest.clone(),
            state: if enable { InstallState::Enabled } else { InstallState::Disabled },
            config,
            grants,
            asked: manifest.capabilities.clone(),
            bindings: options.bindings,
        };
        let limit = self.limits(scope).await?.plugins;
        let note = Note::new(by, AuditAction::PluginInstall, target(manifest))
            .with(json!({"version": new.version, "granted": new.grants}));
        let install = match self.store().noting(note.clone()).create_install(scope, &new, limit).await {
            Err(StoreError::Exists(_)) => {
                return Err(EngineError::Conflict("this plugin is already installed".to_owned()));
            }
            Err(StoreError::Quota { name, used, allowed, unit }) => {
                let limit = json!({"limit": name, "used": used, "allowed": allowed});
                self.store().record_audit(scope, &note.ending(AuditOutcome::Denied).with(limit)).await?;
                return Err(StoreError::Quota { name, used, allowed, unit }.into());
            }
            other => other?,
        };
        let schedules = scheduler::first_times(&manifest.schedules);
        self.store().set_schedules(scope, install.id, &schedules).await?;
        self.tell_install(scope, slug, install.state.as_str());
        Ok(install)
    }

    /// Changes settings of a plugin; what is not given stays, `null` removes.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` with each wrong field.
    pub async fn configure_plugin(
        &self,
        scope: TenantScope,
        by: &By,
        slug: &str,
        change: Value,
    ) -> Result<Install, EngineError> {
        let install = self.installed(scope, slug).await?;
        let config = config::merged(&install.config, &change);
        let manifest = &self.entry(slug)?.manifest;
        schema::check("config", &manifest.config_schema, &config)?;
        // Which settings, and not what they are set to: that may be anything.
        let settings: Vec<_> = change.as_object().into_iter().flat_map(|fields| fields.keys()).collect();
        let note =
            Note::new(by, AuditAction::PluginConfigure, target(manifest)).with(json!({"settings": settings}));
        self.store().noting(note).configure_install(scope, install.id, &config).await?;
        self.tell_install(scope, slug, install.state.as_str());
        self.installed(scope, slug).await
    }

    /// Replaces the gateways of the slots that are given.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for slots, kinds or gateways that do not fit, and for emptying a required slot of an enabled plugin.
    pub async fn bind_gateways(
        &self,
        scope: TenantScope,
        by: &By,
        slug: &str,
        bindings: Bindings,
    ) -> Result<Install, EngineError> {
        let install = self.installed(scope, slug).await?;
        let manifest = &self.entry(slug)?.manifest;
        self.check_bindings(scope, manifest, &bindings).await?;
        let emptied = manifest
            .gateways
            .iter()
            .find(|slot| slot.required && bindings.get(&slot.name).is_some_and(Vec::is_empty));
        if let (InstallState::Enabled, Some(slot)) = (install.state, emptied) {
            return Err(needs_gateway(&slot.name));
        }
        let note =
            Note::new(by, AuditAction::PluginConfigure, target(manifest)).with(json!({"gateways": bindings}));
        self.store().noting(note).bind_gateways(scope, install.id, &bindings).await?;
        self.tell_install(scope, slug, install.state.as_str());
        self.installed(scope, slug).await
    }

    /// Lets a plugin get events. One that was paused begins anew.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` while a required slot is empty; `Trouble` (`permissions_needed`) while it asks for what was not decided.
    pub async fn enable_plugin(
        &self,
        scope: TenantScope,
        by: &By,
        slug: &str,
    ) -> Result<Install, EngineError> {
        let install = self.installed(scope, slug).await?;
        let mut bindings = Bindings::new();
        for bound in self.store().bound_gateways(scope, install.id).await? {
            bindings.entry(bound.slot).or_default().push(bound.id);
        }
        let manifest = &self.entry(slug)?.manifest;
        let note = Note::new(by, AuditAction::PluginEnable, target(manifest));
        if let Some(trouble) = grants::undecided(manifest, &install) {
            let why = json!({"reason": trouble.code});
            self.store().record_audit(scope, &note.ending(AuditOutcome::Denied).with(why)).await?;
            return Err(EngineError::Trouble(Box::new(trouble)));
        }
        if let Some(slot) = missing_slot(manifest, &bindings) {
            return Err(needs_gateway(&slot));
        }
        self.switch(scope, slug, &install, InstallState::Enabled, note).await
    }

    /// Stops giving a plugin events.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn disable_plugin(
        &self,
        scope: TenantScope,
        by: &By,
        slug: &str,
    ) -> Result<Install, EngineError> {
        let install = self.installed(scope, slug).await?;
        let note = Note::new(by, AuditAction::PluginDisable, self.target_of(&install));
        self.switch(scope, slug, &install, InstallState::Disabled, note).await
    }

    async fn switch(
        &self,
        scope: TenantScope,
        slug: &str,
        install: &Install,
        state: InstallState,
        note: Note,
    ) -> Result<Install, EngineError> {
        self.store().noting(note).set_install_state(scope, install.id, state, None).await?;
        self.tell_install(scope, slug, state.as_str());
        self.installed(scope, slug).await
    }

    /// Removes a plugin with its data.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn uninstall_plugin(&self, scope: TenantScope, by: &By, slug: &str) -> Result<(), EngineError> {
        let install = self.installed(scope, slug).await?;
        let note = Note::new(by, AuditAction::PluginUninstall, self.target_of(&install))
            .with(json!({"version": install.version}));
        let store = self.store().noting(note);
        store.delete_install(scope, install.id).await.map_err(EngineError::missing("plugin"))?;
        files::remove(self, scope.tenant(), install.id).await;
        self.tell_install(scope, slug, "uninstalled");
        Ok(())
    }

    /// Slots that exist, gateways that are the tenant's, kinds that fit.
    async fn check_bindings(
        &self,
        scope: TenantScope,
        manifest: &PluginManifest,
        bindings: &Bindings,
    ) -> Result<(), EngineError> {
        for (name, gateways) in bindings {
            let field = format!("gateways.{name}");
            let Some(slot) = manifest.gateways.iter().find(|slot| slot.name == *name) else {
                let known: Vec<_> = manifest.gateways.iter().map(|slot| slot.name.as_str()).collect();
                return Err(EngineError::field(
                    field,
                    format!("is not a slot of this plugin; it has {}", known.join(", ")),
                ));
            };
            let mut seen = HashSet::new();
            for id in gateways {
                if !seen.insert(id) {
                    return Err(EngineError::field(field, format!("names the gateway {id} twice")));
                }
                let gateway = match self.store().gateway(scope, *id).await {
                    // Of another tenant or of nobody: it is not there, as in a path.
                    Err(StoreError::NotFound) => return Err(EngineError::NotFound("gateway")),
                    other => other?,
                };
                if !slot.kinds.is_empty() && !slot.kinds.contains(&gateway.kind) {
                    let message = format!(
                        "“{}” is of the kind {}; it takes {}",
                        gateway.name,
                        gateway.kind,
                        slot.kinds.join(", ")
                    );
                    return Err(EngineError::field(field, message));
                }
            }
        }
        Ok(())
    }

    /// An install as the audit log names it, also where the catalogue has lost its plugin.
    fn target_of(&self, install: &Install) -> Target {
        match self.catalogue().plugin(&install.slug) {
            Some(entry) => target(&entry.manifest),
            None => Target { kind: "plugin", id: install.slug.clone(), name: install.slug.clone() },
        }
    }

    fn tell_install(&self, scope: TenantScope, slug: &str, state: &'static str) {
        self.live().tell(scope, LiveEvent::Install { slug: slug.to_owned(), state });
    }
}

/// The first required slot that has no gateway.
fn missing_slot(manifest: &PluginManifest, bindings: &Bindings) -> Option<String> {
    manifest
        .gateways
        .iter()
        .find(|slot| slot.required && bindings.get(&slot.name).is_none_or(Vec::is_empty))
        .map(|slot| slot.name.clone())
}

fn needs_gateway(slot: &str) -> EngineError {
    EngineError::field(
        format!("gateways.{slot}"),
        "needs at least one gateway before the plugin can be enabled",
    )
}

/// A plugin as the audit log names it.
fn target(manifest: &PluginManifest) -> Target {
    Target { kind: "plugin", id: manifest.slug.clone(), name: manifest.name.clone() }
}

/// Pauses an install that failed again and again, and tells its owner.
pub(crate) async fn pause(
    engine: &Engine,
    scope: TenantScope,
    install: &Install,
    trouble: &Trouble,
) -> Result<(), StoreError> {
    let store = engine.store().noting(paused(engine, install, trouble));
    store.set_install_state(scope, install.id, InstallState::Paused, Some(trouble)).await?;
    tell_paused(engine, scope, install, trouble).await
}

/// That the platform switched an install off, as the audit log tells it.
fn paused(engine: &Engine, install: &Install, trouble: &Trouble) -> Note {
    Note::new(&By::system(), AuditAction::PluginDisable, engine.target_of(install))
        .with(json!({"reason": trouble.code}))
}

/// Tells an owner that an install was paused, and why.
async fn tell_paused(
    engine: &Engine,
    scope: TenantScope,
    install: &Install,
    trouble: &Trouble,
) -> Result<(), StoreError> {
    let text = format!("{}\n\n{}", trouble.detail, trouble.advice);
    engine.store().notify(scope, "problem", &trouble.title, &text).await?;
    engine.tell_install(scope, &install.slug, InstallState::Paused.as_str());
    engine.live().tell(scope, LiveEvent::Notification);
    Ok(())
}

/// Tokens of language models that a tenant used in this UTC month.
pub(crate) async fn tokens_this_month(engine: &Engine, scope: TenantScope) -> Result<u64, StoreError> {
    let now = Timestamp::now();
    let first = now.day() - i64::from(now.to_datetime().day0());
    let days = engine.store().usage(scope, first, now.day()).await?;
    Ok(days.iter().map(|(_, usage)| usage.ai_tokens_in + usage.ai_tokens_out).sum())
}
