//! Files of plugins: one directory for each install that asks for one and is granted it, with a bound on what it holds.
//!
//! The host serves `wasi:filesystem` itself, over [`cap_std`], whose paths can not lead out of a directory. What grows, shrinks or
//! moves files is done one piece at a time for each install, together with its count, on the threads for blocking work: so the count is
//! right whatever fails in between, however many sandboxes write at once, and whichever of them is stopped meanwhile. Everything
//! here runs there; `capability/filesystem.rs` is the guest's side of it.

mod directories;
mod directory;
mod housekeeping;
mod inode;
mod name;
mod operations;
mod quota;
mod reading;
mod stream;
mod table;
mod tally;
mod worker;

pub(crate) use directories::Directories;
pub(crate) use directory::Failure;
pub(crate) use inode::OpenFile;
pub(crate) use name::join;
pub(crate) use operations::{CHUNK, Opened, Site, Stat};
pub(crate) use quota::Quota;
pub use reading::{DirectoryReading, FilePiece};
pub(crate) use stream::{Reader, Writer};
pub(crate) use table::{FileTable, Handle, Listing};
pub(crate) use worker::Worker;
