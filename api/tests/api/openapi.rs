//! The OpenAPI document: the one in the repository is the one that the code describes, and it is sound.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

fn document() -> Value {
    serde_json::to_value(twobot_api::openapi()).unwrap()
}

#[test]
fn the_committed_document_is_the_one_that_the_code_describes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let committed: Value = serde_json::from_str(&committed).unwrap_or_default();
    let real = document();
    let differs: Vec<_> = ["info", "paths", "components", "security", "tags", "servers"]
        .into_iter()
        .flat_map(|part| differing(part, &committed[part], &real[part]))
        .collect();
    assert!(
        differs.is_empty() && committed == real,
        "api/openapi.json is stale: run `cargo xtask openapi`. It differs in {differs:#?}"
    );
}

/// The members of one part that are not the same.
fn differing(part: &str, committed: &Value, real: &Value) -> Vec<String> {
    let (Some(committed), Some(real)) = (committed.as_object(), real.as_object()) else {
        return if committed == real { Vec::new() } else { vec![part.to_owned()] };
    };
    let names: BTreeSet<_> = committed.keys().chain(real.keys()).collect();
    names
        .into_iter()
        .filter(|name| committed.get(*name) != real.get(*name))
        .map(|name| format!("{part} {name}"))
        .collect()
}

#[test]
fn every_operation_says_what_it_does_and_what_can_go_wrong() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in METHODS {
            let Some(operation) = item.get(method) else { continue };
            let id = operation["operationId"].as_str().unwrap_or_default();
            assert!(ids.insert(id.to_owned()), "{method} {path}: the operation id {id:?} is there twice");
            let summary = operation["summary"].as_str().unwrap_or_default();
            assert!(!summary.is_empty() && !summary.ends_with('.'), "{method} {path}: {summary:?}");
            assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{method} {path}");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2')), "{method} {path}");
            let is_public = operation.get("security") == Some(&serde_json::json!([{}]));
            assert_eq!(
                responses.contains_key("401"),
                !is_public
                    || path.contains("webhooks")
                    || matches!(id, "login" | "loginTwoFactor" | "refreshSession"),
                "{method} {path}"
            );
            for (status, response) in responses {
                assert!(
                    !response["description"].as_str().unwrap_or_default().is_empty(),
                    "{method} {path} {status}"
                );
                if !status.starts_with('2') {
                    assert!(
                        response["content"]["application/problem+json"].is_object(),
                        "{method} {path} {status}"
                    );
                }
            }
        }
    }
}

#[test]
fn every_operation_tells_the_problems_that_its_parts_can_cause_and_gives_examples() {
    let document = document();
    let mut wrong = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in METHODS {
            let Some(operation) = item.get(method) else { continue };
            let name = format!("{} {path}", method.to_uppercase());
            let responses = operation["responses"].as_object().unwrap();
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let takes = |place: &str| parameters.iter().any(|parameter| parameter["in"] == place);
            let header = |name: &str| parameters.iter().any(|parameter| parameter["name"] == name);
            let is_public = operation.get("security") == Some(&serde_json::json!([{}]));
            let is_delivery = path.contains("/webhooks/");
            let has_body = operation.get("requestBody").is_some() && !is_delivery;
            let mut expected = vec!["500", "503"];
            let mut expect = |condition: bool, statuses: &[&'static str]| {
                if condition {
                    expected.extend(statuses);
                }
            };
            expect(has_body, &["400", "413", "415", "422"]);
            expect(takes("query"), &["422"]);
            expect(takes("path"), &["404"]);
            expect(!is_public, &["401", "403"]);
            expect(!is_delivery, &["429"]);
            expect(header("If-Match"), &["412"]);
            expect(header("Idempotency-Key"), &["409", "422"]);
            wrong.extend(
                expected
                    .iter()
                    .filter(|status| !responses.contains_key(**status))
                    .map(|status| format!("{name} does not tell of {status}")),
            );
            // Whatever is not told is not hidden behind a word for all.
            if responses.contains_key("default") {
                wrong.push(format!("{name} tells of anything"));
            }
            // What takes a password or a code takes it each time.
            let is_secret =
                ["/auth/", "/user/two-factor/", "/users/me/"].iter().any(|begin| path.starts_with(begin));
            if header("Idempotency-Key") != (method == "post" && !is_public && !is_secret) {
                wrong.push(format!("{name}: Idempotency-Key"));
            }
            for parameter in &parameters {
                if parameter["description"].as_str().unwrap_or_default().is_empty() {
                    wrong.push(format!("{name} does not say what {} is", parameter["name"]));
                }
            }
            let sent = operation.pointer("/requestBody/content").into_iter();
            let answered = responses
                .iter()
                .filter(|(status, _)| status.starts_with('2'))
                .filter_map(|(_, response)| response.get("content"));
            for content in sent.chain(answered).flat_map(|content| content.as_object().unwrap()) {
                let (kind, content) = content;
                let shown = content.get("example").or_else(|| content.get("examples"));
                if kind == "application/json" && shown.is_none_or(Value::is_null) {
                    wrong.push(format!("{name} gives no example of {kind}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn everything_that_is_referred_to_is_there() {
    fn visit(value: &Value, document: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(target) = members.get("$ref").and_then(Value::as_str) {
                    let pointer = target.strip_prefix('#').unwrap();
                    assert!(document.pointer(pointer).is_some(), "{target} is not there");
                }
                members.values().for_each(|member| visit(member, document));
            }
            Value::Array(items) => items.iter().for_each(|item| visit(item, document)),
            _ => {}
        }
    }
    let document = document();
    visit(&document, &document);
}

/// A second schema of a name would take the place of the first, and nobody would be told.
#[test]
fn every_schema_has_a_name_of_its_own() {
    fn files(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                found.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut sources = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut sources);
    let mut names = BTreeSet::new();
    for source in &sources {
        for rest in source.split("ToSchema)]").skip(1) {
            let line = rest.lines().find(|line| line.contains("struct ") || line.contains("enum ")).unwrap();
            let name = line.split_once("struct ").or_else(|| line.split_once("enum ")).unwrap().1;
            let name = name.split(|c: char| !c.is_alphanumeric()).next().unwrap();
            // Of macros, the name stands where they are called.
            if name.is_empty() {
                continue;
            }
            assert!(names.insert(name.to_owned()), "there are two schemas with the name {name}");
        }
    }
    assert!(names.len() > 50, "{names:?}");
}
