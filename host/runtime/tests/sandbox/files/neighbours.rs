//! Whose files they are, and what becomes of them when their install is gone.

use super::{OnDisk, granted, keeper, list, outcomes, read, step, write};
use crate::host::{Ended, Host, Tenant, good, guest_asking, machine, refused};
use crate::outside::FakeOutside;
use serde_json::{Value, json};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use twobot_domain::{InstallId, TenantId};
use twobot_runtime::{Machine, MachineConfig};

#[tokio::test]
async fn nobody_reaches_anothers_files() {
    let host = Host::new().await;
    let (owner, stranger) = (host.tenant("owner").await, host.tenant("stranger").await);
    let neighbour = owner.another_install("neighbour").await;
    let disks = [&owner, &stranger, &neighbour].map(OnDisk::of);
    let keeper = keeper().await;
    outcomes(&owner, &keeper, json!([write("/data/secret", "s3cret")])).await;
    let (tenant, install) = (owner.scope.tenant().to_string(), owner.install.id.to_string());
    let paths = [
        "/data/secret".to_owned(),
        format!("/data/../{install}/secret"),
        format!("/data/../../{tenant}/{install}/secret"),
        format!("/data/{install}/secret"),
        format!("../{install}/secret"),
        disks[0].path("secret").display().to_string(),
    ];
    for other in [&stranger, &neighbour] {
        let mut steps: Vec<_> = paths.iter().map(|path| read(path)).collect();
        steps.push(step("raw_open", json!({ "path": format!("../{install}/secret"), "create": false })));
        steps.push(step("raw_stat", json!({ "path": format!("../../{tenant}/{install}/secret") })));
        let count = steps.len();
        steps.push(list("/data"));
        steps.push(write("/data/secret", "mine"));
        let answers = outcomes(other, &keeper, Value::Array(steps)).await;
        for outcome in &answers[..count] {
            refused(outcome);
        }
        assert_eq!(good(&answers[count]), &json!([]));
    }
    assert_eq!(good(&outcomes(&owner, &keeper, json!([read("/data/secret")])).await[0]), "s3cret");
}

#[tokio::test]
async fn an_uninstalled_plugins_files_are_gone_also_for_who_has_them_open() {
    let host = Host::new().await;
    let mut tenant = host.tenant("uninstalled").await;
    let neighbour = tenant.another_install("neighbour").await;
    let (disk, other) = (OnDisk::of(&tenant), OnDisk::of(&neighbour));
    let keeper = keeper().await;
    outcomes(&neighbour, &keeper, json!([write("/data/a", "theirs")])).await;
    let (outside, arrived, release) = FakeOutside::waiting();
    tenant.outside = Arc::new(outside);
    let gateway = crate::host::bound("telegram-bot");
    let steps = json!([
        write("/data/a", "mine"),
        { "perform": { "gateway": gateway.id.to_string(), "text": "hello" } },
        read("/data/a"),
        write("/data/b", "again"),
        list("/data"),
    ]);
    let mut run = granted(&tenant, &keeper, steps);
    run.bound = vec![gateway];
    let running = tokio::spawn({
        let tenant = tenant.clone();
        async move { tenant.go(run).await.outcomes() }
    });
    arrived.acquire().await.unwrap().forget();
    assert!(disk.path("a").exists());
    machine().remove_directory(tenant.scope.tenant(), tenant.install.id).await.unwrap();
    assert!(!disk.0.exists());
    release.add_permits(1);
    let answers = running.await.unwrap();
    for outcome in &answers[2..] {
        refused(outcome);
    }

    // A run that was about to begin does not make it anew.
    let late = outcomes(&tenant, &keeper, json!([write("/data/a", "late")])).await;
    refused(&late[0]);
    assert!(!disk.0.exists());
    assert_eq!(std::fs::read_to_string(other.path("a")).unwrap(), "theirs");
    machine().remove_directory(tenant.scope.tenant(), tenant.install.id).await.unwrap();
}

/// A machine with a folder of its own.
fn machine_in(folder: &Path) -> Machine {
    Machine::new(MachineConfig {
        cache: Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled")),
        files: Some(folder.to_owned()),
        ..MachineConfig::new([7; 32], NonZeroUsize::MIN)
    })
    .unwrap()
}

#[tokio::test]
async fn what_is_stored_is_found_and_nothing_else() {
    let host = Host::new().await;
    let tenant: Tenant = host.tenant("stored").await;
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    let machine = machine_in(&files);
    assert!(machine.stored_directories(10).await.unwrap().is_empty(), "there is nothing at all yet");
    let keeper = Arc::new(machine.load_plugin(guest_asking("directory send")).await.unwrap());
    let run = granted(&tenant, &keeper, json!([write("/data/a", "a")]));
    machine.run_plugin(&tenant.store, run).await.outcomes();
    // An orphan, what a crash left, an empty tenant, and what is not ours.
    let (gone, empty) = ((TenantId::new(), InstallId::new()), TenantId::new());
    std::fs::create_dir_all(files.join(gone.0.to_string()).join(gone.1.to_string()).join("deep")).unwrap();
    std::fs::create_dir_all(files.join(".removed/half/way")).unwrap();
    std::fs::create_dir_all(files.join(empty.to_string())).unwrap();
    std::fs::create_dir_all(files.join("operator/notes")).unwrap();
    std::fs::write(files.join(gone.0.to_string()).join(InstallId::new().to_string()), "a file").unwrap();

    let mut stored = machine.stored_directories(10).await.unwrap();
    stored.sort();
    let mut expected = vec![(tenant.scope.tenant(), tenant.install.id), gone];
    expected.sort();
    assert_eq!(stored, expected);
    assert!(!files.join(".removed").exists() && !files.join(empty.to_string()).exists());
    assert!(files.join("operator/notes").exists());
    assert_eq!(machine.stored_directories(1).await.unwrap().len(), 1);

    machine.remove_directory(gone.0, gone.1).await.unwrap();
    assert_eq!(
        machine.stored_directories(10).await.unwrap(),
        vec![(tenant.scope.tenant(), tenant.install.id)]
    );
}

#[tokio::test]
async fn a_folder_that_can_not_be_made_is_the_hosts_failure() {
    let host = Host::new().await;
    let tenant = host.tenant("broken").await;
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    std::fs::write(&files, "no folder").unwrap();
    let machine = machine_in(&files);
    let keeper = Arc::new(machine.load_plugin(guest_asking("directory send")).await.unwrap());
    let run = granted(&tenant, &keeper, json!([write("/data/a", "a"), { "panic": { "message": "x" } }]));
    let ran = machine.run_plugin(&tenant.store, run).await;
    assert!(matches!(ran.result, Err(twobot_runtime::Failed::Host(_))), "{:?}", ran.result);
}
