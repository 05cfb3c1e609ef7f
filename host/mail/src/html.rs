//! A letter as HTML: tables and inline styles, which is what mail programs understand; no script, no image, nothing loaded.

use crate::letter::Letter;

const PAGE: &str = "margin:0;padding:24px 12px;background:#f4f4f5;font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;color:#18181b";
const CARD: &str =
    "max-width:520px;margin:0 auto;background:#ffffff;border:1px solid #e4e4e7;border-radius:12px";
const BUTTON: &str = "display:inline-block;padding:11px 18px;border-radius:8px;background:#4f46e5;color:#ffffff;text-decoration:none;font-weight:600";
const SMALL: &str = "font-size:13px;line-height:1.5;color:#71717a";

/// The letter, as a page of its own.
pub(crate) fn of(letter: &Letter) -> String {
    let mut body = format!("<p style=\"margin:0 0 14px\">Hello {},</p>", escaped(&letter.name));
    for paragraph in &letter.paragraphs {
        body.push_str(&format!("<p style=\"margin:0 0 14px\">{}</p>", escaped(paragraph)));
    }
    if !letter.facts.is_empty() {
        body.push_str(
            "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" style=\"margin:0 0 14px\">",
        );
        for (word, value) in &letter.facts {
            body.push_str(&format!(
                "<tr><td style=\"padding:2px 16px 2px 0;color:#71717a;vertical-align:top\">{word}</td><td style=\"padding:2px 0\">{}</td></tr>",
                escaped(value)
            ));
        }
        body.push_str("</table>");
    }
    if let Some(button) = &letter.button {
        let link = escaped(button.link.as_str());
        body.push_str(&format!(
            "<p style=\"margin:22px 0\"><a href=\"{link}\" style=\"{BUTTON}\">{}</a></p>\
             <p style=\"margin:0 0 14px;{SMALL}\">Or open this address:<br><a href=\"{link}\" style=\"color:#4f46e5;word-break:break-all\">{link}</a></p>",
            button.label
        ));
    }
    for paragraph in &letter.after {
        body.push_str(&format!("<p style=\"margin:0 0 14px;{SMALL}\">{}</p>", escaped(paragraph)));
    }
    let subject = escaped(&letter.subject);
    let why = escaped(letter.why);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{subject}</title></head>\n<body style=\"{PAGE}\">\n<div style=\"{CARD}\"><div style=\"padding:28px;font-size:15px;line-height:1.55\">\
         <p style=\"margin:0 0 20px;font-weight:700;font-size:17px\">2Bot</p>\n{body}\n</div></div>\n\
         <p style=\"max-width:520px;margin:14px auto 0;{SMALL}\">{why}</p>\n</body></html>\n"
    )
}

/// A text of which nothing is taken for HTML, also within quotes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
