//! Everything that is kept of a tenant, for the tenant: rows as lines of JSON, one file for each table.
//!
//! It is read in small batches, so that neither memory nor anybody else's queries suffer from its size. What changes meanwhile is in it as it
//! was before or after.

mod column;
mod parts;

use crate::db::{Row, Statement, sql};
use crate::{Store, StoreError, TenantScope};
use column::line;
use parts::{PARTS, Part, Rows};
use std::collections::VecDeque;
use uuid::Uuid;

/// Rows that are read at once.
const BATCH: u64 = 200;

/// Lines of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    /// The file's name, such as `gateways.jsonl`. Batches of one file follow one another.
    pub file: &'static str,
    /// Whole lines, each a JSON object.
    pub text: String,
}

/// The reading of all that a tenant has.
#[derive(Debug)]
pub struct Export {
    store: Store,
    scope: TenantScope,
    /// Of [`PARTS`].
    part: usize,
    /// How far the part is read.
    after: Option<Uuid>,
    /// Rows that others refer to, whose own rows are still to be read, and how many of the first one's were.
    parents: VecDeque<Uuid>,
    offset: u64,
    more_parents: bool,
}

impl Store {
    /// Begins to read everything that is kept of a tenant, without what opens anything: passwords, tokens and credentials.
    #[must_use]
    pub fn export(&self, scope: TenantScope) -> Export {
        Export {
            store: self.clone(),
            scope,
            part: 0,
            after: None,
            parents: VecDeque::new(),
            offset: 0,
            more_parents: true,
        }
    }
}

impl Export {
    /// The names of all files, also of those in which there will be nothing.
    pub fn files() -> impl Iterator<Item = &'static str> {
        PARTS.iter().map(|part| part.file)
    }

    /// The next lines; none when all is told.
    ///
    /// # Errors
    /// Only those of the database. It may be called again.
    pub async fn next(&mut self) -> Result<Option<Lines>, StoreError> {
        while let Some(part) = PARTS.get(self.part) {
            let (rows, last) = match part.rows {
                Rows::All(query) => (self.rows(sql(query)).await?, true),
                Rows::ById(query) => self.by_id(query).await?,
                Rows::Of { parents, query } => self.of(parents, query, false).await?,
                Rows::OfFew { parents, query } => self.of(parents, query, true).await?,
            };
            if last {
                (self.part, self.after, self.more_parents) = (self.part + 1, None, true);
            }
            if !rows.is_empty() {
                return lines(part, &rows).map(Some);
            }
        }
        Ok(None)
    }

    async fn rows(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        self.store.db.all(statement.bind(self.scope.tenant())).await
    }

    /// The next rows of a table that is read by id, and whether they are its last.
    async fn by_id(&mut self, query: &'static str) -> Result<(Vec<Row>, bool), StoreError> {
        let after = self.after.unwrap_or(Uuid::nil());
        let statement = sql(query).bind(self.scope.tenant()).bind(after).bind(BATCH);
        let rows = self.store.db.all(statement).await?;
        if let Some(row) = rows.last() {
            self.after = Some(row.get("id")?);
        }
        let last = (rows.len() as u64) < BATCH;
        Ok((rows, last))
    }

    /// The next rows of a table that is read by what its rows belong to.
    async fn of(
        &mut self,
        parents: &'static str,
        query: &'static str,
        at_once: bool,
    ) -> Result<(Vec<Row>, bool), StoreError> {
        let Some(parent) = self.parents.front().copied() else {
            if !self.more_parents {
                return Ok((Vec::new(), true));
            }
            let (rows, last) = self.by_id(parents).await?;
            for row in rows {
                self.parents.push_back(row.get("id")?);
            }
            self.more_parents = !last;
            return Ok((Vec::new(), false));
        };
        let mut statement = sql(query).bind(self.scope.tenant()).bind(parent);
        if !at_once {
            statement = statement.bind(BATCH).bind(self.offset);
        }
        let rows = self.store.db.all(statement).await?;
        if at_once || (rows.len() as u64) < BATCH {
            self.parents.pop_front();
            self.offset = 0;
        } else {
            self.offset += BATCH;
        }
        Ok((rows, false))
    }
}

fn lines(part: &Part, rows: &[Row]) -> Result<Lines, StoreError> {
    let mut text = String::new();
    for row in rows {
        line(&mut text, row, part.columns)?;
    }
    Ok(Lines { file: part.file, text })
}
