//! So many runs at the same time and no more; who waits loses nothing.

use crate::handmade::with_more;
use crate::host::{Ended, Host, QUEUED_AT, Tenant, bound, good, guest, limits, load, machine, probe, script};
use crate::outside::{FakeOutside, FakeProvider, answer};
use async_trait::async_trait;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use twobot_domain::manifest::WhenUnknown;
use twobot_domain::{EffectKey, GatewayError, GatewayId, HttpError, Usage};
use twobot_runtime::contract::Action;
use twobot_runtime::contract::actions::ProviderCall;
use twobot_runtime::{
    AtOnce, Failed, GatewayComponent, GatewayRun, HttpAnswer, HttpRequest, InlineAnswer, InlineCall, Outside,
    PluginComponent, Ran,
};
use twobot_store::TenantScope;
use twobot_store::installs::BoundGateway;

const AT_ONCE: AtOnce = AtOnce { tenant: 3, install: 2 };

/// A run that asks the outside and waits for its answer.
fn asking(
    tenant: &Tenant,
    probe: &Arc<PluginComponent>,
    gateway: &BoundGateway,
) -> twobot_runtime::PluginRun {
    let steps = json!([{ "perform": { "gateway": gateway.id.to_string(), "text": "hello" } }]);
    let mut run = tenant.run(probe, script(steps));
    run.bound = vec![gateway.clone()];
    run.limits.at_once = AT_ONCE;
    run
}

/// Starts it beside the test.
fn start(tenant: &Tenant, run: twobot_runtime::PluginRun) -> JoinHandle<Ran> {
    let tenant = tenant.clone();
    tokio::spawn(async move { tenant.go(run).await })
}

/// Waits until so many of a tenant's wait in line. Nothing tells a test that they do, so that it looks again and again.
async fn until_waiting(tenant: &Tenant, waiting: usize) {
    while machine().occupied(tenant.scope.tenant()).waiting != waiting {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_over_the_limit_waits_and_neither_others_nor_other_installs_do() {
    let host = Host::new().await;
    let mut busy = host.tenant("busy").await;
    let (outside, arrived, release) = FakeOutside::waiting();
    busy.outside = Arc::new(outside);
    let second = busy.another_install("second").await;
    let mut other = host.tenant("other").await;
    other.outside = Arc::clone(&busy.outside);
    let (probe, gateway) = (probe().await, bound("telegram-bot"));
    let arrive = async |count| arrived.acquire_many(count).await.unwrap().forget();

    let mut runs: Vec<_> = (0..3).map(|_| start(&busy, asking(&busy, &probe, &gateway))).collect();
    arrive(2).await;
    until_waiting(&busy, 1).await;
    runs.extend((0..2).map(|_| start(&second, asking(&second, &probe, &gateway))));
    arrive(1).await;
    until_waiting(&busy, 2).await;
    let occupied = machine().occupied(busy.scope.tenant());
    assert_eq!(occupied.plugins, 3, "two of one install and one of the other: as many as the tenant may");
    runs.push(start(&other, asking(&other, &probe, &gateway)));
    arrive(1).await;
    assert_eq!(machine().occupied(other.scope.tenant()).plugins, 1);
    assert_eq!(busy.outside.count(), 4, "who waits for a place has done nothing yet");

    release.add_permits(6);
    for run in runs {
        good(&run.await.unwrap().outcomes()[0]);
    }
    assert_eq!(busy.outside.count(), 6);
    for tenant in [&busy, &other] {
        host.unhurt_by(tenant).await;
    }
}

#[tokio::test]
async fn who_waits_for_longer_than_a_run_may_take_is_told_the_limit() {
    let host = Host::new().await;
    let mut tenant = host.tenant("impatient").await;
    let (outside, arrived, release) = FakeOutside::waiting();
    tenant.outside = Arc::new(outside);
    let (probe, gateway) = (probe().await, bound("telegram-bot"));
    let runs: Vec<_> = (0..2).map(|_| start(&tenant, asking(&tenant, &probe, &gateway))).collect();
    arrived.acquire_many(2).await.unwrap().forget();

    let mut late = asking(&tenant, &probe, &gateway);
    late.limits.total_time = Duration::from_millis(50);
    let ran = tenant.go(late).await;
    let Err(Failed::Busy(trouble)) = &ran.result else { panic!("{:?}", ran.result) };
    let limit = trouble.limit.as_ref().unwrap();
    assert_eq!(trouble.code, "concurrency_exceeded");
    assert_eq!((limit.name.as_str(), limit.used, limit.allowed), ("runs_at_once_per_install", 2, 2));
    assert_eq!(ran.usage, Usage::default(), "nothing ran, and nothing is billed");

    release.add_permits(2);
    for run in runs {
        good(&run.await.unwrap().outcomes()[0]);
    }
    host.unhurt_by(&tenant).await;
}

/// Carries out effects by running a gateway of the same tenant, as the engine does.
struct ThroughGateway(Arc<GatewayComponent>);

#[async_trait]
impl Outside for ThroughGateway {
    async fn carry_out(
        &self,
        scope: TenantScope,
        _: GatewayId,
        _: &InlineCall,
        _: &EffectKey,
    ) -> (Result<InlineAnswer, GatewayError>, Usage) {
        let mut limits = limits();
        limits.at_once = AtOnce { tenant: 1, install: 1 };
        let run = GatewayRun {
            scope,
            component: Arc::clone(&self.0),
            config: json!({ "script": json!({ "say": "{}" }).to_string() }),
            provider: Arc::new(FakeProvider::default()),
            limits,
            seed: b"effect".to_vec(),
            started_at: QUEUED_AT,
        };
        let script = json!({ "say": "{}" }).to_string();
        let call = ProviderCall { operation: "script".to_owned(), arguments: script };
        let answer = machine().execute(run, Action::Provider(call)).await.result.unwrap();
        (answer.map(InlineAnswer::Perform), Usage::default())
    }

    async fn when_unknown(&self, _: TenantScope, _: GatewayId, _: &InlineCall) -> WhenUnknown {
        WhenUnknown::Report
    }

    async fn fetch(&self, _: TenantScope, _: HttpRequest) -> Result<HttpAnswer, HttpError> {
        Ok(answer(200, "hello"))
    }
}

#[tokio::test]
async fn plugins_that_fill_all_places_still_get_their_gateways() {
    let host = Host::new().await;
    let tenant = host.tenant("nested").await;
    let component = Arc::new(machine().load_gateway(guest("gateway-probe")).await.unwrap());
    let outside: Arc<dyn Outside> = Arc::new(ThroughGateway(component));
    let (probe, gateway) = (probe().await, bound("telegram-bot"));
    let runs: Vec<_> = (0..5)
        .map(|_| {
            let mut run = asking(&tenant, &probe, &gateway);
            run.outside = Arc::clone(&outside);
            start(&tenant, run)
        })
        .collect();
    for run in runs {
        good(&run.await.unwrap().outcomes()[0]);
    }
    host.unhurt_by(&tenant).await;
}

#[tokio::test]
async fn sandboxes_with_many_memories_and_tables_find_room_in_turn_and_leave_half_to_others() {
    let host = Host::new().await;
    let mut tenant = host.tenant("roomy").await;
    let (outside, arrived, release) = FakeOutside::waiting();
    tenant.outside = Arc::new(outside);
    // Eight memories: each sandbox takes four of the 500 places, and all of them together want three times what there is. Half of
    // it is what a tenant gets.
    let bytes = with_more(&guest("probe"), "(module (memory 1) (table 1 funcref))", 7);
    let (component, gateway) = (load(bytes).await, bound("telegram-bot"));
    let roomy = || {
        let mut run = asking(&tenant, &component, &gateway);
        run.limits.at_once = AtOnce { tenant: 1_000, install: 1_000 };
        run.limits.tenant_memory_bytes = u64::MAX;
        run
    };
    let runs: Vec<_> = (0..375).map(|_| start(&tenant, roomy())).collect();
    arrived.acquire_many(62).await.unwrap().forget();
    assert_eq!(tenant.outside.count(), 62);
    host.unhurt().await;

    let mut late = roomy();
    late.limits.total_time = Duration::from_millis(50);
    let ran = tenant.go(late).await;
    assert!(
        matches!(&ran.result, Err(Failed::Host(_))),
        "a full house is not the plugin's fault: {:?}",
        ran.result
    );
    assert_eq!(ran.usage, Usage::default());

    release.add_permits(375);
    for run in runs {
        good(&run.await.unwrap().outcomes()[0]);
    }
    host.unhurt_by(&tenant).await;
}

/// A step that reads or writes so many keys in one call.
fn keys(what: &str, count: usize) -> Value {
    let names: Vec<_> = (0..count).map(|number| format!("k{number}")).collect();
    match what {
        "get" => json!({ "get_many": { "bucket": "b", "keys": names } }),
        _ => {
            json!({ "set_many": { "bucket": "b", "entries": names.iter().map(|name| json!([name, "v"])).collect::<Vec<_>>() } })
        }
    }
}

#[tokio::test]
async fn work_on_the_store_is_counted_where_it_gets_there_and_refused_where_waiting_takes_too_long() {
    let host = Host::new().await;
    let probe = probe().await;
    // Ten operations a second; a run of two seconds may wait for twenty beyond the burst.
    let ran = async |tenant: &Tenant, steps: Value| {
        let mut run = tenant.run(&probe, script(steps));
        run.limits.storage = twobot_runtime::StorageRate { per_second: 10, burst: 100 };
        run.limits.total_time = Duration::from_secs(2);
        tenant.go(run).await
    };
    let tenant = host.tenant("reads").await;
    let outcomes =
        ran(&tenant, json!([keys("get", 100), keys("get", 100), keys("get", 130)])).await.outcomes();
    good(&outcomes[0]);
    good(&outcomes[1]);
    let refused = crate::host::refused(&outcomes[2]);
    assert!(
        refused.contains("storage_rate_exceeded"),
        "what was read already is not asked for again: {refused}"
    );

    let tenant = host.tenant("writes").await;
    let twice = json!([keys("set", 100), keys("set", 100)]);
    assert!(ran(&tenant, twice).await.result.is_ok(), "a key that is written twice gets there once");
    let ended = ran(&tenant, json!([keys("set", 130)])).await;
    assert_eq!(ended.fault().code, "storage_rate_exceeded");
    let limit = ended.fault().limit.as_ref().unwrap();
    assert_eq!((limit.used, limit.allowed, limit.unit.as_str()), (130, 10, "operations"));
    assert_eq!((ended.usage.executions, ended.usage.failed_executions), (1, 1));

    host.unhurt_by(&tenant).await;
    let neighbour = host.tenant("writes-too").await;
    assert!(ran(&neighbour, json!([keys("set", 100)])).await.result.is_ok());
}
