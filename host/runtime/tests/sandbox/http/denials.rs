//! Both the manifest and the tenant decide over each host and port, on every call.

use super::{Setting, USUAL, fetch, send};
use crate::host::{Ended, good, refused};
use crate::outside::FakeOutside;
use serde_json::{Value, json};

#[tokio::test]
async fn only_hosts_that_are_asked_for_and_granted_are_called() {
    // What is asked for, what is granted, what is called, and whether it goes out.
    let cases = [
        ("http:api.test", "http:api.test", "api.test", true),
        ("http:api.test", "", "api.test", false),
        ("", "http:api.test", "api.test", false),
        ("storage", "http:api.test", "api.test", false),
        ("http:api.test", "storage send", "api.test", false),
        // Granted is what was asked for, word by word: a wider grant is not what the manifest named.
        ("http:api.test", "http:*", "api.test", false),
        ("http:*", "http:api.test", "api.test", false),
        ("http:api.test http:b.test", "http:b.test", "api.test", false),
        ("http:*", "http:*", "whatever.test", true),
        ("http:*", "http:*", "whatever.test:8080", false),
    ];
    for (asks, grants, host, allowed) in cases {
        let setting = Setting::asking(asks, grants, FakeOutside::default()).await;
        let outcomes = setting.outcomes(json!([fetch(host)])).await;
        if allowed {
            good(&outcomes[0]);
        } else {
            assert!(refused(&outcomes[0]).contains("HttpRequestDenied"), "{asks}; {grants}: {}", outcomes[0]);
        }
        assert_eq!(setting.tenant.outside.fetches(), usize::from(allowed), "{asks}; {grants}; {host}");
    }
}

#[tokio::test]
async fn a_grant_means_its_hosts_and_ports_and_no_others() {
    let setting = Setting::new(FakeOutside::default()).await;
    let allowed = [
        "api.test",
        "API.TEST",
        "api.test.",
        "api.test:80",
        "api.test:443",
        "a.wild.test",
        "a.b.wild.test",
        "port.test:8443",
    ];
    let denied = [
        "api.test:8080",
        "api.test:22",
        "api.test..",
        "xapi.test",
        "api.test.evil",
        "wild.test",
        "xwild.test",
        "port.test",
        "port.test:443",
        "test",
        "localhost",
        "127.0.0.1",
        "[::1]",
        "0x7f.1",
        "2130706433",
    ];
    let steps: Value = allowed.iter().chain(&denied).map(|host| fetch(host)).collect();
    let ran = setting.go(steps).await;
    let outcomes = ran.outcomes();
    for (host, outcome) in allowed.iter().zip(&outcomes) {
        assert_eq!(good(outcome)["status"], 200, "{host}");
    }
    for (host, outcome) in denied.iter().zip(&outcomes[allowed.len()..]) {
        assert!(refused(outcome).contains("HttpRequestDenied"), "{host}: {outcome}");
    }
    assert_eq!(setting.tenant.outside.fetches(), allowed.len());
    assert_eq!(setting.tenant.used().await.http_requests, allowed.len() as u64);
    let said: Vec<_> = ran.logs.iter().map(|line| line.message.as_str()).collect();
    assert_eq!(said.len(), denied.len() - 3, "each once, however it is spelled");
    let noted = ran.denials.iter().map(|one| (one.capability.to_string(), one.detail.as_str(), one.count));
    let noted: Vec<_> = noted.filter(|(capability, ..)| capability.starts_with("http:")).collect();
    assert_eq!(noted.len(), said.len(), "for the audit log, too: {noted:?}");
    assert_eq!(noted[2], ("http:*".to_owned(), "api.test..:80", 1), "what no other capability could mean");
    assert_eq!(noted[10], ("http:127.0.0.1".to_owned(), "", 3));
    assert_eq!(said[0], "the capability `http:api.test:8080` is not granted to this plugin");
    assert!(said[10].contains("`http:127.0.0.1`"), "{}", said[10]);
}

#[tokio::test]
async fn what_is_no_proper_request_is_refused_before_anyone_is_called() {
    let setting = Setting::asking("http:*", "http:*", FakeOutside::default()).await;
    let call = |call: Value| json!({ "fetch": call });
    let long = |times: usize| json!({ "repeat": "x", "times": times });
    let refusals = [
        (call(json!({ "host": "user@api.test" })), "HttpRequestUriInvalid"),
        (call(json!({ "host": "user:secret@api.test" })), "HttpRequestUriInvalid"),
        (call(json!({ "host": "api.test@127.0.0.1" })), "HttpRequestUriInvalid"),
        (call(json!({ "host": "256.256.256.256" })), "HttpRequestUriInvalid"),
        (call(json!({ "host": "bücher.test" })), "refused: host"),
        (call(json!({ "host": "api.test/path" })), "refused: host"),
        (call(json!({ "host": "api.test\r\nx: y" })), "refused: host"),
        (call(json!({ "host": long(300) })), "refused: host"),
        (call(json!({ "host": "" })), "r"),
        (call(json!({ "host": "api.test", "scheme": "ftp" })), "HttpProtocolError"),
        (call(json!({ "host": "api.test", "scheme": "file" })), "HttpProtocolError"),
        (call(json!({ "host": "api.test", "method": "CONNECT" })), "HttpRequestMethodInvalid"),
        (call(json!({ "host": "api.test", "method": "TRACE" })), "HttpRequestMethodInvalid"),
        (call(json!({ "host": "api.test", "method": "A B" })), "refused: method"),
        (call(json!({ "host": "api.test", "method": long(33) })), "refused: method"),
        (call(json!({ "host": "api.test", "path": "/a b" })), "refused: path"),
        (call(json!({ "host": "api.test", "path": "/a\r\nhost: b" })), "refused: path"),
        (call(json!({ "host": "api.test", "path": "http://other.test/" })), "refused: path"),
        (call(json!({ "host": "api.test", "path": { "repeat": "/", "times": 9_000 } })), "refused: path"),
    ];
    let steps: Value = refusals.iter().map(|(step, _)| step.clone()).collect();
    for ((step, expected), outcome) in refusals.iter().zip(setting.outcomes(steps).await) {
        assert!(refused(&outcome).contains(expected), "{step}: {outcome}");
    }
    assert_eq!(setting.tenant.outside.fetches(), 0);
}

#[tokio::test]
async fn headers_neither_break_out_nor_touch_the_connection() {
    let setting = Setting::new(FakeOutside::default()).await;
    let header = |name: &str, value: &str| json!({ "header": { "name": name, "value": value } });
    let forbidden = [
        "host",
        "Host",
        "connection",
        "keep-alive",
        "transfer-encoding",
        "upgrade",
        "te",
        "trailer",
        "expect",
        "proxy-connection",
        "proxy-authorization",
        "http2-settings",
    ];
    let broken = [
        ("x-a", "b\r\nx-evil: c"),
        ("x-a", "b\nc"),
        ("x-a", "b\rc"),
        ("x-a", "b\0c"),
        ("x-a\r\nx-evil", "b"),
        ("x a", "b"),
        ("", "b"),
        ("x:", "b"),
        (":path", "/other"),
    ];
    let mut steps: Vec<_> = forbidden.iter().map(|name| header(name, "x")).collect();
    steps.extend(broken.iter().map(|(name, value)| header(name, value)));
    steps.push(header("cookie", "mine=1"));
    let outcomes = setting.outcomes(Value::Array(steps)).await;
    let (for_connections, rest) = outcomes.split_at(forbidden.len());
    for (name, outcome) in forbidden.iter().zip(for_connections) {
        assert!(refused(outcome).contains("Forbidden"), "{name}: {outcome}");
    }
    for (header, outcome) in broken.iter().zip(rest) {
        assert!(refused(outcome).contains("InvalidSyntax"), "{header:?}: {outcome}");
    }
    good(&outcomes[forbidden.len() + broken.len()]);
}

#[tokio::test]
async fn denied_bodies_are_given_back() {
    let setting = Setting::asking(USUAL, "", FakeOutside::default()).await;
    let steps = json!([{ "repeat": { "times": 1_000, "step": send(10) } }]);
    let ran = setting.go(steps).await;
    assert_eq!(ran.logs.len(), 1, "and its owner is told once");
    assert!(refused(&good(&ran.outcomes()[0])["last"]).contains("HttpRequestDenied"));
    // A buffer of a quarter of a megabyte for each would be far more than the sandbox may have.
    assert_eq!(setting.tenant.outside.fetches(), 0);
}
