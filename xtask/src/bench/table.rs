//! The table of figures.

use std::path::Path;

use anyhow::Result;
use serde_json::Value;

/// Benchmarks in the order in which a reader wants them.
const ORDER: &[&str] =
    &["overhead", "extism", "node", "density", "neighbour", "compile", "fuel", "load", "lists", "idle"];

/// What the benchmarks found, and those that were not run.
pub(super) fn results(folder: &Path) -> Result<(Vec<Value>, Vec<&'static str>)> {
    let (mut rows, mut missing) = (Vec::new(), Vec::new());
    for name in ORDER {
        let file = folder.join(format!("{name}.json"));
        if !file.exists() {
            missing.push(*name);
            continue;
        }
        let found: Vec<Value> = serde_json::from_slice(&std::fs::read(&file)?)?;
        rows.extend(found);
    }
    Ok((rows, missing))
}

/// The table in Markdown.
pub(super) fn render(machine: &str, (rows, missing): &(Vec<Value>, Vec<&str>)) -> String {
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
    if !missing.is_empty() {
        text.push_str(&format!("\n**Not measured in this run:** {}.\n", missing.join(", ")));
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
        let rows = vec![row(json!(true)), row(json!(false)), row(json!(null))];
        let table = render("A machine.", &(rows, vec!["idle"]));
        let lines: Vec<_> = table.lines().skip(4).collect();
        assert_eq!(lines[0], "| P1 | a\\|b | 1 µs | 2 µs | 0.5 × | ≤ 2 × | reached |");
        assert!(lines[1].ends_with("| **missed** |") && lines[2].ends_with("|  |"));
        assert_eq!(lines.last(), Some(&"**Not measured in this run:** idle."));
    }
}
