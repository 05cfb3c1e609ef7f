//! What requests and answers may cost.

use super::{Setting, fetch, send};
use crate::host::{Ended, MB, good, machine, refused};
use crate::outside::{FakeOutside, answer};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use twobot_domain::HttpError;

#[tokio::test]
async fn a_body_has_at_most_a_megabyte_and_as_much_as_it_says() {
    let setting = Setting::new(FakeOutside::default()).await;
    let most = 1024 * 1024;
    let saying = |length: &str, body: &str| {
        let headers = [["content-length", length]];
        json!({ "fetch": { "host": "api.test", "headers": headers, "body": body } })
    };
    let steps = json!([
        send(most), send(most + 1), send(3 * most), saying("4", "body"), saying("3", "body"), saying("5", "body"),
        saying("-1", "body"), { "fetch": { "host": "api.test", "headers": [["content-length", "4"]] } }, fetch("api.test"),
    ]);
    let outcomes = setting.outcomes(steps).await;
    good(&outcomes[0]);
    for outcome in &outcomes[1..3] {
        assert!(refused(outcome).contains("HttpRequestBodySize"), "{outcome}");
    }
    good(&outcomes[3]);
    for outcome in &outcomes[4..8] {
        refused(outcome);
    }
    good(&outcomes[8]);
    let sent: Vec<_> =
        setting.tenant.outside.fetched.lock().iter().map(|request| request.body.len()).collect();
    assert_eq!(sent, [most, 4, 0]);
}

#[tokio::test]
async fn headers_are_bounded_in_number_and_size() {
    let setting = Setting::new(FakeOutside::default()).await;
    let with = |headers: Vec<Value>| json!({ "fetch": { "host": "api.test", "headers": headers } });
    let many = |count: usize| with((0..count).map(|number| json!([format!("x-{number}"), "v"])).collect());
    let large = with(vec![json!(["x-large", { "repeat": "x", "times": 33 * 1024 }])]);
    let outcomes = setting.outcomes(json!([many(100), many(101), large])).await;
    good(&outcomes[0]);
    for outcome in &outcomes[1..] {
        assert!(refused(outcome).contains("HttpRequestHeaderSectionSize"), "{outcome}");
    }
    // Beyond that a set of headers is not even made.
    let ran = setting.go(json!([{ "headers": { "count": 5_000 } }])).await;
    assert_eq!(ran.fault().code, "trapped");
    assert_eq!(setting.tenant.outside.fetches(), 1);
}

#[tokio::test]
async fn an_answer_that_is_larger_than_allowed_is_not_handed_on() {
    let most = 1024 * 1024;
    let answers = [most, most + 1].map(|bytes| Ok(answer(200, vec![b'x'; bytes])));
    let setting = Setting::answering(answers).await;
    let outcomes = setting.outcomes(json!([fetch("api.test"), fetch("api.test")])).await;
    assert_eq!(good(&outcomes[0])["body"], most);
    assert!(refused(&outcomes[1]).contains("HttpResponseBodySize"), "{}", outcomes[1]);
}

#[tokio::test]
async fn a_compressed_answer_stays_as_it_is() {
    // The first bytes of a gzip stream, and what is none.
    let mut packed = answer(200, &b"\x1f\x8b\x08\x00\xff\xff"[..]);
    packed.headers.insert("content-encoding", "gzip".parse().unwrap());
    let setting = Setting::answering([Ok(packed)]).await;
    let outcomes = setting.outcomes(json!([fetch("api.test")])).await;
    assert_eq!(good(&outcomes[0])["body"], json!({ "bytes": 6 }));
    assert_eq!(good(&outcomes[0])["headers"], json!([["content-encoding", "gzip"]]));
}

#[tokio::test]
async fn one_run_is_given_sixteen_megabytes_in_all() {
    let part = 1024 * 1024;
    let setting = Setting::answering((0..20).map(|_| Ok(answer(200, vec![b'x'; part])))).await;
    let outcomes = setting.outcomes((0..18).map(|_| fetch("api.test")).collect()).await;
    for outcome in &outcomes[..16] {
        assert_eq!(good(outcome)["body"], part);
    }
    for outcome in &outcomes[16..] {
        assert!(refused(outcome).contains("HttpResponseBodySize(Some(0))"), "{outcome}");
    }
}

#[tokio::test]
async fn ten_thousand_requests_make_a_hundred() {
    let setting = Setting::new(FakeOutside::default()).await;
    let ran = setting.go(json!([{ "repeat": { "times": 10_000, "step": fetch("api.test") } }])).await;
    let outcomes = ran.outcomes();
    assert_eq!(good(&outcomes[0])["good"], 100);
    assert!(refused(&good(&outcomes[0])["last"]).contains("ConnectionLimitReached"));
    let used = setting.tenant.used().await.http_requests;
    assert_eq!((setting.tenant.outside.fetches(), used), (100, 100));
}

#[tokio::test]
async fn a_flood_of_open_requests_is_turned_away_and_leaves_nothing_behind() {
    let setting = Setting::new(FakeOutside::default()).await;
    let pile = |call: Value| json!({ "pile": { "count": 100, "call": call } });
    let with_body = json!({ "host": "api.test", "body": { "repeat": "x", "times": 200_000 } });
    let steps = json!([pile(json!({ "host": "api.test" })), pile(with_body), fetch("api.test")]);
    let outcomes = setting.outcomes(steps).await;
    assert_eq!(good(&outcomes[0])["taken"], 32);
    assert!(good(&outcomes[0])["last"].as_str().unwrap().contains("ConnectionLimitReached"));
    // Each keeps a place for a body of a megabyte, and this sandbox has not so much.
    let taken = good(&outcomes[1])["taken"].as_u64().unwrap();
    assert!((1..32).contains(&taken), "{taken}");
    assert_eq!(good(&outcomes[2])["body"], "hello");
    assert_eq!(setting.tenant.outside.fetches(), 1);
}

#[tokio::test]
async fn what_is_made_and_not_sent_counts_as_the_sandboxs_memory() {
    let setting = Setting::new(FakeOutside::default()).await;
    let hoard = |requests: usize| json!([{ "hoard": { "requests": requests, "bytes": 32 * 1024 } }]);
    let outcomes = setting.outcomes(hoard(100)).await;
    good(&outcomes[0]);
    let mut run = setting.run(hoard(950));
    run.limits.memory_bytes = 16 * MB;
    let ran = setting.tenant.go(run).await;
    assert_eq!(ran.fault().code, "trapped", "30 MB of headers");
    assert!(ran.logs.iter().any(|line| line.message.contains("memory is used up")), "{:?}", ran.logs);
}

#[tokio::test]
async fn answers_count_as_memory_while_they_are_kept_and_no_longer() {
    let part = 1024 * 1024;
    let setting = Setting::answering((0..200).map(|_| Ok(answer(200, vec![b'x'; part])))).await;
    let base = setting.go(json!([fetch("api.test")])).await.usage.peak_memory_bytes;
    // One after the other: none is kept.
    let ran = setting.go((0..12).map(|_| fetch("api.test")).collect()).await;
    ran.outcomes();
    let grown = ran.usage.peak_memory_bytes.saturating_sub(base);
    assert!(grown < 4 * MB, "{grown}");
    assert_eq!(machine().memory().used(setting.tenant.scope.tenant()), 0, "and all of it is given back");
}

#[tokio::test]
async fn an_answer_has_its_place_before_it_is_asked_for() {
    let setting = Setting::new(FakeOutside::default()).await;
    let base = setting.go(json!([fetch("api.test")])).await.usage.peak_memory_bytes;
    let calls = vec![json!({ "host": "api.test" }); 12];
    let mut run = setting.run(json!([{ "fetch_all": { "calls": calls } }]));
    run.limits.memory_bytes = base + 3 * MB;
    let ran = setting.tenant.go(run).await;
    let outcomes = ran.outcomes();
    let outcomes = good(&outcomes[0])["outcomes"].as_array().unwrap().clone();
    let refusals: Vec<_> = outcomes.iter().filter(|outcome| outcome.get("error").is_some()).collect();
    assert!(!refusals.is_empty() && refusals.len() < 12, "{}", refusals.len());
    for outcome in &refusals {
        assert!(refused(outcome).contains("memory is used up"), "{outcome}");
    }
    assert_eq!(
        setting.tenant.outside.fetches(),
        1 + 12 - refusals.len(),
        "what has no place is not asked for"
    );
    assert_eq!(machine().memory().used(setting.tenant.scope.tenant()), 0);
}

#[tokio::test]
async fn waiting_for_others_is_not_the_guests_own_running_and_ends_too() {
    let (outside, arrived, release) = FakeOutside::waiting();
    let setting = Arc::new(Setting::new(outside).await);
    let mut run = setting.run(json!([fetch("api.test")]));
    run.limits.own_time = Duration::from_millis(500);
    let running = Arc::clone(&setting);
    let ran = tokio::spawn(async move { running.tenant.go(run).await });
    arrived.acquire().await.unwrap().forget();
    let waited = std::time::Instant::now();
    while waited.elapsed() < Duration::from_millis(700) {
        tokio::task::yield_now().await;
    }
    release.add_permits(1);
    assert_eq!(good(&ran.await.unwrap().outcomes()[0])["body"], "hello");

    let silent = Setting::new(FakeOutside { is_silent: true, ..FakeOutside::default() }).await;
    let mut run = silent.run(json!([fetch("api.test")]));
    run.limits.total_time = Duration::from_millis(300);
    let ran = silent.tenant.go(run).await;
    assert_eq!(ran.fault().code, "time_exceeded");
    assert_eq!(machine().memory().used(silent.tenant.scope.tenant()), 0);
}

#[tokio::test]
async fn a_guest_may_wait_for_less_and_not_for_more() {
    let setting = Setting::new(FakeOutside::default()).await;
    let waiting = |wait: [u64; 3]| json!({ "fetch": { "host": "api.test", "wait": wait } });
    setting.outcomes(json!([fetch("api.test"), waiting([1_000, 2_000, 500]), waiting([u64::MAX; 3])])).await;
    let patience: Vec<_> =
        setting.tenant.outside.fetched.lock().iter().map(|request| request.patience).collect();
    let seconds = |one: &twobot_runtime::Patience| {
        [one.begin.as_millis(), one.pause.as_millis(), one.whole.as_millis()]
    };
    assert_eq!(seconds(&patience[0]), [30_000; 3]);
    assert_eq!(seconds(&patience[1]), [3_000, 500, 30_000]);
    assert_eq!(seconds(&patience[2]), [30_000; 3]);
}

#[tokio::test]
async fn options_that_are_handed_over_leave_nothing_behind() {
    let setting = Setting::answering((0..3_000).map(|_| Err(HttpError::UnknownHost))).await;
    let step = json!({ "fetch": { "host": "denied.test", "wait": [1, 1, 1] } });
    let outcomes = setting.outcomes(json!([{ "repeat": { "times": 2_000, "step": step } }])).await;
    assert!(refused(&good(&outcomes[0])["last"]).contains("HttpRequestDenied"));
}
