//! Reads the store's own source, for tests that must hold for every method and every statement, also for those to come.

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
