//! Operations that are served under two spellings, since the systems that came before this one used both.

use axum::http::Method;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};

/// A spelling, what it does the same as, and its own operation id.
const ALIASES: [(Method, &str, Method, &str, &str); 9] = [
    (Method::PUT, "/gateways/{id}", Method::PATCH, "/gateways/{id}", "putGateway"),
    (
        Method::PUT,
        "/user/plugins/{slug}/config",
        Method::PATCH,
        "/user/plugins/{slug}/config",
        "putPluginConfig",
    ),
    (
        Method::POST,
        "/user/plugins/{slug}/uninstall",
        Method::DELETE,
        "/user/plugins/{slug}/uninstall",
        "postUninstallPlugin",
    ),
    (
        Method::PUT,
        "/notifications/{id}/read",
        Method::PATCH,
        "/notifications/{id}/read",
        "putNotificationRead",
    ),
    (Method::POST, "/users/me/delete-data", Method::DELETE, "/users/me", "deleteData"),
    (Method::GET, "/auth/session", Method::GET, "/auth/me", "getSession"),
    (Method::GET, "/users/me", Method::GET, "/user/profile", "getUser"),
    (Method::PATCH, "/users/me", Method::PATCH, "/user/profile", "changeUser"),
    (Method::PUT, "/user/profile", Method::PATCH, "/user/profile", "putProfile"),
];

fn place<'a>(item: &'a mut PathItem, method: &Method) -> Option<&'a mut Option<Operation>> {
    match *method {
        Method::GET => Some(&mut item.get),
        Method::PUT => Some(&mut item.put),
        Method::POST => Some(&mut item.post),
        Method::DELETE => Some(&mut item.delete),
        Method::PATCH => Some(&mut item.patch),
        _ => None,
    }
}

/// Describes the other spellings, each as what it does the same as.
pub(super) fn add(document: &mut OpenApi) {
    let paths = &mut document.paths.paths;
    for (method, path, like, of, id) in ALIASES {
        let same = paths.get_mut(of).and_then(|item| place(item, &like)?.clone());
        let Some(mut operation) = same else { continue };
        operation.operation_id = Some(id.to_owned());
        if let Some(place) = place(paths.entry(path.to_owned()).or_default(), &method) {
            place.get_or_insert(operation);
        }
    }
}
