//! Every kind of update that the Bot API names, and every kind of content, decodes to what it means.

mod summary;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use twobot::gateway::{Decoded, Gateway, Inbound, Malformed};
use twobot::{Json, json};
use twobot_gateway_telegram::Telegram;

/// What each document of `updates/` means, a line for each: name, time, kind of event, and what matters of it.
const EXPECTED: &str = include_str!("expected.txt");

/// 2026-01-02T00:00:00Z: later than all documents.
const RECEIVED_AT: u64 = 1_767_312_000_000;

fn decode(body: impl Into<String>) -> Result<Decoded, Malformed> {
    Telegram::decode(Inbound { received_at: RECEIVED_AT, body: body.into() })
}

/// The documents of a folder, by name.
fn documents(folder: &str) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| {
            let path = entry.expect("the folder can be read").path();
            let name = path.file_stem().expect("a document has a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("a document is text"))
        })
        .collect()
}

#[test]
fn every_update_means_what_it_should() {
    let documents = documents("updates");
    let expected: BTreeMap<_, _> = EXPECTED.lines().filter_map(|line| line.split_once(": ")).collect();
    let mut wrong = Vec::new();
    for (name, body) in &documents {
        let actual = match decode(body.as_str()) {
            Ok(decoded) => summary::of(&decoded),
            Err(malformed) => format!("malformed: {}", malformed.message),
        };
        if expected.get(name.as_str()) != Some(&actual.as_str()) {
            wrong.push(format!("{name}: {actual}"));
        }
    }
    assert!(wrong.is_empty(), "not as expected:\n{}", wrong.join("\n"));
    let missing: Vec<_> = expected.keys().filter(|name| !documents.contains_key(**name)).collect();
    assert!(missing.is_empty(), "no document for {missing:?}");
}

#[test]
fn malformed_deliveries_say_what_is_wrong() {
    let expected: BTreeMap<&str, &str> = BTreeMap::from([
        ("not_json", "the update is not JSON"),
        ("empty", "the update is not JSON"),
        ("nested_too_deep", "the update is not JSON: recursion limit"),
        ("a_list", "an update is a JSON object"),
        ("a_number", "an update is a JSON object"),
        ("null", "an update is a JSON object"),
        ("no_update_id", "the update has no `update_id`"),
        ("text_update_id", "the update has no `update_id`"),
        ("message_is_text", "`update` has no proper `message`"),
        ("message_without_chat", "`message` has no proper `chat`"),
        ("message_without_id", "`message` has no proper `message_id`"),
        ("chat_without_id", "`chat` has no proper `id`"),
        ("callback_without_sender", "`callback_query` has no proper `from`"),
        ("member_without_status", "`chat_member` has no proper `old_chat_member`"),
        ("poll_without_id", "`poll` has no proper `id`"),
    ]);
    let documents = documents("malformed");
    assert_eq!(
        documents.keys().map(String::as_str).collect::<Vec<_>>(),
        expected.keys().copied().collect::<Vec<_>>()
    );
    for (name, body) in documents {
        let malformed = decode(body).expect_err(&name);
        assert!(malformed.message.contains(expected[name.as_str()]), "{name}: {}", malformed.message);
    }
}

/// Whatever a server puts into whatever field, the answer is an event, "not handled" or "malformed", and never a trap.
#[test]
fn no_value_in_any_field_makes_it_panic() {
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(u64::MAX),
        json!(1.5e300),
        json!(""),
        json!("/😀@"),
        json!([]),
        json!([[{}], null, 7]),
        json!({}),
    ];
    let mut tried = 0;
    for body in documents("updates").values() {
        let update: Json = serde_json::from_str(body).unwrap();
        let mut paths = Vec::new();
        collect_paths(&update, &mut String::new(), &mut paths);
        for path in paths {
            for value in &odd {
                let mut changed = update.clone();
                *changed.pointer_mut(&path).unwrap() = value.clone();
                let _ = decode(changed.to_string());
                tried += 1;
            }
        }
    }
    assert!(tried > 20_000, "{tried}");
}

fn collect_paths(value: &Json, at: &mut String, paths: &mut Vec<String>) {
    let mut visit = |name: &str, child: &Json| {
        let length = at.len();
        at.push('/');
        at.push_str(name);
        paths.push(at.clone());
        collect_paths(child, at, paths);
        at.truncate(length);
    };
    match value {
        Json::Object(fields) => fields.iter().for_each(|(name, child)| visit(name, child)),
        Json::Array(items) => items.iter().enumerate().for_each(|(n, child)| visit(&n.to_string(), child)),
        _ => {}
    }
}
