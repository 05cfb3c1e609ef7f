//! A batch of deliveries in PostgreSQL: every statement is about all of them, since each takes a way over the network.
//!
//! The inboxes of the batch's tenants are locked, so that no other node counts what waits there at the same time, and none takes
//! the same delivery. An inbox that another node holds is waited for, but not for long: that node may stand still in the middle of
//! its transaction, and everybody's deliveries of this one wait meanwhile.

use super::Accepted;
use super::group::{Delivery, failed};
use crate::db::{Db, Tx, lock_of_inbox, sql, transaction};
use crate::{StoreError, order, points};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};
use twobot_domain::{GatewayId, InboundId, TenantId, Timestamp};
use uuid::Uuid;

/// For how long an inbox is not waited for again that could not be locked in time.
const REMEMBERED: Duration = Duration::from_secs(5);

/// The inboxes that could not be locked in time, and until when they are only tried: else a node that stands still would cost
/// each batch the whole time of waiting.
#[derive(Debug, Default)]
pub(super) struct Held(HashMap<TenantId, Instant>);

/// What to do about inboxes that others hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Locks {
    /// Leave them.
    Try,
    /// Wait for them; where it takes too long, nothing is written.
    Wait,
}

/// Takes deliveries into the log, and says what became of each: `Busy` where another node holds the tenant's inbox.
///
/// # Errors
/// Those of the database; nothing of the batch is kept then.
pub(super) async fn write(
    db: &Db,
    deliveries: &[Delivery],
) -> Result<Vec<Result<Accepted, StoreError>>, StoreError> {
    write_some(db, &deliveries.iter().collect::<Vec<_>>(), Locks::Try).await
}

/// The same for those that were `Busy`. As a rule the other node is just committing, and done in a moment: it is waited for, but for
/// those of which it was waited for in vain a little while ago.
pub(super) async fn write_held(
    db: &Db,
    held: &mut Held,
    deliveries: &[Delivery],
) -> Vec<Result<Accepted, StoreError>> {
    held.0.retain(|_, until| *until > Instant::now());
    let mut results: Vec<_> = deliveries.iter().map(|_| Err(StoreError::Busy)).collect();
    let (places, left): (Vec<usize>, Vec<&Delivery>) =
        deliveries.iter().enumerate().filter(|(_, (scope, _))| !held.0.contains_key(&scope.tenant())).unzip();
    if left.is_empty() {
        return results;
    }
    let written = match write_some(db, &left, Locks::Wait).await {
        // One of them is held for long. Who else was waited for is free by now.
        Err(error) if error.is_lock_timeout() => write_some(db, &left, Locks::Try).await,
        written => written,
    };
    let written = written.unwrap_or_else(|error| failed(&error, left.len()));
    for ((place, (scope, _)), result) in places.into_iter().zip(left).zip(written) {
        if matches!(result, Err(StoreError::Busy)) {
            held.0.insert(scope.tenant(), Instant::now() + REMEMBERED);
        }
        if let Some(known) = results.get_mut(place) {
            *known = result;
        }
    }
    results
}

/// Takes those deliveries into the log whose tenants' inboxes can be locked; the others are `Busy`.
async fn write_some(
    db: &Db,
    deliveries: &[&Delivery],
    locks: Locks,
) -> Result<Vec<Result<Accepted, StoreError>>, StoreError> {
    let tenants: HashSet<TenantId> = deliveries.iter().map(|(scope, _)| scope.tenant()).collect();
    transaction!(db.begin_shared(), |tx| {
        let locked = lock(&mut tx, &tenants, locks).await?;
        let (places, ours): (Vec<usize>, Vec<&Delivery>) = deliveries
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, (scope, _))| locked.contains(&scope.tenant()))
            .unzip();
        let mut results: Vec<_> = deliveries.iter().map(|_| Err(StoreError::Busy)).collect();
        if ours.is_empty() {
            return Ok(results);
        }
        let known = look(&mut tx, &ours).await?;
        let waiting = count(&mut tx, &locked).await?;
        let mut decided = decide(&ours, &known, waiting);
        insert(&mut tx, &ours, &mut decided).await?;
        add_counts(&mut tx, &ours, &decided).await?;
        points::reach("ingest-before-commit");
        tx.commit().await?;
        points::reach("ingest-after-commit");
        for (place, result) in places.into_iter().zip(decided) {
            if let Some(known) = results.get_mut(place) {
                *known = result;
            }
        }
        Ok(results)
    })
}

/// Locks the inboxes of tenants until the end of the transaction, and says which.
async fn lock(
    tx: &mut Tx,
    tenants: &HashSet<TenantId>,
    locks: Locks,
) -> Result<HashSet<TenantId>, StoreError> {
    if locks == Locks::Wait {
        // In the order in which they are held with others, each for its turn: two nodes with much for the same tenant take turns.
        let mut numbers: Vec<i64> = tenants.iter().map(|tenant| lock_of_inbox(*tenant)).collect();
        numbers.sort_unstable();
        tx.run(sql("SELECT set_config('lock_timeout', '500ms', true) AS time")).await?;
        tx.run(
            sql("SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS k")
                .bind_integers(numbers.into_iter()),
        )
        .await?;
        return Ok(tenants.clone());
    }
    let rows = tx
        .all(
            sql("SELECT a.tenant_id FROM unnest($1::uuid[], $2::bigint[]) AS a (tenant_id, lock) \
                 WHERE pg_try_advisory_xact_lock(a.lock)")
            .bind_uuids(tenants.iter().map(|tenant| tenant.uuid()))
            .bind_integers(tenants.iter().map(|tenant| lock_of_inbox(*tenant))),
        )
        .await?;
    rows.iter().map(|row| row.get("tenant_id")).collect()
}

/// What is known of a delivery before it is written.
#[derive(Clone, Copy)]
enum Known {
    /// The tenant has no such gateway.
    NoGateway,
    Before,
    New,
}

async fn look(tx: &mut Tx, deliveries: &[&Delivery]) -> Result<Vec<Known>, StoreError> {
    let rows = tx
        .all(
            sql("SELECT a.place, g.id AS gateway_id, i.id AS inbound_id \
                 FROM unnest($1::uuid[], $2::uuid[], $3::text[]) WITH ORDINALITY AS a (gateway_id, tenant_id, provider_id, place) \
                 LEFT JOIN gateways g ON g.id = a.gateway_id AND g.tenant_id = a.tenant_id \
                 LEFT JOIN inbound i ON i.gateway_id = g.id AND i.provider_id = a.provider_id")
            .bind_uuids(deliveries.iter().map(|(_, delivery)| delivery.gateway.uuid()))
            .bind_uuids(deliveries.iter().map(|(scope, _)| scope.tenant().uuid()))
            .bind_texts(deliveries.iter().map(|(_, delivery)| delivery.provider_id.as_str())),
        )
        .await?;
    let mut known = vec![Known::NoGateway; deliveries.len()];
    for row in rows {
        let found = match (row.get::<Option<Uuid>>("gateway_id")?, row.get::<Option<Uuid>>("inbound_id")?) {
            (None, _) => Known::NoGateway,
            (Some(_), Some(_)) => Known::Before,
            (Some(_), None) => Known::New,
        };
        // Places are counted from 1.
        let place = usize::try_from(row.get::<u64>("place")?).unwrap_or_default();
        if let Some(known) = place.checked_sub(1).and_then(|place| known.get_mut(place)) {
            *known = found;
        }
    }
    Ok(known)
}

/// Deliveries that wait to be decoded and executions that wait to be run; not those that are held for a person. From here on ids sort
/// behind those of the deliveries.
async fn count(tx: &mut Tx, tenants: &HashSet<TenantId>) -> Result<HashMap<TenantId, u64>, StoreError> {
    let rows = tx
        .all(
            sql(
                "SELECT t.id, (SELECT count(*) FROM inbound WHERE tenant_id = t.id AND state = 'waiting') + \
                 (SELECT count(*) FROM executions WHERE tenant_id = t.id AND state = 'waiting') - \
                 (SELECT count(*) FROM executions WHERE tenant_id = t.id AND held = 1) AS n, \
                 (SELECT id FROM inbound WHERE tenant_id = t.id AND state = 'waiting' ORDER BY id DESC LIMIT 1) AS newest \
                 FROM unnest($1::uuid[]) AS t (id)",
            )
            .bind_uuids(tenants.iter().map(|tenant| tenant.uuid())),
        )
        .await?;
    for row in &rows {
        order::go_on_after(row.get("newest")?);
    }
    rows.iter().map(|row| Ok((row.get("id")?, row.get("n")?))).collect()
}

/// What becomes of each, in the order in which they came.
fn decide(
    deliveries: &[&Delivery],
    known: &[Known],
    mut waiting: HashMap<TenantId, u64>,
) -> Vec<Result<Accepted, StoreError>> {
    let mut taken = HashSet::new();
    let decide = |((scope, delivery), known): (&&Delivery, &Known)| {
        let waits = waiting.entry(scope.tenant()).or_default();
        match known {
            Known::NoGateway => return Err(StoreError::NotFound),
            Known::Before => return Ok(Accepted::Duplicate),
            Known::New => {}
        }
        let name = (delivery.gateway, delivery.provider_id.clone());
        if taken.contains(&name) {
            return Ok(Accepted::Duplicate);
        }
        if *waits >= u64::from(delivery.waiting_limit) {
            return Err(StoreError::QueueFull(*waits));
        }
        *waits += 1;
        taken.insert(name);
        // Ids are given in the order of arrival: it is the order in which deliveries are decoded.
        Ok(Accepted::New(InboundId::new()))
    };
    deliveries.iter().zip(known).map(decide).collect()
}

async fn insert(
    tx: &mut Tx,
    deliveries: &[&Delivery],
    results: &mut [Result<Accepted, StoreError>],
) -> Result<(), StoreError> {
    let new: Vec<_> = deliveries
        .iter()
        .zip(results.iter())
        .filter_map(|((scope, delivery), result)| match result {
            Ok(Accepted::New(id)) => Some((id.uuid(), scope.tenant().uuid(), delivery)),
            _ => None,
        })
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    // A gateway that goes at this moment makes the database refuse, and the next try finds it gone.
    let rows = tx
        .all(
            sql("INSERT INTO inbound (id, tenant_id, gateway_id, provider_id, body, state, next_at, received_at) \
                 SELECT a.id, a.tenant_id, a.gateway_id, a.provider_id, a.body, 'waiting', $7, a.at \
                 FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bigint[]) \
                 AS a (id, tenant_id, gateway_id, provider_id, body, at) \
                 ON CONFLICT (gateway_id, provider_id) DO NOTHING RETURNING id")
            .bind_uuids(new.iter().map(|(id, ..)| *id))
            .bind_uuids(new.iter().map(|(_, tenant, _)| *tenant))
            .bind_uuids(new.iter().map(|(.., delivery)| delivery.gateway.uuid()))
            .bind_texts(new.iter().map(|(.., delivery)| delivery.provider_id.as_str()))
            .bind_texts(new.iter().map(|(.., delivery)| delivery.body.as_str()))
            .bind_integers(new.iter().map(|(id, ..)| Timestamp::of_id(*id).0))
            // Due now, also where the id is ahead of this clock.
            .bind(Timestamp::now()),
        )
        .await?;
    let written = rows.iter().map(|row| row.get("id")).collect::<Result<HashSet<InboundId>, _>>()?;
    for result in results {
        if matches!(result, Ok(Accepted::New(id)) if !written.contains(id)) {
            *result = Ok(Accepted::Duplicate);
        }
    }
    Ok(())
}

async fn add_counts(
    tx: &mut Tx,
    deliveries: &[&Delivery],
    results: &[Result<Accepted, StoreError>],
) -> Result<(), StoreError> {
    let mut counts: BTreeMap<GatewayId, (i64, i64)> = BTreeMap::new();
    for ((_, delivery), result) in deliveries.iter().zip(results) {
        match result {
            Ok(Accepted::New(_)) => counts.entry(delivery.gateway).or_default().0 += 1,
            Ok(Accepted::Duplicate) => counts.entry(delivery.gateway).or_default().1 += 1,
            Err(_) => {}
        }
    }
    if counts.is_empty() {
        return Ok(());
    }
    tx.run(
        sql("UPDATE gateways g SET accepted = g.accepted + a.accepted, duplicates = g.duplicates + a.duplicates, \
             last_event_at = CASE WHEN a.accepted > 0 THEN $4 ELSE g.last_event_at END \
             FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS a (id, accepted, duplicates) WHERE g.id = a.id")
        .bind_uuids(counts.keys().map(|gateway| gateway.uuid()))
        .bind_integers(counts.values().map(|(accepted, _)| *accepted))
        .bind_integers(counts.values().map(|(_, duplicates)| *duplicates))
        .bind(Timestamp::now()),
    )
    .await
    .map(drop)
}
