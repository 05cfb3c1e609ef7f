//! The OpenAPI document: generated from the handlers, and completed with what holds for all of them.

mod aliases;
mod examples;

use crate::access::{self, Access};
use crate::edge::takes_a_secret;
use crate::error::{FieldProblem, Problem};
use crate::state::AppState;
use axum::Router;
use axum::http::Method;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::routing::get;
use twobot_domain::{ApiScope, Role};
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Components, Content, OpenApi, Ref, RefOr, Required};
use utoipa::{OpenApi as _, ToSchema};

const INTRODUCTION: &str = "\
Everything that the dashboard does, it does through this API; so can you.

**Signing in.** `POST /auth/login` answers with a token: send it as `Authorization: Bearer <token>`. Browsers get the same as a
cookie; requests that change something and carry the cookie must come from 2Bot's own pages.

**API keys** (`POST /api-keys`) are for programs: send one as `Authorization: Bearer 2bot_…`. A key may do what its scopes say; which scope an
operation takes stands in its `security`. What names no scope takes a session.

**How much.** A person, and each key, may make 100 requests a minute where the operator did not decide otherwise; `X-RateLimit-Limit`,
`X-RateLimit-Remaining` and `X-RateLimit-Reset` (seconds) tell how many are left.

**Once.** A `POST` with an `Idempotency-Key` can be sent again when its answer was lost: it is done once, and answered the same.

**Versions.** What can be changed answers an `etag`. Sent back as `If-Match`, the change is made only if nobody made another one meanwhile.

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
        (name = "profile", description = "What a person chose for themself."),
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
        (name = "operators", description = "All tenants, for who looks after the server."),
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
    let may_be_empty = may_be_empty(&document);
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
            let sent = body_schema(operation);
            if let (Some(RefOr::T(body)), Some(schema)) = (&mut operation.request_body, &sent)
                && may_be_empty.contains(schema)
            {
                body.required = Some(Required::False);
            }
            sent_by_clients.extend(sent);
            let access = access::of(&method, path);
            let is_ours = access.is_some_and(|access| access != Access::Anyone);
            if method == Method::POST && is_ours && !takes_a_secret(path) {
                name_by_key(operation);
            }
            complete(operation, method != Method::GET, access);
            if let Some(scope) = access.and_then(Access::scope) {
                operation.security = Some(opened_by(scope));
            }
        }
    }
    for (name, schema) in document.components.iter_mut().flat_map(|parts| &mut parts.schemas) {
        if !sent_by_clients.contains(name) {
            require_all(schema);
        }
    }
    examples::add(&mut document);
    document
}

/// Names of schemas of which every field may be left out. A body of such a shape may be left out too, which means an empty one.
fn may_be_empty(document: &OpenApi) -> Vec<String> {
    let schemas = document.components.iter().flat_map(|components| &components.schemas);
    let empty = schemas.filter(
        |(_, schema)| matches!(schema, RefOr::T(Schema::Object(object)) if object.required.is_empty()),
    );
    empty.map(|(name, _)| name.clone()).collect()
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
    let by_key = access.and_then(Access::scope).is_some();
    if by_key {
        usual.push((
            "401",
            "`unauthenticated`: no session, or one that has ended; `invalid_api_key`, `api_key_expired`, `api_key_revoked`, \
             `api_key_replaced`: the key does not hold.",
        ));
        also(operation, "403", "`scope_missing`: the key lacks the scope.");
    } else if !is_public {
        usual.push(("401", "`unauthenticated`: no session, or one that has ended."));
        also(operation, "403", "`session_required`: no API key may do this.");
    }
    if !is_delivery {
        if access.is_some_and(|access| access != Access::Anyone) {
            also(
                operation,
                "429",
                "`rate_limited`: too many requests of one caller; `Retry-After` says how long to wait.",
            );
        }
        also(
            operation,
            "429",
            "`address_rate_limited`, `address_blocked`: too many requests from one network address; `Retry-After` says how long to wait.",
        );
    }
    if is_change && !is_public {
        also(operation, "403", "`csrf_failed`: the cookie came along, but not from one of 2Bot's pages.");
    }
    if by_version(operation) {
        usual.push(("412", "`precondition_failed`: it is no longer in the version that `If-Match` names; nothing was changed."));
    }
    if access == Some(Access::Operator) {
        also(operation, "403", "`operator_required`: only operators may.");
    }
    match access.map(Access::role) {
        Some(Role::Admin) => also(operation, "403", "`role_required`: only an admin or the owner may."),
        Some(Role::Owner) => also(operation, "403", "`role_required`: only the owner may."),
        Some(Role::Member) | None => {}
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
        also(operation, "422", "`validation_failed`: `errors` says what is wrong with each field.");
    }
    usual.push((
        "500",
        "`internal`: something went wrong on the server's side; its log knows more under the request's id.",
    ));
    usual.push(("503", "`unavailable`: the server is starting, stopping or without its database."));
    if !is_endless(operation) {
        usual.push(("504", "`timed_out`: it took longer than anybody should wait."));
    }
    for (status, description) in usual {
        operation
            .responses
            .responses
            .entry(status.to_owned())
            .or_insert_with(|| RefOr::T(ResponseBuilder::new().description(description).build()));
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && (status.starts_with('4') || status.starts_with('5'))
        {
            describe_problem(response);
        }
    }
}

/// Says that a request may be sent again under its name.
fn name_by_key(operation: &mut Operation) {
    let name = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "A name of your choosing for this one request, such as a UUID. Sent again with it, the request is not done a second time: \
             the first answer is given again for 24 hours, with `Idempotent-Replayed: true`.",
        ))
        .schema(Some(
            ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255)).pattern(Some("^[!#-~]+$")),
        ))
        .example(Some("8e03978e-40d5-43dd-bc93-6894a57f9324".into()))
        .build();
    operation.parameters.get_or_insert_default().push(RefOr::T(name));
    also(
        operation,
        "409",
        "`request_running`: the same is being done, with this `Idempotency-Key`; `idempotency_unknown`, `idempotency_not_kept`: it was \
         begun before, and its answer is not there.",
    );
    also(
        operation,
        "422",
        "`idempotency_key_reused`: something else was asked for with this `Idempotency-Key`.",
    );
}

/// Whether an operation answers with something that may go on for long, which no limit of time cuts off.
fn is_endless(operation: &Operation) -> bool {
    let endless = ["text/event-stream", "application/zip"];
    operation.responses.responses.values().any(|response| {
        matches!(response, RefOr::T(response) if response.content.keys().any(|kind| endless.contains(&kind.as_str())))
    })
}

/// Whether an operation goes by `If-Match`.
fn by_version(operation: &Operation) -> bool {
    let parameters = operation.parameters.iter().flatten();
    parameters.into_iter().any(|parameter| matches!(parameter, RefOr::T(one) if one.name == "If-Match"))
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
