//! Deliveries of providers.

use crate::error::ApiError;
use crate::extract::{BODY_LIMIT, Json, Names};
use crate::state::AppState;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use std::collections::HashMap;
use twobot_domain::GatewayId;
use twobot_engine::WebhookError;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(webhook))
}

/// Deliver to a gateway
///
/// For providers, not for people: Telegram's updates go to `/webhooks/telegram/{gatewayId}` and must carry the secret that
/// was agreed in `X-Telegram-Bot-Api-Secret-Token`. Any JSON document goes to `/webhooks/web-hook/{gatewayId}`, and is believed in the
/// way that the gateway's settings name: Standard Webhooks, an HMAC of the body, or a token. The answer is sent once the delivery is
/// durable.
#[utoipa::path(
    post,
    path = "/webhooks/{connector}/{gatewayId}",
    operation_id = "deliverWebhook",
    tag = "webhooks",
    security(()),
    params(
        ("connector" = String, Path, description = "The host's connector that knows the provider.", example = "telegram"),
        ("gatewayId" = Uuid, Path, description = "The gateway."),
    ),
    request_body(content = Object, description = "The provider's document.", content_type = "application/json"),
    responses(
        (status = 200, description = "It is durable, or was so before.", body = Object),
        (status = 400, description = "`malformed_json`: the document is not what the provider sends."),
        (status = 401, description = "`invalid_webhook_secret`: the secret is missing or wrong."),
        (status = 403, description = "`suspended`: the operator suspended the account more than a day ago."),
        (status = 413, description = "`body_too_large`: it has more than 1 MB."),
        (status = 503, description = "`queue_full`: too many events are waiting; `Retry-After` says how long to wait."),
    )
)]
async fn webhook(
    State(state): State<AppState>,
    Names((connector, id)): Names<(String, GatewayId)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let body = match read(&headers, body).await {
        Ok(body) => body,
        Err(error) => {
            state.engine.refuse_webhook(&connector, id).await;
            return Err(error);
        }
    };
    let headers = lower_cased(&headers);
    match state.engine.webhook(&connector, id, &headers, &body).await {
        Ok(_) => Ok(Json(json!({}))),
        Err(WebhookError::NotFound) => Err(ApiError::not_found("gateway")),
        Err(WebhookError::WrongSecret) => Err(ApiError::invalid_webhook_secret()),
        Err(WebhookError::Malformed(detail)) => Err(ApiError::malformed_json(detail)),
        Err(WebhookError::QueueFull) => Err(ApiError::queue_full()),
        Err(WebhookError::Suspended) => Err(ApiError::suspended(
            "The operator of this server has suspended the account of this gateway. What arrives is not kept any more.",
        )),
        Err(WebhookError::Store(error)) => Err(error.into()),
    }
}

/// The body as text. What it says of its own length is believed only where that spares us reading it.
async fn read(headers: &HeaderMap, body: Body) -> Result<String, ApiError> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<usize>().ok());
    if announced.is_some_and(|length| length > BODY_LIMIT) {
        return Err(ApiError::body_too_large(BODY_LIMIT));
    }
    let bytes = to_bytes(body, BODY_LIMIT).await.map_err(|error| {
        // The reader does not tell a broken connection from a body over the limit, other than by its source.
        let mut source = std::error::Error::source(&error);
        while let Some(inner) = source {
            if inner.to_string().contains("length limit") {
                return ApiError::body_too_large(BODY_LIMIT);
            }
            source = inner.source();
        }
        ApiError::malformed_json("The body did not arrive in full.")
    })?;
    String::from_utf8(bytes.into()).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        ApiError::malformed_json(format!("The body is not UTF-8 from byte {at} on."))
    })
}

/// The headers by name. Of several with one name the first counts; what is not text is left out.
fn lower_cased(headers: &HeaderMap) -> HashMap<String, String> {
    let mut map = HashMap::with_capacity(headers.keys_len());
    for (name, value) in headers {
        if let Ok(text) = HeaderValue::to_str(value) {
            map.entry(name.as_str().to_owned()).or_insert_with(|| text.to_owned());
        }
    }
    map
}
