//! Pages of lists, by cursor: the cursor is the id of the last item, so that a page costs the same however deep it lies.

use uuid::Uuid;

/// The most items of one page.
pub const MAX_PAGE: u32 = 200;

/// Which page is wanted.
#[derive(Clone, Copy, Debug)]
pub struct PageRequest {
    /// At most this many items; clamped to 1..=[`MAX_PAGE`].
    pub limit: u32,
    /// The `next_cursor` of the page before.
    pub after: Option<Uuid>,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { limit: 50, after: None }
    }
}

impl PageRequest {
    /// One more than wanted, so that the page knows whether another follows.
    pub(crate) fn probe(self) -> u64 {
        u64::from(self.limit.clamp(1, MAX_PAGE)) + 1
    }

    /// For lists whose newest item comes first: everything is older than the largest UUID.
    pub(crate) fn before(self) -> Uuid {
        self.after.unwrap_or(Uuid::max())
    }

    /// For lists whose oldest item comes first.
    pub(crate) fn since(self) -> Uuid {
        self.after.unwrap_or(Uuid::nil())
    }
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins, if there is one.
    pub next: Option<Uuid>,
}

impl<T> Page<T> {
    pub(crate) fn from_probe(mut items: Vec<T>, request: PageRequest, id: impl Fn(&T) -> Uuid) -> Self {
        let limit = request.limit.clamp(1, MAX_PAGE) as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(id) } else { None };
        Self { items, next }
    }
}
