//! Sessions: how long they last, and what renews and ends them.

use crate::world::{Tenant, World, new_session};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeSet;
use tokio::task::JoinSet;
use twobot_domain::{AuditAction, AuditOutcome, SessionId, Timestamp};
use twobot_store::StoreError;
use twobot_store::audit::AuditFilter;
use twobot_store::sessions::{Device, NewSession, Renewed, SessionKeys};

const MINUTE: i64 = 60 * 1_000;
const DAY: i64 = 24 * 60 * MINUTE;

fn device() -> Device {
    Device { name: "Firefox on Linux".to_owned(), network: "198.51.100.0/24".to_owned() }
}

async fn sign_in(ann: &Tenant) -> SessionKeys {
    let new = new_session(SessionKeys::new().access.expose_secret());
    ann.store.open_session(ann.scope, ann.user.id, &new).await.unwrap();
    new.keys
}

/// Renews with a key, or says why not.
async fn renew(ann: &Tenant, renewal: &SecretString) -> Result<SessionKeys, &'static str> {
    let renewal = renewal.expose_secret();
    if ann.store.session_owner(renewal).await.unwrap().is_none() {
        return Err("nobody's");
    }
    match ann.store.renew_session(ann.scope, renewal, &device()).await.unwrap() {
        Renewed::Yes { keys, .. } => Ok(keys),
        Renewed::Stolen => Err("stolen"),
        Renewed::Unknown => Err("unknown"),
    }
}

async fn holds(ann: &Tenant, keys: &SessionKeys) -> bool {
    ann.store.authenticate(keys.access.expose_secret()).await.unwrap().is_some()
}

/// Lets time go by for all sessions.
async fn wait(world: &World, millis: i64) {
    world
        .execute(&format!(
            "UPDATE sessions SET created_at = created_at - {millis}, used_at = used_at - {millis}, expires_at = expires_at - {millis}, \
             access_until = access_until - {millis}, before_until = before_until - {millis}, renewed_at = renewed_at - {millis}"
        ))
        .await;
}

#[tokio::test]
async fn a_token_signs_in_until_its_time_is_over_or_its_session_is_closed() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (keys, other) = (sign_in(&ann).await, sign_in(&ann).await);
    let access = keys.access.expose_secret();
    let signed_in = world.store.authenticate(access).await.unwrap().unwrap();
    assert_eq!(
        (signed_in.scope, signed_in.user.id, signed_in.session),
        (ann.scope, ann.user.id, keys.session)
    );
    let (cut, loud) = (&access[1..], access.to_uppercase());
    for token in ["", "%", cut, &loud, keys.renewal.expose_secret()] {
        assert!(world.store.authenticate(token).await.unwrap().is_none(), "{token}");
    }
    wait(&world, 14 * MINUTE).await;
    assert!(holds(&ann, &keys).await);
    wait(&world, 2 * MINUTE).await;
    assert!(!holds(&ann, &keys).await);
    assert!(world.store.session_holds(ann.scope, keys.session).await.unwrap(), "the session goes on");

    let renewed = renew(&ann, &keys.renewal).await.unwrap();
    assert!(holds(&ann, &renewed).await);
    world.store.close_session(ann.scope, keys.session).await.unwrap();
    world.store.close_session(ann.scope, keys.session).await.unwrap();
    assert!(!holds(&ann, &renewed).await);
    assert_eq!(renew(&ann, &renewed.renewal).await.unwrap_err(), "nobody's");
    assert!(renew(&ann, &other.renewal).await.is_ok(), "the other one goes on");
}

#[tokio::test]
async fn a_session_ends_that_nobody_renews_and_after_a_month_in_any_case() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let idle = sign_in(&ann).await;
    wait(&world, 7 * DAY - MINUTE).await;
    assert!(world.store.session_holds(ann.scope, idle.session).await.unwrap());
    wait(&world, 2 * MINUTE).await;
    assert!(!world.store.session_holds(ann.scope, idle.session).await.unwrap());
    assert_eq!(renew(&ann, &idle.renewal).await.unwrap_err(), "nobody's");
    let late = world.store.renew_session(ann.scope, idle.renewal.expose_secret(), &device()).await.unwrap();
    assert!(matches!(late, Renewed::Unknown), "{late:?}");
    assert!(world.store.sessions(ann.scope, ann.user.id).await.unwrap().is_empty());
    assert_eq!(world.store.remove_expired_sessions().await.unwrap(), 1);
    assert_eq!(world.store.remove_expired_sessions().await.unwrap(), 0);

    let mut keys = sign_in(&ann).await;
    for _ in 0..5 {
        wait(&world, 6 * DAY - MINUTE).await;
        keys = renew(&ann, &keys.renewal).await.unwrap();
    }
    // The last renewal gave it what is left of the month, which are five minutes.
    assert!(holds(&ann, &keys).await);
    wait(&world, 6 * MINUTE).await;
    assert!(!holds(&ann, &keys).await);
    assert_eq!(renew(&ann, &keys.renewal).await.unwrap_err(), "nobody's");
}

#[tokio::test]
async fn a_session_from_before_lasts_as_long_as_it_was_promised() {
    let world = World::at(11).await;
    super::usage_before::tenant(&world, "ann").await;
    let (id, token) = (world.id(SessionId::new().uuid()), world.blob(&sha256("old-token")));
    let at = Timestamp::now();
    world
        .execute(&format!(
            "INSERT INTO sessions (id, tenant_id, user_id, token_hash, created_at, expires_at) \
             SELECT {id}, tenant_id, id, {token}, {}, {} FROM users",
            at.0,
            at.plus_millis(DAY).0
        ))
        .await;
    let store = world.another_store().await;
    store.migrate().await.unwrap();
    let signed_in = store.authenticate("old-token").await.unwrap().unwrap();
    let known = store.sessions(signed_in.scope, signed_in.user.id).await.unwrap();
    assert_eq!((known.len(), known[0].used_at), (1, at));
    world.execute(&format!("UPDATE sessions SET expires_at = {}", at.0 - 1)).await;
    assert!(store.authenticate("old-token").await.unwrap().is_none());
}

fn sha256(text: &str) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(Sha256::digest(text.as_bytes()))
}

#[tokio::test]
async fn who_renews_twice_at_once_gets_the_same_and_later_it_is_theft() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let (first, other, bobs) = (sign_in(&ann).await, sign_in(&ann).await, sign_in(&bob).await);
    let shown = |keys: &SessionKeys| {
        (keys.access.expose_secret().to_owned(), keys.renewal.expose_secret().to_owned())
    };
    let second = renew(&ann, &first.renewal).await.unwrap();
    assert_ne!(shown(&second), shown(&first));
    assert_eq!(shown(&renew(&ann, &first.renewal).await.unwrap()), shown(&second));
    // A request that was under way is served, too.
    assert!(holds(&ann, &first).await && holds(&ann, &second).await);
    wait(&world, 25 * 1_000).await;
    assert_eq!(shown(&renew(&ann, &first.renewal).await.unwrap()), shown(&second), "still the same");
    wait(&world, 10 * 1_000).await;

    let note = crate::estate::note(AuditAction::AuthSessionStolen).ending(AuditOutcome::Denied);
    let noting = Tenant { store: ann.store.noting(note), ..ann.clone() };
    assert_eq!(renew(&noting, &first.renewal).await.unwrap_err(), "stolen");
    assert!(!holds(&ann, &first).await && !holds(&ann, &second).await);
    assert_eq!(renew(&ann, &second.renewal).await.unwrap_err(), "nobody's");
    assert!(holds(&ann, &other).await && holds(&bob, &bobs).await, "other sessions go on");
    let told = ann.store.audit_log(ann.scope, &AuditFilter::default(), crate::world::page(10)).await.unwrap();
    let told: Vec<_> = told.items.iter().map(|row| (row.action.as_str(), row.outcome.as_str())).collect();
    assert_eq!(told, [("auth.session_stolen", "denied")]);
    assert_eq!(world.texts("SELECT kind FROM mails").await, ["session_stolen"]);
}

#[tokio::test]
async fn a_key_that_is_older_than_the_last_is_theft_at_once() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let first = sign_in(&ann).await;
    let second = renew(&ann, &first.renewal).await.unwrap();
    let third = renew(&ann, &second.renewal).await.unwrap();
    assert!(!holds(&ann, &first).await, "only the last two sign in");
    assert_eq!(renew(&ann, &first.renewal).await.unwrap_err(), "stolen");
    assert!(!holds(&ann, &third).await);
}

#[tokio::test]
async fn who_knows_a_sessions_id_only_can_not_end_it() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (keys, other) = (sign_in(&ann).await, sign_in(&ann).await);
    // The id of one, and the rest of another: 22 of 86 characters are the id's, but for 4 bits.
    let forged = format!("{}{}", &keys.renewal.expose_secret()[..21], &other.renewal.expose_secret()[21..]);
    let forged = SecretString::from(forged);
    assert_eq!(renew(&ann, &forged).await.unwrap_err(), "nobody's");
    let direct = ann.store.renew_session(ann.scope, forged.expose_secret(), &device()).await.unwrap();
    assert!(matches!(direct, Renewed::Unknown), "{direct:?}");
    assert!(holds(&ann, &keys).await && holds(&ann, &other).await);
    for none in ["", "x", keys.access.expose_secret()] {
        assert_eq!(renew(&ann, &SecretString::from(none)).await.unwrap_err(), "nobody's");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_renew_at_once_all_get_the_same() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let mut keys = sign_in(&ann).await;
    for _ in 0..5 {
        let mut tasks = JoinSet::new();
        for _ in 0..20 {
            let (ann, renewal) = (ann.clone(), keys.renewal.clone());
            tasks.spawn(async move { renew(&ann, &renewal).await.unwrap() });
        }
        let all = tasks.join_all().await;
        let renewals: BTreeSet<_> = all.iter().map(|one| one.renewal.expose_secret().to_owned()).collect();
        let tokens: BTreeSet<_> = all.iter().map(|one| one.access.expose_secret().to_owned()).collect();
        assert_eq!((renewals.len(), tokens.len()), (1, 1));
        keys = all.into_iter().next().unwrap();
        assert!(holds(&ann, &keys).await);
    }
    assert_eq!(world.number("SELECT count(*) FROM sessions").await, 1);
    assert_eq!(world.number("SELECT count(*) FROM mails").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_key_that_many_show_at_once_is_told_once() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let first = sign_in(&ann).await;
    let second = renew(&ann, &first.renewal).await.unwrap();
    let third = renew(&ann, &second.renewal).await.unwrap();
    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let (ann, old, new) = (ann.clone(), first.renewal.clone(), third.renewal.clone());
        tasks.spawn(async move { renew(&ann, if number % 2 == 0 { &old } else { &new }).await });
    }
    let all = tasks.join_all().await;
    assert_eq!(all.iter().filter(|one| matches!(one, Err("stolen"))).count(), 1);
    assert_eq!(world.number("SELECT count(*) FROM sessions").await, 0);
    assert_eq!(world.number("SELECT count(*) FROM mails").await, 1);
}

#[tokio::test]
async fn tokens_are_kept_as_their_digests_only() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let token = "a-token-that-nobody-must-find";
    let new = new_session(token);
    world.store.open_session(ann.scope, ann.user.id, &new).await.unwrap();
    let next = renew(&ann, &new.keys.renewal).await.unwrap();
    let all = world.bytes().await;
    let found = |bytes: &[u8]| all.windows(bytes.len()).any(|part| part == bytes);
    let raw = |key: &SecretString| base64(key.expose_secret());
    for secret in [&new.keys.renewal, &next.renewal] {
        assert!(!found(secret.expose_secret().as_bytes()));
        // The id stands there; what follows it does not.
        assert!(!found(&raw(secret)[16..32]) && !found(&raw(secret)[32..]));
    }
    assert!(!found(token.as_bytes()) && !found(next.access.expose_secret().as_bytes()));
    assert!(!found(&raw(&next.access)));
    // The address proves that the search finds what is there.
    assert!(found(b"ann@example.com"));
    // SHA-256, so that the digest does not depend on the build.
    assert!(found(&hex::decode(sha256(token)).unwrap()));
}

/// Bytes that are written in the base64url alphabet.
fn base64(text: &str) -> Vec<u8> {
    let value = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'-' => 62,
        _ => 63,
    };
    let bits: Vec<bool> =
        text.bytes().flat_map(|c| (0..6).rev().map(move |bit| value(c) >> bit & 1 == 1)).collect();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | u8::from(*bit))).collect()
}

#[tokio::test]
async fn people_see_their_sessions_and_end_their_own_only() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let (one, two, bobs) = (sign_in(&ann).await, sign_in(&ann).await, sign_in(&bob).await);
    wait(&world, MINUTE).await;
    renew(&ann, &one.renewal).await.unwrap();
    let all = world.store.sessions(ann.scope, ann.user.id).await.unwrap();
    let shown: Vec<_> = all.iter().map(|one| (one.id, one.device.name.as_str())).collect();
    assert_eq!(shown, [(one.session, "Firefox on Linux"), (two.session, "curl")], "what was used last first");
    assert_eq!(all[0].device.network, "198.51.100.0/24");
    assert!(all[0].used_at > all[0].created_at && all[0].expires_at > all[1].expires_at);

    let foreign = world.store.revoke_session(ann.scope, ann.user.id, bobs.session).await;
    assert!(matches!(foreign, Err(StoreError::NotFound)), "{foreign:?}");
    // Nor somebody else's of the same tenant.
    let other = world.store.revoke_session(ann.scope, bob.user.id, one.session).await;
    assert!(matches!(other, Err(StoreError::NotFound)), "{other:?}");
    world.store.revoke_session(ann.scope, ann.user.id, two.session).await.unwrap();
    assert!(!holds(&ann, &two).await && holds(&bob, &bobs).await);

    let three = sign_in(&ann).await;
    let ended = world.store.revoke_sessions(ann.scope, ann.user.id, Some(three.session)).await.unwrap();
    assert_eq!(ended, [one.session]);
    assert_eq!(world.store.revoke_sessions(ann.scope, ann.user.id, None).await.unwrap(), [three.session]);
    assert!(holds(&bob, &bobs).await);
}

#[tokio::test]
async fn a_sign_in_from_elsewhere_is_told_once() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let open = async |who: &Tenant, name: &str, network: &str, kept: Option<&str>| {
        let before = world.number("SELECT count(*) FROM mails").await;
        let device = Device { name: name.to_owned(), network: network.to_owned() };
        let token = SessionKeys::new().access;
        let new =
            NewSession { device, kept: kept.map(SecretString::from), ..new_session(token.expose_secret()) };
        who.store.open_session(who.scope, who.user.id, &new).await.unwrap();
        world.number("SELECT count(*) FROM mails").await - before
    };
    let (home, away) = ("198.51.100.0/24", "203.0.113.0/24");
    assert_eq!(open(&ann, "Firefox on Linux", home, None).await, 0, "the first");
    assert_eq!(open(&ann, "Firefox on Linux", home, Some("a")).await, 0, "the same program and place");
    assert_eq!(open(&ann, "Firefox on Linux", away, Some("a")).await, 0, "the same browser, elsewhere");
    assert_eq!(open(&ann, "Firefox on Linux", away, Some("b")).await, 0, "that place is known by now");
    assert_eq!(open(&ann, "curl", home, None).await, 1);
    assert_eq!(open(&ann, "curl", home, None).await, 0, "told once");
    assert_eq!(open(&ann, "curl", away, Some("c")).await, 1);
    assert_eq!(open(&ann, "Safari on iPhone", "::/48", Some("c")).await, 0);
    // What another one is known by is nothing to bob.
    assert_eq!(open(&bob, "Safari on iPhone", home, None).await, 0);
    assert_eq!(open(&bob, "Chrome on Android", away, Some("a")).await, 1);
    let kinds = world.texts("SELECT DISTINCT kind FROM mails").await;
    assert_eq!(kinds, ["new_device"]);

    let devices = world.number("SELECT count(*) FROM known_devices").await;
    assert_eq!(world.store.forget_devices().await.unwrap(), 0);
    world.execute(&format!("UPDATE known_devices SET seen_at = seen_at - {}", 366 * DAY)).await;
    assert_eq!(i64::try_from(world.store.forget_devices().await.unwrap()).unwrap(), devices);
}

#[tokio::test]
async fn no_more_than_a_hundred_devices_of_a_user_are_known() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    for number in 0..103 {
        let token = SessionKeys::new().access;
        let device = Device { name: format!("program {number}"), network: String::new() };
        let new = NewSession { device, ..new_session(token.expose_secret()) };
        ann.store.open_session(ann.scope, ann.user.id, &new).await.unwrap();
    }
    assert_eq!(world.number("SELECT count(*) FROM known_devices").await, 100);
    assert_eq!(world.number("SELECT count(*) FROM sessions").await, 100, "nor more sessions");
}

#[tokio::test]
async fn no_more_sessions_than_the_plan_allows_and_what_was_not_used_for_long_goes_first() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let bobs = sign_in(&bob).await;
    let open = async || {
        let new = NewSession { most: Some(2), ..new_session(SessionKeys::new().access.expose_secret()) };
        let ended = ann.store.open_session(ann.scope, ann.user.id, &new).await.unwrap();
        wait(&world, MINUTE).await;
        (new.keys, ended)
    };
    let (one, _) = open().await;
    let (two, ended) = open().await;
    assert!(ended.is_empty());
    let one = renew(&ann, &one.renewal).await.unwrap();
    let (three, ended) = open().await;
    assert_eq!(ended, [two.session]);
    assert!(holds(&ann, &one).await && holds(&ann, &three).await && !holds(&ann, &two).await);
    assert!(holds(&bob, &bobs).await);
    // A plan without any would lock everybody out.
    let new = NewSession { most: Some(0), ..new_session("zero") };
    assert_eq!(ann.store.open_session(ann.scope, ann.user.id, &new).await.unwrap().len(), 2);
}
