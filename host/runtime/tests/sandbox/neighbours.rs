//! Whatever one tenant's sandboxes do, another's work.

use crate::host::{Ended, Host, MB, good, guest, load, message, probe, script};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use twobot_runtime::{Failed, PluginCall, Ran};

#[tokio::test]
async fn a_quiet_tenant_works_while_anothers_sandboxes_attack() {
    let host = Host::new().await;
    let (hostile, quiet) = (host.tenant("hostile").await, host.tenant("quiet").await);
    let probe = probe().await;
    let flood = |step| json!([{ "repeat": { "times": u64::MAX, "step": step } }]);
    let text = json!({ "repeat": "x", "times": MB });
    let attacks = [
        json!([{ "spin": {} }]),
        json!([{ "spin": {} }]),
        json!([{ "recurse": {} }]),
        json!([{ "eat": { "step": 65_536 } }]),
        flood(json!({ "log": { "level": "info", "message": text, "fields": [] } })),
        flood(json!({ "get": { "bucket": "b", "key": text } })),
        flood(json!({ "notify": { "title": text, "text": text } })),
        json!([{ "sleep": { "ms": 3_600_000 } }]),
    ];
    let stop = Arc::new(AtomicBool::new(false));
    let attackers: Vec<_> = attacks
        .into_iter()
        .map(|steps| {
            let (hostile, probe, stop) = (hostile.clone(), Arc::clone(&probe), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut rounds = 0;
                while !stop.load(Ordering::Relaxed) {
                    let mut run = hostile.run(&probe, script(steps.clone()));
                    run.limits.fuel = 50_000_000;
                    run.limits.own_time = Duration::from_millis(300);
                    let ran: Ran = hostile.go(run).await;
                    assert!(matches!(ran.result, Err(Failed::Fault(_))), "{:?}", ran.result);
                    rounds += 1;
                }
                rounds
            })
        })
        .collect();

    for number in 0..20_u64 {
        let count = json!({ "increment": { "bucket": "b", "key": "n", "delta": 1 } });
        let outcomes = quiet.commit(&probe, json!([count, { "hold": { "bytes": MB } }])).await.unwrap();
        assert_eq!(good(&outcomes[0]), &json!(number + 1));
    }
    stop.store(true, Ordering::Relaxed);
    for attacker in attackers {
        assert!(attacker.await.unwrap() > 0, "each attacked at least once");
    }
    host.unhurt_by(&hostile).await;
    let outcomes = hostile.outcomes(&probe, json!([{ "get": { "bucket": "b", "key": "n" } }])).await;
    assert_eq!(good(&outcomes[0]), &json!(null), "nothing of the attacks was kept");
}

#[tokio::test]
async fn the_misbehaving_plugin_misbehaves_as_it_is_configured() {
    let host = Host::new().await;
    let tenant = host.tenant("misbehaving").await;
    let component = load(guest("misbehaving")).await;
    assert_eq!(component.manifest.slug, "misbehaving");
    assert!(component.manifest.gateways.iter().any(|slot| slot.name == "channels" && slot.required));
    let gateway = crate::host::bound("web-chat");
    for (mode, expected) in [
        ("loop", "fuel_exhausted"),
        ("memory", "memory_exceeded"),
        ("trap", "trapped"),
        ("fail", "handler_failed"),
        ("retry", "retry"),
        ("slow", "time_exceeded"),
        ("ok", "done"),
    ] {
        let PluginCall::Handle(mut event) = message("hello") else { unreachable!() };
        event.gateway = Some(twobot_runtime::contract::GatewayRef {
            id: gateway.id.to_string(),
            kind: gateway.kind.clone(),
            name: gateway.name.clone(),
        });
        let mut run = tenant.run(&component, PluginCall::Handle(event));
        run.bound = vec![gateway.clone()];
        run.config = json!({ "mode": mode });
        if mode == "slow" {
            run.limits.own_time = Duration::from_millis(50);
        }
        let ran = tenant.go(run).await;
        let ended = match &ran.result {
            Ok(done) => {
                assert_eq!(done.commit.effects.len(), 1);
                "done"
            }
            Err(Failed::Retry(_)) => "retry",
            Err(_) => ran.fault().code.as_str(),
        };
        assert_eq!(ended, expected, "{mode}");
        if mode == "trap" {
            let last = ran.logs.last().expect("its end is told");
            assert_eq!(last.level, "error");
            assert!(last.message.contains("misbehaving::crash_as_asked"), "{}", last.message);
            let trouble = ran.fault();
            assert!(trouble.detail.len() < 300, "the short text stays short: {}", trouble.detail);
        }
        host.unhurt_by(&tenant).await;
        assert!(ran.logs.iter().any(|line| line.message.contains("about to misbehave")));
    }
}
