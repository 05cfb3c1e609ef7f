//! How much anybody may ask for in a minute, who may ask from where, and what every answer carries.

use crate::app::{Answer, TestApp};
use axum::extract::ConnectInfo;
use std::net::SocketAddr;
use tokio::task::JoinSet;
use twobot_api::Limits;

fn remaining(answer: &Answer) -> (&str, &str) {
    (answer.header("x-ratelimit-limit"), answer.header("x-ratelimit-remaining"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_makes_so_many_requests_a_minute_whatever_the_session() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.register("ada").await, app.register("bob").await);
    let login = serde_json::json!({"email": "ada@example.org", "password": crate::app::PASSWORD});
    let login = app.request("POST", "/auth/login").json(login).send().await;
    let second = login.json()["token"].as_str().unwrap().to_owned();
    let mut all = JoinSet::new();
    for number in 0..130 {
        let token = if number % 2 == 0 { &ada.token } else { &second };
        all.spawn(app.request("GET", "/auth/me").bearer(token).send());
    }
    let answers = all.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 100);
    assert!(answers.iter().any(|answer| remaining(answer) == ("100", "0")));
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        refused.expect_problem(429, "rate_limited");
        assert_eq!(remaining(refused), ("100", "0"));
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=61).contains(&wait), "{wait}");
    }
    assert_eq!(remaining(&app.get(&bob, "/auth/me").await), ("100", "99"));
    // What a page reads to show it counts apart, and what it changes does not.
    let page = app.request("GET", "/auth/me").cookie(&ada.token).send().await;
    assert_eq!(remaining(&page), ("1000", "999"));
    let change = app.request("POST", "/notifications/mark-all-read").cookie(&ada.token);
    let change = change.header("sec-fetch-site", "same-origin").send().await;
    change.expect_problem(429, "rate_limited");
    // Signing out and in again is another session of the same person.
    app.request("GET", "/auth/me").bearer("nonsense").send().await.expect_problem(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_makes_so_many_and_is_blocked_when_it_goes_on() {
    let app = TestApp::with(|config| config.limits = Limits { per_caller: 1_000, per_address: 20 }).await;
    let from = |address: [u8; 4], path: &str| app.raw("GET", path).with_address(address).send();
    let attacker = [198, 51, 100, 1];
    let mut all = JoinSet::new();
    for _ in 0..110 {
        all.spawn(from(attacker, "/api/v1/health"));
    }
    let answers = all.join_all().await;
    let codes = |code: &str| answers.iter().filter(|answer| answer.json()["code"] == code).count();
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 20);
    // Five times as many as are allowed are counted, of which the first are answered; past that it is not heard.
    assert_eq!((codes("address_rate_limited"), codes("address_blocked")), (80, 10));
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(refused.header("content-type"), "application/problem+json");
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        let blocked = refused.json()["code"] == "address_blocked";
        assert!(if blocked { (3_500..=3_601).contains(&wait) } else { (1..=61).contains(&wait) }, "{wait}");
    }
    from(attacker, "/api/health").await.expect_problem(429, "address_blocked");
    from([198, 51, 100, 2], "/api/v1/health").await.expect(200);
    for _ in 0..30 {
        from([127, 0, 0, 1], "/api/v1/health").await.expect(200);
    }
    // Pages are no requests to the API, and a provider's deliveries are not counted by its address.
    assert_ne!(from(attacker, "/healthz").await.status, 429);
    let delivery = app.request("POST", "/webhooks/telegram/01928f6e-3f57-7cc1-93c6-1f1f6a1f0a11");
    assert_ne!(delivery.with_address(attacker).send().await.status, 429);
}

#[tokio::test]
async fn a_network_of_ipv6_is_one_address() {
    let app = TestApp::with(|config| config.limits = Limits { per_caller: 1_000, per_address: 2 }).await;
    let ask = async |address: &str| {
        let peer: SocketAddr = format!("[{address}]:50000").parse().unwrap();
        let request = app.raw("GET", "/api/v1/health").extension(ConnectInfo(peer));
        request.send().await.status
    };
    assert_eq!(ask("2001:db8::1").await, 200);
    assert_eq!(ask("2001:db8::2").await, 200);
    assert_eq!(ask("2001:db8::ffff:3").await, 429);
    assert_eq!(ask("2001:db8:0:1::1").await, 200);
}

#[tokio::test]
async fn pages_of_other_sites_call_only_where_the_operator_named_them() {
    let preflight = |app: &TestApp, origin: &str| {
        app.request("OPTIONS", "/gateways")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type,idempotency-key")
    };
    let allowed = |answer: &Answer| answer.header("access-control-allow-origin").to_owned();
    let closed = TestApp::start().await;
    let answer = preflight(&closed, "https://app.example.com").send().await;
    assert_eq!((answer.status, allowed(&answer)), (405, String::new()));
    let answer = closed.request("GET", "/health").header("origin", "https://app.example.com").send().await;
    assert_eq!((answer.status, allowed(&answer)), (200, String::new()));

    let app = TestApp::with(|config| config.cors_origins = vec!["https://app.example.com".to_owned()]).await;
    let answer = preflight(&app, "https://app.example.com").send().await;
    assert_eq!((answer.status, allowed(&answer).as_str()), (200, "https://app.example.com"));
    assert!(answer.header("access-control-allow-headers").contains("idempotency-key"));
    assert!(answer.header("access-control-allow-methods").contains("DELETE"));
    for foreign in ["https://app.example.com.evil.example", "http://app.example.com", "null"] {
        assert_eq!(allowed(&preflight(&app, foreign).send().await), "", "{foreign}");
    }
    // The answer itself, also where it is a problem; and never for what the cookie opens.
    for (path, status) in [("/health", 200), ("/gateways", 401)] {
        let answer = app.request("GET", path).header("origin", "https://app.example.com").send().await;
        assert_eq!((answer.status, allowed(&answer).as_str()), (status, "https://app.example.com"));
        assert!(answer.header("access-control-expose-headers").contains("x-request-id"));
        assert!(answer.header("vary").to_lowercase().contains("origin"), "{}", answer.header("vary"));
        assert_eq!(answer.header("access-control-allow-credentials"), "");
    }
}

#[tokio::test]
async fn every_kind_of_answer_carries_what_keeps_browsers_safe() {
    let app = TestApp::with(|config| config.secure_cookies = true).await;
    let page = app.raw("GET", "/").send().await;
    let asset = page.text().split("src=\"").nth(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    let mut kinds = vec![
        ("GET", "/".to_owned()),
        ("GET", "/gateways".to_owned()),
        ("GET", "/assets/gone.js".to_owned()),
        ("GET", "/api/docs/".to_owned()),
        ("GET", "/api/v1/openapi.json".to_owned()),
        ("GET", "/api/v1/health".to_owned()),
        ("GET", "/api/v1/gateways".to_owned()),
        ("PUT", "/api/v1/gateways".to_owned()),
        ("GET", "/api/v1/nothing".to_owned()),
        ("POST", "/api/v1/auth/login".to_owned()),
        ("GET", "/healthz".to_owned()),
    ];
    kinds.extend(asset.map(|path| ("GET", path)));
    for (method, path) in kinds {
        let answer = app.raw(method, &path).send().await;
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe-eval"), "{path}: {policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ] {
            assert_eq!(answer.header(name), value, "{method} {path}");
        }
        assert!(answer.header("permissions-policy").contains("camera=()"), "{path}");
        assert!(answer.header("x-request-id").len() >= 8, "{path}");
    }
}

#[tokio::test]
async fn answers_are_packed_as_the_client_can_unpack_them() {
    let app = TestApp::start().await;
    for (accepted, expected) in
        [("br", "br"), ("gzip", "gzip"), ("gzip, deflate, br", "br"), ("identity", "")]
    {
        let answer = app.raw("GET", "/api/v1/openapi.json").header("accept-encoding", accepted).send().await;
        answer.expect(200);
        assert_eq!(answer.header("content-encoding"), expected, "{accepted}");
    }
}
