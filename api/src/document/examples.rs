//! Examples of every body, composed of those that the fields have.

use serde_json::{Map, Value, json};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{Content, OpenApi, RefOr};

/// Schemas within schemas that are followed; no body of ours is as deep.
const DEPTH: usize = 12;

/// Gives each body that has no example one.
pub(super) fn add(document: &mut OpenApi) {
    let schemas = document.components.as_ref().map(|components| &components.schemas);
    let schemas = serde_json::to_value(schemas).unwrap_or_default();
    for item in document.paths.paths.values_mut() {
        let PathItem { get, put, post, delete, patch, .. } = item;
        for operation in [get, put, post, delete, patch].into_iter().flatten() {
            of_operation(operation, &schemas);
        }
    }
}

fn of_operation(operation: &mut Operation, schemas: &Value) {
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        body.content.values_mut().for_each(|content| of_content(content, schemas));
    }
    for (status, response) in &mut operation.responses.responses {
        // What a problem looks like stands with its schema; which it is, with each status.
        if let RefOr::T(response) = response
            && status.starts_with('2')
        {
            response.content.values_mut().for_each(|content| of_content(content, schemas));
        }
    }
}

fn of_content(content: &mut RefOr<Content>, schemas: &Value) {
    let RefOr::T(content) = content else { return };
    if content.example.is_some() || !content.examples.is_empty() {
        return;
    }
    let schema = serde_json::to_value(&content.schema).unwrap_or_default();
    let is_json = schema.get("$ref").is_some() || schema["type"] != "string";
    if content.schema.is_some() && is_json {
        content.example = Some(example(&schema, schemas, DEPTH));
    }
}

/// A value that a schema allows: the one that it gives as its example, or one that is made of those of its parts.
fn example(schema: &Value, schemas: &Value, depth: usize) -> Value {
    if let Some(given) = schema.get("example").or_else(|| schema.get("const")) {
        return given.clone();
    }
    if let Some(given) = schema.pointer("/examples/0").or_else(|| schema.pointer("/enum/0")) {
        return given.clone();
    }
    if depth == 0 {
        return Value::Null;
    }
    let inner = |schema: &Value| example(schema, schemas, depth - 1);
    if let Some(target) = schema["$ref"].as_str() {
        let name = target.rsplit('/').next().unwrap_or_default();
        return inner(&schemas[name]);
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let mut whole = Map::new();
        parts.iter().for_each(|part| whole.extend(inner(part).as_object().cloned().unwrap_or_default()));
        return Value::Object(whole);
    }
    if let Some(choices) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
        // One that is there tells more than that it may be missing.
        let told = choices.iter().find(|choice| choice["type"] != "null");
        return told.map_or(Value::Null, inner);
    }
    match type_of(schema) {
        "array" => json!([inner(&schema["items"])]),
        "object" => {
            let fields = schema["properties"].as_object().into_iter().flatten();
            Value::Object(fields.map(|(name, field)| (name.clone(), inner(field))).collect())
        }
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or(json!(1)),
        "boolean" => json!(true),
        "string" => json!(text(schema)),
        _ => json!({}),
    }
}

/// The type that is not `null`.
fn type_of(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(name) => name,
        Value::Array(names) => {
            names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or("null")
        }
        _ => "",
    }
}

fn text(schema: &Value) -> &'static str {
    match schema["format"].as_str() {
        Some("uuid") => "01928f6e-3f57-7cc1-93c6-1f1f6a1f0a11",
        Some("date-time") => "2026-01-31T12:00:00.000Z",
        Some("date") => "2026-01-31",
        Some("uri") => "https://bots.example.com/",
        Some("email") => "ada@example.com",
        _ => "text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_is_made_of_those_of_its_parts() {
        let schemas = json!({
            "Name": {"type": "string", "example": "Shop"},
            "Loop": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Loop"}}},
        });
        let made = |schema: Value| example(&schema, &schemas, DEPTH);
        assert_eq!(made(json!({"$ref": "#/components/schemas/Name"})), "Shop");
        assert_eq!(made(json!({"type": ["string", "null"], "format": "date"})), "2026-01-31");
        assert_eq!(made(json!({"type": "string", "enum": ["on", "off"]})), "on");
        assert_eq!(made(json!({"oneOf": [{"type": "null"}, {"type": "integer", "minimum": 7}]})), 7);
        let both = json!({"allOf": [
            {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "boolean"}}}},
            {"type": "object", "properties": {"b": {"type": "object"}}},
        ]});
        assert_eq!(made(both), json!({"a": [true], "b": {}}));
        assert!(made(json!({"$ref": "#/components/schemas/Loop"})).is_object(), "ends");
    }
}
