//! What a tenant may keep, and the sums that it is checked against.

use crate::world::{Tenant, World, limits, set, writes};
use std::collections::BTreeMap;
use twobot_domain::{InstallId, Limits};
use twobot_store::StoreError;
use twobot_store::executions::Commit;
use twobot_store::kv::{Totals, Write};

/// `len` bytes.
fn sized(len: usize) -> Write {
    Write::Set(vec![b'x'; len])
}

async fn try_commit(
    tenant: &Tenant,
    install: InstallId,
    limits: &Limits,
    commit: &Commit,
) -> Result<(), StoreError> {
    let execution = tenant.act(install).await;
    tenant.store.finish_execution(tenant.scope, execution, install, limits, commit).await.map(drop)
}

#[tokio::test]
async fn writes_fit_the_plan_or_shrink() {
    // The keys `a`, `b` and `c` of 10 bytes each are there: 3 keys, 30 bytes.
    let cases: [(&str, u64, u64, Commit, Option<&str>); 14] = [
        ("exactly full", 4, 40, writes([], [("d", sized(9))]), None),
        ("a key too many", 3, 99, writes([], [("d", sized(0))]), Some("kv_keys")),
        ("a byte too many", 9, 40, writes([], [("d", sized(10))]), Some("kv_bytes")),
        ("the key's own bytes count", 9, 40, writes([], [("dddddddddd", sized(1))]), Some("kv_bytes")),
        ("a larger value", 9, 40, writes([], [("a", sized(20))]), Some("kv_bytes")),
        ("one in, one out", 3, 30, writes([], [("a", Write::Delete), ("d", sized(9))]), None),
        ("a longer number", 9, 31, writes([], [("n", Write::Add(10))]), Some("kv_bytes")),
        ("above the limits: a delete", 1, 5, writes([], [("a", Write::Delete)]), None),
        ("above the limits: a smaller value", 1, 5, writes([], [("a", sized(8))]), None),
        ("above the limits: the same size", 1, 5, writes([], [("a", sized(9))]), None),
        ("above the limits: a delete of nothing", 1, 5, writes([], [("z", Write::Delete)]), None),
        (
            "above the limits: fewer keys, more bytes",
            1,
            5,
            writes([], [("a", Write::Delete), ("b", sized(30))]),
            Some("kv_bytes"),
        ),
        (
            "above the limits: fewer bytes, more keys",
            1,
            5,
            writes([], [("a", sized(0)), ("d", sized(0))]),
            Some("kv_keys"),
        ),
        ("above the limits: nothing written", 1, 5, writes([], []), None),
    ];
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let install = ann.install("plugin", &[]).await;
    for (name, kv_keys, kv_bytes, commit, refused) in cases {
        for key in world.store.kv_keys(ann.scope, install, "b").await.unwrap() {
            ann.commit(install, &writes([], [(key.as_str(), Write::Delete)])).await.unwrap();
        }
        ann.commit(install, &writes([], [("a", sized(9)), ("b", sized(9)), ("c", sized(9))])).await.unwrap();
        assert_eq!(world.store.kv_totals(ann.scope).await.unwrap(), Totals { keys: 3, bytes: 30 }, "{name}");
        let limits = Limits { kv_keys, kv_bytes, ..limits() };
        match (try_commit(&ann, install, &limits, &commit).await, refused) {
            (Ok(()), None) => {}
            (Err(StoreError::Quota { name: quota, used, allowed, .. }), Some(expected)) => {
                assert_eq!(quota, expected, "{name}");
                assert!(used > allowed, "{name}");
            }
            (other, _) => panic!("{name}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn all_plugins_of_a_tenant_share_its_room_and_nobody_else_s() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let (first, second) = (ann.install("first", &[]).await, ann.install("second", &[]).await);
    let theirs = bob.install("first", &[]).await;
    let limits = Limits { kv_keys: 2, ..limits() };
    try_commit(&ann, first, &limits, &writes([], [("a", set("1")), ("b", set("1"))])).await.unwrap();
    let refused = try_commit(&ann, second, &limits, &writes([], [("a", set("1"))])).await;
    assert!(matches!(refused, Err(StoreError::Quota { used: 3, allowed: 2, .. })), "{refused:?}");
    try_commit(&bob, theirs, &limits, &writes([], [("a", set("1"))])).await.unwrap();
    assert_eq!(world.store.kv_totals(bob.scope).await.unwrap(), Totals { keys: 1, bytes: 2 });
}

/// Numbers that are the same in each run (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

#[tokio::test]
async fn the_sums_are_the_real_sums_whatever_is_done() {
    let world = World::new().await;
    let (ann, bob) = (world.tenant("ann").await, world.tenant("bob").await);
    let theirs = bob.install("first", &[]).await;
    bob.commit(theirs, &writes([], [("a", set("1"))])).await.unwrap();
    let mut installs = [ann.install("0", &[]).await, ann.install("1", &[]).await];
    let mut model: [BTreeMap<String, Vec<u8>>; 2] = Default::default();
    let limits = Limits { kv_keys: 12, kv_bytes: 260, ..limits() };
    let mut dice = Dice(42);
    let (mut kept, mut refused) = (0, 0);
    for step in 0..150 {
        let place = dice.roll(2) as usize;
        if dice.roll(40) == 0 {
            world.store.delete_install(ann.scope, installs[place]).await.unwrap();
            installs[place] = ann.install(&place.to_string(), &[]).await;
            model[place].clear();
            continue;
        }
        let mut commit = writes([], []);
        let mut after = model[place].clone();
        for _ in 0..=dice.roll(4) {
            let key =
                ["a", "bb", "ccc", "ä", "ß ", "n1", "n22", "\u{1F600}"][dice.roll(8) as usize].to_owned();
            let address = ("b".to_owned(), key.clone());
            if commit.writes.writes.contains_key(&address) {
                continue;
            }
            let number = key.starts_with('n');
            let write = match dice.roll(4) {
                0 => Write::Delete,
                _ if number => {
                    let digits = dice.roll(40);
                    Write::Add(dice.roll(1 << digits))
                }
                _ => Write::Set(vec![0xFF; dice.roll(60) as usize]),
            };
            match &write {
                Write::Delete => drop(after.remove(&key)),
                Write::Set(value) => drop(after.insert(key, value.clone())),
                Write::Add(delta) => {
                    let before =
                        after.get(&key).map_or(0, |value| String::from_utf8_lossy(value).parse().unwrap());
                    after.insert(key, (before + delta).to_string().into_bytes());
                }
            }
            commit.writes.writes.insert(address, write);
        }
        match try_commit(&ann, installs[place], &limits, &commit).await {
            Ok(()) => {
                model[place] = after;
                kept += 1;
            }
            Err(StoreError::Quota { .. }) => refused += 1,
            Err(other) => panic!("step {step}: {other:?}"),
        }
        let all = || model.iter().flatten();
        let bytes: usize = all().map(|(key, value)| key.len() + value.len()).sum();
        let totals = world.store.kv_totals(ann.scope).await.unwrap();
        assert_eq!(totals, Totals { keys: all().count() as u64, bytes: bytes as u64 }, "step {step}");
        assert!(totals.keys <= 12 && totals.bytes <= 260, "step {step}: {totals:?}");
    }
    for (install, model) in installs.iter().zip(&model) {
        let keys: Vec<_> = model.keys().cloned().collect();
        assert_eq!(world.store.kv_keys(ann.scope, *install, "b").await.unwrap(), keys);
        let stored = world.store.kv_get(ann.scope, *install, "b", &keys).await.unwrap();
        let stored: BTreeMap<_, _> = stored.into_iter().map(|(key, stored)| (key, stored.value)).collect();
        assert_eq!(&stored, model);
    }
    assert!(kept > 40 && refused > 10, "both sides of the limits were reached: {kept} {refused}");
    assert_eq!(world.store.kv_totals(bob.scope).await.unwrap(), Totals { keys: 1, bytes: 2 });
}

#[tokio::test]
async fn a_reading_of_many_keys_finds_those_that_exist() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let install = ann.install("plugin", &[]).await;
    let keys: Vec<String> = (0..1_201).map(|number| format!("key {number:04}")).collect();
    let mut commit = writes([], []);
    for key in keys.iter().step_by(2) {
        commit.writes.writes.insert(("b".to_owned(), key.clone()), set(key));
    }
    commit.writes.writes.insert(("other bucket".to_owned(), "key 0001".to_owned()), set("no"));
    ann.commit(install, &commit).await.unwrap();
    let found = world.store.kv_get(ann.scope, install, "b", &keys).await.unwrap();
    assert_eq!(found.len(), 601);
    assert!(found.iter().all(|(key, stored)| stored.value == key.as_bytes()));
    assert!(world.store.kv_get(ann.scope, install, "b", &[]).await.unwrap().is_empty());
    let listed = world.store.kv_keys(ann.scope, install, "b").await.unwrap();
    assert_eq!(listed, keys.into_iter().step_by(2).collect::<Vec<_>>());
}
