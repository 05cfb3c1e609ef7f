//! The plans that tenants can have.

use super::reader::Reader;
use twobot_domain::PlanCatalogue;

/// The plans that tenants can have.
#[derive(Debug)]
pub(crate) struct Plans {
    /// `TWOBOT_PLANS`
    pub(crate) catalogue: PlanCatalogue,
}

impl Plans {
    pub(super) fn from_reader(reader: &mut Reader<'_>) -> Self {
        let catalogue = reader.with_default(
            "TWOBOT_PLANS",
            "The plan catalogue: full, mvp, or a TOML file of your own.",
            "full",
            |text| PlanCatalogue::load(text).map_err(|error| error.to_string()),
        );
        Self { catalogue }
    }
}
