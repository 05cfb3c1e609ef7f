//! The benchmarks' plugin for Extism.

use extism_pdk::{Error, FnResult, plugin_fn};

/// Prices an order, from text to text.
#[plugin_fn]
pub fn rewrite(order: String) -> FnResult<String> {
    Ok(bench_handler::rewrite_text(&order).map_err(Error::msg)?)
}
