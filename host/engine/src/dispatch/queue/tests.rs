//! What is begun with of what waits, and in which order.

use super::*;
use twobot_domain::ExecutionId;
use twobot_store::{MasterKey, Store};

const CONDITIONS: Settled =
    Settled { token: 0, revision: 7, at_once: AtOnce { tenant: 4, install: 2 }, weight: 1 };

async fn scopes<const COUNT: usize>() -> [TenantScope; COUNT] {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    let store = Store::open(&url, MasterKey::new([1; 32])).await.unwrap();
    store.migrate().await.unwrap();
    let mut scopes = Vec::with_capacity(COUNT);
    for number in 0..COUNT {
        let account = twobot_store::accounts::NewAccount {
            email: format!("{number}@example.org"),
            name: "A".to_owned(),
            password_hash: "-".to_owned(),
            role: "owner".to_owned(),
            plan: "free".to_owned(),
        };
        scopes.push(store.register(&account).await.unwrap().0);
    }
    scopes.try_into().unwrap()
}

async fn scope() -> TenantScope {
    let [scope] = scopes().await;
    scope
}

/// Waiting executions: which install's, and in which lane of it.
fn waiting(scope: TenantScope, installs: &[InstallId], which: &[(usize, &str)]) -> Vec<Work> {
    let work = |(install, lane): &(usize, &str)| Work {
        scope,
        id: ExecutionId::new().uuid(),
        install: Some(installs[*install]),
        lane: format!("{}/{lane}", installs[*install]),
        due_at: Timestamp(0),
        deaths: 0,
    };
    which.iter().map(work).collect()
}

/// What is chosen of these, which are all that wait or not.
fn chosen(queue: &Queue, scope: TenantScope, waiting: &[Work], conditions: Settled, is_last: bool) -> Choice {
    queue.choose(scope, waiting.to_vec(), Timestamp(1), conditions, &mut Seen::default(), is_last)
}

#[tokio::test]
async fn what_was_first_in_a_lane_holds_back_what_is_looked_at_later() {
    let (queue, scope) = (Queue::default(), scope().await);
    let installs = [InstallId::new(), InstallId::new(), InstallId::new()];
    let mut all = waiting(scope, &installs, &[(0, "a"), (1, "a"), (1, "b"), (1, "c"), (0, "a"), (2, "a")]);
    all[0].due_at = Timestamp(2);
    let mut seen = Seen::default();
    let mut look = |works: &[Work], is_last| {
        let choice = queue.choose(scope, works.to_vec(), Timestamp(1), CONDITIONS, &mut seen, is_last);
        (choice.chosen.len(), choice.next_due, seen.beyond(works[works.len() - 1].id))
    };
    let (count, due, beyond) = look(&all[..4], false);
    assert_eq!((count, due), (2, Some(Timestamp(2))));
    let expected = Beyond { after: all[3].id, installs: vec![installs[1]], lanes: Vec::new() };
    assert_eq!(beyond, expected, "lanes with a single item are not worth a word");
    let (count, due, beyond) = look(&all[4..], true);
    assert_eq!((count, due), (1, None), "only the third install's");
    assert_eq!(beyond.lanes, [all[0].lane.clone()]);
    // What was looked at in several goes is not all done.
    assert_eq!(queue.begin(0, &all[5]), Begun::Unknown);
}

#[tokio::test]
async fn what_is_over_a_limit_stays_and_others_of_the_tenant_go_on() {
    let (queue, scope) = (Queue::default(), scope().await);
    let installs = [InstallId::new(), InstallId::new(), InstallId::new()];
    let lanes = |chosen: &[Work]| -> Vec<_> { chosen.iter().map(|work| work.lane.clone()).collect() };
    let all = waiting(
        scope,
        &installs,
        &[(0, "a"), (0, "a"), (0, "b"), (0, "c"), (0, "d"), (1, "a"), (2, "a"), (2, "b")],
    );
    let choose = |all: &[Work]| chosen(&queue, scope, all, CONDITIONS, true);
    let mut seen = Seen::default();
    let choice = queue.choose(scope, all.clone(), Timestamp(1), CONDITIONS, &mut seen, true);
    let expected = [&all[0], &all[2], &all[5], &all[6]].map(|work| work.lane.clone());
    assert_eq!(lanes(&choice.chosen), expected, "two of the busy one, then others, four in all");
    assert!(choice.is_full && seen.busy_installs.contains(&installs[0]));
    assert_eq!(queue.in_flight(scope), 4);

    let choice = choose(&all);
    assert!(choice.chosen.is_empty() && choice.is_full);

    // When one of another install ends, the busy one still has as much as it may.
    queue.finished(scope, &all[5].lane, true);
    let choice = choose(&all);
    assert_eq!(lanes(&choice.chosen), [all[5].lane.clone()]);
    queue.finished(scope, &all[0].lane, true);
    let choice = choose(&all[2..]);
    assert_eq!(lanes(&choice.chosen), [all[3].lane.clone()]);
    for lane in expected.iter().chain([&all[3].lane]) {
        queue.finished(scope, lane, true);
    }
    assert_eq!(queue.in_flight(scope), 0);
}

/// Looks at what waits, as a dispatcher does.
fn look(queue: &Queue, scope: TenantScope, waiting: &[Work]) -> usize {
    while queue.next().is_some() {}
    chosen(queue, scope, waiting, CONDITIONS, true).chosen.len()
}

#[tokio::test]
async fn what_is_recorded_is_begun_with_where_nothing_else_waits() {
    let (queue, scope) = (Queue::default(), scope().await);
    let installs = [InstallId::new(), InstallId::new()];
    let works =
        waiting(scope, &installs, &[(0, "a"), (0, "a"), (0, "b"), (0, "c"), (1, "a"), (1, "b"), (1, "c")]);
    assert_eq!(queue.begin(0, &works[0]), Begun::Unknown, "nobody has looked");
    assert_eq!(look(&queue, scope, &[]), 0);
    assert_eq!(queue.begin(0, &works[0]), Begun::Now(7));
    // Done with it, there is nothing to look for.
    queue.finished(scope, &works[0].lane, true);
    assert!(queue.next().is_none() && queue.is_idle(scope));

    assert_eq!(queue.begin(0, &works[0]), Begun::Now(7));
    assert_eq!(queue.begin(0, &works[1]), Begun::Later, "its lane is busy");
    assert_eq!(queue.begin(0, &works[2]), Begun::Unknown, "and from then on something waits");
    queue.finished(scope, &works[0].lane, true);
    assert_eq!(queue.next(), Some(scope), "it is looked for");
    assert_eq!(look(&queue, scope, &works[1..3]), 2);
    assert_eq!(queue.begin(0, &works[3]), Begun::Later, "its install has as much running as it may");
    assert_eq!(look(&queue, scope, &works[1..4]), 0);
    assert_eq!(queue.begin(0, &works[4]), Begun::Unknown, "something waits all the while");
    queue.finished(scope, &works[1].lane, true);
    assert_eq!(look(&queue, scope, &works[2..6]), 3);
    queue.finished(scope, &works[2].lane, true);
    assert_eq!(queue.begin(0, &works[2]), Begun::Now(7));
    assert_eq!(queue.begin(0, &works[6]), Begun::Later, "its tenant has as much running as it may");
}

#[tokio::test]
async fn what_may_have_been_overtaken_is_looked_for() {
    let (queue, scope) = (Queue::default(), scope().await);
    let works = waiting(scope, &[InstallId::new()], &[(0, "a"), (0, "b")]);
    look(&queue, scope, &[]);
    assert_eq!(queue.begin(0, &works[0]), Begun::Now(7));

    // What ended and still waits, and what anybody else says.
    queue.finished(scope, &works[0].lane, false);
    assert_eq!(queue.begin(0, &works[1]), Begun::Unknown);
    for say in [Queue::wake, Queue::unsettle] {
        look(&queue, scope, &[]);
        say(&queue, scope);
        assert_eq!(queue.begin(0, &works[1]), Begun::Unknown);
    }
    // Woken after it was looked, and before it was noted what was found.
    while queue.next().is_some() {}
    queue.wake(scope);
    chosen(&queue, scope, &[], CONDITIONS, true);
    assert_eq!(queue.begin(0, &works[1]), Begun::Unknown);
    // Of many, not all were looked at.
    while queue.next().is_some() {}
    chosen(&queue, scope, &[], CONDITIONS, false);
    assert_eq!(queue.begin(0, &works[1]), Begun::Unknown);
    // What is not due yet holds back what follows.
    let later = Work { due_at: Timestamp(2), ..works[0].clone() };
    look(&queue, scope, &[later]);
    assert_eq!(queue.begin(0, &works[1]), Begun::Unknown);
    // The tenant was another node's meanwhile.
    chosen(&queue, scope, &[], Settled { token: 1, ..CONDITIONS }, true);
    assert_eq!(queue.begin(0, &works[1]), Begun::Unknown);
}

#[tokio::test]
async fn of_hundreds_that_may_have_ended_the_process_one_runs_and_the_innocent_go_on() {
    let queue = Queue::default();
    let [one, other] = scopes().await;
    let install = InstallId::new();
    let lanes: Vec<_> = (0..300).map(|number| format!("{number}")).collect();
    let which: Vec<_> = lanes.iter().map(|lane| (0, lane.as_str())).collect();
    let suspects = |scope| -> Vec<_> {
        let all = waiting(scope, &[install], &which);
        all.into_iter().map(|work| Work { deaths: 2, ..work }).collect()
    };
    let (mut ones, others) = (suspects(one), suspects(other));
    ones.extend(waiting(one, &[install], &[(0, "innocent"), (0, "once dead")]));
    ones[301].deaths = 1;
    let choice = chosen(&queue, one, &ones, CONDITIONS, true);
    let ids = |works: &[Work]| works.iter().map(|work| work.id).collect::<Vec<_>>();
    assert_eq!(ids(&choice.chosen), [ones[0].id, ones[300].id], "an install has two at once");
    queue.finished(one, &ones[300].lane, true);
    assert_eq!(ids(&chosen(&queue, one, &ones, CONDITIONS, true).chosen), [ones[300].id]);
    queue.finished(one, &ones[300].lane, true);
    assert!(chosen(&queue, other, &others, CONDITIONS, true).chosen.is_empty());

    // They take turns when one ends.
    while queue.next().is_some() {}
    queue.finished(one, &ones[0].lane, true);
    assert_eq!(queue.next(), Some(one));
    assert_eq!(ids(&chosen(&queue, one, &ones[1..300], CONDITIONS, true).chosen), [ones[1].id]);
    queue.finished(one, &ones[1].lane, true);
    assert_eq!([queue.next(), queue.next()], [Some(other), Some(one)], "it is the other's turn");
    // Who was woken and has none any more passes the turn on.
    assert_eq!(ids(&chosen(&queue, one, &ones[2..300], CONDITIONS, true).chosen), [ones[2].id]);
    assert!(chosen(&queue, other, &others, CONDITIONS, true).chosen.is_empty());
    while queue.next().is_some() {}
    queue.finished(one, &ones[2].lane, true);
    while queue.next().is_some() {}
    assert!(chosen(&queue, one, &[], CONDITIONS, true).chosen.is_empty());
    assert_eq!(ids(&chosen(&queue, other, &others, CONDITIONS, true).chosen), [others[0].id]);
}

/// So many waiting items of a tenant, each in a lane of its own.
fn many(scope: TenantScope, count: usize) -> Vec<Work> {
    let lanes: Vec<_> = (0..count).map(|number| number.to_string()).collect();
    let which: Vec<_> = lanes.iter().map(|lane| (0, lane.as_str())).collect();
    let mut works = waiting(scope, &[InstallId::new()], &which);
    works.iter_mut().for_each(|work| work.install = None);
    works
}

/// Conditions under which so much may run at once.
fn under(at_once: u32, weight: u32) -> Settled {
    Settled { at_once: AtOnce { tenant: at_once, install: at_once }, weight, ..CONDITIONS }
}

/// Looks at the tenants that are to be looked at, and says what is started of which, in this order.
fn go_round(queue: &Queue, tenants: &mut HashMap<TenantScope, (Vec<Work>, Settled)>) -> Vec<Work> {
    let mut started = Vec::new();
    while let Some(scope) = queue.next() {
        let (works, conditions) = tenants.get_mut(&scope).unwrap();
        let first = works.len().min(256);
        let choice = chosen(queue, scope, &works[..first], *conditions, first == works.len());
        let ids: HashSet<_> = choice.chosen.iter().map(|work| work.id).collect();
        works.retain(|work| !ids.contains(&work.id));
        started.extend(choice.chosen);
    }
    started
}

#[tokio::test]
async fn under_load_tenants_are_served_by_the_weight_of_their_plans() {
    let queue = Queue::default();
    let [most, middle, least, late] = scopes().await;
    let mut tenants: HashMap<_, _> = [(most, 5), (middle, 3), (least, 1)]
        .map(|(of, weight)| (of, (many(of, 4_000), under(999, weight))))
        .into();
    tenants.keys().for_each(|scope| queue.wake(*scope));
    let mut running = VecDeque::from(go_round(&queue, &mut tenants));
    assert_eq!(running.len(), PLACES - RESERVED + 2, "of the rest, others have one each");
    let mut end_some = |tenants: &mut HashMap<_, _>, times: usize| {
        let mut counts = HashMap::<TenantScope, usize>::new();
        for _ in 0..times {
            let ended = running.pop_front().unwrap();
            queue.finished(ended.scope, &ended.lane, true);
            let started = go_round(&queue, tenants);
            started.iter().for_each(|work| *counts.entry(work.scope).or_default() += 1);
            running.extend(started);
        }
        counts
    };
    // Whoever was looked at first had most, and lets the others go first for a while.
    end_some(&mut tenants, 1_000);
    let counts = end_some(&mut tenants, 900);
    for (of, expected) in [(most, 500), (middle, 300), (least, 100)] {
        assert!(counts[&of].abs_diff(expected) <= 3, "{counts:?}");
    }
    // Who comes anew has a place at once, and then as much as its plan says: nothing was saved up.
    tenants.insert(late, (many(late, 4_000), under(999, 1)));
    queue.wake(late);
    let started = go_round(&queue, &mut tenants);
    assert_eq!(started.iter().map(|work| work.scope).collect::<Vec<_>>(), [late]);
    queue.finished(late, &started[0].lane, true);
    let counts = end_some(&mut tenants, 1_000);
    assert!((95..=105).contains(&counts[&late]), "{counts:?}");
}

#[tokio::test]
async fn those_who_wait_for_slow_providers_leave_places_for_who_has_none() {
    let queue = Queue::default();
    let scopes = scopes::<60>().await;
    let mut tenants: HashMap<_, _> = scopes.iter().map(|of| (*of, (many(*of, 9), under(5, 1)))).collect();
    scopes[..52].iter().for_each(|scope| queue.wake(*scope));
    let hanging = go_round(&queue, &mut tenants);
    let of = |scope: &TenantScope| hanging.iter().filter(|work| work.scope == *scope).count();
    let held: Vec<_> = scopes[..52].iter().map(of).collect();
    let mut expected = vec![5; 38];
    expected.push(2);
    expected.extend([1; 13]);
    assert_eq!(held, expected);
    for scope in &scopes[52..] {
        queue.wake(*scope);
        let started = go_round(&queue, &mut tenants);
        assert_eq!(started.len(), 1);
        // What is recorded besides finds no place either, and is not forgotten.
        queue.finished(*scope, &started[0].lane, true);
        assert_eq!(go_round(&queue, &mut tenants).len(), 1, "one after the other");
    }
    // Where places become free, those have them who wait, and whoever has none before the others.
    hanging.iter().take(60).for_each(|work| queue.finished(work.scope, &work.lane, true));
    go_round(&queue, &mut tenants);
    assert!((PLACES - RESERVED..PLACES).contains(&queue.running()), "{}", queue.running());
    assert!(scopes.iter().all(|scope| queue.in_flight(*scope) > 0));
}

#[tokio::test]
async fn what_is_recorded_overtakes_nobody_who_waits_for_a_place() {
    let (first_count, [first, second, third]) = (PLACES - RESERVED, scopes().await);
    for more in [0, 1] {
        let queue = Queue::default();
        let mut tenants: HashMap<_, _> = [(first, (many(first, first_count + more), under(999, 1)))].into();
        queue.wake(first);
        assert_eq!(go_round(&queue, &mut tenants).len(), first_count);
        for scope in [second, third] {
            chosen(&queue, scope, &[], under(999, 1), true);
        }
        let [seconds, thirds] = [many(second, 2), many(third, 1)];
        let begun = [&seconds[0], &seconds[1], &thirds[0]].map(|work| queue.begin(0, work));
        // The last places are for one of each, and this way for nobody as long as somebody waits for one.
        let one = |begun: &Begun| *begun == if more == 0 { Begun::Now(7) } else { Begun::Unknown };
        assert!(one(&begun[0]) && begun[1] == Begun::Unknown && one(&begun[2]), "{begun:?}");
    }
}

#[tokio::test]
async fn what_ended_while_it_was_looked_is_not_taken_for_what_it_was() {
    let (queue, scope) = (Queue::default(), scope().await);
    let works = waiting(scope, &[InstallId::new()], &[(0, "a"), (0, "a"), (0, "b"), (0, "b")]);
    let ids = |choice: Choice| choice.chosen.iter().map(|work| work.id).collect::<Vec<_>>();
    assert_eq!(ids(chosen(&queue, scope, &works, CONDITIONS, true)), [works[0].id, works[2].id]);
    queue.wake(scope);
    assert_eq!(queue.next(), Some(scope));
    // The rows are read. Then the one is put off, and the other is done.
    queue.finished(scope, &works[0].lane, false);
    queue.finished(scope, &works[2].lane, true);
    assert_eq!(ids(chosen(&queue, scope, &works, CONDITIONS, true)), [works[3].id]);
    // It is looked again, and what is read now is as it is.
    assert_eq!(queue.next(), Some(scope));
    assert_eq!(ids(chosen(&queue, scope, &works[..2], CONDITIONS, true)), [works[0].id]);
}
