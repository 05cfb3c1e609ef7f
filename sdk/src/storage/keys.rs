//! Walking through a bucket's keys.

use super::{StorageError, backend};
use std::vec::IntoIter;

/// The keys of a bucket, in byte order, asked for page by page. Ends at the first error.
#[derive(Debug)]
pub struct Keys<'a> {
    bucket: &'a backend::Bucket,
    page: IntoIter<String>,
    next: Next,
}

#[derive(Debug)]
enum Next {
    Page(Option<u64>),
    End,
}

impl<'a> Keys<'a> {
    pub(super) fn new(bucket: &'a backend::Bucket) -> Self {
        Self { bucket, page: Vec::new().into_iter(), next: Next::Page(None) }
    }
}

impl Iterator for Keys<'_> {
    type Item = Result<String, StorageError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(key) = self.page.next() {
                return Some(Ok(key));
            }
            let Next::Page(cursor) = self.next else { return None };
            match self.bucket.list_keys(cursor) {
                Ok((keys, cursor)) => {
                    self.next = cursor.map_or(Next::End, |cursor| Next::Page(Some(cursor)));
                    self.page = keys.into_iter();
                }
                Err(error) => {
                    self.next = Next::End;
                    return Some(Err(error));
                }
            }
        }
    }
}
