//! A demo tenant that is ready to use: a web chat, with a bot that answers and figures that count.

use crate::secret_file;
use anyhow::Context as _;
use rand::seq::IndexedRandom as _;
use serde_json::json;
use std::path::Path;
use twobot_domain::AuditAction;
use twobot_engine::{Engine, InstallOptions};
use twobot_store::accounts::NewAccount;
use twobot_store::audit::{By, Note, Target};
use twobot_store::installs::Bindings;
use twobot_store::{PageRequest, TenantScope};

const EMAIL: &str = "demo@2bot.local";
const CHAT_KIND: &str = "web-chat";
/// The plugins of the demo, each with the slot that the web chat fills.
const PLUGINS: [(&str, &str); 2] = [("analytics", "sources"), ("auto-reply", "channels")];

/// The file in the data directory that keeps the demo's password, so that each start can print it.
const PASSWORD_FILE: &str = "demo.password";

/// How to sign in to the demo.
pub(crate) struct Login {
    pub(crate) email: String,
    pub(crate) password: String,
}

/// Makes the demo tenant, or finds it. Its password is the one of the settings, or one made by chance at the first start.
///
/// # Errors
/// When a part of it can not be made.
pub(crate) async fn prepare(
    engine: &Engine,
    password: Option<&str>,
    data_dir: &Path,
) -> anyhow::Result<Login> {
    let store = engine.store();
    let password = match password {
        Some(password) => password.to_owned(),
        None => secret_file::read_or_make(&data_dir.join(PASSWORD_FILE), make_password)?.0,
    };
    let password_hash = twobot_api::hash_password(&password).await?;
    let scope = match store.login(EMAIL).await? {
        Some(known) => {
            store.set_password(known.scope, known.user.id, &password_hash).await?;
            known.scope
        }
        None => {
            let account = NewAccount {
                email: EMAIL.to_owned(),
                name: "Demo".to_owned(),
                password_hash,
                role: "owner".to_owned(),
                plan: engine.plans().get_or_default("pro").id.clone(),
            };
            store.register(&account).await.context("can not make the demo tenant")?.0
        }
    };
    let user = store.login(EMAIL).await?.context("the demo's user is gone")?.user;
    let target = Target { kind: "user", id: user.id.to_string(), name: user.name };
    let note = Note::new(&By::system(), AuditAction::OperatorGrant, target);
    // So that the pages of operators can be seen, too.
    store.noting(note).set_operator(scope, user.id, true).await?;
    furnish(engine, scope).await?;
    Ok(Login { email: EMAIL.to_owned(), password })
}

/// What is missing of the demo's gateway, plugins and conversation. What someone removed on purpose while the gateway exists stays
/// removed.
async fn furnish(engine: &Engine, scope: TenantScope) -> anyhow::Result<()> {
    let store = engine.store();
    let known = store.gateways(scope, PageRequest::default()).await?;
    if known.items.iter().any(|gateway| gateway.kind == CHAT_KIND) {
        return Ok(());
    }
    let refused =
        |what: &str, error: twobot_engine::EngineError| anyhow::anyhow!("the demo's {what}: {error:?}");
    let chat = engine
        .create_gateway(scope, &By::system(), CHAT_KIND, "Demo bot", json!({}), None)
        .await
        .map_err(|error| refused("web chat", error))?;
    engine
        .connect_gateway(scope, &By::system(), chat.id)
        .await
        .map_err(|error| refused("web chat", error))?;
    for (slug, slot) in PLUGINS {
        if engine.catalogue().plugin(slug).is_none() || store.install(scope, slug).await.is_ok() {
            continue;
        }
        let options = InstallOptions {
            bindings: Bindings::from([(slot.to_owned(), vec![chat.id])]),
            ..InstallOptions::default()
        };
        engine
            .install_plugin(scope, &By::system(), slug, options)
            .await
            .map_err(|error| refused(slug, error))?;
    }
    store.create_conversation(scope, chat.id, "Say hello").await?;
    Ok(())
}

/// A password that can be read aloud and typed, and meets the rules: four words, a digit and a sign.
fn make_password() -> String {
    const SYLLABLES: [&str; 32] = [
        "ba", "be", "bo", "da", "de", "do", "fa", "fi", "fo", "ga", "go", "ka", "ke", "ki", "ko", "la", "le",
        "li", "lo", "ma", "me", "mi", "mo", "na", "ne", "no", "pa", "po", "ra", "ro", "sa", "ta",
    ];
    let mut rng = rand::rng();
    let words: Vec<String> =
        (0..4).map(|_| (0..3).filter_map(|_| SYLLABLES.choose(&mut rng)).copied().collect()).collect();
    let mut password = words.join("-");
    password[..1].make_ascii_uppercase();
    format!("{password}-{}", rand::random_range(10..100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_passwords_meet_the_rules_and_differ() {
        let password = make_password();
        assert!(twobot_api::validate_password(&password).is_ok(), "{password}");
        assert_ne!(password, make_password());
    }
}
