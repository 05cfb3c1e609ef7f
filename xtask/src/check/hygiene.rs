//! Nothing of the machine that it was written on belongs into the repository, and files should stay small.

use std::path::Path;

use anyhow::{Result, bail};

use crate::support::process;
use crate::support::workspace::Workspace;

/// Home folders of people and of root. Like the registries written in halves, or this file would be found.
const HOMES: &[&str] = &[concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];

/// Public registries.
const REGISTRIES: &[&str] = &[
    concat!("crates", ".io"),
    concat!("npm", "js.org"),
    concat!("npm", "js.com"),
    concat!("yarn", "pkg.com"),
    concat!("py", "pi.org"),
    concat!("python", "hosted.org"),
    concat!("debian", ".org"),
];

/// Cargo writes the public index's name into its lock file; it means the source, not a server that was used.
const MAY_NAME_REGISTRIES: &[&str] = &["Cargo.lock", "benches/Cargo.lock"];

/// Longer source files are mentioned.
const LONG: usize = 500;

/// Looks through all tracked files.
pub(crate) fn check(ws: &Workspace) -> Result<()> {
    let listed = process::output(process::command("git", ws.root()).args(["ls-files", "-z"]))?;
    let forbidden = Forbidden::of_this_machine(ws);
    let mut found = 0;
    for name in listed.split('\0').filter(|name| !name.is_empty()) {
        // A file that is deleted but not yet committed has nothing to find.
        let Ok(bytes) = std::fs::read(ws.root().join(name)) else { continue };
        let Ok(text) = String::from_utf8(bytes) else { continue };
        for (line, what) in forbidden.find(name, &text) {
            println!("{name}:{line}: {what}");
            found += 1;
        }
        let length = text.lines().count();
        if length > LONG && is_source(name) {
            println!("{name}: warning: {length} lines, and {LONG} are a lot");
        }
    }
    if found > 0 {
        bail!("{found} places name a registry's host or a path of a machine");
    }
    Ok(())
}

/// What must not stand in any file.
struct Forbidden {
    hosts: Vec<String>,
    paths: Vec<String>,
}

impl Forbidden {
    /// The known registries, and those that this machine is set up to use instead.
    fn of_this_machine(ws: &Workspace) -> Self {
        let mut hosts: Vec<String> = REGISTRIES.iter().map(|&host| host.to_owned()).collect();
        if process::find("npm").is_some() {
            let mut npm = process::command("npm", ws.root());
            if let Ok(registry) = process::output(npm.args(["config", "get", "registry", "--loglevel=error"]))
            {
                hosts.extend(host_of(&registry));
            }
        }
        for (name, value) in std::env::vars() {
            let name = name.to_ascii_uppercase();
            if name.contains("REGISTR") || name.contains("INDEX_URL") || name.ends_with("PROXY") {
                hosts.extend(host_of(&value));
            }
        }
        hosts.retain(|host| !["localhost", "127.0.0.1"].contains(&host.as_str()));
        let mut paths: Vec<String> = HOMES.iter().map(|&path| path.to_owned()).collect();
        paths.extend([ws.root().display().to_string()]);
        if let Some(around) = ws.root().parent().filter(|parent| parent.components().count() > 1) {
            paths.push(format!("{}/", around.display()));
        }
        Self { hosts, paths }
    }

    /// The lines that name something forbidden, counted from one.
    fn find(&self, name: &str, text: &str) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        let registries_count = !MAY_NAME_REGISTRIES.contains(&name);
        for (index, line) in text.lines().enumerate() {
            if registries_count
                && let Some(host) = self.hosts.iter().find(|host| line.contains(host.as_str()))
            {
                found.push((index + 1, format!("names the registry host {host}")));
            }
            if let Some(path) = self.paths.iter().find(|path| names_path(line, path)) {
                found.push((index + 1, format!("names the machine path {path}")));
            }
            if name.ends_with("package-lock.json") && line.trim_start().starts_with("\"resolved\": \"http") {
                found.push((index + 1, "names the server that a package came from".to_owned()));
            }
        }
        found
    }
}

/// Whether the path stands in the line as an absolute one: `/mine/` does in `"/mine/x"`, not in `web/mine/x`.
fn names_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|before| !before.is_alphanumeric() && !"_-.}*~@/".contains(before))
    })
}

fn host_of(url: &str) -> Option<String> {
    let rest = url.trim().split_once("://")?.1;
    let host = rest.split(['/', '?', '#']).next()?.rsplit('@').next()?;
    let host = host.split(':').next()?;
    (!host.is_empty()).then(|| host.to_owned())
}

/// Files whose length says something: hand-written code that is no test.
fn is_source(name: &str) -> bool {
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
    let generated = name.contains("generated") || name.contains(".gen.") || name.ends_with(".d.ts");
    let test = name.contains("/tests/") || name.contains("/e2e/") || name.contains(".test.");
    matches!(extension, Some("rs" | "ts" | "tsx" | "sql" | "wit")) && !generated && !test
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(name: &str, text: &str) -> usize {
        let forbidden = Forbidden {
            hosts: vec!["packages.example".to_owned()],
            paths: vec!["/mine/".to_owned(), "/checkouts/app".to_owned()],
        };
        forbidden.find(name, text).len()
    }

    #[test]
    fn hosts_and_paths_are_found() {
        for (name, text, expected) in [
            ("README.md", "see https://packages.example/x\n", 1),
            ("Cargo.lock", "source = \"registry+https://packages.example/x\"\n", 0),
            ("Cargo.lock", "path = \"/checkouts/app/x\"\n", 1),
            ("src/a.rs", "let x = \"/mine/x\";\n// fine\n// /checkouts/app\n", 2),
            ("src/a.rs", "import x from '@/features/mine/page'; // web/mine/x\n", 0),
            ("web/package-lock.json", "  \"resolved\": \"https://elsewhere.example/x.tgz\",\n", 1),
            ("web/package.json", "  \"resolved\": \"https://elsewhere.example/x.tgz\",\n", 0),
        ] {
            assert_eq!(findings(name, text), expected, "{name}: {text}");
        }
    }

    #[test]
    fn hosts_of_urls() {
        for (url, expected) in [
            ("https://packages.example/npm/\n", Some("packages.example")),
            ("sparse+http://me:secret@packages.example:8081/x?y", Some("packages.example")),
            ("packages.example", None),
            ("file:///x", None),
        ] {
            assert_eq!(host_of(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn only_hand_written_code_is_measured() {
        for (name, expected) in [
            ("host/src/main.rs", true),
            ("web/src/app.tsx", true),
            ("web/src/lib/api/generated.ts", false),
            ("host/tests/a.rs", false),
            ("README.md", false),
        ] {
            assert_eq!(is_source(name), expected, "{name}");
        }
    }
}
