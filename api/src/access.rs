//! Who may call which operation: with a session and some role, with an API key of some scope, or without anything.
//!
//! This table is the only place that says so. What it does not name can not be called with a key. The document's `security` is made from
//! it, and the test of the authorisation matrix tries each line. Sessions are held against it in [`crate::extract::Session`], keys in
//! [`crate::edge`].

use Access::{Admin, Anyone, ChatKey, Key, Operator, Owner, Person};
use axum::extract::MatchedPath;
use axum::http::Method;
use twobot_domain::ApiScope::{
    self, ExecutePlugins, ReadAnalytics, ReadGateways, ReadPlugins, WriteGateways, WritePlugins,
};
use twobot_domain::Role;

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Whoever asks; if it needs a secret, it is one of its own.
    Anyone,
    /// Only a person with a session, whatever their role: what is about the person, or is asked for by pages only.
    Person,
    /// Only a person with a session who may change the tenant's things: what is about who may get in, and about what runs.
    Admin,
    /// Only the person with a session to whom the tenant belongs.
    Owner,
    /// Only an operator of the platform with a session, whatever their role in their own tenant.
    Operator,
    /// A person with a session, and a key of this scope. Of what changes something, only those who may change the tenant's things.
    Key(ApiScope),
    /// The same for what is said in conversations: anyone of the tenant.
    ChatKey(ApiScope),
}

impl Access {
    /// The scope of the keys that may call it.
    pub(crate) const fn scope(self) -> Option<ApiScope> {
        match self {
            Key(scope) | ChatKey(scope) => Some(scope),
            Anyone | Person | Admin | Owner | Operator => None,
        }
    }

    /// The role that a person needs, or the person in whose name a key is used.
    pub(crate) fn role(self) -> Role {
        match self {
            Anyone | Person | Operator | ChatKey(_) => Role::Member,
            Key(scope) if scope.as_str().starts_with("read:") => Role::Member,
            Key(_) | Admin => Role::Admin,
            Owner => Role::Owner,
        }
    }
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
    ("PATCH", "/users/me", Person),
    ("GET", "/user/profile", Person),
    ("PATCH", "/user/profile", Person),
    ("PUT", "/user/profile", Person),
    ("DELETE", "/users/me", Owner),
    ("POST", "/users/me/delete-data", Owner),
    ("POST", "/users/me/keep", Owner),
    ("GET", "/users/me/export", Owner),
    ("GET", "/api-keys", Person),
    ("POST", "/api-keys", Admin),
    ("GET", "/api-keys/{id}", Person),
    ("PATCH", "/api-keys/{id}", Admin),
    ("DELETE", "/api-keys/{id}", Admin),
    ("POST", "/api-keys/{id}/rotate", Admin),
    ("GET", "/workspace/status", Key(ReadAnalytics)),
    ("POST", "/workspace/start", Admin),
    ("POST", "/workspace/stop", Admin),
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
    ("POST", "/gateways/{id}/conversations", ChatKey(WriteGateways)),
    ("GET", "/conversations/{id}/messages", Key(ReadGateways)),
    ("POST", "/conversations/{id}/messages", ChatKey(WriteGateways)),
    ("POST", "/conversations/{id}/callbacks", ChatKey(WriteGateways)),
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
    ("GET", "/audit-log", Admin),
    ("GET", "/admin/tenants", Operator),
    ("GET", "/admin/tenants/{id}", Operator),
    ("POST", "/admin/tenants/{id}/suspend", Operator),
    ("POST", "/admin/tenants/{id}/resume", Operator),
    ("PUT", "/admin/tenants/{id}/plan", Operator),
    ("GET", "/admin/tenants/{id}/audit-log/verify", Operator),
    ("GET", "/admin/plans", Operator),
    ("GET", "/admin/mails", Operator),
    ("GET", "/admin/mails/{id}", Operator),
    ("POST", "/admin/mails/{id}/retry", Operator),
    ("GET", "/live", Person),
    ("POST", "/webhooks/{connector}/{gatewayId}", Anyone),
    ("GET", "/health", Anyone),
    ("GET", "/health/live", Anyone),
    ("GET", "/health/ready", Anyone),
    ("GET", "/status", Anyone),
    ("GET", "/openapi.json", Anyone),
];

/// A path below either base path of the API, without it.
pub(crate) fn within_the_api(path: &str) -> &str {
    path.strip_prefix("/api/v1").or_else(|| path.strip_prefix("/api")).unwrap_or(path)
}

/// Who may call an operation, by the pattern of its path within the API. None where the table does not say.
pub(crate) fn of(method: &Method, path: &str) -> Option<Access> {
    // What answers GET answers HEAD.
    let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
    TABLE.iter().find(|(known, at, _)| *known == method && *at == path).map(|(_, _, access)| *access)
}

/// The same of the path that a request was matched with.
pub(crate) fn of_matched(method: &Method, path: Option<&MatchedPath>) -> Option<Access> {
    let path = path?.as_str();
    let path = within_the_api(path);
    of(method, path)
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
            let Some(scope) = access.scope() else { continue };
            assert_eq!(scope.as_str().starts_with("read:"), *method == "GET", "{method} {path}");
        }
    }

    #[test]
    fn a_scope_opens_what_it_is_named_after() {
        for (method, path, access) in TABLE {
            let Some(scope) = access.scope() else { continue };
            let area = match path.split('/').nth(1).unwrap_or_default() {
                "gateways" | "gateway-kinds" | "conversations" => "gateways",
                "plugins" | "user" | "executions" | "dead-letters" => "plugins",
                "workspace" | "usage" | "analytics" => "analytics",
                other => panic!("/{other}: say here which scopes are about it"),
            };
            let runs =
                path.contains("/actions/") || path.ends_with("/replay") || path.contains("dead-letters");
            let does = match *method {
                "GET" => "read",
                _ if runs => "execute",
                _ => "write",
            };
            assert_eq!(scope.as_str(), format!("{does}:{area}"), "{method} {path}");
        }
    }

    #[test]
    fn a_member_changes_nothing_but_what_is_their_own_and_what_is_said() {
        let own = [
            "/auth/",
            "/user/profile",
            "/user/password",
            "/user/two-factor/",
            "/users/me",
            "/notifications",
            "/webhooks/",
            "/conversations/",
        ];
        for (method, path, access) in TABLE {
            let about_them =
                own.iter().any(|begin| path.starts_with(begin)) || path.ends_with("/conversations");
            if *method != "GET" && !about_them && *access != Operator {
                assert!(access.role() > Role::Member, "{method} {path}");
            }
        }
    }

    #[test]
    fn what_is_about_all_tenants_is_operators_only() {
        for (method, path, access) in TABLE {
            assert_eq!(path.starts_with("/admin/"), *access == Operator, "{method} {path}");
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
                assert!(access.scope().is_none(), "{method} {path}");
            }
        }
    }
}
