//! JSON Schemas from manifests.
//!
//! A schema is a stranger's program that the host runs over documents. So it must come to an end soon whatever the document: it
//! refers to nothing outside, to nothing that contains the reference, and is of bounded size with all references written out.

use serde_json::Value;
use std::collections::HashMap;

/// Bytes of a schema.
const MAX_BYTES: usize = 100 * 1024;
/// Values in a schema, with what it refers to in place of the references.
const MAX_VALUES: usize = 20_000;
/// How deep it goes, with what it refers to in place of the references.
const MAX_DEPTH: usize = 200;

/// Keywords by which a schema could refer in other ways than `$ref`.
const REFUSED: [&str; 6] =
    ["$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"];

/// Parses a schema and checks it. The error says what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    if text.len() > MAX_BYTES {
        return Err(format!("must have at most {MAX_BYTES} bytes"));
    }
    let value: Value = serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))?;
    if !value.is_object() {
        return Err("must be a JSON Schema object".to_owned());
    }
    Expansion { root: &value, known: HashMap::new() }.size(&value, 0)?;
    jsonschema::options()
        // Patterns that are matched in linear time.
        .with_pattern_options(jsonschema::PatternOptions::regex())
        .build(&value)
        .map_err(|error| format!("is not a JSON Schema: {error}"))?;
    Ok(value)
}

/// Counts a schema's values with all references written out.
struct Expansion<'a> {
    root: &'a Value,
    /// The size and depth of what was referred to; none while it is being counted.
    known: HashMap<&'a str, Option<(usize, usize)>>,
}

impl<'a> Expansion<'a> {
    /// Size of a value and depth below it.
    fn size(&mut self, value: &'a Value, depth: usize) -> Result<(usize, usize), String> {
        if depth > MAX_DEPTH {
            return Err(format!("is more than {MAX_DEPTH} levels deep"));
        }
        let (mut size, mut below) = (1_usize, 0);
        let mut add = |(more, deeper): (usize, usize)| {
            size = size.saturating_add(more);
            below = below.max(deeper.saturating_add(1));
        };
        match value {
            Value::Array(items) => {
                for item in items {
                    add(self.size(item, depth + 1)?);
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    add(match member {
                        Value::String(reference) if name == "$ref" => self.target(reference, depth + 1)?,
                        Value::String(_) if REFUSED.contains(&name.as_str()) => {
                            return Err(format!("must not use `{name}`"));
                        }
                        _ => self.size(member, depth + 1)?,
                    });
                }
            }
            _ => {}
        }
        if size > MAX_VALUES {
            return Err(format!("has more than {MAX_VALUES} values with all references written out"));
        }
        if depth + below > MAX_DEPTH {
            return Err(format!("is more than {MAX_DEPTH} levels deep"));
        }
        Ok((size, below))
    }

    fn target(&mut self, reference: &'a str, depth: usize) -> Result<(usize, usize), String> {
        match self.known.get(reference) {
            Some(Some(known)) => return Ok(*known),
            Some(None) => return Err(format!("`{reference}` refers to what contains it")),
            None => {}
        }
        let target = reference.strip_prefix('#').filter(|pointer| !pointer.contains('%'));
        let target = target
            .and_then(|pointer| self.root.pointer(pointer))
            .ok_or_else(|| format!("`{reference}` refers to nothing in this schema"))?;
        self.known.insert(reference, None);
        let counted = self.size(target, depth)?;
        self.known.insert(reference, Some(counted));
        Ok(counted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_authors_write_is_taken() {
        for schema in [
            json!({}),
            json!({"type": "object", "properties": {"$ref": {"type": "string", "pattern": "^[a-z]+$"}}}),
            json!({"$defs": {"word": {"type": "string"}}, "properties": {"a": {"$ref": "#/$defs/word"}, "b": {"$ref": "#/$defs/word"}}}),
        ] {
            assert_eq!(parse(&schema.to_string()), Ok(schema));
        }
    }

    #[test]
    fn what_would_not_end_is_refused() {
        // Each level twice the one below: a thousand million values.
        let mut defs = serde_json::Map::new();
        for level in 0..30 {
            let below = json!({"$ref": format!("#/$defs/l{}", level + 1)});
            defs.insert(format!("l{level}"), json!({"allOf": [below, below]}));
        }
        defs.insert("l30".to_owned(), json!({"type": "string"}));
        let chain: serde_json::Map<_, _> = (0..3_000)
            .map(|link| (format!("l{link}"), json!({"$ref": format!("#/$defs/l{}", (link + 1) % 3_000)})))
            .collect();
        for (schema, reason) in [
            (json!({"$ref": "#/$defs/l0", "$defs": defs}), "more than 20000 values"),
            (json!({"$ref": "#/$defs/l0", "$defs": chain}), "levels deep"),
            (json!({"$ref": "#"}), "refers to what contains it"),
            (
                json!({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}),
                "refers to what contains it",
            ),
            (json!({"properties": {"child": {"$ref": "#"}}}), "refers to what contains it"),
            (json!({"$ref": "http://example.org/schema"}), "refers to nothing"),
            (json!({"$ref": "file:///etc/passwd"}), "refers to nothing"),
            (json!({"$ref": "#/%24defs/a", "$defs": {"a": {}}}), "refers to nothing"),
            (json!({"$dynamicRef": "#a"}), "must not use `$dynamicRef`"),
            (json!({"$id": "http://example.org/"}), "must not use `$id`"),
            (json!({"pattern": "(a)\\1"}), "is not a JSON Schema"),
            (json!({"type": "strange"}), "is not a JSON Schema"),
            (json!([]), "must be a JSON Schema object"),
        ] {
            let text = schema.to_string();
            let error = parse(&text).unwrap_err();
            assert!(error.contains(reason), "{}: {error}", &text[..text.len().min(80)]);
        }
        assert!(parse("{").unwrap_err().contains("is not JSON"));
        assert!(parse(&"[".repeat(10_000)).unwrap_err().contains("is not JSON"));
        assert!(
            parse(&format!("{{\"title\": \"{}\"}}", "x".repeat(MAX_BYTES))).unwrap_err().contains("bytes")
        );
    }
}
