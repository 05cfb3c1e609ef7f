//! Looking through what went through a gateway.

use crate::error::{ApiError, OrNotFound};
use crate::extract::{Caller, Id, Json, ListQuery, Query};
use crate::state::AppState;
use crate::wire::{InboundState, List, OutboundState, Time};
use axum::extract::State;
use serde::Serialize;
use twobot_domain::{ExecutionId, GatewayId, InboundId, OutboundId};
use twobot_store::inbound::InboundRecord;
use twobot_store::outbound::OutboundRecord;
use utoipa::ToSchema;

/// Something that arrived at a gateway.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct InboundDelivery {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: InboundId,
    /// The sender's id of it: another with the same id is dropped.
    #[schema(example = "msg_p5jXN8AQM9LWM0D4loKWxJek")]
    provider_id: String,
    /// What became of it.
    state: InboundState,
    /// Why it failed, or what the sender calls what is not handled.
    note: Option<String>,
    /// When it was accepted.
    received_at: Time,
    /// The first thousand characters of it, as the gateway's component gets it.
    beginning: String,
    /// How many runs of plugins it led to.
    runs: u64,
    /// One of these runs.
    #[schema(value_type = Option<Uuid>)]
    execution_id: Option<ExecutionId>,
}

impl InboundDelivery {
    fn new(record: InboundRecord) -> Result<Self, ApiError> {
        Ok(Self {
            id: record.id,
            provider_id: record.provider_id,
            state: InboundState::stored(&record.state)?,
            note: record.note,
            received_at: record.received_at.into(),
            beginning: record.beginning,
            runs: record.runs,
            execution_id: record.run,
        })
    }
}

/// Something that was posted through a gateway.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct OutboundDelivery {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: OutboundId,
    /// The run that asked for it.
    #[schema(value_type = Uuid)]
    execution_id: ExecutionId,
    /// What the receiver knows it by (`webhook-id`): the same at every try.
    message_id: String,
    /// What became of it.
    state: OutboundState,
    /// Tries so far.
    attempts: u64,
    /// The HTTP status of the last answer; null where there was no answer.
    #[schema(example = 204)]
    status: Option<u16>,
    /// The beginning of the last answer.
    answer: String,
    /// Why the last try failed; null where it did not.
    problem: Option<String>,
    /// How long the last try took, in milliseconds.
    took_ms: u64,
    /// When it was first tried.
    created_at: Time,
    /// When it was last tried.
    tried_at: Time,
}

impl From<OutboundRecord> for OutboundDelivery {
    fn from(record: OutboundRecord) -> Self {
        Self {
            id: record.id,
            execution_id: record.execution,
            message_id: record.message,
            state: record.state.into(),
            attempts: record.attempts,
            status: record.status,
            answer: record.answer,
            problem: record.problem,
            took_ms: record.took_ms,
            created_at: record.created_at.into(),
            tried_at: record.tried_at.into(),
        }
    }
}

/// List what arrived at a gateway
///
/// Newest first, as long as the history is kept. What was refused, or dropped as a repeat, is only counted: see `counts` of the gateway.
#[utoipa::path(
    get,
    path = "/gateways/{id}/deliveries/inbound",
    operation_id = "listInboundDeliveries",
    tag = "gateways",
    params(("id" = Uuid, Path, description = "The gateway."), ListQuery),
    responses((status = 200, description = "A page of deliveries.", body = List<InboundDelivery>))
)]
pub(super) async fn inbound(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id<GatewayId>,
    Query(query): Query<ListQuery>,
) -> Result<Json<List<InboundDelivery>>, ApiError> {
    let page = query.page()?;
    state.store().gateway(caller.scope, id).await.or_not_found("gateway")?;
    let page = state.store().inbound_of(caller.scope, id, page).await?;
    List::of(page, InboundDelivery::new).map(Json)
}

/// List what was posted through a gateway
///
/// Newest first, as long as the runs that asked for it are kept. Only web hooks keep such a log; what other gateways did stands with each run.
#[utoipa::path(
    get,
    path = "/gateways/{id}/deliveries/outbound",
    operation_id = "listOutboundDeliveries",
    tag = "gateways",
    params(("id" = Uuid, Path, description = "The gateway."), ListQuery),
    responses((status = 200, description = "A page of deliveries.", body = List<OutboundDelivery>))
)]
pub(super) async fn outbound(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id<GatewayId>,
    Query(query): Query<ListQuery>,
) -> Result<Json<List<OutboundDelivery>>, ApiError> {
    let page = query.page()?;
    state.store().gateway(caller.scope, id).await.or_not_found("gateway")?;
    let page = state.store().outbound_of(caller.scope, id, page).await?;
    List::of(page, |record| Ok(record.into())).map(Json)
}
