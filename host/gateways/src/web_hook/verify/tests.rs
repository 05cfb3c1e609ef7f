use super::*;
use secrecy::SecretString;
use serde_json::{Value, json};
use twobot_domain::{GatewayId, TenantId};

/// The example of the Standard Webhooks specification.
const STANDARD_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const STANDARD_BODY: &str = r#"{"test": 2432232314}"#;
const STANDARD_TIME: u64 = 1_614_265_330;
const STANDARD_SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

/// The example of GitHub's documentation.
const GITHUB_SECRET: &str = "It's a Secret to Everybody";
const GITHUB_BODY: &str = "Hello, World!";
const GITHUB_DIGEST: &str = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

fn account(secret: &str, config: Value) -> Account {
    Account {
        tenant: TenantId::new(),
        gateway: GatewayId::new(),
        credentials: SecretString::from(json!({ "secret": secret }).to_string()),
        config,
        webhook_secret: SecretString::from("of no meaning here".to_owned()),
    }
}

fn headers(list: &[(&str, &str)]) -> Headers {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A request as the specification shows it, with some of it changed.
fn standard_with(change: &[(&str, &str)], secret: &str, body: &str, now: u64) -> bool {
    let mut all = headers(&[
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", STANDARD_SIGNATURE),
    ]);
    for (name, value) in change {
        if value.is_empty() {
            all.remove(*name)
        } else {
            all.insert((*name).to_owned(), (*value).to_owned())
        };
    }
    is_authentic(&account(secret, json!({"verification": "standard"})), &all, body, now)
}

fn standard(change: &[(&str, &str)]) -> bool {
    standard_with(change, STANDARD_SECRET, STANDARD_BODY, STANDARD_TIME)
}

#[test]
fn the_published_example_of_standard_webhooks_is_authentic() {
    assert!(standard(&[]));
    let others = format!("v1a,AAAA v1,AAAA= v1,!! v2,{} {STANDARD_SIGNATURE}", "A".repeat(44));
    assert!(standard(&[("webhook-signature", &others)]), "one of several is enough");
    let rotated = format!("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA {STANDARD_SECRET}");
    assert!(standard_with(&[], &rotated, STANDARD_BODY, STANDARD_TIME), "an old and a new secret");
    let svix = headers(&[
        ("svix-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("svix-timestamp", "1614265330"),
        ("svix-signature", STANDARD_SIGNATURE),
    ]);
    assert!(is_authentic(&account(STANDARD_SECRET, json!({})), &svix, STANDARD_BODY, STANDARD_TIME));
}

#[test]
fn anything_changed_is_not_authentic() {
    let wrong = format!("v1,{}", "A".repeat(43) + "=");
    for change in [
        ("webhook-id", "msg_other"),
        ("webhook-id", ""),
        ("webhook-timestamp", "1614265331"),
        ("webhook-timestamp", "01614265330"),
        ("webhook-timestamp", "+1614265330"),
        ("webhook-timestamp", "1614265330.0"),
        ("webhook-timestamp", "99999999999999999999999"),
        ("webhook-timestamp", "soon"),
        ("webhook-timestamp", ""),
        ("webhook-signature", ""),
        ("webhook-signature", "v1,"),
        ("webhook-signature", &STANDARD_SIGNATURE[3..]),
        ("webhook-signature", &STANDARD_SIGNATURE.replace("v1,", "v2,")),
        ("webhook-signature", &STANDARD_SIGNATURE.replace("v1,", "v1a,")),
        ("webhook-signature", &wrong),
    ] {
        assert!(!standard(&[change]), "{change:?}");
    }
    assert!(!standard_with(&[], STANDARD_SECRET, "{\"test\": 2432232315}", STANDARD_TIME));
    assert!(!standard_with(&[], "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", STANDARD_BODY, STANDARD_TIME));
    for secret in ["", "hunter2", "not base64 at all"] {
        assert!(!standard_with(&[], secret, STANDARD_BODY, STANDARD_TIME), "{secret}");
    }
    // The headers of one family do not complete those of the other.
    assert!(!standard(&[("webhook-id", ""), ("svix-id", "msg_p5jXN8AQM9LWM0D4loKWxJek")]));
}

#[test]
fn what_was_recorded_is_good_for_five_minutes() {
    for (now, fresh) in [(-301, false), (-300, true), (300, true), (301, false), (86_400, false)] {
        let now = STANDARD_TIME.saturating_add_signed(now);
        assert_eq!(standard_with(&[], STANDARD_SECRET, STANDARD_BODY, now), fresh, "{now}");
    }
}

#[test]
fn an_id_can_not_take_up_the_time_and_a_part_of_the_body() {
    // Signed for id `m`, time 100 and the body `100.5`; told as id `m.100`, time 100 and the body `5`.
    let keys = Keys::parse(STANDARD_SECRET).unwrap();
    let signature = keys.sign("m", 100, b"100.5");
    assert_eq!(signature, keys.sign("m.100", 100, b"5"), "the same bytes are signed");
    let account = account(STANDARD_SECRET, json!({}));
    let told = |id: &str| {
        headers(&[("webhook-id", id), ("webhook-timestamp", "100"), ("webhook-signature", &signature)])
    };
    assert!(is_authentic(&account, &told("m"), "100.5", 100));
    assert!(!is_authentic(&account, &told("m.100"), "5", 100));
}

#[test]
fn large_and_hostile_headers_end_quickly() {
    let many = format!("{} {STANDARD_SIGNATURE}", "v1,AAAA ".repeat(100));
    assert!(standard(&[("webhook-signature", &many)]), "what is no signature does not count");
    let zeros = format!("v1,{}= ", "A".repeat(43));
    assert!(
        !standard(&[("webhook-signature", &(zeros.repeat(16) + STANDARD_SIGNATURE))]),
        "too many signatures"
    );
    assert!(!standard(&[("webhook-signature", &(" ".repeat(5_000) + STANDARD_SIGNATURE))]), "too long");
    assert!(!standard(&[("webhook-id", &"x".repeat(100_000))]));
    assert!(!standard(&[("webhook-timestamp", &"9".repeat(100_000))]));
    let token = account("secret token of a test", json!({"verification": "token"}));
    let long = format!("Bearer {}", "secret token of a test".repeat(1_000));
    assert!(!is_authentic(&token, &headers(&[("authorization", &long)]), "{}", 0));
}

fn hmac(header: Option<&str>, given: &[(&str, &str)], body: &str) -> bool {
    let account =
        account(GITHUB_SECRET, json!({"verification": "hmac", "header": header.unwrap_or_default()}));
    is_authentic(&account, &headers(given), body, 0)
}

#[test]
fn the_published_example_of_github_is_authentic() {
    let given = format!("sha256={GITHUB_DIGEST}");
    assert!(hmac(None, &[("x-hub-signature-256", &given)], GITHUB_BODY));
    // In the other spellings that services use, and in their headers.
    let base64 = STANDARD.encode(hex::decode(GITHUB_DIGEST).unwrap());
    for spelling in
        [GITHUB_DIGEST.to_owned(), GITHUB_DIGEST.to_uppercase(), format!("SHA256={GITHUB_DIGEST}"), base64]
    {
        assert!(hmac(Some("X-Shop-Hmac"), &[("x-shop-hmac", &spelling)], GITHUB_BODY), "{spelling}");
    }
}

#[test]
fn another_code_or_none_is_not_authentic() {
    let right = format!("sha256={GITHUB_DIGEST}");
    let short = &GITHUB_DIGEST[..62];
    for given in
        ["", "sha256=", "sha1=aaaa", short, &format!("{GITHUB_DIGEST}00"), &"0".repeat(64), "ä", "sha25é="]
    {
        assert!(!hmac(None, &[("x-hub-signature-256", given)], GITHUB_BODY), "{given}");
    }
    assert!(!hmac(None, &[], GITHUB_BODY));
    assert!(!hmac(None, &[("x-signature", &right)], GITHUB_BODY), "another header");
    assert!(!hmac(None, &[("x-hub-signature-256", &right)], "Hello, World"), "another body");
    assert!(
        !hmac(Some("X-Other"), &[("x-hub-signature-256", &right)], GITHUB_BODY),
        "not the header that was chosen"
    );
}

fn token(header: &str, given: &[(&str, &str)]) -> bool {
    let account = account("0123456789abcdef", json!({"verification": "token", "header": header}));
    is_authentic(&account, &headers(given), "{}", 0)
}

#[test]
fn a_token_is_a_bearer_or_in_its_own_header() {
    assert!(token("", &[("authorization", "Bearer 0123456789abcdef")]));
    assert!(token("", &[("authorization", "bearer  0123456789abcdef")]));
    assert!(token("X-Gitlab-Token", &[("x-gitlab-token", "0123456789abcdef")]));
    for wrong in [
        "0123456789abcdef",
        "Basic 0123456789abcdef",
        "Bearer",
        "Bearer ",
        "Bearer 0123456789abcde",
        "Bearer 0123456789abcdefg",
    ] {
        assert!(!token("", &[("authorization", wrong)]), "{wrong}");
    }
    assert!(!token("X-Gitlab-Token", &[("authorization", "Bearer 0123456789abcdef")]));
    assert!(!token("X-Gitlab-Token", &[("x-gitlab-token", "")]));
    assert!(!token("", &[]));
}

#[test]
fn a_gateway_without_a_secret_is_closed() {
    for verification in ["standard", "hmac", "token", "nonsense"] {
        let open = account("", json!({"verification": verification}));
        let given = headers(&[("authorization", "Bearer "), ("x-hub-signature-256", GITHUB_DIGEST)]);
        assert!(!is_authentic(&open, &given, "{}", 0));
        if let Ok(mode) = Mode::of(&open) {
            assert!(matches!(check_secret(&open, &mode), Err(GatewayError::Unauthorized(_))));
        }
    }
}
