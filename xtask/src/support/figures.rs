//! Figures in a page of the documentation: between markers, written by a command and not by hand.

use anyhow::{Context, Result};

const END: &str = "<!-- end of figures -->";

fn begin(command: &str) -> String {
    format!("<!-- figures: written by `{command}`, not by hand -->")
}

/// The page with what a command found put between its markers.
pub(crate) fn put(page: &str, command: &str, figures: &str) -> Result<String> {
    let begin = begin(command);
    let (before, rest) = page.split_once(&begin).context("the page has no place for figures")?;
    let (_, after) = rest.split_once(END).context("the page's place for figures has no end")?;
    Ok(format!("{before}{begin}\n{figures}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_replace_figures_and_nothing_else() {
        let page = |figures: &str| format!("before\n{}\n{figures}{END}\nafter\n", begin("cargo xtask some"));
        assert_eq!(put(&page("old\n"), "cargo xtask some", "new\n").unwrap(), page("new\n"));
        for (text, command) in [("no markers", "cargo xtask some"), (&page("old\n"), "cargo xtask other")] {
            assert!(put(text, command, "new").is_err());
        }
    }
}
