//! Common Markdown, as Telegram's HTML.
//!
//! Telegram's own Markdown refuses a message for one full stop without a backslash, and no other gateway writes it that way. So plugins
//! write the Markdown that everyone knows, and what is not understood stays as it was written.

/// How deep marks may stand in marks. What is deeper stays as it was written.
const DEPTH: usize = 8;

/// Marks around a text, and Telegram's element for them. The longer of two that begin alike comes first.
const MARKS: [(&str, &str); 5] = [("**", "b"), ("__", "b"), ("~~", "s"), ("*", "i"), ("_", "i")];

/// Telegram takes no other addresses in links.
const SCHEMES: [&str; 4] = ["https://", "http://", "tg://", "mailto:"];

/// The HTML for a text in Markdown.
pub(super) fn to_html(markdown: &str) -> String {
    let mut html = String::with_capacity(markdown.len() + markdown.len() / 4);
    let mut lines = markdown.lines().peekable();
    // Lines without marks of their own belong together: emphasis may go over their ends.
    let mut plain: Vec<&str> = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            flush(&mut html, &mut plain);
            let code: Vec<_> =
                lines.by_ref().take_while(|line| !line.trim_start().starts_with("```")).collect();
            fence(&mut html, language.trim(), &code.join("\n"));
        } else if let Some(title) = heading(line) {
            flush(&mut html, &mut plain);
            block(&mut html, &format!("<b>{}</b>", inline(title, DEPTH)));
        } else if quoted(line).is_some() {
            flush(&mut html, &mut plain);
            let mut quote: Vec<_> = quoted(line).into_iter().collect();
            while let Some(more) = lines.peek().and_then(|line| quoted(line)) {
                quote.push(more);
                lines.next();
            }
            block(&mut html, &format!("<blockquote>{}</blockquote>", inline(&quote.join("\n"), DEPTH)));
        } else if let Some((indent, item)) = list_item(line) {
            flush(&mut html, &mut plain);
            block(&mut html, &format!("{indent}• {}", inline(item, DEPTH)));
        } else {
            plain.push(line);
        }
    }
    flush(&mut html, &mut plain);
    html
}

fn flush(html: &mut String, plain: &mut Vec<&str>) {
    if !plain.is_empty() {
        block(html, &inline(&plain.join("\n"), DEPTH));
        plain.clear();
    }
}

fn block(html: &mut String, block: &str) {
    if !html.is_empty() {
        html.push('\n');
    }
    html.push_str(block);
}

fn fence(html: &mut String, language: &str, code: &str) {
    let is_name = !language.is_empty()
        && language.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"+-_#".contains(&letter));
    let code = escaped(code);
    if is_name {
        block(html, &format!("<pre><code class=\"language-{language}\">{code}</code></pre>"));
    } else {
        block(html, &format!("<pre>{code}</pre>"));
    }
}

fn heading(line: &str) -> Option<&str> {
    let title = line.trim_start_matches('#');
    let level = line.len() - title.len();
    (1..=6).contains(&level).then(|| title.strip_prefix(' ')).flatten().map(str::trim)
}

fn quoted(line: &str) -> Option<&str> {
    line.strip_prefix('>').map(|rest| rest.strip_prefix(' ').unwrap_or(rest))
}

fn list_item(line: &str) -> Option<(&str, &str)> {
    let item = line.trim_start();
    let indent = &line[..line.len() - item.len()];
    ["- ", "* ", "+ "].iter().find_map(|mark| item.strip_prefix(mark)).map(|item| (indent, item))
}

/// The marks within lines.
fn inline(text: &str, depth: usize) -> String {
    let mut html = String::with_capacity(text.len());
    let mut position = 0;
    while let Some(letter) = text[position..].chars().next() {
        let rest = &text[position..];
        let found = match letter {
            '\\' => backslash(rest),
            '`' => code(rest),
            '[' if depth > 0 => link(rest, depth),
            '*' | '_' | '~' if depth > 0 => marked(&text[..position], rest, depth),
            _ => None,
        };
        let (piece, length) =
            found.unwrap_or_else(|| (escaped(&rest[..letter.len_utf8()]), letter.len_utf8()));
        html.push_str(&piece);
        position += length;
    }
    html
}

/// A letter that a backslash keeps from being a mark.
fn backslash(rest: &str) -> Option<(String, usize)> {
    let letter = rest[1..].chars().next().filter(char::is_ascii_punctuation)?;
    Some((escaped(&rest[1..=1]), 1 + letter.len_utf8()))
}

fn code(rest: &str) -> Option<(String, usize)> {
    let ticks = rest.len() - rest.trim_start_matches('`').len();
    let (mark, inside) = rest.split_at(ticks);
    let end = inside.find(mark).filter(|&end| end > 0)?;
    Some((format!("<code>{}</code>", escaped(&inside[..end])), ticks + end + ticks))
}

fn link(rest: &str, depth: usize) -> Option<(String, usize)> {
    let (title, after) = rest[1..].split_once("](")?;
    let (url, _) = after.split_once(')')?;
    let is_link = !title.is_empty()
        && !title.contains(['[', '\n'])
        && !url.contains(char::is_whitespace)
        && SCHEMES.iter().any(|scheme| url.starts_with(scheme));
    let length = 1 + title.len() + 2 + url.len() + 1;
    is_link.then(|| (format!("<a href=\"{}\">{}</a>", escaped(url), inline(title, depth - 1)), length))
}

/// A text between two marks. Marks stand close to their text, and underscores not within words.
fn marked(before: &str, rest: &str, depth: usize) -> Option<(String, usize)> {
    let (mark, element) = MARKS.iter().find(|(mark, _)| rest.starts_with(mark))?;
    let inside = &rest[mark.len()..];
    if inside.starts_with(char::is_whitespace) {
        return None;
    }
    let in_word = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    if mark.starts_with('_') && in_word(before.chars().next_back()) {
        return None;
    }
    let closes = |end: usize| {
        let (content, after) = inside.split_at(end);
        let after = &after[mark.len()..];
        // A single mark does not close at half of a double one.
        let is_whole = mark.len() == 2 || !(after.starts_with(mark) || content.ends_with(mark));
        let is_free = !mark.starts_with('_') || !in_word(after.chars().next());
        is_whole && is_free && !content.is_empty() && !content.ends_with(char::is_whitespace)
    };
    let end = inside.match_indices(mark).map(|(end, _)| end).find(|&end| closes(end))?;
    let content = inline(&inside[..end], depth - 1);
    Some((format!("<{element}>{content}</{element}>"), mark.len() * 2 + end))
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            _ => html.push(letter),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_elements() {
        let cases = [
            ("Plain. Text! (1-2) = #3", "Plain. Text! (1-2) = #3"),
            ("a & b < c > \"d\"", "a &amp; b &lt; c &gt; &quot;d&quot;"),
            (
                "**bold** and *italic* and _too_ and ~~gone~~",
                "<b>bold</b> and <i>italic</i> and <i>too</i> and <s>gone</s>",
            ),
            ("**bold with *italic* in it**", "<b>bold with <i>italic</i> in it</b>"),
            ("*italic with **bold** in it*", "<i>italic with <b>bold</b> in it</i>"),
            ("over\n*two\nlines*", "over\n<i>two\nlines</i>"),
            ("`a < b` and ``c ` d``", "<code>a &lt; b</code> and <code>c ` d</code>"),
            ("`**not bold**`", "<code>**not bold**</code>"),
            ("[2Bot](https://example.org/?a=1&b=2)", "<a href=\"https://example.org/?a=1&amp;b=2\">2Bot</a>"),
            ("# Title\ntext\n\n- one\n  * two\n+ three", "<b>Title</b>\ntext\n\n• one\n  • two\n• three"),
            ("> said\n> *so*\nyes", "<blockquote>said\n<i>so</i></blockquote>\nyes"),
            (
                "```rust\nlet x = a < b;\n```\nafter",
                "<pre><code class=\"language-rust\">let x = a &lt; b;</code></pre>\nafter",
            ),
            ("```\n*raw*", "<pre>*raw*</pre>"),
            ("```\" onload=\nx\n```", "<pre>x</pre>"),
        ];
        for (markdown, html) in cases {
            assert_eq!(to_html(markdown), html, "{markdown}");
        }
    }

    #[test]
    fn what_is_no_mark_stays() {
        for text in [
            "snake_case_name",
            "2 * 3 * 4",
            "a ** b",
            "*open",
            "**open",
            "~ ~",
            "``",
            "[text]",
            "[text](relative)",
            "[text](javascript:alert(1))",
            "#hashtag",
            "####### seven",
            "-5 degrees",
            "_",
            "**",
            "****",
            "😀_😀",
        ] {
            assert_eq!(to_html(text), text);
        }
        assert_eq!(to_html(r"\*not italic\* and \_ and \\"), r"*not italic* and _ and \");
        assert_eq!(to_html("end\\"), "end\\");
    }

    #[test]
    fn elements_are_closed_in_order_whatever_is_written() {
        let marks = ["*", "**", "_", "__", "~~", "`", "[", "](https://x)", "a", " ", "\n", "> ", "😀", "\\"];
        // Every text of four of these: marks that cross, touch, or never close.
        for code in 0..marks.len().pow(4) {
            let mut text = String::new();
            let mut rest = code;
            for _ in 0..4 {
                text.push_str(marks[rest % marks.len()]);
                rest /= marks.len();
            }
            let html = to_html(&text);
            assert!(is_well_formed(&html), "{text:?} -> {html:?}");
        }
        let deep = "*_".repeat(2_000);
        assert!(is_well_formed(&to_html(&format!("{deep}x{}", deep.chars().rev().collect::<String>()))));
    }

    fn is_well_formed(html: &str) -> bool {
        let mut open = Vec::new();
        for tag in html.split('<').skip(1) {
            let Some((tag, _)) = tag.split_once('>') else { return false };
            match tag.strip_prefix('/') {
                Some(name) if open.pop() == Some(name) => {}
                Some(_) => return false,
                None => open.push(tag.split(' ').next().unwrap_or(tag)),
            }
        }
        open.is_empty()
    }
}
