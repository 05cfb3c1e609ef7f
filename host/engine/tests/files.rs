//! Directories of plugins: they go with their install, at once or after the next start.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::TestHost;
use serde_json::json;
use std::path::{Path, PathBuf};
use twobot_domain::{InstallId, TenantId};
use twobot_store::TenantScope;
use twobot_store::audit::By;

/// A directory with something in it, as a plugin's sandbox would have made it.
fn directory(files: &Path, tenant: TenantId, install: InstallId) -> PathBuf {
    let place = files.join(tenant.to_string()).join(install.to_string());
    std::fs::create_dir_all(place.join("folder")).unwrap();
    std::fs::write(place.join("folder/file"), "something").unwrap();
    place
}

async fn installed(host: &TestHost, scope: TenantScope) -> InstallId {
    let bot = host.bot(scope).await;
    host.install(scope, "auto-reply", "channels", bot, json!({ "rules": [] })).await;
    host.engine.store().install(scope, "auto-reply").await.unwrap().id
}

#[tokio::test(flavor = "multi_thread")]
async fn uninstalling_removes_the_directory() {
    let host = TestHost::new().await;
    let (scope, other) = (host.tenant("pro").await, host.tenant("pro").await);
    let files = host.files();
    let removed = directory(&files, scope.tenant(), installed(&host, scope).await);
    let kept = directory(&files, other.tenant(), installed(&host, other).await);
    host.engine.uninstall_plugin(scope, &By::system(), "auto-reply").await.unwrap();
    assert!(!removed.exists());
    assert!(kept.join("folder/file").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_removes_the_directories_of_installs_that_are_gone() {
    let host = TestHost::new().await;
    let scope = host.tenant("pro").await;
    let files = host.files();
    let kept = directory(&files, scope.tenant(), installed(&host, scope).await);
    let orphan = directory(&files, scope.tenant(), InstallId::new());
    let stranger = directory(&files, TenantId::new(), InstallId::new());
    let host = host.crash_and_restart().await;
    host.until("the orphans are gone", async || !orphan.exists() && !stranger.exists()).await;
    assert!(kept.join("folder/file").exists());
}
