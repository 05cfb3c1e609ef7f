//! Tenants and mails as operators see them on the wire.

use crate::error::ApiError;
use crate::routes::workspace::Counts;
use crate::wire::{MailState as State, Plan, PlanRef, Role, Time, Usage, WorkspaceState};
use serde::{Deserialize, Serialize};
use twobot_domain::{MailId, PlanCatalogue, TenantId, UserId};
use twobot_store::audit::{Chain, Fault};
use twobot_store::mails::OutboxEntry;
use twobot_store::operators::{Person, TenantRow};
use utoipa::ToSchema;

pub(super) use crate::wire::MailState;

/// A tenant in the list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct TenantSummary {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: TenantId,
    /// For people.
    #[schema(example = "Ada Lovelace")]
    name: String,
    /// The address of its owner.
    #[schema(example = "ada@example.org")]
    owner: Option<String>,
    /// How many people it has.
    people: u64,
    /// Its plan.
    plan: PlanRef,
    /// The state of its workspace.
    state: WorkspaceState,
    /// When it registered.
    created_at: Time,
    /// When it is removed, if its owner asked for that.
    closes_at: Option<Time>,
    /// Since when it is suspended, if it is.
    suspended_at: Option<Time>,
}

impl TenantSummary {
    pub(super) fn new(row: TenantRow, plans: &PlanCatalogue) -> Self {
        let TenantRow { tenant, owner, people } = row;
        Self {
            plan: plans.get_or_default(&tenant.plan).into(),
            id: tenant.id,
            name: tenant.name,
            owner,
            people,
            state: tenant.state.into(),
            created_at: tenant.created_at.into(),
            closes_at: tenant.closes_at.map(Into::into),
            suspended_at: tenant.suspended_at.map(Into::into),
        }
    }
}

/// A tenant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct TenantDetail {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub(super) id: TenantId,
    /// For people.
    #[schema(example = "Ada Lovelace")]
    pub(super) name: String,
    /// The state of its workspace.
    pub(super) state: WorkspaceState,
    /// Its plan.
    pub(super) plan: Plan,
    /// Who signs in for it.
    pub(super) people: Vec<TenantPerson>,
    /// What is in it.
    pub(super) counts: Counts,
    /// Bytes that its plugins keep.
    pub(super) storage_bytes: u64,
    /// What it used this day, in UTC.
    pub(super) today: Usage,
    /// When it registered.
    pub(super) created_at: Time,
    /// When it is removed, if its owner asked for that.
    pub(super) closes_at: Option<Time>,
    /// Since when it is suspended, if it is.
    pub(super) suspended_at: Option<Time>,
    /// Why it is suspended, in an operator's words.
    #[schema(example = "unpaid")]
    pub(super) suspended_for: Option<String>,
}

/// A person of a tenant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct TenantPerson {
    /// Their id.
    #[schema(value_type = Uuid)]
    id: UserId,
    /// In lower case.
    #[schema(format = "email")]
    email: String,
    /// For people.
    name: String,
    /// What they may do in it.
    role: Role,
    /// Whether they look after the whole server.
    operator: bool,
    /// Whether they have shown that the address is theirs.
    email_verified: bool,
    /// When they registered.
    created_at: Time,
}

impl TryFrom<Person> for TenantPerson {
    type Error = ApiError;

    fn try_from(person: Person) -> Result<Self, ApiError> {
        Ok(Self {
            id: person.id,
            email: person.email,
            name: person.name,
            role: Role::stored(&person.role)?,
            operator: person.operator,
            email_verified: person.email_verified_at.is_some(),
            created_at: person.created_at.into(),
        })
    }
}

/// Why a tenant is suspended.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Suspension {
    /// For operators and for the tenant's audit log.
    #[schema(min_length = 1, max_length = 500, example = "unpaid since March")]
    pub(super) reason: String,
}

/// The plan that a tenant is to have.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct PlanChoice {
    /// Its id in the catalogue.
    #[schema(example = "pro")]
    pub(super) plan: String,
}

/// What a check of an audit log found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct AuditCheck {
    /// How many rows are no longer kept, since they are older than the plan keeps them.
    removed: u64,
    /// How many rows are sound, from the first that is kept.
    sound: u64,
    /// The place of the first row that is not, from 1; null where all are.
    broken_at: Option<u64>,
    /// What is wrong there: `changed`, `broken` (a row before it is missing, or it was put in) or `end` (rows are missing at the end).
    #[schema(example = "changed")]
    fault: Option<&'static str>,
}

impl From<Chain> for AuditCheck {
    fn from(chain: Chain) -> Self {
        let fault = chain.fault.map(|fault| match fault {
            Fault::Changed => "changed",
            Fault::Broken => "broken",
            Fault::End => "end",
        });
        Self { removed: chain.removed, sound: chain.sound, broken_at: chain.broken_at(), fault }
    }
}

/// A mail of the outbox.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct MailSummary {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: MailId,
    /// The address that it goes to.
    #[schema(format = "email")]
    to: String,
    /// Its kind.
    #[schema(example = "verify")]
    kind: String,
    /// What became of it.
    state: State,
    /// How often it was tried.
    attempts: u32,
    /// What went wrong the last time.
    trouble: Option<String>,
    /// When it was queued.
    created_at: Time,
}

impl MailSummary {
    pub(super) fn new(entry: &OutboxEntry) -> Result<Self, ApiError> {
        Ok(Self {
            id: entry.id,
            to: entry.recipient.clone(),
            kind: entry.kind.clone(),
            state: State::stored(&entry.state)?,
            attempts: entry.attempts,
            trouble: entry.trouble.clone(),
            created_at: entry.created_at.into(),
        })
    }
}

/// A mail of the outbox, with what it says where that may be shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct MailDetail {
    #[serde(flatten)]
    pub(super) summary: MailSummary,
    /// Its subject; null where it is not shown.
    pub(super) subject: Option<String>,
    /// Its text with its links; null where it is not shown: the server has a mail server to send it by, or it is no longer kept.
    pub(super) text: Option<String>,
}
