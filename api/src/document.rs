//! The OpenAPI document: generated from the handlers, and completed with what holds for all of them.

mod aliases;

use crate::access::{self, Access};
use crate::error::{FieldProblem, Problem};
use crate::state::AppState;
use axum::Router;
use axum::http::Method;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::routing::get;
use twobot_domain::ApiScope;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Components, Content, OpenApi, Ref, RefOr};
use utoipa::{OpenApi as _, ToSchema};

const INTRODUCTION: &str = "\
Everything that the dashboard does, it does through this API; so can you.

**Signing in.** `POST /auth/login` answers with a token: send it as `Authorization: Bearer <token>`. Browsers get the same as a
cookie; requests that change something and carry the cookie must come from 2Bot's own pages.

**API keys** (`POST /api-keys`) are for programs: send one as `Authorization: Bearer 2bot_…`. A key may do what its scopes say; which scope an
operation takes stands in its `security`. What names no scope takes a session. A key may make 100 requests a minute; `X-RateLimit-Limit`,
`X-RateLimit-Remaining` and `X-RateLimit-Reset` (seconds) tell how many are left.

**Lists** come in pages: `{items, next_cursor}`. Ask again with `cursor` set to `next_cursor` until it is null.

**Errors** are problem documents (RFC 9457). Programs should look at `code`, which is stable; people at `detail`. Every answer has
the header `x-request-id`, under which the server's log knows the request.

**Changes**: `PUT` does the same as `PATCH`: what is left out stays. The same API is served under `/api` and `/api/v1`.";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "2Bot", description = INTRODUCTION, license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT")),
    servers((url = "/api/v1", description = "This server")),
    security(("session" = []), ("bearer" = [])),
    components(schemas(Problem, FieldProblem)),
    tags(
        (name = "auth", description = "Accounts and sessions."),
        (name = "api keys", description = "Keys by which programs call this API."),
        (name = "workspace", description = "The running side of an account."),
        (name = "usage", description = "What was used, and what the plan allows."),
        (name = "gateways", description = "Connections to the outside."),
        (name = "plugins", description = "The catalogue, and what is installed from it."),
        (name = "executions", description = "What happened."),
        (name = "dead letters", description = "What was given up, and what to do with it."),
        (name = "web chat", description = "Conversations in the browser."),
        (name = "analytics", description = "What the plugins report."),
        (name = "notifications", description = "What the dashboard tells."),
        (name = "audit log", description = "Who did what."),
        (name = "live", description = "What changes, as it changes."),
        (name = "webhooks", description = "Deliveries of providers."),
        (name = "health", description = "Whether the server works."),
    )
)]
struct Base;

/// The document before any operation is in it.
pub(crate) fn base() -> OpenApi {
    let mut document = Base::openapi();
    let components = document.components.get_or_insert_with(Components::new);
    let cookie = ApiKeyValue::with_description(
        crate::token::COOKIE,
        "Set by signing in. Browsers send it by themselves.",
    );
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The token that signing in answers with."));
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
    let key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("2bot_<prefix>_<secret>")
        .description(Some("An API key with the scope that the operation names."));
    components.add_security_scheme("api_key", SecurityScheme::Http(key.build()));
    document
}

/// The whole document, in OpenAPI 3.1.
#[must_use]
pub fn openapi() -> OpenApi {
    finished(crate::router::api().into_openapi())
}

/// Adds other spellings, the problems that operations have in common, and who may call each.
pub(crate) fn finished(mut document: OpenApi) -> OpenApi {
    aliases::add(&mut document);
    let mut sent_by_clients = vec![Problem::name().into_owned()];
    for (path, item) in &mut document.paths.paths {
        let PathItem { get, put, post, delete, patch, .. } = item;
        let operations = [
            (Method::GET, get),
            (Method::PUT, put),
            (Method::POST, post),
            (Method::DELETE, delete),
            (Method::PATCH, patch),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            sent_by_clients.extend(body_schema(operation));
            let access = access::of(&method, path);
            complete(operation, method != Method::GET, access);
            if let Some(Access::Key(scope)) = access {
                operation.security = Some(opened_by(scope));
            }
        }
    }
    for (name, schema) in document.components.iter_mut().flat_map(|parts| &mut parts.schemas) {
        if !sent_by_clients.contains(name) {
            require_all(schema);
        }
    }
    document
}

/// What opens an operation that programs with a key may call.
fn opened_by(scope: ApiScope) -> Vec<SecurityRequirement> {
    let none: [&str; 0] = [];
    vec![
        SecurityRequirement::new("session", none),
        SecurityRequirement::new("bearer", none),
        SecurityRequirement::new("api_key", [scope.as_str()]),
    ]
}

/// The name of the schema of an operation's body.
fn body_schema(operation: &Operation) -> Option<String> {
    let RefOr::T(body) = operation.request_body.as_ref()? else { return None };
    let RefOr::T(content) = body.content.values().next()? else { return None };
    let Some(RefOr::Ref(schema)) = &content.schema else { return None };
    schema.ref_location.rsplit('/').next().map(str::to_owned)
}

/// Our answers have every field, also those that are null; only what clients send may leave some out.
fn require_all(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            object.required = object.properties.keys().cloned().collect();
        }
        RefOr::T(Schema::AllOf(parts)) => parts.items.iter_mut().for_each(require_all),
        _ => {}
    }
}

fn complete(operation: &mut Operation, is_change: bool, access: Option<Access>) {
    // An empty requirement takes back the one that holds for the whole document.
    let is_public = operation.security.is_some();
    let is_delivery = operation.tags.iter().flatten().any(|tag| tag == "webhooks");
    let has_body = operation.request_body.is_some() && !is_delivery;
    let parameters = operation.parameters.as_deref().unwrap_or_default();
    let stands_in = |place: &ParameterIn| {
        parameters.iter().any(|parameter| matches!(parameter, RefOr::T(p) if p.parameter_in == *place))
    };
    let (in_path, in_query) = (stands_in(&ParameterIn::Path), stands_in(&ParameterIn::Query));

    let mut usual = Vec::new();
    let by_key = matches!(access, Some(Access::Key(_)));
    if by_key {
        usual.push((
            "401",
            "`unauthenticated`: no session, or one that has ended; `invalid_api_key`, `api_key_expired`, `api_key_revoked`, \
             `api_key_replaced`: the key does not hold.",
        ));
        also(operation, "403", "`scope_missing`: the key lacks the scope.");
        also(
            operation,
            "429",
            "`rate_limited`: the key makes too many requests; `Retry-After` says how long to wait.",
        );
    } else if !is_public {
        usual.push(("401", "`unauthenticated`: no session, or one that has ended."));
        also(operation, "403", "`session_required`: no API key may do this.");
    }
    if is_change && !is_public {
        also(operation, "403", "`csrf_failed`: the cookie came along, but not from one of 2Bot's pages.");
    }
    if in_path {
        usual.push(("404", "`not_found`: there is none in this workspace."));
    }
    if has_body {
        usual.push(("400", "`malformed_json`: the body is not JSON; `detail` says where."));
        usual.push(("413", "`body_too_large`: the body has more than 1 MB."));
        usual.push(("415", "`unsupported_media_type`: the body does not say that it is JSON."));
    }
    if has_body || in_query {
        usual.push(("422", "`validation_failed`: `errors` says what is wrong with each field."));
    }
    usual.push(("default", "Any other problem, such as `internal` or `timed_out`."));
    for (status, description) in usual {
        operation
            .responses
            .responses
            .entry(status.to_owned())
            .or_insert_with(|| RefOr::T(ResponseBuilder::new().description(description).build()));
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && (status.starts_with('4') || status.starts_with('5') || status == "default")
        {
            describe_problem(response);
        }
    }
}

/// Says something more of a status.
fn also(operation: &mut Operation, status: &str, text: &str) {
    let response = operation
        .responses
        .responses
        .entry(status.to_owned())
        .or_insert_with(|| RefOr::T(ResponseBuilder::new().build()));
    let RefOr::T(response) = response else { return };
    let code = text.split(':').next().unwrap_or_default();
    if response.description.is_empty() {
        text.clone_into(&mut response.description);
    } else if !response.description.contains(code) {
        let before = response.description.trim_end_matches('.');
        response.description = format!("{before}; {text}");
    }
}

fn describe_problem(response: &mut Response) {
    if response.content.is_empty() {
        let schema = Ref::from_schema_name(Problem::name());
        response.content.insert("application/problem+json".to_owned(), RefOr::T(Content::new(Some(schema))));
    }
}

/// Serves the document.
pub(crate) fn served(document: &OpenApi) -> Router<AppState> {
    // The document is made of texts and numbers only, which always have a JSON form.
    let text: axum::body::Bytes = document.to_json().unwrap_or_default().into();
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")];
    Router::new().route("/openapi.json", get(move || std::future::ready((headers, text.clone()))))
}
