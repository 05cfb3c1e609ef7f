//! P3: how many live sandboxes fit into a gigabyte, and into the kernel's limit on mappings.
//!
//! A sandbox lives long only while it waits for the outside. So the sandboxes of this benchmark are in the state in which a
//! busy server has them: a plugin has done its work and asks a model, and the gateway that it asks waits for its provider. Both
//! are counted. It happens in a process of its own, whose memory is looked at before and with them.

use crate::host::{self, Host, Tenant};
use crate::row::{Row, bytes, thousands};
use crate::{node, proc};
use anyhow::{Context as _, Result};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::process::Command;
use std::sync::Arc;
use tokio::sync::Semaphore;
use twobot_domain::manifest::WhenUnknown;
use twobot_domain::{EffectKey, GatewayError, GatewayId, HttpError, Timestamp, Usage};
use twobot_runtime::capacity;
use twobot_runtime::{
    GatewayCall, GatewayComponent, GatewayRun, HttpAnswer, HttpRequest, InlineAnswer, InlineCall, Machine,
    Outside, ProviderCalls, RunLimits,
};
use twobot_store::TenantScope;

/// Sandboxes with little to keep that a gigabyte should hold.
const PER_GIB: f64 = 12_000.0;

/// Tenants that they belong to.
const TENANTS: u32 = 100;

const GIB: f64 = 1_073_741_824.0;

/// What a process with live sandboxes found.
#[derive(Serialize, Deserialize)]
struct Found {
    live: u32,
    /// Bytes of private memory for each.
    each: f64,
    /// Mappings of the whole process.
    mappings: u64,
}

pub(crate) fn measure() -> Result<Vec<Row>> {
    let output = Command::new(std::env::current_exe()?)
        .args(["--child", &capacity::of_this_machine().to_string()])
        .stderr(std::process::Stdio::inherit())
        .output()?;
    anyhow::ensure!(output.status.success(), "the process with live sandboxes failed");
    let found: Found = serde_json::from_slice(&output.stdout).context("what it found can not be read")?;
    let node = node::memory()?;
    let (most, per_gib) = (proc::most_mappings()?, GIB / found.each);
    let fits = found.mappings < most && per_gib >= PER_GIB;
    Ok(vec![
        Row::new("live sandboxes per GiB, each waiting for its answer", thousands(per_gib as u64))
            .beside(format!("Node.js processes: {}", thousands((GIB / node.private as f64) as u64)))
            .better_by(per_gib / (GIB / node.private as f64), "more")
            .target("P3", "12,000", fits),
        Row::new("a live sandbox's memory", bytes(found.each as u64))
            .beside(format!("a Node.js process: {}", bytes(node.private))),
        Row::new(
            format!("mappings of the process with {} live sandboxes", thousands(found.live.into())),
            thousands(found.mappings),
        )
        .beside(format!("vm.max_map_count: {}", thousands(most))),
    ])
}

/// Makes sandboxes and has them wait; says what they take.
pub(crate) fn child(live: &str) -> Result<()> {
    let pairs = live.parse::<u32>()? / 2;
    let runtime = host::runtime()?;
    let found = runtime.block_on(async {
        let host = Arc::new(Host::new(2, pairs * 2).await?);
        let gateway =
            std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/components/gateway-ai.wasm"))
                .context("the AI gateway can not be read; `cargo xtask guests` builds it")?;
        let model = Arc::new(Model {
            machine: host.machine.clone(),
            component: Arc::new(host.machine.load_gateway(gateway).await?),
            limits: RunLimits { own_time: host::LONG, ..RunLimits::gateway(&host::plan()?) },
            provider: Arc::new(Silence { asked: Semaphore::new(0) }),
        });
        let mut tenants = Vec::new();
        for number in 0..TENANTS {
            let mut tenant = host.tenant(&format!("tenant-{number}")).await?;
            tenant.outside = Arc::clone(&model) as Arc<dyn Outside>;
            tenant.bound = vec![host::model()];
            tenant.limits.tenant_memory_bytes = u64::MAX;
            tenants.push(tenant);
        }
        let asked = Arc::clone(&model.provider);
        let start = |number: u32| {
            let tenant: Tenant = tenants[(number % TENANTS) as usize].clone();
            let host = Arc::clone(&host);
            async move {
                let run = host.run(&tenant, host::action("wait", bench_handler::order(9)));
                host.begin(&tenant, run.execution).await?;
                tokio::spawn(async move { host.machine.run_plugin(&host.store, run).await });
                anyhow::Ok(())
            }
        };
        // The first of each tenant put in place what they share.
        for number in 0..TENANTS {
            start(number).await?;
        }
        asked.wait(TENANTS).await?;
        let before = proc::memory(None)?;
        for number in TENANTS..pairs {
            start(number).await?;
        }
        asked.wait(pairs - TENANTS).await?;
        let after = proc::memory(None)?;
        anyhow::Ok(Found {
            live: pairs * 2,
            each: (after.private.saturating_sub(before.private)) as f64 / f64::from((pairs - TENANTS) * 2),
            mappings: proc::mappings()?,
        })
    })?;
    println!("{}", json!(found));
    // Nobody waits for the answers.
    std::process::exit(0);
}

/// A model that a real gateway asks.
struct Model {
    machine: Machine,
    component: Arc<GatewayComponent>,
    limits: RunLimits,
    provider: Arc<Silence>,
}

#[async_trait]
impl Outside for Model {
    async fn carry_out(
        &self,
        scope: TenantScope,
        gateway: GatewayId,
        call: &InlineCall,
        _: &EffectKey,
    ) -> (Result<InlineAnswer, GatewayError>, Usage) {
        let InlineCall::Chat(request) = call else {
            return (Err(GatewayError::Unsupported("only chat".to_owned())), Usage::default());
        };
        let run = GatewayRun {
            scope,
            component: Arc::clone(&self.component),
            config: json!({ "model": "some-model" }),
            provider: Arc::clone(&self.provider) as Arc<dyn ProviderCalls>,
            limits: RunLimits {
                tenant_memory_bytes: u64::MAX,
                vcpu: 1_000.0,
                at_once: host::MANY,
                ..self.limits
            },
            seed: gateway.uuid().as_bytes().to_vec(),
            started_at: Timestamp::now(),
        };
        let ran = self.machine.chat(run, request.clone()).await;
        let answer = match ran.result {
            Ok(answer) => answer.map(InlineAnswer::Chat),
            Err(GatewayCall::Host(error)) => Err(GatewayError::Unavailable(error)),
            Err(GatewayCall::Fault(trouble) | GatewayCall::Busy(trouble)) => {
                Err(GatewayError::Unavailable(format!("{trouble:?}")))
            }
        };
        if let Err(error) = &answer {
            println!("a gateway failed: {error:?}");
            std::process::exit(1);
        }
        (answer, ran.usage)
    }

    async fn when_unknown(&self, _: TenantScope, _: GatewayId, _: &InlineCall) -> WhenUnknown {
        WhenUnknown::Repeat
    }

    async fn fetch(&self, _: TenantScope, _: HttpRequest) -> Result<HttpAnswer, HttpError> {
        Err(HttpError::UnknownHost)
    }
}

/// A provider that never answers, and counts who asks.
struct Silence {
    asked: Semaphore,
}

impl Silence {
    /// Waits until so many more have asked.
    async fn wait(&self, count: u32) -> Result<()> {
        let all = tokio::time::timeout(host::LONG, self.asked.acquire_many(count)).await;
        all.with_context(|| {
            format!("only {} of {count} sandboxes came to life", self.asked.available_permits())
        })??
        .forget();
        Ok(())
    }
}

#[async_trait]
impl ProviderCalls for Silence {
    async fn call(&self, _: &str, _: &str) -> Result<String, GatewayError> {
        self.asked.add_permits(1);
        std::future::pending().await
    }
}
