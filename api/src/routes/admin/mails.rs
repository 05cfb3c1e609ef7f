//! The outbox.

use super::changed;
use super::wire::{MailDetail, MailState, MailSummary};
use crate::error::{ApiError, OrNotFound};
use crate::extract::{Id, Json, ListQuery, Operator, Query};
use crate::state::AppState;
use crate::validate::Validation;
use crate::wire::List;
use axum::extract::State;
use serde::Deserialize;
use serde_json::json;
use twobot_domain::{AuditAction, MailId};
use twobot_store::audit::{Note, Target};
use twobot_store::operators::MailFilter;
use utoipa::IntoParams;

/// The longest kind and address that are looked for.
const MAX_TEXT: usize = 320;

/// Which mails are wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// In this state.
    #[param(value_type = Option<MailState>)]
    state: Option<String>,
    /// Of this kind.
    #[param(example = "verify")]
    kind: Option<String>,
    /// To this address.
    #[param(example = "ada@example.org")]
    to: Option<String>,
}

impl Filter {
    fn checked(self) -> Result<MailFilter, ApiError> {
        let mut check = Validation::default();
        if self.state.as_deref().is_some_and(|text| MailState::parse(text).is_none()) {
            check.wrong("state", format!("must be one of {}", MailState::ALL.join(", ")));
        }
        for (field, text) in [("kind", &self.kind), ("to", &self.to)] {
            if text.as_ref().is_some_and(|text| text.len() > MAX_TEXT) {
                check.wrong(field, format!("must have at most {MAX_TEXT} bytes"));
            }
        }
        check.finish()?;
        let text = |text: Option<String>| text.unwrap_or_default().trim().to_owned();
        Ok(MailFilter { state: text(self.state), kind: text(self.kind), to: text(self.to) })
    }
}

/// List the mails of the outbox
///
/// Newest first: those of the last week, and all that wait.
#[utoipa::path(
    get,
    path = "/admin/mails",
    operation_id = "listMails",
    tag = "operators",
    params(Filter, ListQuery),
    responses((status = 200, description = "A page of mails.", body = List<MailSummary>))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    operator: Operator,
    Query(filter): Query<Filter>,
    Query(query): Query<ListQuery>,
) -> Result<Json<List<MailSummary>>, ApiError> {
    let page = state.store().mails(operator.right, &filter.checked()?, query.page()?).await?;
    List::of(page, |entry| MailSummary::new(&entry)).map(Json)
}

/// Look at a mail
///
/// What it says is shown only where the server has no mail server to send it by: its link may open an account, and is for nobody but
/// its reader.
#[utoipa::path(
    get,
    path = "/admin/mails/{id}",
    operation_id = "getMail",
    tag = "operators",
    params(("id" = Uuid, Path, description = "The mail.")),
    responses((status = 200, description = "The mail.", body = MailDetail))
)]
pub(super) async fn show(
    State(state): State<AppState>,
    operator: Operator,
    Id(id): Id<MailId>,
) -> Result<Json<MailDetail>, ApiError> {
    let entry = state.store().mail(operator.right, id).await.or_not_found("mail")?;
    let shown = if state.config.mails_go_out { None } else { entry.mail.as_ref() };
    let rendered = shown.map(|mail| twobot_engine::render_mail(mail, &state.config.site));
    let (subject, text) = rendered.map(|mail| (mail.subject, mail.text)).unzip();
    Ok(Json(MailDetail { summary: MailSummary::new(&entry)?, subject, text }))
}

/// Try a mail again
///
/// One that was given up. A link in it may be too old by now.
#[utoipa::path(
    post,
    path = "/admin/mails/{id}/retry",
    operation_id = "retryMail",
    tag = "operators",
    params(("id" = Uuid, Path, description = "The mail.")),
    responses(
        (status = 200, description = "It waits to be sent.", body = MailSummary),
        (status = 409, description = "`conflict`: it was not given up."),
    )
)]
pub(super) async fn retry(
    State(state): State<AppState>,
    operator: Operator,
    Id(id): Id<MailId>,
) -> Result<Json<MailSummary>, ApiError> {
    let entry = state.store().mail(operator.right, id).await.or_not_found("mail")?;
    let target = Target { kind: "mail", id: id.to_string(), name: entry.kind };
    let note = Note::new(&operator.session.by(), AuditAction::OperatorMailRetry, target)
        .with(json!({"attempts": entry.attempts}));
    let queued = state.store().retry_mail(operator.right, id, &note).await;
    changed(queued, "Only a mail that was given up can be tried again.")?;
    state.engine.mail_waits();
    Ok(Json(MailSummary::new(&state.store().mail(operator.right, id).await?)?))
}
