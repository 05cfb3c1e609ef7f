//! Which rows are told, and what of them. A test (`tests/store/export.rs`) holds this against the schema: what is not told stands there with a reason.

use super::column::Column;
use super::column::Holds::{Bytes, Document, Flag, Id, Number, Text, Time};

/// How the rows of a table are found. `$1` is the tenant.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rows {
    /// There are few of them.
    All(&'static str),
    /// By id: those after `$2`, `$3` of them.
    ById(&'static str),
    /// By what they belong to, which is in `$2`: `$3` of them, after the first `$4`. `parents` is read by id.
    Of { parents: &'static str, query: &'static str },
    /// The same where few belong to each: all of them at once.
    OfFew { parents: &'static str, query: &'static str },
}

/// One file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) file: &'static str,
    pub(super) rows: Rows,
    pub(super) columns: &'static [Column],
}

const GATEWAYS: &str = "SELECT id FROM gateways WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3";
const EXECUTIONS: &str = "SELECT id FROM executions WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3";
/// A tenant has few of these and of the next, so that to sort them for each batch is nothing.
const INSTALLS: &str = "SELECT id FROM installs WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3";
const CONVERSATIONS: &str = "SELECT id FROM conversations WHERE tenant_id = $1 \
     AND gateway_id IN (SELECT id FROM gateways WHERE tenant_id = $1) AND id > $2 ORDER BY id LIMIT $3";

const USED: [Column; 12] = [
    ("executions", Number),
    ("failed_executions", Number),
    ("messages_in", Number),
    ("messages_out", Number),
    ("fuel", Number),
    ("peak_memory", Number),
    ("wall_ms", Number),
    ("ai_tokens_in", Number),
    ("ai_tokens_out", Number),
    ("http_requests", Number),
    ("http_bytes_in", Number),
    ("http_bytes_out", Number),
];

const fn used(unit: &'static str) -> [Column; 13] {
    let mut columns = [(unit, Number); 13];
    let mut place = 0;
    while place < USED.len() {
        columns[place + 1] = USED[place];
        place += 1;
    }
    columns
}

/// Every file, in the order in which they are told.
pub(super) const PARTS: &[Part] = &[
    Part {
        file: "tenants.jsonl",
        rows: Rows::All(
            "SELECT id, name, plan, state, created_at, closes_at, suspended_at, suspended_for FROM tenants WHERE id = $1",
        ),
        columns: &[
            ("id", Id),
            ("name", Text),
            ("plan", Text),
            ("state", Text),
            ("created_at", Time),
            ("closes_at", Time),
            ("suspended_at", Time),
            ("suspended_for", Text),
        ],
    },
    Part {
        file: "users.jsonl",
        rows: Rows::All(
            "SELECT id, email, name, role, created_at, email_verified_at, language, time_zone, mail_limits, mail_gateways, operator \
             FROM users WHERE tenant_id = $1",
        ),
        columns: &[
            ("id", Id),
            ("email", Text),
            ("name", Text),
            ("role", Text),
            ("created_at", Time),
            ("email_verified_at", Time),
            ("language", Text),
            ("time_zone", Text),
            ("mail_limits", Flag),
            ("mail_gateways", Flag),
            ("operator", Text),
        ],
    },
    Part {
        file: "mails.jsonl",
        rows: Rows::All(
            "SELECT id, user_id, recipient, kind, state, attempts, trouble, created_at, due_at FROM mails \
             WHERE tenant_id = $1",
        ),
        columns: &[
            ("id", Id),
            ("user_id", Id),
            ("recipient", Text),
            ("kind", Text),
            ("state", Text),
            ("attempts", Number),
            ("trouble", Text),
            ("created_at", Time),
            ("due_at", Time),
        ],
    },
    Part {
        file: "sessions.jsonl",
        rows: Rows::All(
            "SELECT s.id, s.user_id, s.device, s.network, s.created_at, s.used_at, s.renewed_at, s.expires_at \
             FROM users u JOIN sessions s ON s.user_id = u.id WHERE u.tenant_id = $1 AND s.tenant_id = $1",
        ),
        columns: &[
            ("id", Id),
            ("user_id", Id),
            ("device", Text),
            ("network", Text),
            ("created_at", Time),
            ("used_at", Time),
            ("renewed_at", Time),
            ("expires_at", Time),
        ],
    },
    Part {
        file: "known_devices.jsonl",
        rows: Rows::All("SELECT id, user_id, seen_at FROM known_devices WHERE tenant_id = $1"),
        columns: &[("id", Id), ("user_id", Id), ("seen_at", Time)],
    },
    Part {
        file: "two_factor.jsonl",
        rows: Rows::All("SELECT id, user_id, created_at, enabled_at FROM two_factor WHERE tenant_id = $1"),
        columns: &[("id", Id), ("user_id", Id), ("created_at", Time), ("enabled_at", Time)],
    },
    Part {
        file: "recovery_codes.jsonl",
        rows: Rows::All("SELECT id, user_id, created_at FROM recovery_codes WHERE tenant_id = $1"),
        columns: &[("id", Id), ("user_id", Id), ("created_at", Time)],
    },
    Part {
        file: "api_keys.jsonl",
        rows: Rows::All(
            "SELECT id, user_id, name, prefix, scopes, created_at, expires_at, rotated_at, replaced_until, \
             revoked_at, last_used_at FROM api_keys WHERE tenant_id = $1",
        ),
        columns: &[
            ("id", Id),
            ("user_id", Id),
            ("name", Text),
            ("prefix", Text),
            ("scopes", Document),
            ("created_at", Time),
            ("expires_at", Time),
            ("rotated_at", Time),
            ("replaced_until", Time),
            ("revoked_at", Time),
            ("last_used_at", Time),
        ],
    },
    Part {
        file: "gateways.jsonl",
        rows: Rows::ById(
            "SELECT id, kind, name, config, enabled, status, trouble, account, last_event_at, accepted, \
                 refused, duplicates, not_handled, created_at, updated_at FROM gateways WHERE tenant_id = \
                 $1 AND id > $2 ORDER BY id LIMIT $3",
        ),
        columns: &[
            ("id", Id),
            ("kind", Text),
            ("name", Text),
            ("config", Document),
            ("enabled", Flag),
            ("status", Text),
            ("trouble", Document),
            ("account", Document),
            ("last_event_at", Time),
            ("accepted", Number),
            ("refused", Number),
            ("duplicates", Number),
            ("not_handled", Number),
            ("created_at", Time),
            ("updated_at", Time),
        ],
    },
    Part {
        file: "inbound.jsonl",
        rows: Rows::Of {
            parents: GATEWAYS,
            query: "SELECT id, gateway_id, provider_id, body, state, attempt, note, received_at, \
                 settled_at, retry_of FROM inbound WHERE gateway_id = $2 AND tenant_id = $1 ORDER BY \
                 provider_id LIMIT $3 OFFSET $4",
        },
        columns: &[
            ("id", Id),
            ("gateway_id", Id),
            ("provider_id", Text),
            ("body", Document),
            ("state", Text),
            ("attempt", Number),
            ("note", Text),
            ("received_at", Time),
            ("settled_at", Time),
            ("retry_of", Id),
        ],
    },
    Part {
        file: "outbound.jsonl",
        rows: Rows::Of {
            parents: GATEWAYS,
            query: "SELECT id, gateway_id, execution_id, effect_id, message, attempts, delivered, status, answer, \
                 problem, took_ms, created_at, tried_at FROM outbound WHERE gateway_id = $2 AND tenant_id = $1 \
                 ORDER BY id LIMIT $3 OFFSET $4",
        },
        columns: &[
            ("id", Id),
            ("gateway_id", Id),
            ("execution_id", Id),
            ("effect_id", Id),
            ("message", Text),
            ("attempts", Number),
            ("delivered", Flag),
            ("status", Number),
            ("answer", Text),
            ("problem", Text),
            ("took_ms", Number),
            ("created_at", Time),
            ("tried_at", Time),
        ],
    },
    Part {
        file: "conversations.jsonl",
        rows: Rows::Of {
            parents: GATEWAYS,
            query: "SELECT id, gateway_id, title, created_at, updated_at FROM conversations WHERE \
                 gateway_id = $2 AND tenant_id = $1 ORDER BY id LIMIT $3 OFFSET $4",
        },
        columns: &[
            ("id", Id),
            ("gateway_id", Id),
            ("title", Text),
            ("created_at", Time),
            ("updated_at", Time),
        ],
    },
    Part {
        file: "chat_messages.jsonl",
        rows: Rows::Of {
            parents: CONVERSATIONS,
            query: "SELECT id, conversation_id, author, author_name, text, format, buttons, reply_to, \
                 trouble, client_id, sent_at, edited_at FROM chat_messages WHERE conversation_id = $2 AND \
                 tenant_id = $1 ORDER BY id LIMIT $3 OFFSET $4",
        },
        columns: &[
            ("id", Id),
            ("conversation_id", Id),
            ("author", Text),
            ("author_name", Text),
            ("text", Text),
            ("format", Text),
            ("buttons", Document),
            ("reply_to", Text),
            ("trouble", Document),
            ("client_id", Text),
            ("sent_at", Time),
            ("edited_at", Time),
        ],
    },
    Part {
        file: "installs.jsonl",
        rows: Rows::All(
            "SELECT id, slug, version, digest, state, trouble, config, grants, asked, failures, \
                 created_at, updated_at FROM installs WHERE tenant_id = $1",
        ),
        columns: &[
            ("id", Id),
            ("slug", Text),
            ("version", Text),
            ("digest", Text),
            ("state", Text),
            ("trouble", Document),
            ("config", Document),
            ("grants", Document),
            ("asked", Document),
            ("failures", Number),
            ("created_at", Time),
            ("updated_at", Time),
        ],
    },
    Part {
        file: "install_gateways.jsonl",
        rows: Rows::Of {
            parents: INSTALLS,
            query: "SELECT install_id, slot, gateway_id, position FROM install_gateways WHERE install_id \
                 = $2 AND tenant_id = $1 ORDER BY slot, gateway_id LIMIT $3 OFFSET $4",
        },
        columns: &[("install_id", Id), ("slot", Text), ("gateway_id", Id), ("position", Number)],
    },
    Part {
        file: "setups.jsonl",
        rows: Rows::Of {
            parents: INSTALLS,
            query: "SELECT install_id, document, used_at FROM setups WHERE install_id = $2 AND tenant_id \
                 = $1 ORDER BY id LIMIT $3 OFFSET $4",
        },
        columns: &[("install_id", Id), ("document", Document), ("used_at", Time)],
    },
    Part {
        file: "schedules.jsonl",
        rows: Rows::Of {
            parents: INSTALLS,
            query: "SELECT id, install_id, name, cron, time_zone, data, due_at, depth FROM schedules \
                 WHERE install_id = $2 AND tenant_id = $1 ORDER BY name LIMIT $3 OFFSET $4",
        },
        columns: &[
            ("id", Id),
            ("install_id", Id),
            ("name", Text),
            ("cron", Text),
            ("time_zone", Text),
            ("data", Document),
            ("due_at", Time),
            ("depth", Number),
        ],
    },
    Part {
        file: "kv.jsonl",
        rows: Rows::Of {
            parents: INSTALLS,
            query: "SELECT install_id, bucket, key, value, version FROM kv WHERE install_id = $2 AND \
                 tenant_id = $1 ORDER BY bucket, key LIMIT $3 OFFSET $4",
        },
        columns: &[
            ("install_id", Id),
            ("bucket", Text),
            ("key", Text),
            ("value", Bytes),
            ("version", Number),
        ],
    },
    Part {
        file: "events.jsonl",
        rows: Rows::ById(
            "SELECT id, gateway_id, inbound_id, kind, lane, payload, occurred_at, created_at FROM events \
                 WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        ),
        columns: &[
            ("id", Id),
            ("gateway_id", Id),
            ("inbound_id", Id),
            ("kind", Text),
            ("lane", Text),
            ("payload", Document),
            ("occurred_at", Time),
            ("created_at", Time),
        ],
    },
    Part {
        file: "executions.jsonl",
        rows: Rows::ById(
            "SELECT id, install_id, event_id, cause, event_kind, lane, state, attempt, trouble, failure, \
                 digest, input, fuel, peak_memory, wall_ms, depth, retry_of, created_at, finished_at, \
                 settled_at FROM executions WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        ),
        columns: &[
            ("id", Id),
            ("install_id", Id),
            ("event_id", Id),
            ("cause", Text),
            ("event_kind", Text),
            ("lane", Text),
            ("state", Text),
            ("attempt", Number),
            ("trouble", Document),
            ("failure", Text),
            ("digest", Text),
            ("input", Document),
            ("fuel", Number),
            ("peak_memory", Number),
            ("wall_ms", Number),
            ("depth", Number),
            ("retry_of", Id),
            ("created_at", Time),
            ("finished_at", Time),
            ("settled_at", Time),
        ],
    },
    Part {
        file: "journal.jsonl",
        rows: Rows::Of {
            parents: EXECUTIONS,
            query: "SELECT execution_id, seq, request, result, ended, repeats, created_at FROM journal WHERE \
                 execution_id = $2 AND tenant_id = $1 ORDER BY seq LIMIT $3 OFFSET $4",
        },
        columns: &[
            ("execution_id", Id),
            ("seq", Number),
            ("request", Document),
            ("result", Document),
            ("ended", Flag),
            ("repeats", Number),
            ("created_at", Time),
        ],
    },
    Part {
        file: "logs.jsonl",
        rows: Rows::Of {
            parents: EXECUTIONS,
            query: "SELECT execution_id, seq, at, level, message, fields FROM logs WHERE execution_id = \
                 $2 AND tenant_id = $1 ORDER BY seq LIMIT $3 OFFSET $4",
        },
        columns: &[
            ("execution_id", Id),
            ("seq", Number),
            ("at", Time),
            ("level", Text),
            ("message", Text),
            ("fields", Document),
        ],
    },
    Part {
        file: "effects.jsonl",
        rows: Rows::OfFew {
            parents: EXECUTIONS,
            query: "SELECT id, execution_id, install_id, gateway_id, kind, action, lane, state, attempt, \
                 trouble, done_at_most, created_at, begun_at, finished_at, settled_at FROM effects WHERE \
                 execution_id = $2 AND tenant_id = $1",
        },
        columns: &[
            ("id", Id),
            ("execution_id", Id),
            ("install_id", Id),
            ("gateway_id", Id),
            ("kind", Text),
            ("action", Document),
            ("lane", Text),
            ("state", Text),
            ("attempt", Number),
            ("trouble", Document),
            ("done_at_most", Number),
            ("created_at", Time),
            ("begun_at", Time),
            ("finished_at", Time),
            ("settled_at", Time),
        ],
    },
    Part {
        file: "notifications.jsonl",
        rows: Rows::ById(
            "SELECT id, install_id, severity, title, text, read_at, created_at FROM notifications WHERE \
                 tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        ),
        columns: &[
            ("id", Id),
            ("install_id", Id),
            ("severity", Text),
            ("title", Text),
            ("text", Text),
            ("read_at", Time),
            ("created_at", Time),
        ],
    },
    Part {
        file: "audit_log.jsonl",
        rows: Rows::ById(
            "SELECT id, seq, created_at, actor_kind, actor_id, actor_name, area, action, target_kind, \
                 target_id, target_name, outcome, detail, request_id, address FROM audit_log WHERE \
                 tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        ),
        columns: &[
            ("id", Id),
            ("seq", Number),
            ("created_at", Time),
            ("actor_kind", Text),
            ("actor_id", Id),
            ("actor_name", Text),
            ("area", Text),
            ("action", Text),
            ("target_kind", Text),
            ("target_id", Text),
            ("target_name", Text),
            ("outcome", Text),
            ("detail", Document),
            ("request_id", Text),
            ("address", Text),
        ],
    },
    Part {
        file: "usage_minutes.jsonl",
        rows: Rows::All(
            "SELECT minute, executions, failed_executions, messages_in, messages_out, fuel, peak_memory, \
                 wall_ms, ai_tokens_in, ai_tokens_out, http_requests, http_bytes_in, http_bytes_out FROM \
                 usage_minutes WHERE tenant_id = $1 ORDER BY minute",
        ),
        columns: &used("minute"),
    },
    Part {
        file: "usage_hours.jsonl",
        rows: Rows::All(
            "SELECT hour, executions, failed_executions, messages_in, messages_out, fuel, peak_memory, \
                 wall_ms, ai_tokens_in, ai_tokens_out, http_requests, http_bytes_in, http_bytes_out FROM \
                 usage_hours WHERE tenant_id = $1 ORDER BY hour",
        ),
        columns: &used("hour"),
    },
    Part {
        file: "usage_days.jsonl",
        rows: Rows::All(
            "SELECT day, executions, failed_executions, messages_in, messages_out, fuel, peak_memory, \
                 wall_ms, ai_tokens_in, ai_tokens_out, http_requests, http_bytes_in, http_bytes_out FROM \
                 usage_days WHERE tenant_id = $1 ORDER BY day",
        ),
        columns: &used("day"),
    },
    Part {
        file: "usage_daily.jsonl",
        rows: Rows::All(
            "SELECT day, executions, failed_executions, messages_in, messages_out, fuel, peak_memory, \
                 wall_ms, ai_tokens_in, ai_tokens_out, http_requests, http_bytes_in, http_bytes_out FROM \
                 usage_daily WHERE tenant_id = $1 ORDER BY day",
        ),
        columns: &used("day"),
    },
];
