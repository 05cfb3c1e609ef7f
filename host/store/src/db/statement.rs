//! SQL with its values, before any database has seen it.

use std::borrow::Cow;
use uuid::Uuid;

/// A value for a parameter of a statement.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Integer(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Uuid(Option<Uuid>),
    /// As many of them as there are; only PostgreSQL has such parameters.
    Integers(Vec<i64>),
    Texts(Vec<String>),
    Uuids(Vec<Uuid>),
}

macro_rules! into_value {
    ($($from:ty => |$value:ident| $case:ident($into:expr)),+ $(,)?) => {$(
        impl From<$from> for Value {
            fn from($value: $from) -> Self {
                Self::$case(Some($into))
            }
        }
        impl From<Option<$from>> for Value {
            fn from(value: Option<$from>) -> Self {
                Self::$case(value.map(|$value| $into))
            }
        }
    )+};
}
into_value! {
    i64 => |value| Integer(value),
    bool => |value| Integer(i64::from(value)),
    // Counts come from guests too; what does not fit is as good as the largest.
    u64 => |value| Integer(i64::try_from(value).unwrap_or(i64::MAX)),
    twobot_domain::Timestamp => |value| Integer(value.0),
    String => |value| Text(storable(value)),
    &str => |value| Text(storable(value.to_owned())),
    Vec<u8> => |value| Bytes(value),
    &[u8] => |value| Bytes(value.to_vec()),
    Uuid => |value| Uuid(value),
}

macro_rules! ids_into_value {
    ($($name:ident),+ $(,)?) => {
        into_value! { $(twobot_domain::$name => |value| Uuid(value.uuid())),+ }
    };
}
super::row::with_ids!(ids_into_value);

/// A text as every database keeps it. PostgreSQL knows no NUL in texts, and what a plugin logs or says may have one. Keys of
/// plugins, where the difference would matter, are refused before they come here.
pub(crate) fn storable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{FFFD}") } else { text }
}

/// SQL with the values of its parameters.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(super) text: Cow<'static, str>,
    pub(super) values: Vec<Value>,
}

/// Begins a statement. The text is a constant: values never become part of it.
pub(crate) const fn sql(text: &'static str) -> Statement {
    Statement { text: Cow::Borrowed(text), values: Vec::new() }
}

/// Begins a statement whose text was put together from constants, such as a list of `$n` of the right length.
pub(crate) const fn sql_of(text: String) -> Statement {
    Statement { text: Cow::Owned(text), values: Vec::new() }
}

impl Statement {
    /// The value of the next parameter.
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// The next parameter is a list of texts. Only for statements that only PostgreSQL gets.
    pub(crate) fn bind_texts<'a>(mut self, texts: impl Iterator<Item = &'a str>) -> Self {
        self.values.push(Value::Texts(texts.map(|text| storable(text.to_owned())).collect()));
        self
    }

    /// The next parameter is a list of ids. Only for statements that only PostgreSQL gets.
    pub(crate) fn bind_uuids(mut self, ids: impl Iterator<Item = Uuid>) -> Self {
        self.values.push(Value::Uuids(ids.collect()));
        self
    }

    /// The next parameter is a list of numbers. Only for statements that only PostgreSQL gets.
    pub(crate) fn bind_integers(mut self, numbers: impl Iterator<Item = i64>) -> Self {
        self.values.push(Value::Integers(numbers.collect()));
        self
    }

    /// As many rows as this one finds, in a column `n`.
    pub(crate) fn counted(mut self) -> Self {
        self.text = Cow::Owned(format!("SELECT count(*) AS n FROM ({}) AS found", self.text));
        self
    }

    /// The text, for `sqlx`.
    pub(super) fn text(text: Cow<'static, str>) -> sqlx::SqlStr {
        use sqlx::SqlSafeStr as _;
        match text {
            Cow::Borrowed(text) => text.into_sql_str(),
            // Put together from constants: see `sql_of`.
            Cow::Owned(text) => sqlx::AssertSqlSafe(text).into_sql_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_not_every_database_keeps_is_changed() {
        for (text, kept) in [("a\0b\0", "a\u{FFFD}b\u{FFFD}"), ("plain \u{1}", "plain \u{1}"), ("", "")] {
            for value in [Value::from(text), Value::from(text.to_owned()), Value::from(Some(text))] {
                assert!(matches!(&value, Value::Text(Some(is)) if is == kept), "{value:?}");
            }
        }
    }
}
