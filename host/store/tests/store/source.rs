//! Reads the store's own source, for tests that must hold for every method and every statement, also for those to come.

use crate::world::Dialect;
use std::collections::BTreeMap;
use std::path::Path;

/// A source file without its unit tests.
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// Every file of the crate.
pub(crate) fn files() -> Vec<Source> {
    let mut files = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]").next().unwrap().to_owned();
                files.push(Source { name: path.file_stem().unwrap().to_str().unwrap().to_owned(), text });
            }
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(files.len() > 10, "the source was not found");
    files
}

impl Source {
    /// The public asynchronous methods, each with the text of its parameters.
    pub(crate) fn methods(&self) -> Vec<(String, String)> {
        let mut methods = Vec::new();
        for part in self.text.split("pub async fn ").skip(1) {
            let (name, rest) = part.split_once('(').unwrap();
            let (signature, _) = rest.split_once('{').unwrap();
            let parameters = signature.split("->").next().unwrap();
            methods.push((name.trim().to_owned(), parameters.to_owned()));
        }
        methods
    }

    /// The string literals, as the compiler reads them, and those of them that are named constants by name.
    pub(crate) fn literals(&self) -> (Vec<String>, BTreeMap<String, String>) {
        let (mut literals, mut constants) = (Vec::new(), BTreeMap::new());
        let mut rest = self.text.as_str();
        while let Some(position) = rest.find(['"', '/', '\'']) {
            let (before, found) = rest.split_at(position);
            if let Some(comment) = found.strip_prefix("//") {
                rest = comment.split_once('\n').map_or("", |(_, after)| after);
            } else if let Some(after) = found.strip_prefix("'\"'") {
                rest = after;
            } else if let Some(text) = found.strip_prefix('"') {
                let (literal, after) = literal(text);
                if let Some(declaration) = before.trim_end().strip_suffix("&str =") {
                    let name = declaration.rsplit("const ").next().unwrap().trim().trim_end_matches(':');
                    constants.insert(name.to_owned(), literal.clone());
                }
                literals.push(literal);
                rest = after;
            } else {
                rest = &found[1..];
            }
        }
        (literals, constants)
    }
}

/// How the rows are counted that a statement finds: `Statement::counted`.
const COUNTED: &str = "SELECT count(*) AS n FROM ({}) AS found";

/// Every statement that the store gives to this database, with each way in which its text is put together. What stands in a file
/// that is called after a database is for that one only.
pub(crate) fn statements() -> Vec<String> {
    let mut statements = Vec::new();
    let other = match crate::DIALECT {
        Dialect::Sqlite => "postgres",
        Dialect::Postgres => "sqlite",
    };
    // A backup is looked through as a whole, on purpose and by nobody else.
    for source in files().into_iter().filter(|source| source.name != other && source.name != "backup") {
        let (literals, constants) = source.literals();
        let begins = |text: &str| {
            let verb = ["SELECT ", "INSERT ", "UPDATE ", "DELETE "].iter().any(|verb| text.starts_with(verb));
            verb || text.starts_with("{QUERY}")
        };
        for literal in
            literals.iter().filter(|text| begins(text) && !constants.values().any(|one| one == *text))
        {
            // What is put together in a way of its own is told by who does it, and what is counted by where it is: see below.
            if ["rows", "record", "sum"].contains(&source.name.as_str()) && literal.contains('{')
                || literal == COUNTED
            {
                continue;
            }
            let mut texts = vec![literal.clone()];
            let parts = |beginning: &str| -> Vec<String> {
                let fitting = literals.iter().filter(|text| text.starts_with(beginning)).cloned();
                std::iter::once(String::new()).chain(fitting).collect()
            };
            let mut fills: BTreeMap<String, Vec<String>> =
                constants.iter().map(|(name, text)| (name.clone(), vec![text.clone()])).collect();
            // Those that follow.
            let next = (1..).find(|number| !literal.contains(&format!("${number}"))).unwrap_or(1);
            let list = |first: usize| vec![format!("${first}, ${}", first + 1)];
            fills.insert("places".to_owned(), list(next));
            fills.insert("installs".to_owned(), list(next));
            let behind = if literal.contains("{installs}") { next + 2 } else { next };
            fills.insert("lanes".to_owned(), list(behind));
            fills.insert("state".to_owned(), parts(" AND x.state"));
            fills.insert("slug".to_owned(), parts(" AND i."));
            for (name, beginning) in [
                ("area", " AND area"),
                ("exact", " AND action ="),
                ("actor", " AND actor_id"),
                ("outcome", " AND outcome"),
            ] {
                fills.insert(name.to_owned(), parts(beginning));
            }
            for (name, fills) in fills {
                let place = format!("{{{name}}}");
                texts = texts
                    .into_iter()
                    .flat_map(|text| {
                        let count = if text.contains(&place) { fills.len() } else { 1 };
                        let place = place.clone();
                        fills
                            .iter()
                            .take(count)
                            .map(move |fill| text.replace(&place, fill))
                            .collect::<Vec<_>>()
                    })
                    .collect();
            }
            // A list that is cut off may be counted, where that is done.
            if source.text.contains(".counted()") && literal.contains(" LIMIT $") {
                let counted: Vec<_> = texts.iter().map(|text| COUNTED.replace("{}", text)).collect();
                texts.extend(counted);
            }
            // Conditions that come and go are numbered as they come, after those that are always there.
            statements.extend(texts.into_iter().map(|mut text| {
                for number in 5.. {
                    if !text.contains("{position}") {
                        break;
                    }
                    text = text.replacen("{position}", &number.to_string(), 1);
                }
                text
            }));
        }
    }
    // A plugin is looked for in two ways, each of which goes with some states only: see `Store::executions`.
    statements.retain(|statement| {
        let few =
            ["'waiting'", "'running'"].iter().any(|state| statement.contains(&format!("x.state = {state}")));
        !statement.contains("i.slug = $4") || few != statement.contains("i.tenant_id = $1")
    });
    statements.extend(twobot_store::usage::statements().into_iter().map(str::to_owned));
    for statement in &statements {
        assert!(!statement.contains('{'), "it is not known how to fill in {statement}");
    }
    assert!(
        statements.iter().any(|text| text.starts_with("SELECT count(*) AS n FROM (SELECT ")),
        "none is counted"
    );
    assert!(statements.len() > 100, "the statements were not found: {}", statements.len());
    statements
}

/// Reads a literal up to its closing quote: the text that it stands for, and what follows it.
fn literal(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((position, character)) = characters.next() {
        match character {
            '"' => return (value, &text[position + 1..]),
            '\\' => match characters.next().unwrap() {
                (_, '\n') => {
                    // The line goes on at its first character that is no space.
                    let rest = characters.as_str().trim_start();
                    let (more, after) = literal(rest);
                    return (value + &more, after);
                }
                (_, 'n') => value.push('\n'),
                (_, other) => value.push(other),
            },
            other => value.push(other),
        }
    }
    panic!("a literal does not end: {text}");
}

#[test]
fn literals_are_read_as_the_compiler_reads_them() {
    let text = "const NAME: &str = \"a, \\\n    b\";\n// \"no\"\nsql(\"c \\\"d\\\"\").bind('\"').bind(\"e\")";
    let source = Source { name: String::new(), text: text.to_owned() };
    let (literals, constants) = source.literals();
    assert_eq!(literals, ["a, b", "c \"d\"", "e"]);
    assert_eq!(constants.get("NAME").map(String::as_str), Some("a, b"));
}
