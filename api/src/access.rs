//! Who may call which operation: with a session, with an API key of some scope, or without anything.
//!
//! This table is the only place that says so. What it does not name can not be called with a key. The document's `security` is made from
//! it, and the test of the authorisation matrix tries each line.

use Access::{Anyone, Key, Person};
use axum::http::Method;
use twobot_domain::ApiScope::{
    self, ExecutePlugins, ReadAnalytics, ReadGateways, ReadPlugins, WriteGateways, WritePlugins,
};

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Whoever asks; if it needs a secret, it is one of its own.
    Anyone,
    /// Only a person with a session: what is about the person, about who may get in, or is asked for by pages only.
    Person,
    /// A person with a session, and a key of this scope.
    Key(ApiScope),
}

/// Every operation, by method and path.
const TABLE: &[(&str, &str, Access)] = &[
    ("POST", "/auth/register", Anyone),
    ("POST", "/auth/login", Anyone),
    ("POST", "/auth/login/two-factor", Anyone),
    ("POST", "/auth/refresh", Anyone),
    ("POST", "/auth/logout", Person),
    ("GET", "/auth/sessions", Person),
    ("DELETE", "/auth/sessions", Person),
    ("DELETE", "/auth/sessions/{id}", Person),
    ("POST", "/auth/verify-email", Anyone),
    ("POST", "/auth/verify-email/resend", Person),
    ("POST", "/auth/forgot-password", Anyone),
    ("POST", "/auth/reset-password", Anyone),
    ("PUT", "/user/password", Person),
    ("GET", "/user/two-factor", Person),
    ("POST", "/user/two-factor/setup", Person),
    ("POST", "/user/two-factor/confirm", Person),
    ("POST", "/user/two-factor/recovery-codes", Person),
    ("POST", "/user/two-factor/disable", Person),
    ("GET", "/auth/me", Person),
    ("GET", "/auth/session", Person),
    ("GET", "/users/me", Person),
    ("GET", "/user/profile", Person),
    ("DELETE", "/users/me", Person),
    ("POST", "/users/me/delete-data", Person),
    ("POST", "/users/me/keep", Person),
    ("GET", "/users/me/export", Person),
    ("GET", "/api-keys", Person),
    ("POST", "/api-keys", Person),
    ("GET", "/api-keys/{id}", Person),
    ("PATCH", "/api-keys/{id}", Person),
    ("DELETE", "/api-keys/{id}", Person),
    ("POST", "/api-keys/{id}/rotate", Person),
    ("GET", "/workspace/status", Key(ReadAnalytics)),
    ("POST", "/workspace/start", Person),
    ("POST", "/workspace/stop", Person),
    ("GET", "/usage", Key(ReadAnalytics)),
    ("GET", "/analytics", Key(ReadAnalytics)),
    ("GET", "/gateway-kinds", Key(ReadGateways)),
    ("GET", "/gateways", Key(ReadGateways)),
    ("POST", "/gateways", Key(WriteGateways)),
    ("GET", "/gateways/{id}", Key(ReadGateways)),
    ("PATCH", "/gateways/{id}", Key(WriteGateways)),
    ("PUT", "/gateways/{id}", Key(WriteGateways)),
    ("DELETE", "/gateways/{id}", Key(WriteGateways)),
    ("POST", "/gateways/{id}/connect", Key(WriteGateways)),
    ("POST", "/gateways/{id}/disconnect", Key(WriteGateways)),
    ("POST", "/gateways/{id}/test", Key(WriteGateways)),
    ("GET", "/gateways/{id}/deliveries/inbound", Key(ReadGateways)),
    ("GET", "/gateways/{id}/deliveries/outbound", Key(ReadGateways)),
    ("GET", "/gateways/{id}/conversations", Key(ReadGateways)),
    ("POST", "/gateways/{id}/conversations", Key(WriteGateways)),
    ("GET", "/conversations/{id}/messages", Key(ReadGateways)),
    ("POST", "/conversations/{id}/messages", Key(WriteGateways)),
    ("POST", "/conversations/{id}/callbacks", Key(WriteGateways)),
    ("GET", "/conversations/{id}/stream", Person),
    ("GET", "/plugins", Key(ReadPlugins)),
    ("GET", "/plugins/{slug}", Key(ReadPlugins)),
    ("GET", "/user/plugins", Key(ReadPlugins)),
    ("GET", "/user/plugins/{slug}", Key(ReadPlugins)),
    ("POST", "/user/plugins/{slug}/install", Key(WritePlugins)),
    ("DELETE", "/user/plugins/{slug}/uninstall", Key(WritePlugins)),
    ("POST", "/user/plugins/{slug}/uninstall", Key(WritePlugins)),
    ("PATCH", "/user/plugins/{slug}/config", Key(WritePlugins)),
    ("PUT", "/user/plugins/{slug}/config", Key(WritePlugins)),
    ("POST", "/user/plugins/{slug}/enable", Key(WritePlugins)),
    ("POST", "/user/plugins/{slug}/disable", Key(WritePlugins)),
    ("POST", "/user/plugins/{slug}/gateways", Key(WritePlugins)),
    ("PUT", "/user/plugins/{slug}/grants", Key(WritePlugins)),
    ("POST", "/user/plugins/{slug}/actions/{action}", Key(ExecutePlugins)),
    ("GET", "/executions", Key(ReadPlugins)),
    ("GET", "/executions/{id}", Key(ReadPlugins)),
    ("POST", "/executions/{id}/replay", Key(ExecutePlugins)),
    ("GET", "/dead-letters", Key(ReadPlugins)),
    ("GET", "/dead-letters/count", Key(ReadPlugins)),
    ("GET", "/dead-letters/{id}", Key(ReadPlugins)),
    ("POST", "/dead-letters/{id}/retry", Key(ExecutePlugins)),
    ("POST", "/dead-letters/{id}/discard", Key(ExecutePlugins)),
    ("POST", "/dead-letters/retry", Key(ExecutePlugins)),
    ("POST", "/dead-letters/discard", Key(ExecutePlugins)),
    ("GET", "/notifications", Person),
    ("PATCH", "/notifications/{id}/read", Person),
    ("PUT", "/notifications/{id}/read", Person),
    ("POST", "/notifications/mark-all-read", Person),
    ("DELETE", "/notifications/{id}", Person),
    ("GET", "/audit-log", Person),
    ("GET", "/live", Person),
    ("POST", "/webhooks/{connector}/{gatewayId}", Anyone),
    ("GET", "/health", Anyone),
    ("GET", "/health/live", Anyone),
    ("GET", "/health/ready", Anyone),
    ("GET", "/status", Anyone),
    ("GET", "/openapi.json", Anyone),
];

/// Who may call an operation, by the pattern of its path within the API. None where the table does not say.
pub(crate) fn of(method: &Method, path: &str) -> Option<Access> {
    // What answers GET answers HEAD.
    let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
    TABLE.iter().find(|(known, at, _)| *known == method && *at == path).map(|(_, _, access)| *access)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_operation_stands_there_once() {
        let names: BTreeSet<_> = TABLE.iter().map(|(method, path, _)| (method, path)).collect();
        assert_eq!(names.len(), TABLE.len());
    }

    #[test]
    fn what_is_not_named_is_nobodys() {
        assert_eq!(of(&Method::GET, "/gateways"), Some(Key(ReadGateways)));
        assert_eq!(of(&Method::HEAD, "/gateways"), Some(Key(ReadGateways)));
        assert_eq!(of(&Method::GET, "/gateways/"), None);
        assert_eq!(of(&Method::PUT, "/gateways"), None);
        assert_eq!(of(&Method::GET, "/secrets"), None);
    }

    #[test]
    fn what_reads_changes_nothing_and_what_changes_is_not_read() {
        for (method, path, access) in TABLE {
            let Key(scope) = access else { continue };
            assert_eq!(scope.as_str().starts_with("read:"), *method == "GET", "{method} {path}");
        }
    }

    #[test]
    fn who_may_get_in_is_a_persons_to_decide() {
        for (method, path, access) in TABLE {
            let about_people = [
                "/auth/",
                "/api-keys",
                "/users/",
                "/user/profile",
                "/user/password",
                "/user/two-factor",
                "/sessions",
            ];
            if about_people.iter().any(|begin| path.starts_with(begin)) {
                assert!(matches!(access, Person | Anyone), "{method} {path}");
            }
        }
    }
}
