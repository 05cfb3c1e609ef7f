//! What makes a changed audit log visible: each row's hash covers the row and the hash of the row before it.
//!
//! Whoever can write to the database can compute every hash anew. What the chain shows is a change by someone who did not, or
//! could not, rewrite all that follows; and it lets the hash of a tenant's last row, kept elsewhere, vouch for all before it.

use super::AuditRecord;
use super::query::record;
use crate::db::{Row, Tx, sql};
use crate::{Store, StoreError, TenantScope};
use sha2::{Digest, Sha256};
use twobot_domain::{AuditId, Timestamp};

/// Says how a row was put into bytes, so that a later way can be told from this one.
const VERSION: &[u8] = b"2bot audit 1";

/// What stands for the row before a tenant's first.
const BEGIN: [u8; 32] = [0; 32];

/// Rows that are checked at once.
const BATCH: u64 = 500;

/// What a check of a tenant's chain found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// How many rows are no longer kept, from the first.
    pub removed: u64,
    /// How many rows are sound, from the first that is kept.
    pub sound: u64,
    /// What is wrong with the row after these.
    pub fault: Option<Fault>,
}

impl Chain {
    /// The place of the first row with which something is wrong, or that is missing.
    #[must_use]
    pub fn broken_at(&self) -> Option<u64> {
        self.fault.map(|_| self.removed + self.sound + 1)
    }
}

/// What is wrong with a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The row was changed.
    Changed,
    /// A row is missing before it, or was put in.
    Broken,
    /// Rows are missing at the end, or were added without the end knowing.
    End,
}

/// A place of a chain, after which it is looked at: what stands there, and what its hash is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Beginning {
    pub(super) seq: u64,
    pub(super) hash: Vec<u8>,
}

impl Beginning {
    /// Where the rows begin that are kept.
    pub(super) fn of(head: &Row) -> Result<Self, StoreError> {
        let hash: Option<Vec<u8>> = head.get("removed_hash")?;
        Ok(Self { seq: head.get("removed_seq")?, hash: hash.unwrap_or_else(|| BEGIN.to_vec()) })
    }
}

/// Goes on to a row of a chain, or says what is wrong with it.
pub(super) fn follow(
    scope: TenantScope,
    last: &Beginning,
    row: &Row,
    found: &AuditRecord,
) -> Result<Result<Beginning, Fault>, StoreError> {
    let (previous, stored): (Vec<u8>, Vec<u8>) = (row.get("previous")?, row.get("hash")?);
    if found.seq != last.seq + 1 || previous != last.hash {
        return Ok(Err(Fault::Broken));
    }
    if hash(scope, &previous, found) != stored || moment(found.id) != found.created_at {
        return Ok(Err(Fault::Changed));
    }
    Ok(Ok(Beginning { seq: found.seq, hash: stored }))
}

/// The ends of a tenant's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ends {
    begin: Beginning,
    end: Beginning,
}

/// Takes the next place of a tenant's chain; says which it is, and the hash of the row before. Until the transaction ends nobody
/// else gets one.
pub(super) async fn take_place(tx: &mut Tx, scope: TenantScope) -> Result<(u64, Vec<u8>), StoreError> {
    let row = tx
        .optional(
            sql("INSERT INTO audit_heads (tenant_id, seq, hash) VALUES ($1, 1, $2) \
                 ON CONFLICT (tenant_id) DO UPDATE SET seq = audit_heads.seq + 1 RETURNING seq, hash")
            .bind(scope.tenant())
            .bind(BEGIN.as_slice()),
        )
        .await?
        .ok_or(StoreError::NotFound)?;
    Ok((row.get("seq")?, row.get("hash")?))
}

/// Makes a row the last one.
pub(super) async fn advance(tx: &mut Tx, scope: TenantScope, hash: Vec<u8>) -> Result<(), StoreError> {
    tx.run(sql("UPDATE audit_heads SET hash = $1 WHERE tenant_id = $2").bind(hash).bind(scope.tenant()))
        .await
        .map(drop)
}

/// When an id was made: its first 48 bits are milliseconds. A row's time is taken from its id, so that the index by id is one by
/// time.
pub(super) fn moment(id: AuditId) -> Timestamp {
    Timestamp(i64::try_from(id.uuid().as_u128() >> 80).unwrap_or(i64::MAX))
}

/// The hash of a row. Each part goes in with its length, so that no two rows give the same bytes.
pub(super) fn hash(scope: TenantScope, previous: &[u8], row: &AuditRecord) -> Vec<u8> {
    let mut digest = Sha256::new();
    let mut part = |bytes: &[u8]| {
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    };
    part(VERSION);
    part(previous);
    part(scope.tenant().uuid().as_bytes());
    part(&row.seq.to_be_bytes());
    part(row.id.uuid().as_bytes());
    part(&row.created_at.0.to_be_bytes());
    part(row.actor_id.as_ref().map_or(&[][..], |id| id.as_bytes()));
    let texts = [
        &row.actor_kind,
        &row.actor_name,
        &row.action,
        &row.target_kind,
        &row.target_id,
        &row.target_name,
        &row.outcome,
        &row.detail,
    ];
    texts.iter().for_each(|text| part(text.as_bytes()));
    for text in [&row.request_id, &row.address] {
        // A missing text is not an empty one.
        part(&[u8::from(text.is_some())]);
        part(text.as_deref().unwrap_or_default().as_bytes());
    }
    digest.finalize().to_vec()
}

impl Store {
    /// Checks that nobody changed, removed or put in a row of a tenant's audit log, as far as its hashes show it.
    ///
    /// # Errors
    /// Only those of the database. That something is wrong is no error: it is the answer.
    pub async fn verify_audit(&self, scope: TenantScope) -> Result<Chain, StoreError> {
        let mut ends = self.chain_ends(scope).await?;
        loop {
            let found = self.verify_between(scope, &ends).await?;
            if found.fault.is_none() {
                return Ok(found);
            }
            // Rows may have been added, or old ones removed, while it was looked.
            let now = self.chain_ends(scope).await?;
            if now == ends {
                return Ok(found);
            }
            ends = now;
        }
    }

    async fn chain_ends(&self, scope: TenantScope) -> Result<Ends, StoreError> {
        let head = sql("SELECT seq, hash, removed_seq, removed_hash FROM audit_heads WHERE tenant_id = $1");
        let nothing = || Beginning { seq: 0, hash: BEGIN.to_vec() };
        Ok(match self.db.optional(head.bind(scope.tenant())).await? {
            Some(row) => Ends {
                begin: Beginning::of(&row)?,
                end: Beginning { seq: row.get("seq")?, hash: row.get("hash")? },
            },
            None => Ends { begin: nothing(), end: nothing() },
        })
    }

    /// Checks the rows between the ends that a chain had at a moment, and that none follow.
    async fn verify_between(&self, scope: TenantScope, ends: &Ends) -> Result<Chain, StoreError> {
        let mut last = ends.begin.clone();
        let found = |last: &Beginning, fault: Option<Fault>| Chain {
            removed: ends.begin.seq,
            sound: last.seq - ends.begin.seq,
            fault,
        };
        loop {
            let rows = self.chain_after(scope, last.seq, BATCH).await?;
            for row in &rows {
                match follow(scope, &last, row, &record(row)?)? {
                    Ok(next) => last = next,
                    Err(fault) => return Ok(found(&last, Some(fault))),
                }
            }
            if (rows.len() as u64) < BATCH {
                break;
            }
        }
        let fault = (last != ends.end).then_some(Fault::End);
        Ok(found(&last, fault))
    }
}
