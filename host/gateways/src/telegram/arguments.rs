//! What a component may put into a call.

use serde_json::Value;
use twobot_domain::GatewayError;

/// The most that one call may carry.
const LARGEST: usize = 1024 * 1024;

/// Fields of the Bot API that name a file.
const FILE_FIELDS: &[&str] = &[
    "animation",
    "audio",
    "certificate",
    "cover",
    "document",
    "media",
    "photo",
    "sticker",
    "thumb",
    "thumbnail",
    "video",
    "video_note",
    "voice",
];

/// The arguments as the body of a call.
///
/// # Errors
/// `Invalid` when they are no object, too large, or name a file of the Bot API server's own disk.
pub(super) fn body(arguments: &Value) -> Result<Vec<u8>, GatewayError> {
    let body = match arguments {
        Value::Null => b"{}".to_vec(),
        Value::Object(_) => {
            serde_json::to_vec(arguments).map_err(|error| GatewayError::Invalid(error.to_string()))?
        }
        _ => return Err(GatewayError::Invalid("the arguments must be a JSON object".to_owned())),
    };
    if body.len() > LARGEST {
        return Err(GatewayError::Invalid("the arguments are larger than 1 MB".to_owned()));
    }
    refuse_local_files(arguments, false)?;
    Ok(body)
}

/// A Bot API server that its operator runs with `--local` sends files of its own disk when a call says `file:///…`: one
/// tenant could read another's, or the server's keys.
fn refuse_local_files(value: &Value, is_file: bool) -> Result<(), GatewayError> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .try_for_each(|(name, value)| refuse_local_files(value, FILE_FIELDS.contains(&name.as_str()))),
        Value::Array(items) => items.iter().try_for_each(|item| refuse_local_files(item, is_file)),
        Value::String(text) if is_file => {
            let text = text.trim_start();
            if text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:")) {
                return Err(GatewayError::Invalid(
                    "files are sent by https address or by file id, not from a disk (file:)".to_owned(),
                ));
            }
            // Telegram takes objects and lists also as JSON within a string.
            match serde_json::from_str(text) {
                Ok(inner @ (Value::Object(_) | Value::Array(_))) => refuse_local_files(&inner, true),
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// How many messages a call makes: albums and bulk forwards are many at once.
pub(super) fn messages(arguments: &Value) -> u32 {
    let many = ["media", "message_ids"].into_iter().filter_map(|name| arguments.get(name)?.as_array());
    let largest = many.map(Vec::len).max().unwrap_or(1).clamp(1, 100);
    u32::try_from(largest).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn files_of_the_servers_disk_are_refused_wherever_they_hide() {
        for arguments in [
            json!({ "photo": "file:///etc/passwd" }),
            json!({ "photo": " FILE:/etc/passwd" }),
            json!({ "media": [{ "type": "photo", "media": "file:///etc/passwd" }] }),
            json!({ "media": "[{\"type\":\"photo\",\"media\":\"file:///etc/passwd\"}]" }),
            json!({ "media": { "type": "video", "media": "AgAC", "thumbnail": "file:///x" } }),
            json!({ "document": ["file:///x"] }),
        ] {
            assert!(matches!(body(&arguments), Err(GatewayError::Invalid(_))), "{arguments}");
        }
    }

    #[test]
    fn everything_else_is_sent_as_it_is() {
        for arguments in [
            json!({ "chat_id": 1, "text": "file:///etc/passwd is a path" }),
            json!({ "photo": "https://example.com/a.png", "caption": "file:" }),
            json!({ "photo": "AgACAgIAAxkBAAI" }),
            json!({ "document": "é" }),
            json!({}),
        ] {
            assert_eq!(body(&arguments).unwrap(), serde_json::to_vec(&arguments).unwrap());
        }
        assert_eq!(body(&Value::Null).unwrap(), b"{}");
    }

    #[test]
    fn what_is_no_object_or_too_large_is_refused() {
        for arguments in [json!([1]), json!("x"), json!(3), json!({ "text": "x".repeat(LARGEST) })] {
            assert!(matches!(body(&arguments), Err(GatewayError::Invalid(_))));
        }
    }

    #[test]
    fn albums_count_as_many() {
        assert_eq!(messages(&json!({ "text": "one" })), 1);
        assert_eq!(messages(&json!({ "media": [1, 2, 3] })), 3);
        assert_eq!(messages(&json!({ "message_ids": vec![0; 500] })), 100);
        assert_eq!(messages(&json!({ "media": [] })), 1);
        assert_eq!(messages(&json!({ "media": { "type": "photo" } })), 1);
    }
}
