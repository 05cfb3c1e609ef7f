//! The versions of what is compared, from this workspace's lock file.

const LOCK: &str = include_str!("../Cargo.lock");

/// The newest version of a package that is built here.
pub fn of(package: &str) -> &'static str {
    all(package).last().copied().unwrap_or("?")
}

/// The oldest one.
pub fn oldest_of(package: &str) -> &'static str {
    all(package).first().copied().unwrap_or("?")
}

/// All versions of a package, which cargo writes in their order.
fn all(package: &str) -> Vec<&'static str> {
    let name = format!("name = \"{package}\"\nversion = \"");
    LOCK.split(name.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn versions_are_found() {
        assert!(super::of("extism").starts_with("1."));
        assert_eq!(super::of("wasmtime"), "48.0.8", "the newest of two");
        assert_eq!(super::oldest_of("wasmtime").split('.').next(), Some("43"));
        assert_eq!(super::of("no such package"), "?");
    }
}
