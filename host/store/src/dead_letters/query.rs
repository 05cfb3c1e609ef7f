//! Looking at dead letters.

use crate::db::{Row, Statement, sql};
use crate::executions::NOT_BEGUN;
use crate::{Page, PageRequest, Store, StoreError, TenantScope};
use twobot_domain::{ExecutionId, FailureClass, GatewayId, Timestamp, Trouble};
use uuid::Uuid;

/// What was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadLetterKind {
    /// A run of a plugin for an event or a schedule.
    Execution,
    /// A delivery of a provider that could not be decoded.
    Delivery,
    /// An action that could not be delivered to its provider.
    Effect,
}

impl DeadLetterKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Execution, Self::Delivery, Self::Effect];

    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Execution => "execution",
            Self::Delivery => "delivery",
            Self::Effect => "effect",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Something that was given up.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// Its kind.
    pub kind: DeadLetterKind,
    /// Its id: an execution's, a delivery's or an effect's.
    pub id: Uuid,
    /// Whose handler ran, or who asked for the effect.
    pub slug: Option<String>,
    /// Through which gateway it came or was to go.
    pub gateway: Option<(GatewayId, String)>,
    /// The event's kind, the action's name; `delivery` for deliveries.
    pub what: String,
    /// Why it was given up.
    pub trouble: Trouble,
    /// Whose doing that was, where it is known.
    pub class: Option<FailureClass>,
    /// Tries.
    pub attempt: u64,
    /// The execution, or the one that asked for the effect.
    pub execution: Option<ExecutionId>,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it was given up; of deliveries, when they came.
    pub failed_at: Timestamp,
}

/// Which dead letters are wanted.
#[derive(Clone, Debug, Default)]
pub struct DeadLetterFilter {
    /// Of this kind.
    pub kind: Option<DeadLetterKind>,
    /// Of this plugin.
    pub slug: Option<String>,
    /// That came or were to go through this gateway.
    pub gateway: Option<GatewayId>,
    /// With this trouble's code.
    pub code: Option<String>,
    /// Queued at or after this.
    pub from: Option<Timestamp>,
    /// Queued before this.
    pub until: Option<Timestamp>,
}

/// The code of the trouble of a delivery that could not be decoded. Its row has no more than a note.
const NOT_DECODED: &str = "delivery_not_decoded";

/// The most dead letters that are counted: whoever looks at a dashboard asks for it after each failure.
pub const MOST_COUNTED: u64 = 1_000;

/// How a stored trouble with this code begins, as a pattern. The code is the first that is written of one.
fn beginning(code: &str) -> String {
    let text = format!("{{\"code\":{}", serde_json::Value::from(code));
    let mut pattern = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

/// The ids among which is looked: from the first, up to the second and without it.
type Range = (Uuid, Uuid);

/// The query for one kind; none where the filter asks for what that kind has not.
fn query(
    scope: TenantScope,
    kind: DeadLetterKind,
    filter: &DeadLetterFilter,
    (first, before): Range,
    limit: u64,
) -> Option<Statement> {
    let is_delivery = kind == DeadLetterKind::Delivery;
    let other_code = filter.code.as_deref().is_some_and(|code| code != NOT_DECODED);
    if filter.kind.is_some_and(|wanted| wanted != kind)
        || is_delivery && (filter.slug.is_some() || other_code)
    {
        return None;
    }
    // What is dead is rare, and found by an index of its own: the rest of the filter is looked at row by row.
    let statement = match kind {
        DeadLetterKind::Execution => sql(
            "SELECT x.id, i.slug, e.gateway_id, g.name AS gateway_name, x.event_kind AS what, x.trouble, x.failure, \
                 x.attempt, x.id AS execution_id, x.created_at, x.finished_at AS failed_at FROM executions x \
                 JOIN installs i ON i.id = x.install_id LEFT JOIN events e ON e.id = x.event_id \
                 LEFT JOIN gateways g ON g.id = e.gateway_id AND g.tenant_id = x.tenant_id \
                 WHERE x.tenant_id = $1 AND x.state = 'failed' AND x.settled_at IS NULL AND x.cause <> 'action' \
                 AND x.id >= $2 AND x.id < $3 AND x.created_at >= $4 AND x.created_at < $5 \
                 AND (e.gateway_id = $6 OR $6 IS NULL) AND (i.slug = $7 OR $7 IS NULL) \
                 AND (x.trouble LIKE $8 ESCAPE '!' OR $8 IS NULL) ORDER BY x.id DESC LIMIT $9",
        ),
        DeadLetterKind::Delivery => {
            sql("SELECT x.id, x.gateway_id, g.name AS gateway_name, x.note, x.attempt, \
                 x.received_at AS created_at, x.received_at AS failed_at FROM inbound x JOIN gateways g ON g.id = x.gateway_id \
                 WHERE x.tenant_id = $1 AND x.state = 'failed' AND x.settled_at IS NULL \
                 AND x.id >= $2 AND x.id < $3 AND x.received_at >= $4 AND x.received_at < $5 \
                 AND (x.gateway_id = $6 OR $6 IS NULL) ORDER BY x.id DESC LIMIT $7")
        }
        DeadLetterKind::Effect => sql(
            "SELECT x.id, i.slug, x.gateway_id, g.name AS gateway_name, x.kind AS what, x.trouble, x.attempt, \
                 x.execution_id, x.created_at, x.finished_at AS failed_at FROM effects x JOIN installs i ON i.id = x.install_id \
                 JOIN gateways g ON g.id = x.gateway_id \
                 WHERE x.tenant_id = $1 AND x.state = 'failed' AND x.settled_at IS NULL \
                 AND x.id >= $2 AND x.id < $3 AND x.created_at >= $4 AND x.created_at < $5 \
                 AND (x.gateway_id = $6 OR $6 IS NULL) AND (i.slug = $7 OR $7 IS NULL) \
                 AND (x.trouble LIKE $8 ESCAPE '!' OR $8 IS NULL) ORDER BY x.id DESC LIMIT $9",
        ),
    };
    let statement = statement
        .bind(scope.tenant())
        .bind(first)
        .bind(before)
        .bind(filter.from.unwrap_or(Timestamp(i64::MIN)))
        .bind(filter.until.unwrap_or(Timestamp(i64::MAX)))
        .bind(filter.gateway);
    let statement = if is_delivery {
        statement
    } else {
        statement.bind(filter.slug.as_deref()).bind(filter.code.as_deref().map(beginning))
    };
    Some(statement.bind(limit))
}

fn not_decoded(note: Option<String>, since: Timestamp) -> Trouble {
    let note = note.unwrap_or_default();
    let (title, advice) = if note == NOT_BEGUN {
        ("The workspace was stopped", "Start the workspace, then try again, or discard it.")
    } else {
        let advice = "If the provider sent something unusual, discard it. If the gateway was to blame and is mended, try again.";
        ("The delivery was not understood", advice)
    };
    let mut trouble = Trouble::new(NOT_DECODED, title, note, advice);
    trouble.since = since;
    trouble
}

fn dead_letter(kind: DeadLetterKind, row: &Row) -> Result<DeadLetter, StoreError> {
    let gateway =
        match (row.get::<Option<GatewayId>>("gateway_id")?, row.get::<Option<String>>("gateway_name")?) {
            (Some(id), Some(name)) => Some((id, name)),
            _ => None,
        };
    let created_at = row.get("created_at")?;
    let failed_at: Option<Timestamp> = row.get("failed_at")?;
    let is_delivery = kind == DeadLetterKind::Delivery;
    let trouble = if is_delivery { None } else { row.json_option("trouble")? };
    let class = match kind {
        DeadLetterKind::Execution => {
            row.get::<Option<String>>("failure")?.as_deref().and_then(FailureClass::parse)
        }
        DeadLetterKind::Delivery | DeadLetterKind::Effect => None,
    };
    Ok(DeadLetter {
        kind,
        id: row.get("id")?,
        slug: if is_delivery { None } else { Some(row.get("slug")?) },
        gateway,
        what: if is_delivery { "delivery".to_owned() } else { row.get("what")? },
        trouble: match trouble {
            Some(trouble) => trouble,
            None if is_delivery => not_decoded(row.get("note")?, created_at),
            None => Trouble::new(
                "unknown",
                "It was given up",
                "Nothing more is recorded.",
                "Try again, or discard it.",
            ),
        },
        class,
        attempt: row.get("attempt")?,
        execution: if is_delivery { None } else { Some(row.get("execution_id")?) },
        created_at,
        failed_at: failed_at.unwrap_or(created_at),
    })
}

impl Store {
    /// The tenant's dead letters of all kinds, newest first by when they were queued.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn dead_letters(
        &self,
        scope: TenantScope,
        filter: &DeadLetterFilter,
        page: PageRequest,
    ) -> Result<Page<DeadLetter>, StoreError> {
        let mut items = Vec::new();
        for kind in DeadLetterKind::ALL {
            let range = (Uuid::nil(), page.before());
            let Some(statement) = query(scope, kind, filter, range, page.probe()) else { continue };
            for row in self.db.all(statement).await? {
                items.push(dead_letter(kind, &row)?);
            }
        }
        // Each kind was asked for as many as the page has: of all kinds together, the newest so many are among them.
        items.sort_by_key(|item| std::cmp::Reverse(item.id));
        Ok(Page::from_probe(items, page, |item| item.id))
    }

    /// How many dead letters there are. More than [`MOST_COUNTED`] are not counted: then it is one more than that.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn count_dead_letters(
        &self,
        scope: TenantScope,
        filter: &DeadLetterFilter,
    ) -> Result<u64, StoreError> {
        let mut count = 0_u64;
        for kind in DeadLetterKind::ALL {
            let range = (Uuid::nil(), Uuid::max());
            let Some(statement) = query(scope, kind, filter, range, MOST_COUNTED + 1) else { continue };
            count = count.saturating_add(self.db.one(statement.counted()).await?.get("n")?);
        }
        Ok(count.min(MOST_COUNTED + 1))
    }

    /// One dead letter.
    ///
    /// # Errors
    /// `NotFound` when the scope has none of this id, or it is settled.
    pub async fn dead_letter(&self, scope: TenantScope, id: Uuid) -> Result<DeadLetter, StoreError> {
        for kind in DeadLetterKind::ALL {
            let filter = DeadLetterFilter::default();
            let range = (id, Uuid::from_u128(id.as_u128().saturating_add(1)));
            let Some(statement) = query(scope, kind, &filter, range, 1) else { continue };
            if let Some(row) = self.db.optional(statement).await? {
                return dead_letter(kind, &row);
            }
        }
        Err(StoreError::NotFound)
    }

    /// What a dead letter is about: an event's payload, a delivery's body or an effect's action, as JSON. None where the event of an
    /// execution is gone.
    ///
    /// # Errors
    /// `NotFound` when the scope has nothing of this id and kind.
    pub async fn dead_letter_payload(
        &self,
        scope: TenantScope,
        kind: DeadLetterKind,
        id: Uuid,
    ) -> Result<Option<String>, StoreError> {
        let statement = match kind {
            DeadLetterKind::Execution => sql(
                "SELECT e.payload FROM executions x LEFT JOIN events e ON e.id = x.event_id WHERE x.id = $1 AND x.tenant_id = $2",
            ),
            DeadLetterKind::Delivery => {
                sql("SELECT body AS payload FROM inbound WHERE id = $1 AND tenant_id = $2")
            }
            DeadLetterKind::Effect => {
                sql("SELECT action AS payload FROM effects WHERE id = $1 AND tenant_id = $2")
            }
        };
        self.db.one(statement.bind(id).bind(scope.tenant())).await?.get("payload")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_trouble_begins_with_its_code() {
        let trouble = Trouble::new("fuel_exhausted", "x", "y", "z");
        let stored = serde_json::to_string(&trouble).unwrap();
        let begins =
            |code: &str| stored.starts_with(beginning(code).trim_end_matches('%').replace('!', "").as_str());
        assert!(begins("fuel_exhausted"), "{stored}");
        assert!(!begins("fuel"), "a part of a code is another code");
        assert_eq!(beginning("a_%!"), "{\"code\":\"a!_!%!!\"%");
    }

    #[test]
    fn kinds_are_found_by_their_names() {
        for kind in DeadLetterKind::ALL {
            assert_eq!(DeadLetterKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(DeadLetterKind::parse("letter"), None);
    }
}
