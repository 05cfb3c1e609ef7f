//! Paths, as guests write them.
//!
//! That a path does not lead out of the directory is for `cap-std` to hold, on the disk as it is. Here they are looked at as texts:
//! bounded, relative, and not above the descriptor that they were given with.

use twobot_domain::plan;
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

/// The most bytes of a path.
const MAX_PATH: usize = 1_024;

/// A path from the root of the directory, for a path from one of its folders.
pub(crate) fn join(folder: &str, path: &str) -> Result<String, ErrorCode> {
    if path.is_empty() {
        return Err(ErrorCode::NoEntry);
    }
    if path.contains('\0') {
        return Err(ErrorCode::Invalid);
    }
    if path.starts_with('/') {
        return Err(ErrorCode::NotPermitted);
    }
    if path.len() > MAX_PATH || path.split('/').any(|part| part.len() > plan::DIRECTORY_NAME_BYTES) {
        return Err(ErrorCode::NameTooLong);
    }
    let mut level = 0_usize;
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => level = level.checked_sub(1).ok_or(ErrorCode::NotPermitted)?,
            _ => level += 1,
        }
    }
    Ok(if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") })
}

/// The same path without `.` and `..`; empty for the root.
pub(super) fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// Whether something with so many levels in it may come to lie there: a file has none.
pub(super) fn check_depth(path: &str, height: usize) -> Result<(), ErrorCode> {
    let depth = normal(path).split('/').filter(|part| !part.is_empty()).count();
    if depth.saturating_add(height) > plan::DIRECTORY_DEPTH {
        return Err(ErrorCode::NameTooLong);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_below_their_folder_and_within_bounds() {
        assert_eq!(join("", "a/b").as_deref(), Ok("a/b"));
        assert_eq!(join("f/g", "./a/../b").as_deref(), Ok("f/g/./a/../b"));
        let long = "a/".repeat(MAX_PATH / 2);
        assert!(join("", &long).is_ok());
        for (path, code) in [
            ("", ErrorCode::NoEntry),
            ("/", ErrorCode::NotPermitted),
            ("/etc/passwd", ErrorCode::NotPermitted),
            ("..", ErrorCode::NotPermitted),
            ("a/../../b", ErrorCode::NotPermitted),
            ("./..", ErrorCode::NotPermitted),
            ("a\0b", ErrorCode::Invalid),
            (&"n".repeat(256), ErrorCode::NameTooLong),
            (&format!("{long}a"), ErrorCode::NameTooLong),
        ] {
            assert_eq!(join("folder", path), Err(code), "{path:?}");
        }
        assert!(join("", &"n".repeat(255)).is_ok());
    }

    #[test]
    fn depth_counts_what_a_path_means() {
        assert_eq!(normal("./a//b/../c/"), "a/c");
        assert_eq!(normal("a/.."), "");
        let deepest = "d/".repeat(plan::DIRECTORY_DEPTH);
        assert_eq!(check_depth(&deepest, 0), Ok(()));
        assert_eq!(check_depth(&format!("{deepest}../d"), 0), Ok(()));
        assert_eq!(check_depth(&deepest, 1), Err(ErrorCode::NameTooLong));
        assert_eq!(check_depth(&format!("{deepest}d"), 0), Err(ErrorCode::NameTooLong));
    }
}
