//! Queued effects, notifications, appointments: bounded, and kept only of runs that end well. How a run can end.

use crate::host::{Ended, Host, MB, QUEUED_AT, bound, good, message, probe, refused, script, script_ending};
use serde_json::{Value, json};
use twobot_runtime::{Failed, PluginCall};
use twobot_store::executions::Appointment;

fn repeated(times: u64, step: Value) -> Value {
    json!({ "repeat": { "times": times, "step": step } })
}

#[tokio::test]
async fn effect_floods_are_refused_with_a_value() {
    let host = Host::new().await;
    let tenant = host.tenant("effects").await;
    let gateway = bound("telegram-bot");
    let id = gateway.id.to_string();
    let send = json!({ "send": { "gateway": id, "text": "hello" } });
    let large = json!({ "send": { "gateway": id, "text": { "repeat": "x", "times": 100 * 1024 } } });
    let mut run = tenant.run(&probe().await, script(json!([large, repeated(150, send)])));
    run.bound = vec![gateway];
    let ran = tenant.go(run).await;
    let outcomes = ran.outcomes();
    assert!(refused(&outcomes[0]).contains("Invalid"), "{}", outcomes[0]);
    assert_eq!(good(&outcomes[1])["good"], 100);
    assert!(refused(&good(&outcomes[1])["last"]).contains("OverLimit"));
    let effects = ran.result.unwrap().commit.effects;
    assert_eq!(effects.len(), 100);
    let ids: std::collections::HashSet<_> = effects.iter().map(|effect| effect.id).collect();
    assert_eq!(ids.len(), 100, "each has an id of its own");
    assert!(effects.iter().all(|effect| effect.lane == format!("{id}/1")));
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn notifications_are_cut_and_counted() {
    let host = Host::new().await;
    let tenant = host.tenant("notes").await;
    let megabyte = json!({ "repeat": "é", "times": MB / 2 });
    let note = json!({ "notify": { "title": megabyte, "text": megabyte } });
    let ran = tenant.go(tenant.run(&probe().await, script(json!([repeated(15, note)])))).await;
    assert_eq!(good(&ran.outcomes()[0])["good"], 10);
    let notes = ran.result.unwrap().commit.notifications;
    assert_eq!(notes.len(), 10);
    assert!(notes.iter().all(|note| note.title.chars().count() == 120 && note.text.chars().count() == 2_000));
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn appointments_are_checked_and_counted() {
    let host = Host::new().await;
    let tenant = host.tenant("dates").await;
    let probe = probe().await;
    let once = |name: Value, due_at: u64, data: Value| json!({ "once": { "name": name, "due_at": due_at, "data": data } });
    let steps = json!([
        once(json!(""), 1, json!(null)),
        once(json!({ "repeat": "n", "times": 65 }), 1, json!(null)),
        once(json!("n"), 1, json!("not json")),
        once(json!("n"), 1, json!({ "repeat": "[", "times": 50_000 })),
        once(json!("n"), 1, json!({ "repeat": " ", "times": 100 * 1024 + 1 })),
        { "cancel": { "name": "" } },
        once(json!("far"), u64::MAX, json!("{\"a\":1}")),
        { "cancel": { "name": "far" } },
    ]);
    let ran = tenant.go(tenant.run(&probe, script(steps))).await;
    let outcomes = ran.outcomes();
    for outcome in &outcomes[..6] {
        assert!(refused(outcome).contains("Invalid"), "{outcome}");
    }
    let appointments = ran.result.unwrap().commit.appointments;
    assert_eq!(appointments.len(), 2);
    let Appointment::Once { due_at, .. } = &appointments[0] else { panic!("{appointments:?}") };
    assert!(due_at.to_string().starts_with("9999-"), "the end of the calendar, and no overflow: {due_at}");

    let ran = tenant
        .go(tenant.run(&probe, script(json!([repeated(1_100, once(json!("n"), 1, json!(null)))]))))
        .await;
    let repeated_outcome = good(&ran.outcomes()[0]).clone();
    assert_eq!(repeated_outcome["good"], 1_000);
    assert!(refused(&repeated_outcome["last"]).contains("TooMany"));
    // 100 MB of data in a sandbox of 32 MB.
    let data = json!({ "repeat": " ", "times": 100 * 1024 - 2 });
    let much = json!([once(json!("n"), 1, json!("1")), repeated(1_000, once(json!("n"), 1, data))]);
    let outcomes = tenant.go(tenant.run(&probe, script(much))).await.outcomes();
    assert_eq!(good(&outcomes[1])["good"], 0, "blanks are no JSON");
    let data = json!({ "repeat": "1", "times": 100 * 1024 });
    let ran =
        tenant.go(tenant.run(&probe, script(json!([repeated(1_000, once(json!("n"), 1, data))])))).await;
    let taken = good(&ran.outcomes()[0])["good"].as_u64().unwrap();
    assert!((100..320).contains(&taken), "they are the sandbox's memory: {taken}");
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn a_run_that_does_not_end_well_leaves_nothing() {
    let host = Host::new().await;
    let tenant = host.tenant("ends").await;
    let probe = probe().await;
    let gateway = bound("telegram-bot");
    let steps = json!([
        { "set": { "bucket": "b", "key": "k", "value": "v" } },
        { "send": { "gateway": gateway.id.to_string(), "text": "hello" } },
        { "notify": { "title": "t", "text": "t" } },
        { "log": { "level": "info", "message": "was here", "fields": [] } },
    ]);
    let mut crash = steps.clone();
    crash.as_array_mut().unwrap().push(json!({ "panic": { "message": "no" } }));
    let script_text = |ending: Value| message(&json!({ "steps": steps, "ending": ending }).to_string());
    for (call, expected) in [
        (script_text(json!({ "failed": "it can not be done" })), "fault"),
        (script_text(json!({ "retry": "later" })), "retry"),
        (script_ending(steps.clone(), json!({ "failed": "it can not be done" })), "fault"),
        (script_ending(steps.clone(), json!({ "invalid_input": "name: is missing" })), "input"),
        (script_ending(steps.clone(), json!("unknown_action")), "fault"),
        (script_ending(steps.clone(), json!({ "answer": "not json" })), "fault"),
        (script(crash), "fault"),
    ] {
        let mut run = tenant.run(&probe, call);
        run.bound = vec![gateway.clone()];
        let ran = tenant.go(run).await;
        // That nothing is kept is in the type: only a run that ended well has something to commit.
        match (&ran.result, expected) {
            (Err(Failed::Fault(trouble)), "fault") => assert!(!trouble.advice.is_empty()),
            (Err(Failed::Retry(trouble)), "retry") => assert_eq!(trouble.detail, "later"),
            (Err(Failed::BadInput(reason)), "input") => assert_eq!(reason, "name: is missing"),
            other => panic!("{other:?}"),
        }
        assert_eq!(ran.usage.failed_executions, 1);
        assert!(ran.logs.iter().any(|line| line.message == "was here"), "its log is kept");
        assert_eq!(ran.logs[0].at, QUEUED_AT);
    }
    let outcomes = tenant.outcomes(&probe, json!([{ "get": { "bucket": "b", "key": "k" } }])).await;
    assert_eq!(good(&outcomes[0]), &json!(null));
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn answers_and_errors_of_a_megabyte_are_cut_or_refused() {
    let host = Host::new().await;
    let tenant = host.tenant("large").await;
    let probe = probe().await;
    let text = |bytes: u64| json!({ "repeat": "é", "times": bytes / 2 });
    let event = |ending: Value| message(&json!({ "steps": [], "ending": ending }).to_string());
    for (call, code) in [
        (event(json!({ "failed": text(MB) })), "handler_failed"),
        (script_ending(json!([]), json!({ "failed": text(MB) })), "handler_failed"),
        (script_ending(json!([]), json!({ "answer": text(MB) })), "handler_failed"),
        (script_ending(json!([]), json!({ "answer": text(2 * MB) })), "output_too_large"),
        (script_ending(json!([]), json!({ "answer": text(5 * MB) })), "call_too_large"),
        (event(json!({ "failed": text(5 * MB) })), "call_too_large"),
        (script(json!([{ "panic": { "message": text(MB) } }])), "trapped"),
    ] {
        let ran = tenant.go(tenant.run(&probe, call)).await;
        let trouble = ran.fault();
        assert_eq!(trouble.code, code, "{trouble:?}");
        assert!(trouble.detail.len() < 3_000, "{} bytes", trouble.detail.len());
        let lines = ran.logs.iter().map(|line| line.message.len());
        assert!(lines.max().unwrap_or(0) <= 4_200);
    }
    for (ending, expected) in [(json!({ "retry": text(MB) }), "retry"), (json!({ "failed": "" }), "")] {
        let ran = tenant.go(tenant.run(&probe, event(ending))).await;
        match &ran.result {
            Err(Failed::Retry(trouble)) if expected == "retry" => assert!(trouble.detail.len() < 3_000),
            Err(Failed::Fault(_)) if expected.is_empty() => {}
            other => panic!("{other:?}"),
        }
    }
    let ran =
        tenant.go(tenant.run(&probe, script_ending(json!([]), json!({ "invalid_input": text(MB) })))).await;
    let Err(Failed::BadInput(reason)) = &ran.result else { panic!("{:?}", ran.result) };
    assert!(reason.len() < 3_000);
    // Deep answers must not use up the host's stack.
    for depth in [100_u64, 500_000] {
        let nested = json!({ "answer": { "repeat": "[", "times": depth } });
        assert_eq!(
            tenant.go(tenant.run(&probe, script_ending(json!([]), nested))).await.fault().code,
            "handler_failed"
        );
    }
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn the_largest_answer_that_is_allowed_arrives() {
    let host = Host::new().await;
    let tenant = host.tenant("answer").await;
    let answer = json!({ "answer": { "repeat": "1", "times": 300 } });
    let call =
        PluginCall::Action { name: "script".to_owned(), input: json!({ "steps": [], "ending": answer }) };
    let ran = tenant.go(tenant.run(&probe().await, call)).await;
    assert!(ran.result.unwrap().output.unwrap().is_number());
}
