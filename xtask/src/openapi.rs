//! `cargo xtask openapi`: writes the API's description and the TypeScript types made from it.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::build;
use crate::support::workspace::Workspace;
use crate::support::{npm, process, stamp};

/// Asks the binary for its OpenAPI document and generates the dashboard's types.
pub(crate) fn command(ws: &Workspace) -> Result<()> {
    build::binary(ws, false)?;
    let document = process::output(process::command(ws.binary(false), ws.root()).arg("openapi"))?;
    let parsed: Value = serde_json::from_str(&document).context("`twobot openapi` wrote no JSON")?;
    parsed["openapi"].as_str().context("`twobot openapi` wrote something else than an OpenAPI document")?;
    let changed = stamp::write_if_changed(&ws.root().join("api/openapi.json"), document.as_bytes())?;
    println!("api/openapi.json {}", if changed { "written" } else { "is up to date" });
    npm::install(ws)?;
    process::run(&mut npm::script(ws, "api-types"))
}
