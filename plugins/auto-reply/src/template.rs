//! Replies with gaps.

/// Puts the sender's name and text into a reply. One pass: what someone wrote is not looked at again.
pub(crate) fn fill(reply: &str, name: &str, text: &str) -> String {
    let mut filled = String::with_capacity(reply.len() + name.len());
    let mut rest = reply;
    while let Some(start) = rest.find('{') {
        let (before, gap) = rest.split_at(start);
        filled.push_str(before);
        let (value, length) = if gap.starts_with("{name}") {
            (name, "{name}".len())
        } else if gap.starts_with("{text}") {
            (text, "{text}".len())
        } else {
            ("{", 1)
        };
        filled.push_str(value);
        rest = &gap[length..];
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_filled_once() {
        let cases = [
            ("Hello {name}!", "Hello Ada!"),
            ("{name}{name}: {text}", "AdaAda: a {name} b"),
            ("{other} {na {", "{other} {na {"),
            ("{{name}}", "{Ada}"),
            ("", ""),
        ];
        for (reply, expected) in cases {
            assert_eq!(fill(reply, "Ada", "a {name} b"), expected);
        }
    }
}
