//! People are told of limits that are nearly used up, and of gateways that are down.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::{FakeTelegram, TestHost};
use serde_json::json;
use twobot_domain::{GatewayError, Timestamp};
use twobot_store::gateways::GatewayStatus;
use twobot_store::{PageRequest, TenantScope};

async fn titles(host: &TestHost, scope: TenantScope) -> Vec<String> {
    let told = host.engine.store().notifications(scope, PageRequest::default()).await.unwrap().items;
    told.into_iter().rev().map(|one| one.title).collect()
}

async fn kinds(host: &TestHost) -> Vec<String> {
    host.engine.store().outbox(50).await.unwrap().into_iter().rev().map(|mail| mail.kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_goes_down_is_told_once_and_so_is_its_return() {
    let host = TestHost::new().await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    let rules = json!({"rules": [{"match": "any", "text": "", "reply": "echo {text}"}]});
    host.install(scope, "auto-reply", "channels", bot, rules).await;
    host.telegram.send_failures.lock().push_back(GatewayError::Unauthorized("Unauthorized".to_owned()));
    host.say(bot, 1, 1, "hi").await;
    host.settled(scope).await;
    let gateway = host.engine.store().gateway(scope, bot).await.unwrap();
    assert_eq!(gateway.status, GatewayStatus::Error);
    // It may be a moment's trouble only.
    host.engine.tell_outages(Timestamp::now().plus_millis(-60_000)).await.unwrap();
    assert_eq!(titles(&host, scope).await, [""; 0]);
    for _ in 0..3 {
        host.engine.tell_outages(Timestamp::now()).await.unwrap();
    }
    let down = format!("{} is down", gateway.name);
    assert_eq!(
        (titles(&host, scope).await, kinds(&host).await),
        (vec![down.clone()], vec!["gateway_down".to_owned()])
    );

    host.say(bot, 2, 2, "hi again").await;
    host.settled(scope).await;
    for _ in 0..3 {
        host.engine.tell_outages(Timestamp::now()).await.unwrap();
    }
    let well = format!("{} works again", gateway.name);
    assert_eq!(titles(&host, scope).await, [down, well]);
    assert_eq!(kinds(&host).await.len(), 1, "what is good is no mail");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_uses_much_of_a_limit_is_told_once_for_each_threshold() {
    let host = TestHost::with(FakeTelegram::default(), "mvp").await;
    let scope = host.tenant("free").await;
    let bot = host.bot(scope).await;
    let rules = json!({"rules": [{"match": "any", "text": "", "reply": "echo {text}"}]});
    host.install(scope, "auto-reply", "channels", bot, rules).await;
    let store = host.engine.store();
    let say = async |from: i64, to: i64| {
        for number in from..to {
            host.say(bot, number, number, "hi").await;
        }
        host.settled(scope).await;
        host.engine.look_at_limits_of([scope].into()).await.unwrap();
        store.executions_today(scope).await.unwrap()
    };
    let mut used = say(1, 11).await;
    // Whom the sums are about is who is looked at.
    let summed = store.sum_usage(Timestamp::now().plus_millis(120_000), 10).await.unwrap();
    assert!(summed.tenants.contains(&scope) && store.used_lately(5).await.unwrap().contains(&scope));
    assert!(used < 70, "{used}");
    assert_eq!(titles(&host, scope).await, [""; 0]);
    let each = used.div_ceil(10);
    let mut next = 11;
    while used < 70 {
        let more = i64::try_from((70 - used).div_ceil(each)).unwrap();
        used = say(next, next + more).await;
        next += more;
    }
    host.engine.look_at_limits_of([scope].into()).await.unwrap();
    let told = titles(&host, scope).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].ends_with("% of your plan's executions today are used"), "{told:?}");
    assert_eq!(kinds(&host).await, ["limit_warning"]);
}
