//! `twobot serve`

use super::demo;
use crate::host;
use crate::settings::{Settings, without_password};
use crate::telemetry::Watched;
use anyhow::Context as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use twobot_api::{ApiConfig, Limits};
use twobot_engine::{Post, Role};
use twobot_mail::Smtp;
use twobot_redis::Windows;
use twobot_store::StoreError;
use twobot_store::serving::Serving;
use url::Url;

/// How long running work may take to end when the server is told to stop: longer than a provider may take for an action (30 s), so that
/// what was begun is known to be done or not.
const PATIENCE: Duration = Duration::from_secs(35);

/// Runs the platform until it is told to stop.
///
/// # Errors
/// When a part can not be started; says which.
pub(crate) async fn run(settings: Settings, with_demo: bool, role: Role) -> anyhow::Result<()> {
    twobot_store::points::check().map_err(anyhow::Error::msg)?;
    anyhow::ensure!(
        !with_demo || role == Role::All,
        "--demo goes with --role all: it is tried out on one machine"
    );
    // Listening comes first: a port that is taken is told before anything else is done.
    let listener = TcpListener::bind(settings.server.listen)
        .await
        .with_context(|| format!("can not listen on {} (TWOBOT_LISTEN)", settings.server.listen))?;
    let address = listener.local_addr()?;
    // Before the database is opened: the other server may be of another version, and know another schema.
    let url = &settings.database.url;
    let serving = Serving::begin(url)
        .with_context(|| format!("can not serve the database {}", without_password(url)))?;
    let mut watched = Watched::begin(&settings.telemetry).await?;
    let store = host::store(&settings).await?;
    anyhow::ensure!(
        role == Role::All || store.can_be_shared(),
        "--role needs a database that several processes can share: set DATABASE_URL to postgres://…; an embedded one has one process"
    );
    store.remove_expired_sessions().await?;
    let redis = host::redis(&settings, &store).await?;
    let windows = redis.clone().map(Windows::shared).unwrap_or_default();
    let smtp = settings.mail.smtp.as_ref().map(Smtp::new).transpose().context("TWOBOT_SMTP_URL")?;
    let engine = host::engine(&settings, store.clone(), redis).await?;
    match engine.start_as(role).await {
        Err(StoreError::Unsealable) => anyhow::bail!(host::WRONG_KEY),
        started => started.context("can not start the engine")?,
    }

    let url = url_of(address);
    let site: Url = match &settings.server.public_url {
        Some(public) => public.clone(),
        None => url.parse().context("the address that is listened on is none for a browser")?,
    };
    if role.works() {
        engine.deliver_mails(Post { smtp, site: site.clone() });
    }

    let shutdown = CancellationToken::new();
    let public_url = settings.server.public_url.clone();
    let config = ApiConfig {
        secure_cookies: public_url.as_ref().is_some_and(|url| url.scheme() == "https"),
        public_url,
        trusted_proxies: settings.server.trusted_proxies.clone(),
        registration_open: settings.server.registration_open,
        mails_go_out: settings.mail.smtp.is_some(),
        site,
        windows: Arc::new(windows),
        limits: Limits {
            per_caller: settings.server.requests_per_caller.get(),
            per_address: settings.server.requests_per_address.get(),
        },
        cors_origins: settings.server.cors_origins.clone(),
        shutdown: shutdown.clone(),
        ..ApiConfig::local(env!("CARGO_PKG_VERSION"))
    };
    let router = if role.serves() {
        twobot_api::router(engine.clone(), config)
    } else {
        twobot_api::health_router(engine.clone(), config)
    };
    if with_demo {
        let login =
            demo::prepare(&engine, settings.server.demo_password.as_deref(), &settings.server.data_dir)
                .await?;
        greet(&url, &login);
    }
    if !store.has_operators().await? {
        tracing::info!(
            "nobody is an operator yet: `twobot user create --email … --password … --admin` makes one, and `twobot user grant-operator <email>` makes one of who is there"
        );
    }
    tracing::info!(%url, role = role.name(), "ready");

    watched.serve(&engine, &shutdown)?;

    let stop = shutdown.clone();
    tokio::spawn(async move {
        wait_for_signal().await;
        tracing::info!("stopping: running work is brought to its end");
        stop.cancel();
    });
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(shutdown.cancelled_owned())
        .await
        .context("the server failed")?;
    engine.stop(PATIENCE).await;
    watched.end().await;
    store.close().await;
    drop(serving);
    Ok(())
}

/// Where a browser on this machine finds the server.
fn url_of(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("http://127.0.0.1:{}", address.port())
    } else {
        format!("http://{address}")
    }
}

#[expect(clippy::print_stdout, reason = "the person who started the demo looks there")]
fn greet(url: &str, login: &demo::Login) {
    println!("\n  2Bot is running.\n");
    println!("  open      {url}");
    println!("  email     {}", login.email);
    println!("  password  {}", login.password);
    println!("\n  Stop with Ctrl-C.\n");
}

async fn wait_for_signal() {
    let interrupted = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminated) => tokio::select! {
            _ = interrupted => {}
            _ = terminated.recv() => {}
        },
        Err(error) => {
            tracing::warn!(%error, "the terminate signal can not be heard; stop with Ctrl-C");
            let _ = interrupted.await;
        }
    }
}
