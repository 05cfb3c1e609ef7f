//! Checks of what people send. All fields are checked before any is complained about, so that a form is corrected once.

use crate::error::{ApiError, FieldProblem};

/// The longest name of anything.
pub(crate) const MAX_NAME: usize = 100;

/// Collects what is wrong.
#[derive(Debug, Default)]
pub(crate) struct Validation {
    errors: Vec<FieldProblem>,
}

impl Validation {
    /// Notes that a field is wrong.
    pub(crate) fn wrong(&mut self, field: &str, message: impl Into<String>) {
        self.errors.push(FieldProblem { field: field.to_owned(), message: message.into() });
    }

    /// A single line of 1 to `max` characters once the space around it is cut off.
    pub(crate) fn line(&mut self, field: &str, text: &str, max: usize) -> String {
        let trimmed = text.trim();
        let length = trimmed.chars().count();
        if length == 0 {
            self.wrong(field, format!("must have 1 to {max} characters, but is empty"));
        } else if length > max {
            self.wrong(field, format!("must have 1 to {max} characters, but has {length}"));
        } else if trimmed.chars().any(char::is_control) {
            self.wrong(field, "must be a single line without control characters");
        }
        trimmed.to_owned()
    }

    /// The name of something.
    pub(crate) fn name(&mut self, field: &str, text: &str) -> String {
        self.line(field, text, MAX_NAME)
    }

    /// Text of 1 to `max` characters, lines and all, that is more than space.
    pub(crate) fn text(&mut self, field: &str, text: &str, max: usize) {
        let length = text.chars().count();
        if text.trim().is_empty() {
            self.wrong(field, format!("must have 1 to {max} characters, but is empty"));
        } else if length > max {
            self.wrong(field, format!("must have 1 to {max} characters, but has {length}"));
        } else if text.contains('\0') {
            self.wrong(field, "must not contain the character U+0000");
        }
    }

    /// A JSON object.
    pub(crate) fn object(&mut self, field: &str, value: &serde_json::Value) {
        if !value.is_object() {
            self.wrong(field, format!("must be a JSON object, but is {}", kind(value)));
        }
    }

    /// # Errors
    /// When anything was wrong.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        if self.errors.is_empty() { Ok(()) } else { Err(ApiError::invalid(self.errors)) }
    }
}

/// What a JSON value is, for people.
pub(crate) fn kind(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "a boolean",
        serde_json::Value::Number(_) => "a number",
        serde_json::Value::String(_) => "a string",
        serde_json::Value::Array(_) => "an array",
        serde_json::Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_named_with_what_is_wrong() {
        let mut check = Validation::default();
        assert_eq!(check.name("name", "  fine  "), "fine");
        check.name("empty", "   ");
        check.name("long", &"é".repeat(101));
        check.name("lines", "a\nb");
        check.text("text", "a\nb", 3);
        check.object("config", &serde_json::json!([]));
        let problem = check.finish().unwrap_err().problem;
        let found: Vec<_> = problem.errors.iter().map(|e| format!("{} {}", e.field, e.message)).collect();
        assert_eq!(
            found,
            [
                "empty must have 1 to 100 characters, but is empty",
                "long must have 1 to 100 characters, but has 101",
                "lines must be a single line without control characters",
                "config must be a JSON object, but is an array",
            ]
        );
    }
}
