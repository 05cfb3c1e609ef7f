//! Steps that work with files: through the standard library, as plugins do, and with WASI's own calls, as no well-meaning one does.

use crate::text::Text;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::time::{SystemTime, UNIX_EPOCH};
use wasip2::filesystem::types::{
    Descriptor, DescriptorFlags, NewTimestamp, OpenFlags, PathFlags, filesystem_error_code,
};
use wasip2::io::streams::StreamError;

/// One thing done with files.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FileStep {
    /// Replaces a file.
    Write {
        path: Text,
        text: Text,
    },
    /// Writes into a file that exists.
    Overwrite {
        path: Text,
        at: u64,
        text: Text,
    },
    /// Adds to a file, made where it is missing.
    Append {
        path: Text,
        text: Text,
    },
    /// Adds to a file until it is refused; says how often it went well.
    Grow {
        path: Text,
        text: Text,
    },
    /// Makes this many files `<prefix><number>`; says how often it went well.
    Fill {
        prefix: String,
        count: usize,
        text: Text,
    },
    Read {
        path: Text,
    },
    Size {
        path: Text,
    },
    SetSize {
        path: Text,
        size: u64,
    },
    /// What the standard library says of times, in milliseconds.
    Times {
        path: Text,
    },
    MakeDir {
        path: Text,
    },
    MakeDirs {
        path: Text,
    },
    /// Directories within each other, until it is refused; says how deep.
    Nest {
        path: String,
        name: String,
    },
    RemoveDir {
        path: Text,
    },
    RemoveAll {
        path: Text,
    },
    Remove {
        path: Text,
    },
    Rename {
        from: Text,
        to: Text,
    },
    HardLink {
        from: Text,
        to: Text,
    },
    Canonical {
        path: Text,
    },
    /// Names, in the order in which they come.
    List {
        path: Text,
    },
    /// Opens a file this many times and keeps it; says how often it went well.
    Hoard {
        path: Text,
        count: usize,
    },
    /// Opens a file, removes it, and goes on adding to it until it is refused; says how often it went well.
    GrowRemoved {
        path: Text,
        text: Text,
    },
    /// Opens a file, replaces it by renaming another over it, and keeps the first open. Then adds to a third until it is refused.
    GrowBesideReplaced {
        path: Text,
        other: Text,
        text: Text,
    },
    // WASI's own calls, in the directory that was given.
    /// The names of the directories that were given.
    Directories {},
    RawOpen {
        path: Text,
        create: bool,
    },
    RawMakeDir {
        path: Text,
    },
    RawRemove {
        path: Text,
    },
    RawRename {
        from: Text,
        to: Text,
    },
    RawLink {
        from: Text,
        to: Text,
    },
    RawSymlink {
        from: Text,
        to: Text,
    },
    RawReadLink {
        path: Text,
    },
    RawStat {
        path: Text,
    },
    RawSetTimes {
        path: Text,
    },
    RawSetSize {
        path: Text,
        size: u64,
    },
    RawWrite {
        path: Text,
        at: u64,
        text: Text,
    },
    /// What a stream that begins there permits to write.
    RawPermit {
        path: Text,
        at: u64,
    },
    /// Begins writing on this many streams without waiting for any; says how many could be had and what became of them.
    RawStreams {
        path: Text,
        count: usize,
    },
    /// Lists the directory this many times and keeps the lists; says how often it went well.
    RawLists {
        count: usize,
    },
}

type Outcomes = Result<Value, String>;

fn shown(error: std::io::Error) -> String {
    format!("{:?}: {error}", error.kind())
}

fn code(error: impl std::fmt::Debug) -> String {
    format!("{error:?}")
}

fn done(result: std::io::Result<()>) -> Outcomes {
    result.map(|()| json!(null)).map_err(shown)
}

/// How often something went well, and why it did not at last.
fn counted(most: usize, mut again: impl FnMut(usize) -> Result<(), String>) -> Outcomes {
    for count in 0..most {
        if let Err(error) = again(count) {
            return Ok(json!({ "good": count, "error": error }));
        }
    }
    Ok(json!({ "good": most }))
}

fn add_to(path: &str) -> std::io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

fn millis(time: std::io::Result<SystemTime>) -> Value {
    match time.map(|time| time.duration_since(UNIX_EPOCH)) {
        Ok(Ok(since)) => json!(u64::try_from(since.as_millis()).unwrap_or(u64::MAX)),
        Ok(Err(error)) => json!(error.to_string()),
        Err(error) => json!(error.to_string()),
    }
}

/// Carries out a step.
pub(crate) fn attempt(step: &FileStep) -> Outcomes {
    match step {
        FileStep::Write { path, text } => done(fs::write(path.full(), text.full())),
        FileStep::Overwrite { path, at, text } => {
            done(OpenOptions::new().write(true).open(path.full()).and_then(|mut file| {
                file.seek(SeekFrom::Start(*at))?;
                file.write_all(text.full().as_bytes())
            }))
        }
        FileStep::Append { path, text } => {
            done(add_to(&path.full()).and_then(|mut file| file.write_all(text.full().as_bytes())))
        }
        FileStep::Grow { path, text } => {
            let mut file = add_to(&path.full()).map_err(shown)?;
            let text = text.full();
            counted(usize::MAX, |_| file.write_all(text.as_bytes()).map_err(shown))
        }
        FileStep::Fill { prefix, count, text } => {
            let text = text.full();
            counted(*count, |number| fs::write(format!("{prefix}{number}"), &text).map_err(shown))
        }
        FileStep::Read { path } => {
            let mut bytes = Vec::new();
            File::open(path.full()).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(shown)?;
            let text = String::from_utf8_lossy(&bytes);
            Ok(if text.len() <= 100 { json!(text) } else { json!({ "bytes": bytes.len() }) })
        }
        FileStep::Size { path } => fs::metadata(path.full()).map(|found| json!(found.len())).map_err(shown),
        FileStep::SetSize { path, size } => {
            done(OpenOptions::new().write(true).open(path.full()).and_then(|file| file.set_len(*size)))
        }
        FileStep::Times { path } => fs::metadata(path.full())
            .map(|found| json!([millis(found.modified()), millis(found.accessed()), millis(found.created())]))
            .map_err(shown),
        FileStep::MakeDir { path } => done(fs::create_dir(path.full())),
        FileStep::MakeDirs { path } => done(fs::create_dir_all(path.full())),
        FileStep::Nest { path, name } => {
            let mut path = path.clone();
            counted(10_000, |_| {
                path = format!("{path}/{name}");
                fs::create_dir(&path).map_err(shown)
            })
        }
        FileStep::RemoveDir { path } => done(fs::remove_dir(path.full())),
        FileStep::RemoveAll { path } => done(fs::remove_dir_all(path.full())),
        FileStep::Remove { path } => done(fs::remove_file(path.full())),
        FileStep::Rename { from, to } => done(fs::rename(from.full(), to.full())),
        FileStep::HardLink { from, to } => done(fs::hard_link(from.full(), to.full())),
        FileStep::Canonical { path } => fs::canonicalize(path.full()).map(|path| json!(path)).map_err(shown),
        FileStep::List { path } => {
            let names = fs::read_dir(path.full())
                .map_err(shown)?
                .map(|entry| entry.map(|entry| json!(entry.file_name().to_string_lossy())).map_err(shown));
            names.collect()
        }
        FileStep::Hoard { path, count } => {
            let mut kept = Vec::new();
            let path = path.full();
            counted(*count, |_| File::open(&path).map(|file| kept.push(file)).map_err(shown))
        }
        FileStep::GrowRemoved { path, text } => {
            let (path, text) = (path.full(), text.full());
            let mut file = add_to(&path).map_err(shown)?;
            fs::remove_file(&path).map_err(shown)?;
            counted(usize::MAX, |_| file.write_all(text.as_bytes()).map_err(shown))
        }
        FileStep::GrowBesideReplaced { path, other, text } => {
            let (path, other, text) = (path.full(), other.full(), text.full());
            let held = File::open(&path).map_err(shown)?;
            fs::rename(&other, &path).map_err(shown)?;
            let mut third = add_to(&other).map_err(shown)?;
            let grown = counted(usize::MAX, |_| third.write_all(text.as_bytes()).map_err(shown));
            drop(held);
            grown
        }
        raw => root().and_then(|root| attempt_raw(&root, raw)),
    }
}

fn root() -> Result<Descriptor, String> {
    let given = wasip2::filesystem::preopens::get_directories();
    given.into_iter().next().map(|(root, _)| root).ok_or_else(|| "there is no directory".to_owned())
}

fn open(root: &Descriptor, path: &str, create: bool) -> Result<Descriptor, String> {
    let how = if create { OpenFlags::CREATE } else { OpenFlags::empty() };
    let access = DescriptorFlags::READ | DescriptorFlags::WRITE;
    root.open_at(PathFlags::SYMLINK_FOLLOW, path, how, access).map_err(code)
}

fn attempt_raw(root: &Descriptor, step: &FileStep) -> Outcomes {
    let null = |()| json!(null);
    match step {
        FileStep::Directories {} => {
            let given = wasip2::filesystem::preopens::get_directories();
            Ok(given.iter().map(|(_, name)| json!(name)).collect())
        }
        FileStep::RawOpen { path, create } => open(root, &path.full(), *create).map(|_| json!(null)),
        FileStep::RawMakeDir { path } => root.create_directory_at(&path.full()).map(null).map_err(code),
        FileStep::RawRemove { path } => root
            .unlink_file_at(&path.full())
            .or_else(|_| root.remove_directory_at(&path.full()))
            .map(null)
            .map_err(code),
        FileStep::RawRename { from, to } => {
            root.rename_at(&from.full(), root, &to.full()).map(null).map_err(code)
        }
        FileStep::RawLink { from, to } => {
            root.link_at(PathFlags::empty(), &from.full(), root, &to.full()).map(null).map_err(code)
        }
        FileStep::RawSymlink { from, to } => {
            root.symlink_at(&from.full(), &to.full()).map(null).map_err(code)
        }
        FileStep::RawReadLink { path } => root.readlink_at(&path.full()).map(|to| json!(to)).map_err(code),
        FileStep::RawStat { path } => {
            let found = root.stat_at(PathFlags::SYMLINK_FOLLOW, &path.full()).map_err(code)?;
            let hash = root.metadata_hash_at(PathFlags::SYMLINK_FOLLOW, &path.full()).map_err(code)?;
            let times = [
                found.data_access_timestamp,
                found.data_modification_timestamp,
                found.status_change_timestamp,
            ];
            Ok(json!({
                "size": found.size,
                "kind": code(found.type_),
                "times": times.iter().filter(|time| time.is_some()).count(),
                "hash": format!("{:x}{:x}", hash.upper, hash.lower),
            }))
        }
        FileStep::RawSetTimes { path } => root
            .set_times_at(PathFlags::empty(), &path.full(), NewTimestamp::Now, NewTimestamp::Now)
            .map(null)
            .map_err(code),
        FileStep::RawSetSize { path, size } => {
            open(root, &path.full(), true)?.set_size(*size).map(null).map_err(code)
        }
        FileStep::RawWrite { path, at, text } => open(root, &path.full(), true)?
            .write(text.full().as_bytes(), *at)
            .map(|count| json!(count))
            .map_err(code),
        FileStep::RawPermit { path, at } => {
            let file = open(root, &path.full(), false)?;
            let stream = file.write_via_stream(*at).map_err(code)?;
            stream.check_write().map(|permit| json!(permit)).map_err(code)
        }
        FileStep::RawStreams { path, count } => streams(&open(root, &path.full(), true)?, *count),
        FileStep::RawLists { count } => {
            let mut kept = Vec::new();
            counted(*count, |_| root.read_directory().map(|list| kept.push(list)).map_err(code))
        }
        _ => Err("no such step".to_owned()),
    }
}

fn streams(file: &Descriptor, count: usize) -> Outcomes {
    let mut begun = Vec::new();
    for number in 0..count {
        let Ok(stream) = file.append_via_stream() else { break };
        let permit = stream.check_write().map_err(code)?;
        let bytes = vec![b'x'; usize::try_from(permit.min(65_536)).unwrap_or(0)];
        stream.write(&bytes).map_err(|error| format!("{number}: {error:?}"))?;
        begun.push(stream);
    }
    let ends = begun.iter().map(|stream| match stream.blocking_flush() {
        Ok(()) => json!("written"),
        Err(StreamError::Closed) => json!("closed"),
        Err(StreamError::LastOperationFailed(error)) => json!(code(filesystem_error_code(&error))),
    });
    let ends: Vec<_> = ends.collect();
    Ok(json!({ "begun": begun.len(), "ends": ends }))
}
