//! After a rotation of the master key: what former keys sealed is sealed with the present one.
//!
//! In batches, each a short transaction, beside servers that run. A row that changes meanwhile is left as it is: whoever changed it sealed
//! it anew.

use crate::db::{Statement, sql, transaction};
use crate::secrets::KeyId;
use crate::{Store, StoreError};
use std::collections::BTreeMap;
use twobot_domain::{GatewayId, MailId, TwoFactorId};
use uuid::Uuid;

/// Rows of one transaction.
const BATCH: usize = 200;

/// A column of envelopes.
struct Place {
    /// The next rows after an id, with `id` and `sealed`: $1.
    next: fn() -> Statement,
    /// Another envelope ($1) for a row ($2) that still has the one that was read ($3).
    change: fn() -> Statement,
    /// What an envelope belongs to.
    context: fn(Uuid) -> String,
}

const PLACES: &[Place] = &[
    Place {
        next: || {
            sql(
                "SELECT id, credentials AS sealed FROM gateways WHERE id > $1 AND credentials IS NOT NULL ORDER BY id LIMIT 200",
            )
        },
        change: || sql("UPDATE gateways SET credentials = $1 WHERE id = $2 AND credentials = $3"),
        context: |id| crate::gateways::credentials_context(GatewayId::from_uuid(id)),
    },
    Place {
        next: || sql("SELECT id, webhook_secret AS sealed FROM gateways WHERE id > $1 ORDER BY id LIMIT 200"),
        change: || sql("UPDATE gateways SET webhook_secret = $1 WHERE id = $2 AND webhook_secret = $3"),
        context: |id| crate::gateways::webhook_context(GatewayId::from_uuid(id)),
    },
    Place {
        next: || {
            sql(
                "SELECT id, content AS sealed FROM mails WHERE id > $1 AND content IS NOT NULL ORDER BY id LIMIT 200",
            )
        },
        change: || sql("UPDATE mails SET content = $1 WHERE id = $2 AND content = $3"),
        context: |id| crate::mails::context(MailId::from_uuid(id)),
    },
    Place {
        next: || {
            sql(
                "SELECT id, answer AS sealed FROM idempotency_keys WHERE id > $1 AND answer IS NOT NULL ORDER BY id LIMIT 200",
            )
        },
        change: || sql("UPDATE idempotency_keys SET answer = $1 WHERE id = $2 AND answer = $3"),
        context: crate::idempotency::context,
    },
    Place {
        next: || sql("SELECT id, secret AS sealed FROM two_factor WHERE id > $1 ORDER BY id LIMIT 200"),
        change: || sql("UPDATE two_factor SET secret = $1 WHERE id = $2 AND secret = $3"),
        context: |id| crate::two_factor::context(TwoFactorId::from_uuid(id)),
    },
    Place {
        next: || sql("SELECT id, sealed FROM own_keys WHERE id > $1 ORDER BY id LIMIT 200"),
        change: || sql("UPDATE own_keys SET sealed = $1 WHERE id = $2 AND sealed = $3"),
        context: crate::own_keys::context,
    },
];

/// What came of sealing anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Secrets that the present key sealed now, and another one before.
    pub resealed: u64,
    /// Secrets that none of the keys opens. They are as they were.
    pub unopened: u64,
}

/// An envelope, and the row in which it stands.
type Envelope = (Uuid, Vec<u8>);

impl Store {
    /// Seals with the present key what another one sealed.
    ///
    /// # Errors
    /// Only those of the database; what was sealed anew until then stays so.
    pub async fn reseal(&self) -> Result<Resealed, StoreError> {
        let mut done = Resealed::default();
        let present = self.key.id();
        for place in PLACES {
            let mut after = Some(Uuid::nil());
            while let Some(envelopes) = self.envelopes(place, &mut after).await? {
                let mut changes = Vec::new();
                for (id, sealed) in envelopes {
                    if KeyId::of_envelope(&sealed) == Some(present) {
                        continue;
                    }
                    let context = (place.context)(id);
                    match self.key.open(&context, &sealed) {
                        Ok(secret) => changes.push((self.key.seal(&context, &secret)?, id, sealed)),
                        Err(StoreError::Unsealable) => done.unopened += 1,
                        Err(error) => return Err(error),
                    }
                }
                done.resealed += self.reseal_some(place, &changes).await?;
            }
        }
        Ok(done)
    }

    async fn reseal_some(
        &self,
        place: &Place,
        changes: &[(Vec<u8>, Uuid, Vec<u8>)],
    ) -> Result<u64, StoreError> {
        if changes.is_empty() {
            return Ok(0);
        }
        transaction!(self.db.begin_shared(), |tx| {
            let mut changed = 0;
            for (envelope, id, before) in changes {
                let statement = (place.change)().bind(envelope.clone()).bind(*id).bind(before.clone());
                changed += tx.run(statement).await?;
            }
            tx.commit().await?;
            Ok(changed)
        })
    }

    /// How many secrets each key has sealed, among them keys that are not known here.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn sealed_by(&self) -> Result<BTreeMap<KeyId, u64>, StoreError> {
        let mut counted = BTreeMap::new();
        for place in PLACES {
            let mut after = Some(Uuid::nil());
            while let Some(envelopes) = self.envelopes(place, &mut after).await? {
                for key in envelopes.iter().filter_map(|(_, sealed)| KeyId::of_envelope(sealed)) {
                    *counted.entry(key).or_default() += 1;
                }
            }
        }
        Ok(counted)
    }

    /// The next envelopes of a column after a row, which becomes the last of them; none when there are no more.
    async fn envelopes(
        &self,
        place: &Place,
        after: &mut Option<Uuid>,
    ) -> Result<Option<Vec<Envelope>>, StoreError> {
        let Some(before) = *after else { return Ok(None) };
        let rows = self.db.all((place.next)().bind(before)).await?;
        let envelopes = rows.iter().map(|row| Ok((row.get("id")?, row.get("sealed")?)));
        let envelopes = envelopes.collect::<Result<Vec<Envelope>, StoreError>>()?;
        *after = envelopes.last().filter(|_| envelopes.len() == BATCH).map(|(id, _)| *id);
        Ok(Some(envelopes))
    }
}
