//! The directory of an install: who gets one, what can not be reached from it, and what it may hold.

mod limits;
mod neighbours;
mod paths;
mod quota;
mod reading;

use crate::host::{Ended, Host, Tenant, files_folder, good, machine, probe, probe_asking, refused, script};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use twobot_domain::manifest::Capability;
use twobot_runtime::{PluginComponent, PluginRun, Ran};

/// Where this install's files lie on the disk. The tenant's are removed at the end of the test.
struct OnDisk(PathBuf);

impl OnDisk {
    fn of(tenant: &Tenant) -> Self {
        Self(files_folder().join(tenant.scope.tenant().to_string()).join(tenant.install.id.to_string()))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The folder, made before any sandbox did.
    fn make(&self) -> &Self {
        std::fs::create_dir_all(&self.0).unwrap();
        self
    }

    /// Logical bytes of the files in it, not of those in its folders.
    fn bytes(&self) -> u64 {
        let entries = std::fs::read_dir(&self.0).unwrap();
        entries
            .map(|entry| entry.unwrap().metadata().unwrap())
            .filter(|found| found.is_file())
            .map(|found| found.len())
            .sum()
    }

    fn entries(&self) -> usize {
        std::fs::read_dir(&self.0).unwrap().count()
    }
}

impl Drop for OnDisk {
    fn drop(&mut self) {
        if let Some(tenant) = self.0.parent() {
            let _ = std::fs::remove_dir_all(tenant);
        }
    }
}

/// A plugin that asks for a directory, and for sending, so that a test can hold it up.
async fn keeper() -> Arc<PluginComponent> {
    probe_asking("directory send").await
}

/// A run of a script to which the directory is granted.
fn granted(tenant: &Tenant, component: &Arc<PluginComponent>, steps: Value) -> PluginRun {
    let mut run = tenant.run(component, script(steps));
    run.grants = vec![Capability::Directory, Capability::Send];
    run.limits.fuel = 2_000_000_000;
    run
}

async fn ran(tenant: &Tenant, component: &Arc<PluginComponent>, steps: Value) -> Ran {
    tenant.go(granted(tenant, component, steps)).await
}

async fn outcomes(tenant: &Tenant, component: &Arc<PluginComponent>, steps: Value) -> Vec<Value> {
    ran(tenant, component, steps).await.outcomes()
}

fn step(name: &str, fields: Value) -> Value {
    json!({ "file": { name: fields } })
}

fn write(path: &str, text: impl Into<Value>) -> Value {
    step("write", json!({ "path": path, "text": text.into() }))
}

fn read(path: &str) -> Value {
    step("read", json!({ "path": path }))
}

fn list(path: &str) -> Value {
    step("list", json!({ "path": path }))
}

fn of(bytes: u64) -> Value {
    json!({ "repeat": "x", "times": bytes })
}

#[tokio::test]
async fn a_directory_takes_both_the_asking_and_the_grant() {
    let host = Host::new().await;
    let tenant = host.tenant("both-sides").await;
    let disk = OnDisk::of(&tenant);
    let (asking, silent) = (keeper().await, probe().await);
    let steps = json!([step("directories", json!({})), write("/data/a", "hello"), read("/data/a")]);
    for (component, grants) in
        [(&silent, vec![Capability::Directory]), (&asking, vec![]), (&asking, vec![Capability::Storage])]
    {
        let mut run = tenant.run(component, script(steps.clone()));
        run.grants = grants;
        let ran = tenant.go(run).await;
        let denied: Vec<_> = ran.denials.iter().map(|denial| &denial.capability).collect();
        assert_eq!(denied, [&Capability::Directory], "asking for it is noted");
        let outcomes = ran.outcomes();
        assert!(refused(&outcomes[0]).contains("no directory"), "{outcomes:?}");
        refused(&outcomes[1]);
        refused(&outcomes[2]);
        assert!(!disk.0.exists(), "nothing is made for who has none");
    }
    let outcomes = outcomes(&tenant, &asking, steps).await;
    assert_eq!(good(&outcomes[0]), &json!(["/data"]));
    assert_eq!(good(&outcomes[2]), "hello");
    assert_eq!(std::fs::read_to_string(disk.path("a")).unwrap(), "hello");
    use std::os::unix::fs::PermissionsExt as _;
    for folder in [&disk.0, disk.0.parent().unwrap()] {
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700, "{}", folder.display());
    }
}

#[tokio::test]
async fn who_wants_no_files_is_denied_none() {
    let host = Host::new().await;
    let tenant = host.tenant("no-wish").await;
    let steps = json!([{ "clocks": {} }, { "environment": {} }, { "print": { "text": "hello" } }]);
    for grants in [vec![], vec![Capability::Storage], vec![Capability::Directory]] {
        let mut run = tenant.run(&keeper().await, script(steps.clone()));
        run.grants = grants;
        let ran = tenant.go(run).await;
        assert!(ran.denials.is_empty(), "{:?}", ran.denials);
    }
}

#[tokio::test]
async fn granted_and_not_used_makes_nothing() {
    let host = Host::new().await;
    let tenant = host.tenant("unused").await;
    let disk = OnDisk::of(&tenant);
    outcomes(&tenant, &keeper().await, json!([{ "clocks": {} }, step("directories", json!({}))])).await;
    assert!(!disk.0.exists());
}

#[tokio::test]
async fn files_outlive_the_sandbox_also_one_that_failed() {
    let host = Host::new().await;
    let tenant = host.tenant("outlive").await;
    let _disk = OnDisk::of(&tenant);
    let keeper = keeper().await;
    let first =
        ran(&tenant, &keeper, json!([write("/data/a", "first"), { "panic": { "message": "now" } }])).await;
    assert_eq!(first.fault().code, "trapped");
    let steps = json!([
        read("/data/a"),
        step("append", json!({ "path": "/data/a", "text": " second" })),
        step("overwrite", json!({ "path": "/data/a", "at": 0, "text": "FIRST" })),
        read("/data/a"),
        step("size", json!({ "path": "/data/a" })),
    ]);
    let outcomes = outcomes(&tenant, &keeper, steps).await;
    assert_eq!(good(&outcomes[0]), "first");
    assert_eq!((good(&outcomes[3]), good(&outcomes[4])), (&json!("FIRST second"), &json!(12)));
}

#[tokio::test]
async fn what_the_standard_library_does_with_files_works() {
    let host = Host::new().await;
    let tenant = host.tenant("usual").await;
    let disk = OnDisk::of(&tenant);
    let steps = json!([
        step("make_dirs", json!({ "path": "/data/one/two" })),
        write("/data/one/two/b", of(200_000)),
        write("/data/one/a", "a"),
        step("rename", json!({ "from": "/data/one/two/b", "to": "/data/c" })),
        list("/data"),
        list("/data/one"),
        step("size", json!({ "path": "/data/c" })),
        read("/data/c"),
        step("set_size", json!({ "path": "/data/c", "size": 3 })),
        read("/data/c"),
        step("canonical", json!({ "path": "/data/one/../c" })),
        step("remove_dir", json!({ "path": "/data/one" })),
        step("remove_all", json!({ "path": "/data/one" })),
        step("remove", json!({ "path": "/data/c" })),
        list("/data"),
    ]);
    let outcomes = outcomes(&tenant, &keeper().await, steps).await;
    let given: Vec<_> = outcomes.iter().map(|outcome| outcome.get("ok").cloned()).collect();
    assert_eq!(given[4], Some(json!(["c", "one"])), "{outcomes:?}");
    assert_eq!(given[5], Some(json!(["a", "two"])));
    assert_eq!(given[6], Some(json!(200_000)));
    assert_eq!(given[7], Some(json!({ "bytes": 200_000 })));
    assert_eq!(given[9], Some(json!("xxx")));
    assert_eq!(given[10], Some(json!("/data/c")), "{}", outcomes[10]);
    assert!(refused(&outcomes[11]).contains("not empty"), "{}", outcomes[11]);
    assert_eq!(given[14], Some(json!([])), "{outcomes:?}");
    assert_eq!(disk.entries(), 0);
}

#[tokio::test]
async fn times_and_numbers_of_the_disk_are_hidden() {
    use std::os::unix::fs::MetadataExt as _;
    let host = Host::new().await;
    let tenant = host.tenant("hidden").await;
    let disk = OnDisk::of(&tenant);
    let stat = |path: &str| step("raw_stat", json!({ "path": path }));
    let steps = json!([
        write("/data/a", "a"),
        write("/data/b", "b"),
        step("times", json!({ "path": "/data/a" })),
        stat("a"),
        stat("b"),
        stat("./a"),
        stat("."),
        step("raw_set_times", json!({ "path": "a" })),
    ]);
    let outcomes = outcomes(&tenant, &keeper().await, steps).await;
    assert_eq!(good(&outcomes[2]), &json!([0, 0, 0]), "no real time");
    let [a, b, again, root] = [3, 4, 5, 6].map(|at| good(&outcomes[at]));
    assert!([a, b, again, root].iter().all(|stat| stat["times"] == 0));
    assert_eq!(a["hash"], again["hash"]);
    assert_ne!(a["hash"], b["hash"]);
    assert_eq!(root["size"], 0, "what a folder takes is the disk's affair");
    assert!(refused(&outcomes[7]).contains("unsupported"));
    let found = std::fs::metadata(disk.path("a")).unwrap();
    assert!(!a["hash"].as_str().unwrap().contains(&format!("{:x}", found.ino())));
}

#[tokio::test]
async fn a_host_without_a_folder_for_files_says_so() {
    let host = Host::new().await;
    let tenant = host.tenant("no-files").await;
    let machine = twobot_runtime::Machine::new(twobot_runtime::MachineConfig {
        cache: Some(std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled")),
        files: None,
        ..twobot_runtime::MachineConfig::new([7; 32], std::num::NonZeroUsize::MIN)
    })
    .unwrap();
    let ran = machine
        .run_plugin(
            &tenant.store,
            granted(&tenant, &keeper_of(&machine).await, json!([write("/data/a", "a")])),
        )
        .await;
    refused(&ran.outcomes()[0]);
    assert!(ran.logs.iter().any(|line| line.message.contains("this host keeps no files")), "{:?}", ran.logs);
    machine.remove_directory(tenant.scope.tenant(), tenant.install.id).await.unwrap();
    assert!(machine.stored_directories(10).await.unwrap().is_empty());
}

async fn keeper_of(machine: &twobot_runtime::Machine) -> Arc<PluginComponent> {
    Arc::new(machine.load_plugin(crate::host::guest_asking("directory send")).await.unwrap())
}

#[tokio::test]
async fn gateways_have_no_files() {
    use twobot_domain::Timestamp;
    use twobot_runtime::contract::Inbound;
    let host = Host::new().await;
    let tenant = host.tenant("gateway").await;
    let component = Arc::new(machine().load_gateway(crate::host::guest("gateway-probe")).await.unwrap());
    for path in ["/data/a", "/etc/passwd", ".", "a"] {
        let run = twobot_runtime::GatewayRun {
            scope: tenant.scope,
            component: Arc::clone(&component),
            config: json!({}),
            provider: Arc::new(crate::outside::FakeProvider::default()),
            limits: crate::host::limits(),
            seed: vec![1],
            started_at: Timestamp(0),
        };
        let delivery = Inbound { received_at: 0, body: json!({ "file": path }).to_string() };
        let ran = machine().decode(run, delivery).await;
        let answer = format!("{:?}", ran.result);
        assert!(answer.contains("no file"), "{answer}");
    }
}
