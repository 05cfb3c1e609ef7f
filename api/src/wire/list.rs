//! Pages of lists.

use serde::Serialize;
use twobot_store::Page;
use utoipa::ToSchema;

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// The items of this page.
    pub(crate) items: Vec<T>,
    /// Give it as `cursor` to get the page after this one; null on the last.
    pub(crate) next_cursor: Option<String>,
}

impl<T> List<T> {
    /// A list that has one page only.
    pub(crate) fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }

    /// A page of the store, each item in its wire form.
    pub(crate) fn of<S, E>(page: Page<S>, wire: impl FnMut(S) -> Result<T, E>) -> Result<Self, E> {
        let items = page.items.into_iter().map(wire).collect::<Result<_, _>>()?;
        Ok(Self { items, next_cursor: page.next.map(|id| id.to_string()) })
    }
}
