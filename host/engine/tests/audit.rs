//! Audit logs are kept as long as the plan says.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::{FakeTelegram, TestHost};
use twobot_domain::AuditAction;
use twobot_store::audit::{By, Chain, Note, Target};

#[tokio::test(flavor = "multi_thread")]
async fn a_start_removes_what_is_older_than_the_plan_keeps_it() {
    let host = TestHost::new().await;
    let (free, pro) = (host.tenant("free").await, host.tenant("pro").await);
    let target = Target { kind: "user", id: String::new(), name: "ann".to_owned() };
    let note = Note::new(&By::system(), AuditAction::AuthLogin, target);
    for scope in [free, pro, free, pro] {
        host.engine.store().record_audit(scope, &note).await.unwrap();
    }
    // With the next start, the smallest plan keeps nothing, so that all that is there is too old.
    let TestHost { engine, folder, .. } = host;
    engine.store().close().await;
    let plans = concat!(env!("CARGO_MANIFEST_DIR"), "/../domain/plans/full.toml");
    let plans = std::fs::read_to_string(plans).unwrap().replace("history_days = 7\n", "history_days = 0\n");
    let file = folder.path().join("plans.toml");
    std::fs::write(&file, plans).unwrap();
    let host = TestHost::in_folder(folder, FakeTelegram::default(), file.to_str().unwrap()).await;
    let store = host.engine.store();
    let chain = async |scope| store.verify_audit(scope).await.unwrap();
    let gone = Chain { removed: 2, sound: 0, fault: None };
    host.until("old rows are gone", async || chain(free).await == gone).await;
    assert_eq!(chain(pro).await, Chain { removed: 0, sound: 2, fault: None });
}
