//! Carrying out actions and model calls through a gateway: queued effects, and inline ones of running plugins.

use crate::doing::{Doing, Reached};
use crate::engine::{Engine, Inner};
use crate::provider::AccountCalls;
use async_trait::async_trait;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;
use twobot_domain::manifest::{CHAT_CALL, WhenUnknown};
use twobot_domain::{EffectKey, GatewayError, GatewayId, HttpError, Timestamp, Trouble, Usage};
use twobot_gateways::egress::{Fetch, Fetched, Most};
use twobot_gateways::{Account, Connector};
use twobot_runtime::contract::action_kind;
use twobot_runtime::{
    GatewayCall, GatewayRan, GatewayRun, HttpAnswer, HttpRequest, InlineAnswer, InlineCall, MAX_HTTP_BODY,
    MAX_HTTP_HEADER_BYTES, MAX_HTTP_HEADERS, Outside, Patience, RunLimits,
};
use twobot_store::gateways::{Gateway, GatewayStatus};
use twobot_store::workspace::Workspace;
use twobot_store::{Store, StoreError, TenantScope};
use twobot_telemetry::trace::{Ended, Span, Spot};

/// The longest wait for an action.
const ACTION_TIME: Duration = Duration::from_secs(30);

/// The longest wait for a model.
const CHAT_TIME: Duration = Duration::from_secs(60);

/// What running plugins reach the engine by, and the store under whose fence they run. Weak, so that a sandbox does not keep a stopped
/// engine alive.
pub(crate) struct EngineOutside {
    inner: Weak<Inner>,
    store: Store,
    /// The span of the run, where its trace is collected.
    spot: Option<Spot>,
}

impl EngineOutside {
    pub(crate) fn new(engine: &Engine, spot: Option<Spot>) -> Self {
        Self { inner: Arc::downgrade(&engine.inner), store: engine.store().clone(), spot }
    }

    /// A span of something that the run asks of outside.
    fn span(&self, call: &'static str) -> Option<Span> {
        self.spot.and_then(Span::call).map(|span| span.with("twobot.call", call))
    }
}

#[async_trait]
impl Outside for EngineOutside {
    async fn carry_out(
        &self,
        scope: TenantScope,
        gateway: GatewayId,
        call: &InlineCall,
        key: &EffectKey,
    ) -> (Result<InlineAnswer, GatewayError>, Usage) {
        let Some(inner) = self.inner.upgrade() else {
            return (Err(GatewayError::Unavailable("the platform is stopping".to_owned())), Usage::default());
        };
        let engine = Engine { inner, store: self.store.clone() };
        let found = async {
            let workspace = engine.store().workspace(scope).await?;
            let gateway = workspace.gateway(gateway).await?;
            Ok((workspace, gateway))
        };
        match found.await {
            Ok((workspace, gateway)) => {
                let doing = Arc::new(Doing::known_by(key.clone()));
                let span = self.span(name(call));
                let (answer, usage) = engine.carry_out(&workspace, &gateway, call, &doing).await;
                end(span, answer.is_ok());
                let policy = engine.when_unknown(&gateway, call);
                (answer.map_err(|error| error.into_gateway_error(policy)), usage)
            }
            Err(error) => (Err(lost(&error)), Usage::default()),
        }
    }

    async fn when_unknown(&self, scope: TenantScope, gateway: GatewayId, call: &InlineCall) -> WhenUnknown {
        let Some(inner) = self.inner.upgrade() else { return WhenUnknown::Report };
        let engine = Engine { inner, store: self.store.clone() };
        match engine.store().gateway(scope, gateway).await {
            Ok(gateway) => engine.when_unknown(&gateway, call),
            Err(_) => WhenUnknown::Report,
        }
    }

    async fn fetch(&self, _scope: TenantScope, request: HttpRequest) -> Result<HttpAnswer, HttpError> {
        let stopping = || HttpError::Unavailable("the platform is stopping".to_owned());
        let inner = self.inner.upgrade().ok_or_else(stopping)?;
        let HttpRequest { method, url, headers, body, patience } = request;
        let Patience { begin, pause, whole } = patience;
        let most =
            Most { headers: MAX_HTTP_HEADERS, header_bytes: MAX_HTTP_HEADER_BYTES, body: MAX_HTTP_BODY };
        let fetch = Fetch { method, url, headers, body, begin, pause, whole, most };
        let egress = inner.egress.clone();
        // On the threads for waiting on networks; the guest that waits for it may be thrown away meanwhile.
        let span = self.span("http");
        let call = AbortOnDropHandle::new(inner.threads.spawn(async move { egress.fetch(fetch).await }));
        // Where it did not come to its end, the request may have been sent.
        let fetched = call.await.map_err(|_| HttpError::Broken).flatten();
        end(span, fetched.is_ok());
        let Fetched { status, headers, body } = fetched?;
        Ok(HttpAnswer { status, headers, body })
    }
}

/// What a call is called, in manifests and in traces.
pub(crate) const fn name(call: &InlineCall) -> &'static str {
    match call {
        InlineCall::Perform(action) => action_kind(action),
        InlineCall::Chat(_) => CHAT_CALL,
    }
}

fn end(span: Option<Span>, is_well: bool) {
    if let Some(span) = span {
        span.end(if is_well { Ended::Well } else { Ended::Badly("failed") });
    }
}

/// Why an action or a model call was not carried out.
pub(crate) enum NotCarriedOut {
    /// The tenant had too many gateways running for as long as it could wait. Nothing was tried.
    Busy(Trouble),
    /// It was tried, or could not be. Either way the provider did nothing, or what is wrong stays wrong however often it is tried.
    Failed(GatewayError),
    /// The provider may have done it, or a part of it.
    Unknown {
        /// What is known of it.
        error: GatewayError,
        /// Another try may go well, and can not do again what is known to be done.
        may_try_again: bool,
    },
}

impl From<GatewayError> for NotCarriedOut {
    fn from(error: GatewayError) -> Self {
        Self::Failed(error)
    }
}

impl NotCarriedOut {
    /// In the words that plugins know.
    fn into_gateway_error(self, policy: WhenUnknown) -> GatewayError {
        match self {
            Self::Busy(trouble) => GatewayError::OverLimit(format!("{}: {}", trouble.code, trouble.detail)),
            Self::Failed(error) => error,
            Self::Unknown { error, .. } if policy == WhenUnknown::Repeat => error.with_nothing_at_stake(),
            Self::Unknown { error, .. } => error.not_repeated(),
        }
    }

    /// A failure, in the light of what the provider may have done.
    fn after(self, reached: Reached) -> Self {
        let Self::Failed(error) = self else { return self };
        let passes = error.is_transient();
        match reached {
            // A component can not know better.
            Reached::Nothing => Self::Failed(error.with_nothing_at_stake()),
            Reached::Partly if !passes => Self::Failed(error),
            Reached::Partly => Self::Unknown { error, may_try_again: false },
            Reached::Unsure { partly } => Self::Unknown { error, may_try_again: passes && !partly },
        }
    }
}

/// What a gateway that can not be read is told as.
pub(crate) fn lost(error: &StoreError) -> GatewayError {
    match error {
        StoreError::NotFound => GatewayError::NotBound("the gateway is gone".to_owned()),
        other => {
            tracing::error!(error = %other, "a gateway could not be loaded");
            GatewayError::Unavailable("the platform failed".to_owned())
        }
    }
}

impl Engine {
    /// The account of a gateway, with its secrets opened.
    pub(crate) async fn account(&self, scope: TenantScope, gateway: &Gateway) -> Result<Account, StoreError> {
        self.account_in(&self.store().workspace(scope).await?, gateway).await
    }

    /// The same, where the tenant's settings are at hand.
    pub(crate) async fn account_in(
        &self,
        workspace: &Workspace,
        gateway: &Gateway,
    ) -> Result<Account, StoreError> {
        let secrets = workspace.gateway_secrets(gateway.id).await?;
        Ok(Account {
            tenant: workspace.scope().tenant(),
            gateway: gateway.id,
            credentials: secrets.credentials,
            config: gateway.config.clone(),
            webhook_secret: secrets.webhook_secret,
        })
    }

    /// What is needed to run a gateway's component.
    pub(crate) async fn gateway_run(
        &self,
        workspace: &Workspace,
        gateway: &Gateway,
        time: Duration,
        doing: &Arc<Doing>,
    ) -> Result<GatewayRun, GatewayError> {
        let component = self.catalogue().gateway_kind(&gateway.kind).cloned().ok_or_else(|| {
            GatewayError::Unsupported(format!("this host has no gateway kind `{}`", gateway.kind))
        })?;
        let connector: Arc<dyn Connector> = self.connector(&component).ok_or_else(|| {
            GatewayError::Unsupported(format!(
                "this host has no connector `{}`",
                component.manifest.connector
            ))
        })?;
        let account = self.account_in(workspace, gateway).await.map_err(|error| lost(&error))?;
        let mut limits = RunLimits::gateway(self.limits_in(workspace));
        limits.total_time = time;
        let threads = self.inner.threads.clone();
        let store = self.store().clone();
        let scope = workspace.scope();
        let provider = AccountCalls { connector, account, doing: Arc::clone(doing), threads, store, scope };
        Ok(GatewayRun {
            scope: workspace.scope(),
            component,
            config: gateway.config.clone(),
            provider: Arc::new(provider),
            limits,
            seed: doing.seed().unwrap_or_else(|| rand::random::<[u8; 16]>().to_vec()),
            started_at: Timestamp::now(),
        })
    }

    /// What the gateway's kind says of this call's unknown outcomes.
    pub(crate) fn when_unknown(&self, gateway: &Gateway, call: &InlineCall) -> WhenUnknown {
        let name = name(call);
        self.catalogue()
            .gateway_kind(&gateway.kind)
            .map_or(WhenUnknown::Report, |component| component.manifest.when_unknown(name))
    }

    /// Carries out an action or a model call, and notes on the gateway whether it works.
    pub(crate) async fn carry_out(
        &self,
        workspace: &Workspace,
        gateway: &Gateway,
        call: &InlineCall,
        doing: &Arc<Doing>,
    ) -> (Result<InlineAnswer, NotCarriedOut>, Usage) {
        let scope = workspace.scope();
        let (answer, usage) = self.try_to_carry_out(workspace, gateway, call, doing).await;
        let answer = answer.map_err(|error| error.after(doing.reached()));
        match &answer {
            Ok(_) => self.note(scope, gateway, None).await,
            Err(NotCarriedOut::Failed(error) | NotCarriedOut::Unknown { error, .. }) => {
                self.note(scope, gateway, Some(error.clone().with_nothing_at_stake())).await;
            }
            Err(NotCarriedOut::Busy(_)) => {}
        }
        (answer, usage)
    }

    async fn try_to_carry_out(
        &self,
        workspace: &Workspace,
        gateway: &Gateway,
        call: &InlineCall,
        doing: &Arc<Doing>,
    ) -> (Result<InlineAnswer, NotCarriedOut>, Usage) {
        if !gateway.enabled {
            let why = format!("“{}” is disconnected; connect it on the gateways page", gateway.name);
            return (Err(GatewayError::Denied(why).into()), Usage::default());
        }
        let time = match call {
            InlineCall::Perform(_) => ACTION_TIME,
            InlineCall::Chat(_) => CHAT_TIME,
        };
        let run = match self.gateway_run(workspace, gateway, time, doing).await {
            Ok(run) => run,
            Err(error) => return (Err(error.into()), Usage::default()),
        };
        match call {
            InlineCall::Perform(action) => {
                let ran = self.machine().execute(run, action.clone()).await;
                settle(ran, InlineAnswer::Perform)
            }
            InlineCall::Chat(request) => {
                if let Err(error) = self.tokens_left(workspace).await {
                    return (Err(error.into()), Usage::default());
                }
                let ran = self.machine().chat(run, request.clone()).await;
                settle(ran, InlineAnswer::Chat)
            }
        }
    }

    /// Whether the plan has tokens left this month.
    async fn tokens_left(&self, workspace: &Workspace) -> Result<(), GatewayError> {
        let Some(allowed) = self.limits_in(workspace).ai_tokens_per_month else { return Ok(()) };
        let used = crate::plugins::tokens_this_month(self, workspace.scope()).await;
        let used = used.map_err(|error| lost(&error))?;
        if used < allowed {
            return Ok(());
        }
        Err(GatewayError::OverLimit(format!("ai_tokens_per_month: {used} of {allowed} tokens are used")))
    }

    /// Keeps the gateway's status true: what its provider says of the credentials and of itself shows there.
    async fn note(&self, scope: TenantScope, gateway: &Gateway, error: Option<GatewayError>) {
        let noted = match error {
            Some(
                error @ (GatewayError::Unauthorized(_)
                | GatewayError::Unavailable(_)
                | GatewayError::TimedOut),
            ) => {
                let trouble = error.trouble(&gateway.name);
                self.set_status(scope, gateway.id, GatewayStatus::Error, Some(&trouble), None).await
            }
            None if gateway.status == GatewayStatus::Error => {
                self.set_status(scope, gateway.id, GatewayStatus::Connected, None, None).await
            }
            _ => Ok(()),
        };
        if let Err(error) = noted {
            tracing::error!(%error, gateway = %gateway.id, "a gateway's status could not be recorded");
        }
    }

    /// Tells the people in a conversation of the platform's own pages that something went wrong.
    pub(crate) async fn show_trouble(
        &self,
        scope: TenantScope,
        gateway: GatewayId,
        conversation: &str,
        trouble: &Trouble,
    ) {
        let Ok(gateway) = self.store().gateway(scope, gateway).await else { return };
        let entry = self.catalogue().gateway_kind(&gateway.kind);
        let Some(connector) = entry.and_then(|entry| self.connector(entry)) else { return };
        if let Ok(account) = self.account(scope, &gateway).await {
            connector.show_trouble(&account, conversation, trouble).await;
        }
    }
}

fn settle<T>(
    ran: GatewayRan<Result<T, GatewayError>>,
    wrap: impl FnOnce(T) -> InlineAnswer,
) -> (Result<InlineAnswer, NotCarriedOut>, Usage) {
    let answer = match ran.result {
        Ok(answer) => answer.map(wrap),
        Err(GatewayCall::Busy(trouble)) => return (Err(NotCarriedOut::Busy(trouble)), ran.usage),
        Err(GatewayCall::Fault(trouble)) if trouble.code == "time_exceeded" => Err(GatewayError::TimedOut),
        Err(GatewayCall::Fault(trouble)) => Err(GatewayError::Rejected {
            code: trouble.code,
            message: format!("{}: {}", trouble.title, trouble.detail),
        }),
        Err(GatewayCall::Host(error)) => {
            tracing::error!(%error, "a gateway could not be run");
            Err(GatewayError::Unavailable("the platform failed".to_owned()))
        }
    };
    (answer.map_err(NotCarriedOut::Failed), ran.usage)
}
