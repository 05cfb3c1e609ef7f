//! The binary as an operator uses it.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

use std::path::Path;
use std::process::{Command, Output};
use twobot_store::{MasterKey, Store};

/// The binary with nothing of this process's environment, in a folder of its own.
fn twobot(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_twobot"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .current_dir(folder)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

fn failed(output: &Output) -> String {
    assert!(!output.status.success(), "{}", text(&output.stdout));
    text(&output.stderr)
}

#[test]
fn the_openapi_document_needs_no_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let printed = succeeded(&twobot(folder.path(), &["openapi"], &[("TWOBOT_LISTEN", "wrong")]));
    let document: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(document["paths"].as_object().unwrap().len() > 20);
}

#[test]
fn the_version_tells_that_of_the_sandbox_engine() {
    let folder = tempfile::tempdir().unwrap();
    let printed = succeeded(&twobot(folder.path(), &["--version"], &[]));
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock")).unwrap();
    let pinned = lock.split("name = \"wasmtime\"\nversion = \"").nth(1).unwrap().split('"').next().unwrap();
    assert!(printed.contains(&format!("Wasmtime {pinned}")), "{printed}");
}

#[test]
fn config_shows_every_setting_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let key = "ab".repeat(32);
    let printed = succeeded(&twobot(folder.path(), &["config"], &[("TWOBOT_MASTER_KEY", &key)]));
    for name in ["TWOBOT_LISTEN", "DATABASE_URL", "TWOBOT_PLANS", "TWOBOT_TELEGRAM_API_URL", "RUST_LOG"] {
        assert!(printed.contains(name), "{name} in {printed}");
    }
    assert!(!printed.contains(&key));
}

#[test]
fn a_start_with_wrong_settings_names_them_all_and_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = [("TWOBOT_LISTEN", "here"), ("DATABASE_URL", "mysql://x"), ("TWOBOT_PLANS", "gold")];
    let told = failed(&twobot(folder.path(), &["serve"], &wrong));
    for (name, _) in wrong {
        assert!(told.contains(name), "{name} in {told}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_port_that_is_taken_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let told = failed(&twobot(folder.path(), &["serve"], &[("TWOBOT_LISTEN", &address)]));
    assert!(told.contains(&address) && told.contains("TWOBOT_LISTEN"), "{told}");
}

#[test]
fn users_are_made_once_and_with_good_passwords_only() {
    let folder = tempfile::tempdir().unwrap();
    succeeded(&twobot(folder.path(), &["migrate"], &[]));
    let create = |email: &str, password: &str, more: &[&str]| {
        let mut arguments = vec!["user", "create", "--email", email, "--password", password];
        arguments.extend(more);
        twobot(folder.path(), &arguments, &[])
    };
    let made = succeeded(&create("Ann@example.com", "Good-pass-1", &["--plan", "business", "--admin"]));
    assert!(made.contains("ann@example.com (owner) on the plan Business, who is an operator"), "{made}");
    let joined = create("mo@example.com", "Good-pass-1", &["--joins", "ann@example.com", "--role", "admin"]);
    assert!(succeeded(&joined).contains("mo@example.com (admin) in the account of ann@example.com"));
    for (arguments, told) in [
        (&["--joins", "nobody@example.com"][..], "--joins: nobody"),
        (&["--joins", "ann@example.com", "--role", "king"], "must be member, admin or owner"),
        (&["--role", "admin"], "--joins"),
    ] {
        let refused = failed(&create("jo@example.com", "Good-pass-1", arguments));
        assert!(refused.contains(told), "{refused}");
    }
    for (command, told) in [
        ("grant-operator", "is an operator now"),
        ("grant-operator", "was an operator already"),
        ("revoke-operator", "is no operator any more"),
        ("revoke-operator", "was no operator"),
    ] {
        let said = succeeded(&twobot(folder.path(), &["user", command, "mo@example.com"], &[]));
        assert!(said.contains(told), "{said}");
    }
    assert!(
        failed(&twobot(folder.path(), &["user", "grant-operator", "no@example.com"], &[])).contains("nobody")
    );
    let sound = succeeded(&twobot(folder.path(), &["audit", "verify"], &[]));
    assert!(sound.contains("4 rows of 1 tenants are sound; 0 logs are not"), "{sound}");
    let refused =
        twobot(folder.path(), &["audit", "verify", "--tenant", "01928f6e-3f57-7cc1-93c6-1f1f6a1f0a11"], &[]);
    assert!(failed(&refused).contains("no such tenant"));
    assert!(failed(&create("ann@EXAMPLE.com", "Good-pass-1", &[])).contains("already has an account"));
    assert!(failed(&create("bob@example.com", "weak", &[])).contains("--password"));
    assert!(failed(&create("nonsense", "Good-pass-1", &[])).contains("--email"));
    assert!(
        failed(&create("bob@example.com", "Good-pass-1", &["--plan", "gold"]))
            .contains("there are free, starter")
    );
}

#[test]
fn an_operator_turns_two_factor_sign_in_off_and_its_owner_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let key = hex::encode([7; 32]);
    let run = |arguments: &[&str]| twobot(folder.path(), arguments, &[("TWOBOT_MASTER_KEY", &key)]);
    let create = ["user", "create", "--email", "ann@example.com", "--password", "Good-pass-1"];
    succeeded(&run(&create));
    let off = || run(&["user", "two-factor-off", "Ann@example.com"]);
    assert!(failed(&off()).contains("is off for Ann@example.com"));
    let nobody = run(&["user", "two-factor-off", "bob@example.com"]);
    assert!(failed(&nobody).contains("nobody signs in with bob@example.com"));

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let url = format!("sqlite:{}", folder.path().join("data/twobot.db").display());
    let open = || async { Store::open(&url, MasterKey::new([7; 32])).await.unwrap() };
    runtime.block_on(async {
        let store = open().await;
        let login = store.login("ann@example.com").await.unwrap().unwrap();
        let (scope, user) = (login.scope, login.user.id);
        store.begin_two_factor(scope, user, &"secret".into()).await.unwrap();
        let setup = store.pending_two_factor(scope, user).await.unwrap().unwrap();
        store.enable_two_factor(scope, user, setup.id, 1, &[]).await.unwrap();
        store.close().await;
    });
    assert!(succeeded(&off()).contains("is off now for Ann@example.com"));
    runtime.block_on(async {
        let store = open().await;
        assert!(!store.login("ann@example.com").await.unwrap().unwrap().two_factor);
        assert_eq!(store.outbox(1).await.unwrap()[0].kind, "two_factor_off");
        let scope = store.login("ann@example.com").await.unwrap().unwrap().scope;
        let filter = twobot_store::audit::AuditFilter::default();
        let told = store.audit_log(scope, &filter, twobot_store::PageRequest::default()).await.unwrap();
        let entry = &told.items[0];
        assert_eq!((entry.actor_kind.as_str(), entry.action.as_str()), ("system", "auth.two_factor_disable"));
        store.close().await;
    });
}

#[test]
fn components_are_checked_as_a_host_would() {
    let folder = tempfile::tempdir().unwrap();
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/components/analytics.wasm");
    assert!(built.exists(), "the components are not built; run: cargo xtask guests");
    let checked = succeeded(&twobot(folder.path(), &["plugin", "check", built.to_str().unwrap()], &[]));
    assert!(checked.contains("is a valid plugin: analytics"), "{checked}");

    let broken = folder.path().join("broken.wasm");
    let check = || failed(&twobot(folder.path(), &["plugin", "check", broken.to_str().unwrap()], &[]));
    assert!(check().contains("can not read"));
    std::fs::write(&broken, b"MZ").unwrap();
    assert!(check().contains("is no 2Bot component"));
    let whole = std::fs::read(&built).unwrap();
    std::fs::write(&broken, &whole[..whole.len() / 2]).unwrap();
    assert!(check().contains("is no 2Bot component"));
}

#[test]
fn only_a_database_that_can_be_shared_has_nodes_with_roles() {
    let folder = tempfile::tempdir().unwrap();
    let serve = |arguments: &[&str]| {
        let environment = [("TWOBOT_LISTEN", "127.0.0.1:0")];
        failed(&twobot(folder.path(), &[&["serve"], arguments].concat(), &environment))
    };
    for role in ["api", "worker"] {
        let told = serve(&["--role", role]);
        assert!(told.contains("set DATABASE_URL to postgres://"), "{told}");
    }
    let told = serve(&["--role", "chief"]);
    assert!(told.contains("must be all, api or worker"), "{told}");
    let told = serve(&["--demo", "--role", "worker"]);
    assert!(told.contains("--demo goes with --role all"), "{told}");
}
