//! Two-factor sign-in: codes that are worth something once, and tries that are counted whoever makes them and however many at once.

use crate::world::{Tenant, World, new_challenge, new_session, new_token, turn_on};
use secrecy::SecretString;
use tokio::task::JoinSet;
use twobot_domain::{Mail, SessionId, Timestamp, TwoFactorId};
use twobot_store::StoreError;
use twobot_store::account_tokens::TokenPurpose;
use twobot_store::two_factor::{
    ChallengeTry, CodeTry, Finished, MAX_TRIES, NewChallenge, Proof, ROUND, TwoFactor,
};

const fn code(setup: TwoFactorId, step: u64) -> Proof {
    Proof::Code { setup, step }
}

fn recovery(number: u32) -> Proof {
    Proof::Recovery(SecretString::from(format!("recovery {number}")))
}

/// The mails about codes, by kind, the oldest first.
async fn mails(world: &World) -> Vec<Mail> {
    let mut all: Vec<_> = world.store.outbox(50).await.unwrap();
    all.reverse();
    all.into_iter().map(|entry| entry.mail.unwrap()).collect()
}

async fn kinds(world: &World) -> Vec<&'static str> {
    mails(world).await.iter().map(Mail::kind).collect()
}

async fn open(who: &Tenant, token: &str) {
    who.store.open_challenge(who.scope, who.user.id, &new_challenge(token)).await.unwrap();
}

async fn finish(who: &Tenant, token: &str, proof: &Proof) -> Finished {
    let session = new_session(&format!("session of {token} by {proof:?}"));
    who.store.finish_challenge(who.scope, who.user.id, token, proof, &session).await.unwrap()
}

async fn sessions(who: &Tenant) -> usize {
    who.store.sessions(who.scope, who.user.id).await.unwrap().len()
}

#[tokio::test]
async fn it_is_on_once_a_code_has_shown_that_the_authenticator_has_the_secret() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (store, scope, user) = (&world.store, ann.scope, ann.user.id);
    let off = TwoFactor { enabled_at: None, recovery_codes: 0 };
    assert_eq!(store.two_factor(scope, user).await.unwrap(), off);
    assert!(store.pending_two_factor(scope, user).await.unwrap().is_none());

    store.begin_two_factor(scope, user, &SecretString::from("first")).await.unwrap();
    let first = store.pending_two_factor(scope, user).await.unwrap().unwrap();
    store.begin_two_factor(scope, user, &SecretString::from("second")).await.unwrap();
    let second = store.pending_two_factor(scope, user).await.unwrap().unwrap();
    assert_ne!(first.id, second.id);
    assert_eq!(store.two_factor(scope, user).await.unwrap(), off);
    assert!(
        !store.login("ann@example.com").await.unwrap().unwrap().two_factor,
        "a set-up that waits is none"
    );
    assert!(matches!(store.take_code_try(scope, user).await.unwrap(), CodeTry::Off));

    // The set-up that was begun before is worth nothing.
    let stale = store.enable_two_factor(scope, user, first.id, 5, &[]).await;
    assert!(matches!(stale, Err(StoreError::NotFound)), "{stale:?}");
    store.enable_two_factor(scope, user, second.id, 5, &[SecretString::from("recovery 0")]).await.unwrap();
    let state = store.two_factor(scope, user).await.unwrap();
    assert!(state.enabled_at.is_some() && state.recovery_codes == 1, "{state:?}");
    assert!(store.login("ann@example.com").await.unwrap().unwrap().two_factor);
    assert_eq!(kinds(&world).await, ["two_factor_on"]);

    let again = store.begin_two_factor(scope, user, &SecretString::from("third")).await;
    assert!(matches!(&again, Err(StoreError::Exists(name)) if name == "two_factor_user_unique"), "{again:?}");
    assert!(store.pending_two_factor(scope, user).await.unwrap().is_none());
}

#[tokio::test]
async fn a_set_up_waits_for_an_hour() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (store, scope, user) = (&world.store, ann.scope, ann.user.id);
    store.begin_two_factor(scope, user, &SecretString::from("secret")).await.unwrap();
    world.execute("UPDATE two_factor SET created_at = created_at - 3590000").await;
    assert!(store.pending_two_factor(scope, user).await.unwrap().is_some());
    world.execute("UPDATE two_factor SET created_at = created_at - 20000").await;
    assert!(store.pending_two_factor(scope, user).await.unwrap().is_none());
}

#[tokio::test]
async fn secrets_are_sealed_in_their_row_and_codes_are_digests() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    turn_on(&ann).await;
    turn_on(&bob).await;
    open(&ann, "the-token-of-a-challenge").await;
    let all = world.bytes().await;
    for secret in ["the-secret-of-an-authenticator", "recovery 3", "the-token-of-a-challenge"] {
        assert!(!all.windows(secret.len()).any(|part| part == secret.as_bytes()), "{secret}");
    }
    let digests = world.number("SELECT count(DISTINCT digest) FROM recovery_codes").await;
    assert_eq!(digests, 20, "the same code of two people is kept as two");
    // An envelope that was moved does not open.
    world.execute("UPDATE two_factor SET secret = (SELECT secret FROM two_factor ORDER BY id LIMIT 1)").await;
    let moved = world.store.take_code_try(bob.scope, bob.user.id).await;
    assert!(matches!(moved, Err(StoreError::Unsealable)), "{moved:?}");
    assert!(matches!(
        world.store.take_code_try(ann.scope, ann.user.id).await.unwrap(),
        CodeTry::Taken { .. }
    ));
}

#[tokio::test]
async fn a_code_is_worth_something_once_and_so_is_a_recovery_code() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let (setup, of_bob) = (turn_on(&ann).await, turn_on(&bob).await);
    for token in ["one", "two", "three", "four"] {
        open(&ann, token).await;
    }
    // The code that turned it on, one before, one of another's authenticator, none at all.
    for worthless in [code(setup, 1), code(setup, 0), code(of_bob, 7), recovery(10)] {
        assert_eq!(finish(&ann, "one", &worthless).await, Finished::Worthless, "{worthless:?}");
    }
    assert_eq!(sessions(&ann).await, 0);
    assert!(matches!(finish(&ann, "one", &code(setup, 7)).await, Finished::Yes(_)));
    assert_eq!(finish(&ann, "one", &code(setup, 8)).await, Finished::Gone, "the sign-in is finished");
    assert_eq!(finish(&ann, "two", &code(setup, 7)).await, Finished::Worthless, "the same code");
    assert_eq!(finish(&ann, "two", &code(setup, 6)).await, Finished::Worthless, "the one before");
    assert!(matches!(finish(&ann, "two", &recovery(3)).await, Finished::Yes(_)));
    assert_eq!(finish(&ann, "three", &recovery(3)).await, Finished::Worthless);
    assert!(matches!(finish(&ann, "three", &code(setup, 8)).await, Finished::Yes(_)));
    assert_eq!(sessions(&ann).await, 3);
    assert_eq!(finish(&ann, "never", &code(setup, 9)).await, Finished::Gone);
    // Bob's code of the same text is his.
    assert_eq!(world.store.two_factor(bob.scope, bob.user.id).await.unwrap().recovery_codes, 10);
    assert_eq!(world.store.two_factor(ann.scope, ann.user.id).await.unwrap().recovery_codes, 9);
    let told = mails(&world).await.into_iter().find(|mail| mail.kind() == "recovery_code_used").unwrap();
    assert!(matches!(told, Mail::RecoveryCodeUsed { left: 9, .. }), "{told:?}");
}

#[tokio::test]
async fn a_sign_in_waits_for_a_while_and_for_so_many_tries() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let setup = turn_on(&ann).await;
    let expired = NewChallenge { expires_at: Timestamp::now().plus_millis(-1), ..new_challenge("old") };
    world.store.open_challenge(ann.scope, ann.user.id, &expired).await.unwrap();
    assert!(matches!(world.store.take_challenge_try("old").await.unwrap(), ChallengeTry::Unknown));
    assert_eq!(finish(&ann, "old", &code(setup, 7)).await, Finished::Gone);

    open(&ann, "token").await;
    for wrong in ["", "toke", "TOKEN", "token "] {
        assert!(matches!(world.store.take_challenge_try(wrong).await.unwrap(), ChallengeTry::Unknown));
    }
    for _ in 0..MAX_TRIES {
        let taken = world.store.take_challenge_try("token").await.unwrap();
        let ChallengeTry::Taken { scope, user, setup: found, .. } = taken else { panic!("{taken:?}") };
        assert_eq!((scope, user.id, found.id), (ann.scope, ann.user.id, setup));
    }
    assert!(matches!(world.store.take_challenge_try("token").await.unwrap(), ChallengeTry::Unknown));
    world.store.remove_expired_sessions().await.unwrap();
    assert_eq!(world.number("SELECT count(*) FROM sign_in_challenges").await, 1, "the expired one is gone");
}

#[tokio::test]
async fn no_more_than_ten_sign_ins_wait_and_a_new_password_ends_them() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    turn_on(&ann).await;
    for number in 0..12 {
        open(&ann, &format!("token {number}")).await;
    }
    assert_eq!(world.number("SELECT count(*) FROM sign_in_challenges").await, 10);
    assert!(matches!(world.store.take_challenge_try("token 1").await.unwrap(), ChallengeTry::Unknown));
    assert!(matches!(world.store.take_challenge_try("token 2").await.unwrap(), ChallengeTry::Taken { .. }));
    world.store.change_password(ann.scope, ann.user.id, "$argon2id$two", SessionId::new()).await.unwrap();
    assert_eq!(world.number("SELECT count(*) FROM sign_in_challenges").await, 0);

    open(&ann, "again").await;
    world.store.hand_out_token(ann.scope, ann.user.id, &new_token(TokenPurpose::Reset, "abc")).await.unwrap();
    world.store.reset_password(ann.scope, ann.user.id, "abc", "$argon2id$three").await.unwrap();
    assert!(matches!(world.store.take_challenge_try("again").await.unwrap(), ChallengeTry::Unknown));
    let state = world.store.two_factor(ann.scope, ann.user.id).await.unwrap();
    assert!(state.enabled_at.is_some(), "a new password by mail does not turn it off");
}

#[tokio::test]
async fn tries_are_counted_for_the_account_and_strangers_do_not_lock_the_owner_out() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let setup = turn_on(&ann).await;
    // Each sign-in has five tries; the account has ten.
    let mut taken = 0;
    for number in 0..4 {
        let token = format!("token {number}");
        open(&ann, &token).await;
        for _ in 0..MAX_TRIES {
            match world.store.take_challenge_try(&token).await.unwrap() {
                ChallengeTry::Taken { last, .. } => {
                    taken += 1;
                    assert_eq!(last, taken == ROUND);
                }
                ChallengeTry::Locked { until } => {
                    assert_eq!(taken, ROUND);
                    let wait = until.0 - Timestamp::now().0;
                    assert!((14 * 60_000..=15 * 60_000).contains(&wait), "{wait}");
                }
                ChallengeTry::Unknown => panic!("a sign-in lost a try by which nothing was looked at"),
            }
        }
    }
    assert_eq!(taken, ROUND);

    // On a browser that has signed in before, and with a session, it goes on.
    let known = NewChallenge { known: true, ..new_challenge("known") };
    world.store.open_challenge(ann.scope, ann.user.id, &known).await.unwrap();
    assert!(matches!(world.store.take_challenge_try("known").await.unwrap(), ChallengeTry::Taken { .. }));
    assert!(matches!(finish(&ann, "known", &code(setup, 7)).await, Finished::Yes(_)));
    for _ in 0..ROUND {
        let taken = world.store.take_code_try(ann.scope, ann.user.id).await.unwrap();
        assert!(matches!(taken, CodeTry::Taken { .. }), "{taken:?}");
    }
    let locked = world.store.take_code_try(ann.scope, ann.user.id).await.unwrap();
    assert!(matches!(locked, CodeTry::Locked { .. }), "a session is no leave to guess: {locked:?}");

    // The owner's sign-in did not give the strangers more tries. When their wait is over, the next one is longer.
    assert!(matches!(world.store.take_challenge_try("token 2").await.unwrap(), ChallengeTry::Locked { .. }));
    world.execute("UPDATE two_factor SET locked_until = 1").await;
    for number in 2..4 {
        for _ in 0..MAX_TRIES {
            let taken = world.store.take_challenge_try(&format!("token {number}")).await.unwrap();
            assert!(matches!(taken, ChallengeTry::Taken { .. }), "{taken:?}");
        }
    }
    open(&ann, "next").await;
    let locked = world.store.take_challenge_try("next").await.unwrap();
    let ChallengeTry::Locked { until } = locked else { panic!("{locked:?}") };
    assert!(until.0 - Timestamp::now().0 > 29 * 60_000);
    // Who gets in there begins anew.
    world.execute("UPDATE two_factor SET locked_until = 1").await;
    assert!(matches!(finish(&ann, "next", &code(setup, 8)).await, Finished::Yes(_)));
    assert_eq!(world.number("SELECT tries FROM two_factor").await, 0);
}

#[tokio::test]
async fn new_recovery_codes_end_those_before_and_turning_it_off_ends_all() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let (store, scope, user) = (&world.store, ann.scope, ann.user.id);
    let setup = turn_on(&ann).await;
    let new = [SecretString::from("new 0"), SecretString::from("new 1")];
    let refused = store.replace_recovery_codes(scope, user, &code(setup, 1), &new).await;
    assert!(matches!(refused, Err(StoreError::NotFound)), "{refused:?}");
    assert_eq!(store.two_factor(scope, user).await.unwrap().recovery_codes, 10);
    store.replace_recovery_codes(scope, user, &code(setup, 2), &new).await.unwrap();
    assert_eq!(store.two_factor(scope, user).await.unwrap().recovery_codes, 2);

    open(&ann, "waiting").await;
    for worthless in [recovery(0), code(setup, 2)] {
        let refused = store.disable_two_factor(scope, user, &worthless).await;
        assert!(matches!(refused, Err(StoreError::NotFound)), "{refused:?}");
    }
    let last = Proof::Recovery(SecretString::from("new 1"));
    store.disable_two_factor(scope, user, &last).await.unwrap();
    assert_eq!(store.two_factor(scope, user).await.unwrap().enabled_at, None);
    for table in ["two_factor", "recovery_codes", "sign_in_challenges"] {
        assert_eq!(world.number(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    assert_eq!(kinds(&world).await, ["two_factor_on", "two_factor_off"]);
}

#[tokio::test]
async fn an_operator_turns_it_off_and_its_owner_is_told() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    assert!(!world.store.lift_two_factor(ann.scope, ann.user.id).await.unwrap());
    turn_on(&ann).await;
    assert!(world.store.lift_two_factor(ann.scope, ann.user.id).await.unwrap());
    assert!(!world.store.login("ann@example.com").await.unwrap().unwrap().two_factor);
    let told = mails(&world).await.pop().unwrap();
    assert!(matches!(told, Mail::TwoFactorOff { by_operator: true, .. }), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_use_a_code_at_once_one_gets_in() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let setup = turn_on(&ann).await;
    let nodes = [world.another_store().await, world.another_store().await];
    for (round, proof) in [code(setup, 7), recovery(4)].into_iter().enumerate() {
        let before = sessions(&ann).await;
        // Ten sign-ins, and three who know each of them.
        let tokens: Vec<_> = (0..10).map(|number| format!("round {round} token {number}")).collect();
        for token in &tokens {
            open(&ann, token).await;
        }
        let mut tasks = JoinSet::new();
        for number in 0..30 {
            let (store, scope, user) = (nodes[number % 2].clone(), ann.scope, ann.user.id);
            let (token, proof) = (tokens[number % 10].clone(), proof.clone());
            tasks.spawn(async move {
                let session = new_session(&format!("session {round} {number}"));
                store.finish_challenge(scope, user, &token, &proof, &session).await.unwrap()
            });
        }
        let came = tasks.join_all().await;
        let got_in = came.iter().filter(|one| matches!(one, Finished::Yes(_))).count();
        assert_eq!(got_in, 1, "{came:?}");
        assert_eq!(sessions(&ann).await, before + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_try_at_once_so_many_are_heard_as_may() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    turn_on(&ann).await;
    let nodes = [world.another_store().await, world.another_store().await];
    let heard = async |tokens: &[&str]| {
        let mut tasks = JoinSet::new();
        for number in 0..40 {
            let (store, token) = (nodes[number % 2].clone(), tokens[number % tokens.len()].to_owned());
            tasks.spawn(async move {
                matches!(store.take_challenge_try(&token).await.unwrap(), ChallengeTry::Taken { .. })
            });
        }
        tasks.join_all().await.into_iter().filter(|taken| *taken).count() as u64
    };
    open(&ann, "one").await;
    assert_eq!(heard(&["one"]).await, MAX_TRIES);
    // Five are left to the account, whatever sign-ins there are.
    for token in ["two", "three", "four", "five"] {
        open(&ann, token).await;
    }
    assert_eq!(heard(&["two", "three", "four", "five"]).await, ROUND - MAX_TRIES);
}
