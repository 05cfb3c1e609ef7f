//! Reading the Bot API's documents.
//!
//! Telegram adds fields and kinds all the time, and Bot API servers of others leave some out. So nothing here insists: a field that is not
//! there, or is not of the expected type, is none. The few that an event can not do without are asked for with `need_…`.

use twobot::gateway::{Malformed, malformed};
use twobot::{Json, Timestamp};

/// A JSON object of the Bot API, and where it stands in the update.
#[derive(Clone, Copy)]
pub(crate) struct Doc<'a> {
    value: &'a Json,
    at: &'a str,
}

impl<'a> Doc<'a> {
    pub(crate) fn new(value: &'a Json, at: &'a str) -> Self {
        Self { value, at }
    }

    pub(crate) fn has(self, field: &str) -> bool {
        self.value.get(field).is_some_and(|value| !value.is_null())
    }

    pub(crate) fn fields(self) -> impl Iterator<Item = &'a str> {
        let fields = self.value.as_object().into_iter().flatten();
        fields.filter(|(_, value)| !value.is_null()).map(|(name, _)| name.as_str())
    }

    pub(crate) fn raw(self) -> &'a Json {
        self.value
    }

    pub(crate) fn get(self, field: &'a str) -> Option<Doc<'a>> {
        self.value.get(field).filter(|value| value.is_object()).map(|value| Doc { value, at: field })
    }

    pub(crate) fn list(self, field: &'a str) -> impl DoubleEndedIterator<Item = Doc<'a>> {
        let items = self.value.get(field).and_then(Json::as_array).into_iter().flatten();
        items.map(move |value| Doc { value, at: field })
    }

    pub(crate) fn str(self, field: &str) -> Option<&'a str> {
        self.value.get(field)?.as_str()
    }

    pub(crate) fn string(self, field: &str) -> Option<String> {
        self.str(field).map(str::to_owned)
    }

    pub(crate) fn int(self, field: &str) -> Option<i64> {
        self.value.get(field)?.as_i64()
    }

    /// Ids have up to 52 bits; the platform's are text.
    pub(crate) fn id(self, field: &str) -> Option<String> {
        self.int(field).map(|id| id.to_string())
    }

    pub(crate) fn float(self, field: &str) -> Option<f64> {
        self.value.get(field)?.as_f64()
    }

    /// Widths, heights, seconds, votes.
    pub(crate) fn count(self, field: &str) -> Option<u32> {
        self.int(field).and_then(|count| u32::try_from(count).ok())
    }

    pub(crate) fn flag(self, field: &str) -> bool {
        self.value.get(field).and_then(Json::as_bool).unwrap_or(false)
    }

    /// Unix seconds, as the platform's milliseconds. Telegram writes 0 for "not known".
    pub(crate) fn time(self, field: &str) -> Option<Timestamp> {
        let seconds = self.int(field).and_then(|seconds| u64::try_from(seconds).ok())?;
        seconds.checked_mul(1_000).filter(|&millis| millis > 0)
    }

    pub(crate) fn need(self, field: &'a str) -> Result<Doc<'a>, Malformed> {
        self.get(field).ok_or_else(|| self.lacks(field))
    }

    pub(crate) fn need_id(self, field: &str) -> Result<String, Malformed> {
        self.id(field).ok_or_else(|| self.lacks(field))
    }

    pub(crate) fn need_string(self, field: &str) -> Result<String, Malformed> {
        self.string(field).ok_or_else(|| self.lacks(field))
    }

    fn lacks(self, field: &str) -> Malformed {
        malformed(format!("`{}` has no proper `{field}`", self.at))
    }
}
