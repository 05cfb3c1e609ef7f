//! Carrying out a step: what came of it, as JSON. `{"ok": …}` or `{"error": "…"}`.

use crate::mischief;
use crate::step::Step;
use crate::text::Text;
use serde_json::{Value, json};
use std::fmt::Debug;
use twobot::bindings::plugin::twobot::plugin::{
    actions::{Action, MessageEdit, MessageRef, Outcome, ProviderCall, TextFormat},
    ai, chat, gateways, log, notify, schedule,
};
use twobot::bindings::plugin::wasi::{
    config,
    keyvalue::{atomics, batch, store},
};
use twobot::prelude::OutgoingMessage;

type Outcomes = Result<Value, String>;

fn shown<T>(error: impl Debug) -> Result<T, String> {
    Err(format!("{error:?}"))
}

fn bytes(value: &[u8]) -> Value {
    match std::str::from_utf8(value) {
        Ok(text) if text.len() <= 100 => json!(text),
        _ => json!({ "bytes": value.len() }),
    }
}

fn open(name: &str) -> Result<store::Bucket, String> {
    store::open(name).or_else(shown)
}

/// Carries out one step.
pub(crate) fn carry_out(step: &Step) -> Value {
    match attempt(step) {
        Ok(value) => json!({ "ok": value }),
        Err(error) => json!({ "error": error }),
    }
}

fn attempt(step: &Step) -> Outcomes {
    match step {
        Step::Repeat { times, step } => repeat(*times, step),
        Step::Spin {} => mischief::spin(),
        Step::Recurse {} => Ok(json!(mischief::recurse(0))),
        Step::Eat { step } => mischief::eat(*step),
        Step::Hold { bytes } => {
            std::mem::forget(std::hint::black_box(vec![1_u8; *bytes]));
            Ok(json!(null))
        }
        Step::File(step) => crate::files::attempt(step),
        Step::Panic { message } => panic!("{}", message.full()),
        _ => storage(step)
            .or_else(|| outside(step))
            .or_else(|| telling(step))
            .or_else(|| crate::wasi::attempt(step))
            .or_else(|| crate::http::attempt(step))
            .unwrap_or_else(|| shown("no such step")),
    }
}

fn repeat(times: u64, step: &Step) -> Outcomes {
    let (mut good, mut last) = (0_u64, Value::Null);
    for _ in 0..times {
        last = carry_out(step);
        good += u64::from(last.get("ok").is_some());
    }
    Ok(json!({ "good": good, "last": last }))
}

fn storage(step: &Step) -> Option<Outcomes> {
    Some(match step {
        Step::Open { bucket } => open(&bucket.full()).map(|_| json!(null)),
        Step::Keep { bucket } => open(&bucket.full()).map(|bucket| {
            std::mem::forget(bucket);
            json!(null)
        }),
        Step::Get { bucket, key } => open(bucket)
            .and_then(|bucket| bucket.get(&key.full()).or_else(shown))
            .map(|value| value.map_or(Value::Null, |value| bytes(&value))),
        Step::Set { bucket, key, value } => open(bucket)
            .and_then(|bucket| bucket.set(&key.full(), value.full().as_bytes()).or_else(shown))
            .map(|()| json!(null)),
        Step::Delete { bucket, key } => {
            open(bucket).and_then(|bucket| bucket.delete(&key.full()).or_else(shown)).map(|()| json!(null))
        }
        Step::Exists { bucket, key } => open(bucket)
            .and_then(|bucket| bucket.exists(&key.full()).or_else(shown))
            .map(|there| json!(there)),
        Step::ListKeys { bucket, cursor } => open(bucket)
            .and_then(|bucket| bucket.list_keys(*cursor).or_else(shown))
            .map(|page| json!({ "keys": page.keys, "cursor": page.cursor })),
        Step::Increment { bucket, key, delta } => open(bucket)
            .and_then(|bucket| atomics::increment(&bucket, &key.full(), *delta).or_else(shown))
            .map(|sum| json!(sum)),
        Step::GetMany { bucket, keys } => open(bucket).and_then(|bucket| get_many(&bucket, &full(keys))),
        Step::SetMany { bucket, entries } => {
            let entries: Vec<_> =
                entries.iter().map(|(key, value)| (key.full(), value.full().into_bytes())).collect();
            open(bucket)
                .and_then(|bucket| batch::set_many(&bucket, &entries).or_else(shown))
                .map(|()| json!(null))
        }
        Step::DeleteMany { bucket, keys } => open(bucket)
            .and_then(|bucket| batch::delete_many(&bucket, &full(keys)).or_else(shown))
            .map(|()| json!(null)),
        Step::Fill { bucket, prefix, count, value } => fill(bucket, prefix, *count, &value.full()),
        Step::GetRange { bucket, prefix, count } => {
            let keys: Vec<_> = (0..*count).map(|number| format!("{prefix}{number}")).collect();
            open(bucket).and_then(|bucket| get_many(&bucket, &keys)).map(|values| {
                let found = values.as_array().into_iter().flatten().filter(|value| !value.is_null());
                json!(found.count())
            })
        }
        _ => return None,
    })
}

fn full(texts: &[Text]) -> Vec<String> {
    texts.iter().map(Text::full).collect()
}

fn get_many(bucket: &store::Bucket, keys: &[String]) -> Outcomes {
    let values = batch::get_many(bucket, keys).or_else(shown)?;
    Ok(values.into_iter().map(|value| value.map_or(Value::Null, |(_, value)| bytes(&value))).collect())
}

fn fill(bucket: &str, prefix: &str, count: usize, value: &str) -> Outcomes {
    let bucket = open(bucket)?;
    for number in 0..count {
        if let Err(error) = bucket.set(&format!("{prefix}{number}"), value.as_bytes()) {
            return Err(format!("after {number}: {error:?}"));
        }
    }
    Ok(json!(count))
}

fn outside(step: &Step) -> Option<Outcomes> {
    let message = |text: &Text| Action::SendMessage(OutgoingMessage::new("1", text.full()));
    Some(match step {
        Step::Bound { kind } => {
            let bound = gateways::bound(kind.as_deref());
            let shown = bound.into_iter().map(|gateway| json!([gateway.id, gateway.kind, gateway.name]));
            Ok(shown.collect())
        }
        Step::Send { gateway, text } => {
            gateways::send(&gateway.full(), &message(text)).map(|id| json!(id)).or_else(shown)
        }
        Step::SendEdit { gateway, text } => {
            gateways::send(&gateway.full(), &edit(text)).map(|id| json!(id)).or_else(shown)
        }
        Step::SendCall { gateway, operation, arguments } => {
            let call = named(operation, arguments);
            gateways::send(&gateway.full(), &call).map(|id| json!(id)).or_else(shown)
        }
        Step::Perform { gateway, text } => perform(gateway, &message(text)),
        Step::PerformEdit { gateway, text } => perform(gateway, &edit(text)),
        Step::PerformCall { gateway, operation, arguments } => perform(gateway, &named(operation, arguments)),
        Step::Chat { gateway, messages } => ask(gateway.as_ref(), full(messages)),
        Step::ChatEmpty { count } => ask(None, vec![String::new(); *count]),
        _ => return None,
    })
}

fn named(operation: &Text, arguments: &Text) -> Action {
    Action::Provider(ProviderCall { operation: operation.full(), arguments: arguments.full() })
}

fn edit(text: &Text) -> Action {
    let target = MessageRef { conversation: "1".to_owned(), message_id: "7".to_owned() };
    let (text, format, buttons) = (text.full(), TextFormat::Plain, Vec::new());
    Action::EditMessage(MessageEdit { target, text, format, buttons })
}

fn perform(gateway: &Text, action: &Action) -> Outcomes {
    match gateways::perform(&gateway.full(), action) {
        Ok(Outcome::Sent(message)) => Ok(json!({ "sent": message.message_id })),
        Ok(Outcome::Done) => Ok(json!("done")),
        Ok(Outcome::Provider(answer)) => Ok(json!({ "provider": answer })),
        Err(error) => shown(error),
    }
}

fn ask(gateway: Option<&Text>, messages: Vec<String>) -> Outcomes {
    let message = |content| chat::ChatMessage { role: chat::Role::User, content };
    let messages = messages.into_iter().map(message).collect();
    let request = chat::ChatRequest { model: None, messages, temperature: None, max_tokens: None };
    ai::chat(gateway.map(Text::full).as_deref(), &request).map(|reply| json!(reply.text)).or_else(shown)
}

fn telling(step: &Step) -> Option<Outcomes> {
    Some(match step {
        Step::Log { level, message, fields } => {
            let level = match level.as_str() {
                "debug" => log::Level::Debug,
                "warn" => log::Level::Warn,
                "error" => log::Level::Error,
                _ => log::Level::Info,
            };
            let fields: Vec<_> = fields.iter().map(|(name, value)| (name.full(), value.full())).collect();
            log::write(level, &message.full(), &fields);
            Ok(json!(null))
        }
        Step::LogFields { count } => {
            log::write(log::Level::Info, "fields", &vec![(String::new(), String::new()); *count]);
            Ok(json!(null))
        }
        Step::Config { key } => config::store::get(&key.full()).map(|value| json!(value)).or_else(shown),
        Step::ConfigAll {} => config::store::get_all().map(|all| json!(all)).or_else(shown),
        Step::Notify { title, text } => notify::post(notify::Severity::Info, &title.full(), &text.full())
            .map(|()| json!(null))
            .or_else(shown),
        Step::Once { name, due_at, data } => {
            schedule::once(&name.full(), *due_at, data.as_ref().map(Text::full).as_deref())
                .map(|()| json!(null))
                .or_else(shown)
        }
        Step::Cancel { name } => schedule::cancel(&name.full()).map(|()| json!(null)).or_else(shown),
        _ => return None,
    })
}
