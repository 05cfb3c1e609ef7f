//! What the tenant can choose.

use serde::{Deserialize, Serialize};
use twobot::prelude::*;

/// East of Greenwich by at most this much (Kiribati).
const EASTMOST: i32 = 14 * 60;
/// West of Greenwich by at most this much.
const WESTMOST: i32 = -12 * 60;

#[derive(Debug, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// East of Greenwich is positive.
    pub(crate) utc_offset_minutes: i32,
    /// Days for which figures are kept.
    pub(crate) keep_days: u32,
    pub(crate) daily_summary: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { utc_offset_minutes: 0, keep_days: 400, daily_summary: true }
    }
}

impl Settings {
    /// Minutes to add to UTC; what no clock on earth shows is brought back into bounds.
    pub(crate) fn offset(&self) -> i32 {
        self.utc_offset_minutes.clamp(WESTMOST, EASTMOST)
    }
}

pub(crate) fn schema() -> Json {
    let default = Settings::default();
    json!({
        "type": "object",
        "properties": {
            "utc_offset_minutes": {
                "type": "integer",
                "title": "Time zone",
                "description": "Minutes ahead of UTC, such as 120 for UTC+2. Decides when a day begins.",
                "minimum": WESTMOST,
                "maximum": EASTMOST,
                "default": default.utc_offset_minutes
            },
            "keep_days": {
                "type": "integer",
                "title": "Days to keep",
                "description": "Figures of older days are deleted.",
                "minimum": 7,
                "maximum": 1000,
                "default": default.keep_days
            },
            "daily_summary": {
                "type": "boolean",
                "title": "Daily summary",
                "description": "Tell me yesterday's figures every morning.",
                "default": default.daily_summary
            }
        },
        "additionalProperties": false
    })
}
