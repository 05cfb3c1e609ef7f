//! A server for one test, and people who use it.

mod answer;
mod keys;
mod request;

pub(crate) use answer::{Answer, Events};
pub(crate) use keys::{ALL_SCOPES, well_formed};
pub(crate) use request::Request;

use axum::Router;
use serde_json::{Value, json};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use twobot_api::{ApiConfig, Limits};
use twobot_domain::{PlanCatalogue, Role};
use twobot_engine::{Catalogue, Engine, EngineConfig};
use twobot_gateways::{
    Connectors, EgressClients, EgressPolicy, OpenAi, OpenAiOptions, Telegram, TelegramOptions, WebHook,
    WebHookOptions,
};
use twobot_runtime::{Machine, MachineConfig};
use twobot_store::accounts::NewUser;
use twobot_store::{MasterKey, Store, TenantScope};

/// A password that is good enough.
pub(crate) const PASSWORD: &str = "Analytical-Engine-1";

const COMPONENTS: [&str; 6] =
    ["analytics", "auto-reply", "gateway-ai", "gateway-telegram", "gateway-web-chat", "gateway-web-hook"];

/// A server for one test.
pub(crate) struct TestApp {
    pub(crate) router: Router,
    pub(crate) engine: Engine,
    pub(crate) config: ApiConfig,
    folder: TempDir,
}

/// Someone with an account.
pub(crate) struct Person {
    pub(crate) token: String,
    pub(crate) refresh_token: String,
    pub(crate) scope: TenantScope,
}

/// Lets a test ask again and again.
fn be_patient(config: &mut ApiConfig) {
    config.limits = Limits { per_caller: u32::MAX, per_address: u32::MAX };
}

impl TestApp {
    /// A server that anyone may register with.
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A server whose operator decided otherwise.
    pub(crate) async fn with(change: impl FnOnce(&mut ApiConfig)) -> Self {
        Self::made(change, &[]).await
    }

    /// A server that answers as many requests as a test has.
    pub(crate) async fn patient() -> Self {
        Self::with(be_patient).await
    }

    /// The same, and it offers more components, by their files.
    pub(crate) async fn offering(components: &[&str]) -> Self {
        Self::made(be_patient, components).await
    }

    async fn made(change: impl FnOnce(&mut ApiConfig), more: &[&str]) -> Self {
        // The same provider as the binary's; a second test in the process finds it set.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        let store = Store::open(&url, MasterKey::new([7; 32])).await.unwrap();
        store.migrate().await.unwrap();
        let machine = Machine::new(MachineConfig {
            // Kept between tests and runs: compiling the components takes longer than all else here.
            cache: Some(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("compiled")),
            files: Some(folder.path().join("files")),
            ..MachineConfig::new([7; 32], NonZeroUsize::MIN)
        })
        .unwrap();
        // Nothing listens on this port: every call to Telegram fails at once.
        let telegram = Telegram::new(TelegramOptions::new("http://127.0.0.1:9/".parse().unwrap())).unwrap();
        let openai = OpenAi::new(OpenAiOptions::new(EgressPolicy::default())).unwrap();
        let web_hook = WebHook::new(WebHookOptions::new(EgressPolicy::default())).unwrap();
        let engine = Engine::new(EngineConfig {
            store,
            catalogue: catalogue(&machine, more).await,
            machine,
            plans: PlanCatalogue::load("full").unwrap(),
            connectors: Connectors::default()
                .with(Arc::new(telegram))
                .with(Arc::new(openai))
                .with(Arc::new(web_hook)),
            egress: EgressClients::for_plugins(EgressPolicy::default()).unwrap(),
            public_url: Some("https://bots.example.org".parse().unwrap()),
            marks: None,
            redis: None,
        });
        engine.start().await.unwrap();
        let mut config = ApiConfig::local("1.2.3");
        change(&mut config);
        let router = twobot_api::router(engine.clone(), config.clone());
        Self { router, engine, config, folder }
    }

    /// The same server, whose operator decides otherwise from now on.
    pub(crate) fn again(mut self, change: impl FnOnce(&mut ApiConfig)) -> Self {
        change(&mut self.config);
        self.router = twobot_api::router(self.engine.clone(), self.config.clone());
        self
    }

    /// Where the database is, for what no operation does, such as letting time go by.
    pub(crate) fn database(&self) -> String {
        format!("sqlite:{}", self.folder.path().join("test.db").display())
    }

    /// Where the plugins of a tenant keep their files.
    pub(crate) async fn directory(&self, of: &Person, slug: &str) -> PathBuf {
        let install = self.store().install(of.scope, slug).await.unwrap().id;
        self.folder.path().join("files").join(of.scope.tenant().to_string()).join(install.to_string())
    }

    pub(crate) fn store(&self) -> &Store {
        self.engine.store()
    }

    /// A request to a path below `/api/v1`.
    pub(crate) fn request(&self, method: &str, path: &str) -> Request {
        self.raw(method, &format!("/api/v1{path}"))
    }

    /// A request to any path.
    pub(crate) fn raw(&self, method: &str, path: &str) -> Request {
        Request::new(self.router.clone(), method, path)
    }

    pub(crate) async fn get(&self, who: &Person, path: &str) -> Answer {
        self.request("GET", path).bearer(&who.token).send().await
    }

    pub(crate) async fn post(&self, who: &Person, path: &str, body: Value) -> Answer {
        self.request("POST", path).bearer(&who.token).json(body).send().await
    }

    /// Makes an account.
    pub(crate) async fn register(&self, name: &str) -> Person {
        let email = format!("{name}@example.org");
        let body = json!({"email": email, "password": PASSWORD, "name": name});
        let answer = self.request("POST", "/auth/register").json(body).send().await;
        answer.expect(201);
        self.person(&answer).await
    }

    /// Adds a person to somebody's tenant.
    pub(crate) async fn colleague(&self, of: &Person, name: &str, role: Role) -> Person {
        let email = format!("{name}@example.org");
        let password_hash = twobot_api::hash_password(PASSWORD).await.unwrap();
        let new = NewUser { email: email.clone(), name: name.to_owned(), password_hash, role };
        self.store().add_user(of.scope, &new).await.unwrap();
        let body = json!({"email": email, "password": PASSWORD});
        let answer = self.request("POST", "/auth/login").json(body).send().await;
        answer.expect(200);
        self.person(&answer).await
    }

    /// Whom an answer has signed in.
    pub(crate) async fn person(&self, answer: &Answer) -> Person {
        let answer = answer.json();
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        let (token, refresh_token) = (text("token"), text("refresh_token"));
        let scope = self.store().authenticate(&token).await.unwrap().unwrap().scope;
        Person { token, refresh_token, scope }
    }

    /// Makes a web chat that is switched on, and answers its id.
    pub(crate) async fn web_chat(&self, who: &Person) -> String {
        self.gateway(who, json!({"kind": "web-chat", "name": "Console"})).await
    }

    /// Makes a Telegram gateway that is switched on and gets webhooks, and answers its id. It never gets connected, since
    /// nothing answers for Telegram.
    pub(crate) async fn telegram(&self, who: &Person) -> String {
        let body = json!({
            "kind": "telegram-bot",
            "name": "Shop",
            "credentials": {"token": "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"},
            "config": {"mode": "webhook"}
        });
        self.gateway(who, body).await
    }

    async fn gateway(&self, who: &Person, body: Value) -> String {
        let answer = self.post(who, "/gateways", body).await;
        answer.expect(201);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// Begins a conversation in a web chat, and answers its id.
    pub(crate) async fn conversation(&self, who: &Person, gateway: &str) -> String {
        let answer = self.post(who, &format!("/gateways/{gateway}/conversations"), json!({})).await;
        answer.expect(201);
        answer.json()["id"].as_str().unwrap().to_owned()
    }
}

/// The built-in components, as `cargo xtask guests` leaves them.
async fn catalogue(machine: &Machine, more: &[&str]) -> Catalogue {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/components");
    let mut catalogue = Catalogue::default();
    for name in COMPONENTS.iter().chain(more) {
        let file = folder.join(format!("{name}.wasm"));
        let bytes = std::fs::read(&file).unwrap_or_else(|error| {
            panic!("these tests need the components: run `cargo xtask guests` ({}: {error})", file.display())
        });
        catalogue.add(machine, name, bytes).await.unwrap();
    }
    catalogue
}
