//! Documents that people fill in, described by JSON Schemas.

use serde_json::{Map, Value};

/// The document that a schema's `default`s make: what a form shows before anyone has typed.
///
/// Looks at `properties` one level deep and takes each property's `default`; a `default` of the schema itself wins.
#[must_use]
pub fn defaults(schema: &Value) -> Value {
    if let Some(whole) = schema.get("default") {
        return whole.clone();
    }
    let mut document = Map::new();
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        for (name, property) in properties {
            if let Some(value) = property.get("default") {
                document.insert(name.clone(), value.clone());
            }
        }
    }
    Value::Object(document)
}

/// The first document with the second's top-level properties over it. A `null` in the second removes the property (RFC 7396).
#[must_use]
pub fn merged(base: &Value, change: &Value) -> Value {
    let mut document = base.as_object().cloned().unwrap_or_default();
    for (name, value) in change.as_object().into_iter().flatten() {
        if value.is_null() {
            document.remove(name);
        } else {
            document.insert(name.clone(), value.clone());
        }
    }
    Value::Object(document)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn defaults_come_from_the_properties_or_from_the_whole() {
        let schema =
            json!({"properties": {"a": {"default": 1}, "b": {"type": "string"}, "c": {"default": [2]}}});
        assert_eq!(defaults(&schema), json!({"a": 1, "c": [2]}));
        assert_eq!(
            defaults(&json!({"default": {"x": 1}, "properties": {"y": {"default": 2}}})),
            json!({"x": 1})
        );
        assert_eq!(defaults(&json!({})), json!({}));
    }

    #[test]
    fn a_null_removes_and_all_else_replaces() {
        let base = json!({"keep": 1, "change": {"deep": true}, "drop": 2});
        let change = json!({"change": {"other": 1}, "drop": null, "add": 3});
        assert_eq!(merged(&base, &change), json!({"keep": 1, "change": {"other": 1}, "add": 3}));
    }
}
