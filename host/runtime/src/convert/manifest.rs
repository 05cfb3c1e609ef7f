//! Manifests: from what a component says to what the host believes.

use crate::bindings::gateway::twobot::plugin::gateway_manifest as gw;
use crate::bindings::plugin::twobot::plugin::{events, plugin_manifest as pm};
use crate::component::ComponentError;
use crate::convert::error::clamp;
use serde_json::Value;
use std::collections::HashSet;
use twobot_domain::manifest::{
    ActionKind, ActionSpec, BadHostPattern, CHAT_CALL, Capability, EventKind, GatewayFeature,
    GatewayManifest, GatewaySlot, Ingress, PluginManifest, ScheduleSpec, WhenUnknown,
};

/// Characters of a description.
const MAX_DESCRIPTION: usize = 20_000;
/// Items of a list.
const MAX_ITEMS: usize = 50;

fn wrong(field: impl Into<String>, message: impl Into<String>) -> ComponentError {
    ComponentError::Manifest { field: field.into(), message: clamp(message.into()) }
}

/// Lower-case letters, digits, `-` and `_`, beginning with a letter.
fn name(field: &str, text: String) -> Result<String, ComponentError> {
    let fits = text.len() <= 64
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_".contains(letter));
    if fits {
        return Ok(text);
    }
    Err(wrong(
        field,
        format!(
            "`{}` must have 1 to 64 lower-case letters, digits and hyphens, beginning with a letter",
            text.escape_debug()
        ),
    ))
}

fn text(field: &str, text: String, most: usize) -> Result<String, ComponentError> {
    if text.trim().is_empty() || text.chars().count() > most {
        return Err(wrong(field, format!("must have 1 to {most} characters")));
    }
    Ok(text)
}

fn version(text: String) -> Result<String, ComponentError> {
    match semver::Version::parse(&text) {
        Ok(_) if text.len() > 64 => Err(wrong("version", "must have at most 64 characters")),
        Ok(_) => Ok(text),
        Err(error) => {
            Err(wrong("version", format!("`{}` is not a semantic version: {error}", text.escape_debug())))
        }
    }
}

/// A JSON Schema of an object, which can be run.
fn schema(field: &str, text: &str) -> Result<Value, ComponentError> {
    super::schema::parse(text).map_err(|error| wrong(field, error))
}

/// A text that may be empty.
fn description(field: &str, text: String) -> Result<String, ComponentError> {
    if text.chars().count() > MAX_DESCRIPTION {
        return Err(wrong(field, format!("must have at most {MAX_DESCRIPTION} characters")));
    }
    Ok(text)
}

/// A list that is not too long.
fn list<T>(field: &str, items: Vec<T>) -> Result<Vec<T>, ComponentError> {
    if items.len() > MAX_ITEMS {
        return Err(wrong(field, format!("must have at most {MAX_ITEMS} items")));
    }
    Ok(items)
}

fn unique<'a>(field: &str, names: impl Iterator<Item = &'a str>) -> Result<(), ComponentError> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(wrong(field, format!("`{name}` stands there twice")));
        }
    }
    Ok(())
}

const fn event_kind(kind: events::EventKind) -> EventKind {
    match kind {
        events::EventKind::Message => EventKind::Message,
        events::EventKind::MessageEdited => EventKind::MessageEdited,
        events::EventKind::MessageDeleted => EventKind::MessageDeleted,
        events::EventKind::Callback => EventKind::Callback,
        events::EventKind::MemberChanged => EventKind::MemberChanged,
        events::EventKind::JoinRequested => EventKind::JoinRequested,
        events::EventKind::ReactionChanged => EventKind::ReactionChanged,
        events::EventKind::PollChanged => EventKind::PollChanged,
        events::EventKind::PollAnswered => EventKind::PollAnswered,
        events::EventKind::Provider => EventKind::Provider,
    }
}

/// What a plugin says of itself, checked.
pub(crate) fn plugin(manifest: pm::Manifest) -> Result<PluginManifest, ComponentError> {
    let gateways = list("gateways", manifest.gateways)?
        .into_iter()
        .map(|slot| {
            Ok(GatewaySlot {
                name: name("gateways.name", slot.name)?,
                title: text("gateways.title", slot.title, 100)?,
                kinds: list("gateways.kinds", slot.kinds)?
                    .into_iter()
                    .map(|kind| name("gateways.kinds", kind))
                    .collect::<Result<_, _>>()?,
                required: slot.required,
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    unique("gateways.name", gateways.iter().map(|slot| slot.name.as_str()))?;
    let schedules = list("schedules", manifest.schedules)?
        .into_iter()
        .map(|spec| {
            Ok(ScheduleSpec {
                name: name("schedules.name", spec.name)?,
                cron: text("schedules.cron", spec.cron, 100)?,
                time_zone: text("schedules.time_zone", spec.time_zone, 64)?,
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    unique("schedules.name", schedules.iter().map(|spec| spec.name.as_str()))?;
    let actions = list("actions", manifest.actions)?
        .into_iter()
        .map(|spec| {
            Ok(ActionSpec {
                name: name("actions.name", spec.name)?,
                title: text("actions.title", spec.title, 100)?,
                description: description("actions.description", spec.description)?,
                kind: match spec.kind {
                    pm::ActionKind::Report => ActionKind::Report,
                    pm::ActionKind::Command => ActionKind::Command,
                },
                input_schema: schema("actions.input_schema", &spec.input_schema)?,
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    unique("actions.name", actions.iter().map(|spec| spec.name.as_str()))?;
    Ok(PluginManifest {
        slug: name("slug", manifest.slug)?,
        name: text("name", manifest.name, 60)?,
        version: version(manifest.version)?,
        summary: text("summary", manifest.summary, 200)?,
        description: description("description", manifest.description)?,
        author: text("author", manifest.author, 100)?,
        category: text("category", manifest.category, 40)?,
        subscriptions: list("subscriptions", manifest.subscriptions)?.into_iter().map(event_kind).collect(),
        capabilities: list("capabilities", manifest.capabilities)?
            .into_iter()
            .map(capability)
            .collect::<Result<_, _>>()?,
        gateways,
        schedules,
        actions,
        config_schema: schema("config_schema", &manifest.config_schema)?,
        one_at_a_time: manifest.one_at_a_time,
    })
}

fn capability(capability: pm::Capability) -> Result<Capability, ComponentError> {
    Ok(match capability {
        pm::Capability::Storage => Capability::Storage,
        pm::Capability::Send => Capability::Send,
        pm::Capability::Ai => Capability::Ai,
        pm::Capability::Notify => Capability::Notify,
        pm::Capability::Schedule => Capability::Schedule,
        pm::Capability::Directory => Capability::Directory,
        pm::Capability::Http(host) => Capability::Http(
            host.parse().map_err(|error: BadHostPattern| wrong("capabilities.http", error.to_string()))?,
        ),
    })
}

/// What a gateway kind says of itself, checked.
pub(crate) fn gateway(manifest: gw::Manifest) -> Result<GatewayManifest, ComponentError> {
    Ok(GatewayManifest {
        kind: name("kind", manifest.kind)?,
        name: text("name", manifest.name, 60)?,
        version: version(manifest.version)?,
        summary: text("summary", manifest.summary, 200)?,
        description: description("description", manifest.description)?,
        connector: name("connector", manifest.connector)?,
        ingress: list("ingress", manifest.ingress)?
            .into_iter()
            .map(|ingress| match ingress {
                gw::Ingress::Webhook => Ingress::Webhook,
                gw::Ingress::Polling => Ingress::Polling,
                gw::Ingress::Internal => Ingress::Internal,
            })
            .collect(),
        features: list("features", manifest.features)?
            .into_iter()
            .map(|feature| match feature {
                gw::GatewayFeature::Actions => GatewayFeature::Actions,
                gw::GatewayFeature::AiChat => GatewayFeature::AiChat,
            })
            .collect(),
        when_unknown: {
            let said = list("when_unknown", manifest.when_unknown)?;
            unique("when_unknown", said.iter().map(|(call, _)| gateway_call(*call)))?;
            said.into_iter().map(|(call, what)| (gateway_call(call).to_owned(), when_unknown(what))).collect()
        },
        credentials_schema: schema("credentials_schema", &manifest.credentials_schema)?,
        config_schema: schema("config_schema", &manifest.config_schema)?,
    })
}

/// A call by the name that it has elsewhere.
const fn gateway_call(call: gw::GatewayCall) -> &'static str {
    match call {
        gw::GatewayCall::SendMessage => "send_message",
        gw::GatewayCall::EditMessage => "edit_message",
        gw::GatewayCall::DeleteMessage => "delete_message",
        gw::GatewayCall::AnswerCallback => "answer_callback",
        gw::GatewayCall::AnswerJoinRequest => "answer_join_request",
        gw::GatewayCall::React => "react",
        gw::GatewayCall::ShowTyping => "show_typing",
        gw::GatewayCall::Provider => "provider",
        gw::GatewayCall::Chat => CHAT_CALL,
    }
}

const fn when_unknown(what: gw::WhenUnknown) -> WhenUnknown {
    match what {
        gw::WhenUnknown::Repeat => WhenUnknown::Repeat,
        gw::WhenUnknown::Insist => WhenUnknown::Insist,
        gw::WhenUnknown::Report => WhenUnknown::Report,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saying(
        when_unknown: Vec<(gw::GatewayCall, gw::WhenUnknown)>,
    ) -> Result<GatewayManifest, ComponentError> {
        let text = |text: &str| text.to_owned();
        gateway(gw::Manifest {
            kind: text("kind"),
            name: text("Kind"),
            version: text("1.0.0"),
            summary: text("A kind."),
            description: String::new(),
            connector: text("connector"),
            ingress: Vec::new(),
            features: Vec::new(),
            when_unknown,
            credentials_schema: text("{\"type\":\"object\"}"),
            config_schema: text("{\"type\":\"object\"}"),
        })
    }

    #[test]
    fn of_what_a_gateway_does_not_mention_nothing_is_done_twice() {
        let said = vec![
            (gw::GatewayCall::SendMessage, gw::WhenUnknown::Insist),
            (gw::GatewayCall::Chat, gw::WhenUnknown::Repeat),
            (gw::GatewayCall::React, gw::WhenUnknown::Report),
        ];
        let manifest = saying(said).unwrap();
        for (call, what) in [
            ("send_message", WhenUnknown::Insist),
            (CHAT_CALL, WhenUnknown::Repeat),
            ("react", WhenUnknown::Report),
            ("edit_message", WhenUnknown::Report),
            ("what comes later", WhenUnknown::Report),
        ] {
            assert_eq!(manifest.when_unknown(call), what, "{call}");
        }
        let twice = vec![
            (gw::GatewayCall::Provider, gw::WhenUnknown::Insist),
            (gw::GatewayCall::Provider, gw::WhenUnknown::Report),
        ];
        let Err(ComponentError::Manifest { field, .. }) = saying(twice) else { panic!("taken") };
        assert_eq!(field, "when_unknown");
    }
}
