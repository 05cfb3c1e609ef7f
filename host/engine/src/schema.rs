//! Checking documents against the JSON Schemas of manifests.

use crate::error::{EngineError, FieldError};
use serde_json::Value;

/// The most wrong fields that are named at once.
const MAX_ERRORS: usize = 20;

/// Checks a document; the wrong fields are named below `root`, such as `config.rules.0.text`.
///
/// # Errors
/// `Invalid` with each wrong field.
pub(crate) fn check(root: &str, schema: &Value, document: &Value) -> Result<(), EngineError> {
    let validator = jsonschema::options()
        .should_validate_formats(true)
        // A pattern is a stranger's: it is matched in linear time.
        .with_pattern_options(jsonschema::PatternOptions::regex())
        .build(schema)
        .map_err(|error| EngineError::Conflict(format!("the schema itself is not valid: {error}")))?;
    let errors: Vec<FieldError> = validator
        .iter_errors(document)
        .take(MAX_ERRORS)
        .map(|error| {
            let path = error.instance_path().to_string().replace('/', ".");
            // The value itself may be a secret: it is left out of the message.
            FieldError {
                field: format!("{root}{path}"),
                message: error.masked_with("this value").to_string(),
            }
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(EngineError::Invalid(errors)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn wrong_fields_are_named_and_their_values_are_not() {
        let schema = json!({
            "type": "object",
            "properties": {"token": {"type": "string", "pattern": "^[0-9]+:"}, "rules": {"type": "array", "items": {"type": "object", "required": ["text"]}}},
            "required": ["token"],
        });
        let fields = |document: Value| match check("config", &schema, &document) {
            Err(EngineError::Invalid(errors)) => errors,
            other => panic!("{other:?}"),
        };
        assert!(check("config", &schema, &json!({"token": "1:a"})).is_ok());
        assert_eq!(fields(json!({}))[0].field, "config");
        let wrong = fields(json!({"token": "hunter2"}));
        assert_eq!(wrong[0].field, "config.token");
        assert!(!wrong[0].message.contains("hunter2"), "{}", wrong[0].message);
        let backtracking = json!({"type": "string", "pattern": "^(a+)+$"});
        let hostile = json!("a".repeat(100_000) + "!");
        assert!(check("config", &backtracking, &hostile).is_err(), "and at once");
        assert_eq!(fields(json!({"token": "1:", "rules": [{"text": ""}, {}]}))[0].field, "config.rules.1");
    }
}
