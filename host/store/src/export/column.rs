//! What a column holds, and how it is told.

use crate::StoreError;
use crate::db::Row;
use serde_json::{Map, Value, json};
use twobot_domain::Timestamp;
use uuid::Uuid;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Id,
    /// Milliseconds since the epoch; told as RFC 3339 in UTC.
    Time,
    Number,
    /// 0 or 1.
    Flag,
    Text,
    /// A document; told as one.
    Document,
    /// Whatever a plugin stored: told as text where it is, otherwise in hexadecimal digits.
    Bytes,
}

/// One column by name.
pub(super) type Column = (&'static str, Holds);

/// Writes a row as a line.
pub(super) fn line(text: &mut String, row: &Row, columns: &[Column]) -> Result<(), StoreError> {
    let mut object = Map::with_capacity(columns.len());
    for (name, holds) in columns {
        object.insert((*name).to_owned(), value(row, name, *holds)?);
    }
    text.push_str(&Value::Object(object).to_string());
    text.push('\n');
    Ok(())
}

fn value(row: &Row, name: &str, holds: Holds) -> Result<Value, StoreError> {
    Ok(match holds {
        Holds::Id => json!(row.get::<Option<Uuid>>(name)?),
        Holds::Time => json!(row.get::<Option<Timestamp>>(name)?.map(|time| time.to_string())),
        Holds::Number => json!(row.get::<Option<i64>>(name)?),
        Holds::Flag => json!(row.get::<Option<i64>>(name)?.map(|flag| flag != 0)),
        Holds::Text => json!(row.get::<Option<String>>(name)?),
        // What a provider sent is kept as it came, and it came as a document; should it be none, its text is told.
        Holds::Document => row
            .get::<Option<String>>(name)?
            .map_or(Value::Null, |text| serde_json::from_str(&text).unwrap_or(Value::String(text))),
        Holds::Bytes => row.get::<Option<Vec<u8>>>(name)?.map_or(Value::Null, bytes),
    })
}

fn bytes(bytes: Vec<u8>) -> Value {
    match String::from_utf8(bytes) {
        Ok(text) => Value::String(text),
        Err(error) => json!({ "hex": hex::encode(error.into_bytes()) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_as_texts_and_other_bytes_in_digits() {
        assert_eq!(bytes("Grüße".into()), json!("Grüße"));
        assert_eq!(bytes(vec![0xff, 0]), json!({ "hex": "ff00" }));
    }
}
