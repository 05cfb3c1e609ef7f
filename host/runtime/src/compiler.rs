//! Compiling components: in this process, or in one of its own.
//!
//! A component's author is a stranger, and a compiler is a large program that reads what he wrote. What [`crate::inspect`] lets through
//! takes bounded work by all that is known; a process of its own bounds what is not known. It has a clock, a memory and processor time of
//! its own to run out of, an empty environment and no files, and can be ended at any moment, which a thread can not.

mod child;
mod process;
mod wire;

pub use child::serve_compiler;
pub use process::CompilerProcess;

use crate::component::ComponentError;
use crate::machine::code_config;
use std::sync::Arc;
use wasmtime::Engine;

/// Where components are compiled.
#[derive(Clone, Debug, Default)]
pub enum Compiler {
    /// In this process: for tests, and for those who compile only what they trust.
    #[default]
    Here,
    /// In a process of its own for each component.
    Process(CompilerProcess),
}

impl Compiler {
    /// The compiled form of a component, which was inspected.
    pub(crate) async fn compile(&self, bytes: Arc<Vec<u8>>) -> Result<Vec<u8>, ComponentError> {
        match self {
            Self::Here => tokio::task::spawn_blocking(move || compile(&bytes))
                .await
                .map_err(|error| ComponentError::Host(error.to_string()))?,
            Self::Process(process) => process.compile(&bytes).await,
        }
    }
}

/// Compiles here and now.
fn compile(bytes: &[u8]) -> Result<Vec<u8>, ComponentError> {
    // No pool: nothing runs in this engine, and a pool takes address space.
    let engine = Engine::new(&code_config()).map_err(|error| ComponentError::Host(format!("{error:#}")))?;
    engine.precompile_component(bytes).map_err(|error| ComponentError::invalid(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::engine_name;
    use crate::machine::engine_config;

    #[test]
    fn what_is_compiled_without_a_pool_fits_the_engine_that_runs_it() {
        let (compiles, runs) =
            (Engine::new(&code_config()).unwrap(), Engine::new(&engine_config(64)).unwrap());
        assert_eq!(engine_name(&compiles), engine_name(&runs));
    }
}
