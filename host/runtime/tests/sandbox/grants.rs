//! What a plugin may do: what its manifest asks for and its tenant granted, both, on every call.

use crate::host::{ALL, Ended, Host, bound, good, probe, probe_asking, refused, script, script_ending};
use serde_json::{Value, json};
use twobot_domain::manifest::Capability;

/// Every call that needs a capability.
fn calls(gateway: &str, model: &str) -> Vec<(Capability, Value)> {
    use Capability::{Ai, Notify, Schedule, Send, Storage};
    vec![
        (Storage, json!({ "open": { "bucket": "b" } })),
        (Storage, json!({ "get": { "bucket": "b", "key": "k" } })),
        (Storage, json!({ "set": { "bucket": "b", "key": "k", "value": "v" } })),
        (Storage, json!({ "list_keys": { "bucket": "b", "cursor": null } })),
        (Storage, json!({ "increment": { "bucket": "b", "key": "n", "delta": 1 } })),
        (Storage, json!({ "set_many": { "bucket": "b", "entries": [["k", "v"]] } })),
        (Send, json!({ "send": { "gateway": gateway, "text": "hello" } })),
        (Send, json!({ "perform": { "gateway": gateway, "text": "hello" } })),
        (Ai, json!({ "chat": { "gateway": null, "messages": ["hello"] } })),
        (Ai, json!({ "chat": { "gateway": model, "messages": ["hello"] } })),
        (Notify, json!({ "notify": { "title": "hello", "text": "hello" } })),
        (Schedule, json!({ "once": { "name": "later", "due_at": 1, "data": null } })),
        (Schedule, json!({ "cancel": { "name": "later" } })),
    ]
}

#[tokio::test]
async fn each_capability_opens_its_own_calls_and_no_others() {
    let host = Host::new().await;
    let tenant = host.tenant("grants").await;
    let (gateway, model) = (bound("telegram-bot"), bound("ai"));
    let calls = calls(&gateway.id.to_string(), &model.id.to_string());
    let steps: Value = calls.iter().map(|(_, step)| step.clone()).collect();

    let asking_all = probe().await;
    let asking_none = probe_asking("").await;
    assert!(asking_none.manifest.capabilities.is_empty());
    let mut cases = vec![(&asking_all, ALL.to_vec(), ALL.to_vec()), (&asking_all, vec![], vec![])];
    // Granted is not enough: the manifest must ask.
    cases.push((&asking_none, ALL.to_vec(), vec![]));
    for one in ALL {
        let others: Vec<_> = ALL.into_iter().filter(|other| *other != one).collect();
        cases.push((&asking_all, vec![one.clone()], vec![one]));
        cases.push((&asking_all, others.clone(), others));
    }
    let asking_two = probe_asking("storage ai").await;
    cases.push((&asking_two, vec![Capability::Storage, Capability::Send], vec![Capability::Storage]));

    for (component, grants, allowed) in cases {
        let mut run = tenant.run(component, script(steps.clone()));
        run.grants = grants.clone();
        run.bound = vec![gateway.clone(), model.clone()];
        let asked_before = tenant.outside.count();
        let ran = tenant.go(run).await;
        for ((capability, step), outcome) in calls.iter().zip(ran.outcomes()) {
            if allowed.contains(capability) {
                good(&outcome);
            } else {
                let error = refused(&outcome);
                assert!(error.contains("Denied"), "{grants:?}: {step}: {error}");
            }
        }
        let inline = calls.iter().filter(|(capability, step)| {
            allowed.contains(capability) && (step.get("perform").is_some() || step.get("chat").is_some())
        });
        assert_eq!(tenant.outside.count() - asked_before, inline.count(), "denied calls do not get outside");
        // Each capability that was denied is told once, with how often.
        let told: Vec<_> =
            ran.denials.iter().map(|denial| (denial.capability.clone(), denial.count)).collect();
        let mut counted: Vec<(Capability, u64)> = Vec::new();
        for (capability, _) in calls.iter().filter(|(capability, _)| !allowed.contains(capability)) {
            match counted.iter_mut().find(|(known, _)| known == capability) {
                Some((_, count)) => *count += 1,
                None => counted.push((capability.clone(), 1)),
            }
        }
        assert_eq!(told, counted, "{grants:?}");
        let commit = ran.result.unwrap().commit;
        assert_eq!(commit.denials, ran.denials);
        let has = |capability| usize::from(allowed.contains(&capability));
        assert_eq!(commit.effects.len(), has(Capability::Send));
        assert_eq!(commit.notifications.len(), has(Capability::Notify));
        assert_eq!(commit.appointments.len(), 2 * has(Capability::Schedule));
        assert_eq!(commit.writes.writes.is_empty(), !allowed.contains(&Capability::Storage));
    }
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn what_was_denied_is_told_also_where_the_run_fails() {
    let host = Host::new().await;
    let tenant = host.tenant("denials").await;
    let asking_none = probe_asking("").await;
    let steps = json!([{ "repeat": { "times": 40, "step": { "notify": { "title": "a", "text": "b" } } } }]);
    for ending in [json!({ "failed": "no" }), json!({ "retry": "later" }), json!("unknown_action")] {
        let ran = tenant.go(tenant.run(&asking_none, script_ending(steps.clone(), ending))).await;
        assert!(ran.result.is_err());
        let told: Vec<_> = ran.denials.iter().map(|denial| (&denial.capability, denial.count)).collect();
        assert_eq!(told, [(&Capability::Notify, 40)]);
    }
    let trap = json!([{ "notify": { "title": "a", "text": "b" } }, { "panic": { "message": "no" } }]);
    let ran = tenant.go(tenant.run(&asking_none, script(trap))).await;
    assert_eq!((ran.fault().code.as_str(), ran.denials.len()), ("trapped", 1));
}

#[tokio::test]
async fn only_bound_gateways_are_seen_and_reached() {
    let host = Host::new().await;
    let tenant = host.tenant("bound").await;
    let probe = probe().await;
    let (mine, model, other) = (bound("telegram-bot"), bound("ai"), bound("telegram-bot"));
    // Two slots may hold the same gateway.
    let again = twobot_store::installs::BoundGateway { slot: "more".to_owned(), ..mine.clone() };
    let list = |kind: Option<&str>| json!({ "bound": { "kind": kind } });
    let send = |gateway: &str| json!({ "send": { "gateway": gateway, "text": "hello" } });
    let perform = |gateway: &str| json!({ "perform": { "gateway": gateway, "text": "hello" } });
    let (known, unknown) = (mine.id.to_string(), other.id.to_string());
    let chat = json!({ "chat": { "gateway": known.to_uppercase(), "messages": ["hello"] } });
    let steps = json!([
        list(None), list(Some("ai")), list(Some("nothing")),
        send(&known), send(&unknown), perform(&unknown), send(""), send("%"), send(&known.to_uppercase()), chat,
        { "chat": { "gateway": unknown, "messages": ["hello"] } },
        send(&format!("{known}\u{0}")),
    ]);
    let mut run = tenant.run(&probe, script(steps));
    run.bound = vec![mine.clone(), again, model.clone()];
    let outcomes = tenant.go(run).await.outcomes();
    assert_eq!(good(&outcomes[0]).as_array().unwrap().len(), 2);
    assert_eq!(good(&outcomes[1]), &json!([[model.id.to_string(), "ai", "My ai"]]));
    assert_eq!(good(&outcomes[2]), &json!([]));
    good(&outcomes[3]);
    for outcome in &outcomes[4..] {
        assert!(refused(outcome).contains("NotBound"), "{outcome}");
    }
    assert_eq!(tenant.outside.count(), 0);
    host.unhurt_by(&tenant).await;
}
