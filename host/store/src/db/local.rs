//! Running a statement on a connection to SQLite, on the thread that asks.

use super::SLOW;
use super::statement::{Statement, Value};
use crate::StoreError;
use rusqlite::types::{Null, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;
use uuid::Uuid;

/// The rows that a statement answers, at most so many. It is run to its end in any case: what changes rows and answers them has to be.
pub(super) fn rows(
    connection: &Connection,
    statement: &Statement,
    most: usize,
) -> Result<Vec<LocalRow>, StoreError> {
    let begun = Instant::now();
    let mut prepared = connection.prepare_cached(&statement.text)?;
    let is_query = prepared.readonly();
    let columns: Arc<[String]> = prepared.column_names().into_iter().map(str::to_owned).collect();
    bind(&mut prepared, &statement.values)?;
    let mut rows = prepared.raw_query();
    let mut answer = Vec::new();
    while let Some(row) = rows.next()? {
        if answer.len() < most {
            let values = (0..columns.len()).map(|place| row.get(place)).collect::<Result<_, _>>()?;
            answer.push(LocalRow { columns: Arc::clone(&columns), values });
        } else if is_query {
            break;
        }
    }
    tell_slow(begun, &statement.text);
    Ok(answer)
}

/// What the rows come to that a query answers: each begins with an id, and the numbers after it are added to what is there of that id.
/// No row is kept, so that it needs no more room than there are ids.
pub(super) fn totals<const N: usize>(
    connection: &Connection,
    statement: &Statement,
    add: fn(&mut [i64; N], [i64; N]),
) -> Result<Vec<(Uuid, [i64; N])>, StoreError> {
    let mut prepared = connection.prepare_cached(&statement.text)?;
    bind(&mut prepared, &statement.values)?;
    let mut rows = prepared.raw_query();
    let mut totals: HashMap<Uuid, [i64; N]> = HashMap::new();
    while let Some(row) = rows.next()? {
        let mut numbers = [0; N];
        for (place, number) in numbers.iter_mut().enumerate() {
            *number = row.get(place + 1)?;
        }
        add(totals.entry(row.get(0)?).or_insert([0; N]), numbers);
    }
    Ok(totals.into_iter().collect())
}

/// Gives `$n` the value with this number. For SQLite `$n` is a name, and its own numbers go by where names first appear.
fn bind(prepared: &mut rusqlite::Statement<'_>, values: &[Value]) -> Result<(), StoreError> {
    for place in 1..=prepared.parameter_count() {
        let name = prepared.parameter_name(place).and_then(|name| name.strip_prefix('$'));
        let number = name.and_then(|number| number.parse::<usize>().ok()?.checked_sub(1));
        let value = number.and_then(|number| values.get(number));
        let value = value.ok_or_else(|| StoreError::Corrupt(format!("no value for parameter {place}")))?;
        prepared.raw_bind_parameter(place, value)?;
    }
    Ok(())
}

fn tell_slow(begun: Instant, text: &str) {
    let took = begun.elapsed();
    if took > SLOW {
        tracing::warn!(took_ms = took.as_millis(), statement = text, "a slow statement");
    }
}

/// A row that was read whole.
#[derive(Debug)]
pub(crate) struct LocalRow {
    columns: Arc<[String]>,
    values: Vec<rusqlite::types::Value>,
}

impl LocalRow {
    /// The value of a column.
    pub(crate) fn get<T: rusqlite::types::FromSql>(&self, name: &str) -> Result<T, StoreError> {
        let place = self.columns.iter().position(|column| column == name);
        let value = place.and_then(|place| self.values.get(place));
        let value = value.ok_or_else(|| StoreError::Corrupt(format!("{name}: no such column")))?;
        T::column_result(ValueRef::from(value))
            .map_err(|error| StoreError::Corrupt(format!("{name}: {error}")))
    }
}

/// What a value is refused with that only PostgreSQL takes.
const NO_LISTS: &str = "SQLite has no parameters that are lists";

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Integer(Some(value)) => value.to_sql(),
            Self::Text(Some(value)) => value.to_sql(),
            Self::Bytes(Some(value)) => value.to_sql(),
            Self::Uuid(Some(value)) => Ok(ToSqlOutput::Borrowed(ValueRef::Blob(value.as_bytes()))),
            Self::Integer(None) | Self::Text(None) | Self::Bytes(None) | Self::Uuid(None) => {
                Ok(ToSqlOutput::Owned(Null.into()))
            }
            Self::Integers(_) | Self::Texts(_) | Self::Uuids(_) => {
                Err(rusqlite::Error::ToSqlConversionFailure(NO_LISTS.into()))
            }
        }
    }
}
