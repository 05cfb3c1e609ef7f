//! Reads the machine's own Debian sources and writes them with another suite.
//!
//! Both notations are understood: one line per source (`sources.list`) and paragraphs (`*.sources`, "deb822"). Nothing
//! here knows the name of a server: a mirror that the machine uses is used again.

/// A file for apt with a single source in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// What the file's name must end with, which is how apt tells the notations apart.
    pub(crate) extension: &'static str,
    /// The file's content.
    pub(crate) content: String,
}

/// The sources of a file that offer `from`'s main component, with the suite changed to `to`.
pub(crate) fn rewrite(file_name: &str, content: &str, from: &[&str], to: &str) -> Vec<Source> {
    if file_name.ends_with(".sources") {
        paragraphs(content).into_iter().filter_map(|fields| rewrite_paragraph(&fields, from, to)).collect()
    } else if file_name.ends_with(".list") {
        content.lines().filter_map(|line| rewrite_line(line, from, to)).collect()
    } else {
        Vec::new()
    }
}

/// Sorts the likely Debian archives to the front: other vendors also name their suites after Debian's.
pub(crate) fn likely_first(sources: &mut Vec<Source>) {
    sources.sort_by_key(|source| !source.content.contains("debian-archive"));
    sources.dedup();
}

/// A field with its lines, the first one without the name.
type Field = (String, Vec<String>);

fn paragraphs(content: &str) -> Vec<Vec<Field>> {
    let mut all: Vec<Vec<Field>> = vec![Vec::new()];
    for line in content.lines() {
        if line.starts_with('#') {
            continue;
        }
        if line.trim().is_empty() {
            all.push(Vec::new());
            continue;
        }
        let Some(fields) = all.last_mut() else { continue };
        if line.starts_with([' ', '\t']) {
            if let Some((_, lines)) = fields.last_mut() {
                lines.push(line.to_owned());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim().to_owned(), vec![value.trim().to_owned()]));
        }
    }
    all.retain(|fields| !fields.is_empty());
    all
}

fn rewrite_paragraph(fields: &[Field], from: &[&str], to: &str) -> Option<Source> {
    let words = |wanted: &str| -> Vec<String> {
        let found = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        let joined = found.map(|(_, lines)| lines.join(" ")).unwrap_or_default();
        joined.split_whitespace().map(str::to_owned).collect()
    };
    let off = words("Enabled").first().is_some_and(|value| value.eq_ignore_ascii_case("no"));
    let binary = words("Types").iter().any(|kind| kind == "deb");
    let offered = words("Suites").iter().any(|suite| from.contains(&suite.as_str()));
    let main = words("Components").iter().any(|component| component == "main");
    if off || !binary || !offered || !main {
        return None;
    }
    let mut content = String::new();
    for (name, lines) in fields {
        let value = match name.to_ascii_lowercase().as_str() {
            "types" => "deb".to_owned(),
            "suites" => to.to_owned(),
            "components" => "main".to_owned(),
            _ => lines.join("\n"),
        };
        content.push_str(&format!("{name}: {value}\n"));
    }
    Some(Source { extension: "sources", content })
}

fn rewrite_line(line: &str, from: &[&str], to: &str) -> Option<Source> {
    let line = line.split('#').next()?.trim();
    let rest = line.strip_prefix("deb")?;
    let rest = rest.strip_prefix([' ', '\t'])?.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(inner) => {
            let (options, rest) = inner.split_once(']')?;
            (format!("[{}] ", options.trim()), rest)
        }
        None => (String::new(), rest),
    };
    let mut words = rest.split_whitespace();
    let (uri, suite) = (words.next()?, words.next()?);
    if !from.contains(&suite) || !words.any(|component| component == "main") {
        return None;
    }
    Some(Source { extension: "list", content: format!("deb {options}{uri} {to} main\n") })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOKWORM: &[&str] = &["bookworm", "stable"];

    fn contents(file_name: &str, content: &str) -> Vec<String> {
        rewrite(file_name, content, BOOKWORM, "trixie").into_iter().map(|source| source.content).collect()
    }

    #[test]
    fn lines() {
        let uri = "http://mirror.example/debian";
        for (line, expected) in [
            (format!("deb {uri} bookworm main"), Some(format!("deb {uri} trixie main\n"))),
            (format!("deb\t{uri}  bookworm  contrib main # ours"), Some(format!("deb {uri} trixie main\n"))),
            (
                format!("deb [ arch=amd64 signed-by=/k.gpg ] {uri} stable main"),
                Some(format!("deb [arch=amd64 signed-by=/k.gpg] {uri} trixie main\n")),
            ),
            (format!("deb {uri} bookworm-updates main"), None),
            (format!("deb {uri} bookworm contrib"), None),
            (format!("deb-src {uri} bookworm main"), None),
            (format!("# deb {uri} bookworm main"), None),
            ("deb".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(contents("sources.list", &line).pop(), expected, "{line}");
        }
    }

    #[test]
    fn paragraphs_keep_their_keys_and_lose_the_rest() {
        let file = "# made by hand\nTypes: deb deb-src\nURIs: http://mirror.example/debian\n\
                    Suites: bookworm bookworm-updates\nComponents: main contrib\nSigned-By:\n -----BEGIN\n .\n abc\n\n\
                    Types: deb\nURIs: http://mirror.example/security\nSuites: bookworm-security\nComponents: main\n\n\n\
                    Enabled: no\nTypes: deb\nURIs: http://mirror.example/off\nSuites: bookworm\nComponents: main\n";
        assert_eq!(
            contents("debian.sources", file),
            ["Types: deb\nURIs: http://mirror.example/debian\nSuites: trixie\nComponents: main\n\
              Signed-By: \n -----BEGIN\n .\n abc\n"]
        );
    }

    #[test]
    fn other_files_are_not_read() {
        assert!(
            contents("debian.sources.disabled", "deb http://mirror.example/debian bookworm main").is_empty()
        );
    }

    #[test]
    fn debian_itself_comes_first() {
        let file = "deb [signed-by=/k/vendor.gpg] http://vendor.example/apt bookworm main\n\
                    deb [signed-by=/k/debian-archive-keyring.gpg] http://mirror.example/debian bookworm main\n";
        let mut sources = rewrite("a.list", file, BOOKWORM, "trixie");
        likely_first(&mut sources);
        assert!(sources[0].content.contains("mirror.example"), "{sources:?}");
        assert_eq!(sources.len(), 2);
    }
}
