//! The table of figures.

use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use crate::support::figures;

/// Benchmarks in the order in which a reader wants them.
const ORDER: &[&str] =
    &["overhead", "extism", "node", "density", "neighbour", "compile", "fuel", "load", "lists", "idle"];

/// What benchmarks found, in the order of the page; those that left nothing are not among them.
pub(super) fn results(folder: &Path) -> Result<Vec<(&'static str, Vec<Value>)>> {
    let mut results = Vec::new();
    for name in ORDER {
        let file = folder.join(format!("{name}.json"));
        if file.exists() {
            results.push((*name, serde_json::from_slice(&std::fs::read(&file)?)?));
        }
    }
    Ok(results)
}

/// Of the benchmarks that were asked for, or of all, those without a result.
pub(super) fn missing(asked: &[String], results: &[(&str, Vec<Value>)]) -> Vec<&'static str> {
    let asked = |name: &str| asked.is_empty() || asked.iter().any(|one| one == name);
    ORDER
        .iter()
        .copied()
        .filter(|name| asked(name) && results.iter().all(|(found, _)| found != name))
        .collect()
}

/// The page with these results in place of older ones of the same benchmarks; others stay as they are.
pub(super) fn put(page: &str, machine: &str, results: &[(&str, Vec<Value>)]) -> Result<String> {
    results.iter().try_fold(page.to_owned(), |page, (name, rows)| {
        figures::put(&page, &format!("cargo xtask bench --only {name}"), &render(machine, rows))
    })
}

/// The table in Markdown.
fn render(machine: &str, rows: &[Value]) -> String {
    let mut text = format!(
        "{machine}\n\n| # | what | 2Bot | beside | ratio | target | |\n|---|---|---|---|---|---|---|\n"
    );
    for row in rows {
        let of = |name: &str| row[name].as_str().unwrap_or_default().replace('|', "\\|");
        let reached = match row["reached"].as_bool() {
            Some(true) => "reached",
            Some(false) => "**missed**",
            None => "",
        };
        let cells = [
            of("target_id"),
            of("what"),
            of("ours"),
            of("peer"),
            of("ratio"),
            of("target"),
            reached.to_owned(),
        ];
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_say_whether_the_target_is_reached() {
        let row = |reached| json!({ "target_id": "P1", "what": "a|b", "ours": "1 µs", "peer": "2 µs", "ratio": "0.5 ×", "target": "≤ 2 ×", "reached": reached });
        let table = render("A machine.", &[row(json!(true)), row(json!(false)), row(json!(null))]);
        let lines: Vec<_> = table.lines().skip(4).collect();
        assert_eq!(lines[0], "| P1 | a\\|b | 1 µs | 2 µs | 0.5 × | ≤ 2 × | reached |");
        assert!(lines[1].ends_with("| **missed** |") && lines[2].ends_with("|  |"));
    }

    #[test]
    fn a_part_changes_its_own_table_only() {
        let place = |name: &str, text: &str| {
            let begin =
                format!("<!-- figures: written by `cargo xtask bench --only {name}`, not by hand -->");
            format!("{begin}\n{text}<!-- end of figures -->\n")
        };
        let page = place("fuel", "old\n") + &place("idle", "old\n");
        let page = put(&page, "A machine.", &[("idle", Vec::new())]).unwrap();
        assert_eq!(page, place("fuel", "old\n") + &place("idle", &render("A machine.", &[])));
        assert!(put(&page, "A machine.", &[("density", Vec::new())]).is_err());
    }

    #[test]
    fn what_was_asked_for_and_left_nothing_is_named() {
        let results = [("fuel", Vec::new())];
        assert_eq!(missing(&["fuel".to_owned(), "idle".to_owned()], &results), ["idle"]);
        assert_eq!(missing(&[], &results).len(), ORDER.len() - 1);
    }
}
