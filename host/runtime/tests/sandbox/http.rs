//! Calling other hosts: what is let out, what is let in, and what both cost.

mod bounds;
mod denials;
mod journal;

use crate::host::{Ended, Host, Tenant, good, probe_asking, refused, script};
use crate::outside::{FakeOutside, answer};
use serde_json::{Value, json};
use std::sync::Arc;
use twobot_domain::HttpError;
use twobot_domain::manifest::Capability;
use twobot_runtime::{HttpAnswer, PluginComponent, PluginRun, Ran};

/// What most tests ask for and grant.
const USUAL: &str = "http:api.test http:*.wild.test http:port.test:8443";

fn capabilities(words: &str) -> Vec<Capability> {
    words.split_ascii_whitespace().map(|word| word.parse().unwrap()).collect()
}

struct Setting {
    tenant: Tenant,
    probe: Arc<PluginComponent>,
    grants: Vec<Capability>,
    _host: Host,
}

impl Setting {
    async fn new(outside: FakeOutside) -> Self {
        Self::asking(USUAL, USUAL, outside).await
    }

    async fn asking(asks: &str, grants: &str, outside: FakeOutside) -> Self {
        let host = Host::new().await;
        let mut tenant = host.tenant("http").await;
        tenant.outside = Arc::new(outside);
        let probe = probe_asking(asks).await;
        Self { tenant, probe, grants: capabilities(grants), _host: host }
    }

    async fn answering(answers: impl IntoIterator<Item = Result<HttpAnswer, HttpError>>) -> Self {
        Self::new(FakeOutside::serving(answers)).await
    }

    fn run(&self, steps: Value) -> PluginRun {
        let mut run = self.tenant.run(&self.probe, script(steps));
        run.grants.clone_from(&self.grants);
        run
    }

    async fn go(&self, steps: Value) -> Ran {
        self.tenant.go(self.run(steps)).await
    }

    async fn outcomes(&self, steps: Value) -> Vec<Value> {
        self.go(steps).await.outcomes()
    }
}

/// A request for what is at a host.
fn fetch(host: &str) -> Value {
    json!({ "fetch": { "host": host } })
}

/// A request that sends so many bytes.
fn send(bytes: usize) -> Value {
    json!({ "fetch": { "host": "api.test", "method": "POST", "body": { "repeat": "x", "times": bytes } } })
}

#[tokio::test]
async fn a_request_goes_out_and_its_answer_comes_in_as_they_are() {
    let mut teapot = answer(418, "short and stout");
    for (name, value) in
        [("x-pot", "tea"), ("x-pot", "more tea"), ("connection", "x-hop"), ("transfer-encoding", "chunked")]
    {
        teapot.headers.append(name, value.parse().unwrap());
    }
    let setting = Setting::answering([Ok(teapot)]).await;
    let step = json!({ "fetch": {
        "host": "API.test:80", "method": "POST", "path": "/a/b?c=d%20e", "body": "body",
        "headers": [["X-One", "1"], ["x-one", "2"], ["content-length", "4"], ["authorization", "Bearer key"]],
    } });
    let ran = setting.go(json!([step])).await;
    let outcomes = ran.outcomes();
    assert_eq!(
        good(&outcomes[0]),
        &json!({
            "status": 418, "headers": [["x-pot", "tea"], ["x-pot", "more tea"]], "body": "short and stout", "trailers": false,
        }),
        "without the headers of the connection"
    );
    let request = setting.tenant.outside.fetched.lock().remove(0);
    assert_eq!((request.method.as_str(), request.url.as_str()), ("POST", "http://api.test/a/b?c=d%20e"));
    assert_eq!(&request.body[..], b"body");
    let headers: Vec<_> =
        request.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    assert_eq!(headers, [("x-one", "1"), ("x-one", "2"), ("authorization", "Bearer key")]);
    let usage = setting.tenant.used().await;
    assert_eq!((usage.http_requests, usage.http_bytes_out), (1, 4 + 6 + 6 + 13 + 10));
    assert_eq!(usage.http_bytes_in, 15 + 2 * 5 + 3 + 8 + 15 + 24);
}

#[tokio::test]
async fn every_way_of_waiting_finds_the_answer() {
    let setting = Setting::new(FakeOutside::default()).await;
    let ask = json!({ "fetch": { "host": "api.test", "ask": true } });
    let slowly = json!({ "fetch": { "host": "api.test", "body": { "repeat": "x", "times": 300_000 }, "slowly": true } });
    let steps = json!([fetch("api.test"), ask, slowly, send(1_000_000), { "http_get": { "url": "http://api.test/" } }]);
    let outcomes = setting.outcomes(steps).await;
    for outcome in &outcomes[..4] {
        assert_eq!(good(outcome)["body"], "hello");
    }
    assert_eq!(good(&outcomes[4]), &json!([200, "hello"]), "by the SDK");
    let sent: Vec<_> =
        setting.tenant.outside.fetched.lock().iter().map(|request| request.body.len()).collect();
    assert_eq!(sent, [0, 0, 300_000, 1_000_000, 0]);
}

#[tokio::test]
async fn a_request_whose_body_is_not_finished_is_not_made_and_no_other_waits_for_it() {
    let setting = Setting::new(FakeOutside::default()).await;
    let open = json!({ "host": "api.test", "body": "half", "unfinished": true, "ask": true });
    let steps =
        json!([{ "fetch": open }, fetch("api.test"), { "fetch_all": { "calls": [{ "host": "api.test" }] } }]);
    let outcomes = setting.outcomes(steps).await;
    assert_eq!(good(&outcomes[0]), "pending");
    assert_eq!(good(&outcomes[1])["body"], "hello");
    assert_eq!(setting.tenant.outside.fetches(), 2);
    // What nobody waits for is not made either.
    let calls = json!([{ "host": "api.test" }, { "host": "api.test", "body": "text" }]);
    let outcomes = setting.outcomes(json!([{ "abandon": { "calls": calls } }, fetch("api.test")])).await;
    assert_eq!(good(&outcomes[1])["body"], "hello");
    assert_eq!(setting.tenant.outside.fetches(), 3);
}

#[tokio::test]
async fn requests_that_are_waited_for_together_are_made_at_the_same_time() {
    let (outside, arrived, release) = FakeOutside::waiting();
    let setting = Arc::new(Setting::new(outside).await);
    let calls: Vec<_> =
        (0..8).map(|number| json!({ "host": "api.test", "path": format!("/{number}") })).collect();
    let (running, steps) = (Arc::clone(&setting), json!([{ "fetch_all": { "calls": calls } }]));
    let run = tokio::spawn(async move { running.outcomes(steps).await });
    arrived.acquire_many(6).await.unwrap().forget();
    assert_eq!(setting.tenant.outside.fetches(), 6, "not more than that");
    release.add_permits(8);
    let outcomes = run.await.unwrap();
    assert_eq!(good(&outcomes[0])["rounds"], 1, "the guest wakes once, whichever came first");
    let made: Vec<_> =
        setting.tenant.outside.fetched.lock().iter().map(|one| one.url.path().to_owned()).collect();
    assert_eq!(made, ["/0", "/1", "/2", "/3", "/4", "/5", "/6", "/7"], "in the order of the guest");
}

#[tokio::test]
async fn each_failure_has_a_code_of_its_own_and_words_for_the_owner() {
    let failures = [
        (HttpError::Prohibited("10.0.0.1 is closed".to_owned()), "DestinationIpProhibited"),
        (HttpError::Unusable("why".to_owned()), "HttpRequestUriInvalid"),
        (HttpError::UnknownHost, "DnsError"),
        (HttpError::Unreachable, "ConnectionRefused"),
        (HttpError::ConnectTimedOut, "ConnectionTimeout"),
        (HttpError::Certificate, "TlsCertificateError"),
        (HttpError::TimedOut, "HttpResponseTimeout"),
        (HttpError::Broken, "ConnectionTerminated"),
        (HttpError::HeadersTooLarge, "HttpResponseHeaderSectionSize"),
        (HttpError::BodyTooLarge(7), "HttpResponseBodySize(Some(7))"),
        (HttpError::Unavailable("stopping".to_owned()), "InternalError(Some(\"stopping\"))"),
    ];
    let setting = Setting::answering(failures.iter().map(|(error, _)| Err(error.clone()))).await;
    let ran = setting.go(failures.iter().map(|_| fetch("api.test")).collect()).await;
    for ((error, code), (outcome, line)) in failures.iter().zip(ran.outcomes().iter().zip(&ran.logs)) {
        assert!(refused(outcome).contains(code), "{error:?}: {outcome}");
        assert_eq!(line.message, format!("GET http://api.test: {error}"));
    }
}

#[tokio::test]
async fn a_component_imports_http_only_where_it_calls_it() {
    let imports = |name: &str| {
        let bytes = crate::host::guest(name);
        let wit_component::DecodedWasm::Component(resolve, world) = wit_component::decode(&bytes).unwrap()
        else {
            panic!("{name} is a component")
        };
        resolve.worlds[world].imports.keys().any(|key| resolve.name_world_key(key).starts_with("wasi:http"))
    };
    assert!(imports("probe"));
    assert!(!imports("misbehaving") && !imports("witness") && !imports("gateway-probe"));
}
