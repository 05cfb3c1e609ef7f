//! Versions of what people change, so that nobody undoes what somebody else did meanwhile without knowing it.
//!
//! A version names what the owner of a thing decides, and nothing that happens to it by itself: a gateway that connects, counts or fails
//! is the same version. It is opaque to whoever is told it.

use crate::api_keys::{self, ApiKey};
use crate::db::Tx;
use crate::gateways::{self, Gateway};
use crate::installs::{self, Install};
use crate::{Store, StoreError, TenantScope};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;
use twobot_domain::{ApiKeyId, GatewayId};

/// Bytes of a version: nobody meets two of the same by chance.
const LENGTH: usize = 16;

/// A version of a thing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Version([u8; LENGTH]);

impl Version {
    /// A version that is told by these parts.
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            // With its length, so that no part passes for two.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        let mut version = [0; LENGTH];
        version.copy_from_slice(&digest[..LENGTH]);
        Self(version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Version({self})")
    }
}

/// A thing that has versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Versioned {
    /// A gateway: its name, settings and credentials.
    Gateway(GatewayId),
    /// The install of the plugin with this slug: its settings, grants and bound gateways.
    Plugin(String),
    /// A key of the API: its name and secret.
    ApiKey(ApiKeyId),
}

/// What somebody knows of a thing that they want to change.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The thing.
    pub of: Versioned,
    /// The versions that will do, as they were told. None where any will, as long as the thing is there.
    pub versions: Option<Vec<String>>,
}

impl Gateway {
    /// Its version.
    #[must_use]
    pub fn version(&self) -> Version {
        Version::of(&[b"gateway", self.id.uuid().as_bytes(), &self.updated_at.millis().to_be_bytes()])
    }
}

impl Install {
    /// Its version.
    #[must_use]
    pub fn version_of_settings(&self) -> Version {
        Version::of(&[b"install", self.id.uuid().as_bytes(), &self.updated_at.millis().to_be_bytes()])
    }
}

impl ApiKey {
    /// Its version.
    #[must_use]
    pub fn version(&self) -> Version {
        let rotated = self.rotated_at.map_or(0, twobot_domain::Timestamp::millis);
        Version::of(&[b"key", self.id.uuid().as_bytes(), self.name.as_bytes(), &rotated.to_be_bytes()])
    }
}

impl Store {
    /// The same store, whose next change that is [noted](Store::noting) is made only if a thing is still as expected. It is looked at in the
    /// change's own transaction, so that of many who expect the same exactly one has their way; the others get `Stale`.
    #[must_use]
    pub fn expecting(&self, expected: Expected) -> Self {
        Self { expected: Some(Arc::new(expected)), ..self.clone() }
    }

    /// Looks whether a thing is as this store expects it, for who has something to do before the change. The change looks again.
    ///
    /// # Errors
    /// `Stale` where it is not; `NotFound` where there is none.
    pub async fn check_expected(&self, scope: TenantScope) -> Result<(), StoreError> {
        let Some(expected) = &self.expected else { return Ok(()) };
        let version = match &expected.of {
            Versioned::Gateway(id) => self.gateway(scope, *id).await?.version(),
            Versioned::Plugin(slug) => self.install(scope, slug).await?.version_of_settings(),
            Versioned::ApiKey(id) => self.api_key(scope, *id).await?.version(),
        };
        expected.is(version)
    }

    /// Begins the transaction of a person's change, if the thing is as expected.
    pub(crate) async fn begin(&self, scope: TenantScope) -> Result<Tx, StoreError> {
        let mut tx = self.db.begin(scope).await?;
        if let (Some(expected), Some(_)) = (&self.expected, &self.note) {
            let version = match &expected.of {
                Versioned::Gateway(id) => gateways::within(&mut tx, scope, *id).await?.version(),
                Versioned::Plugin(slug) => {
                    installs::within(&mut tx, scope, slug).await?.version_of_settings()
                }
                Versioned::ApiKey(id) => api_keys::within(&mut tx, scope, *id).await?.version(),
            };
            expected.is(version)?;
        }
        Ok(tx)
    }
}

impl Expected {
    fn is(&self, version: Version) -> Result<(), StoreError> {
        let told = version.to_string();
        match &self.versions {
            Some(versions) if !versions.contains(&told) => Err(StoreError::Stale),
            _ => Ok(()),
        }
    }
}
