//! The compiling process's side.

use super::wire::{self, Limits};
use crate::cache::MAX_COMPONENT_BYTES;
use rustix::process::{Resource, Rlimit, setpriority_process, setrlimit};
use std::io::{self, Read, Write};

/// How much the process stands back behind those that serve: 0 is not at all, 19 is most.
const NICENESS: i32 = 10;

/// Compiles the one component that comes on standard input and answers on standard output. For a process that does nothing else: it
/// takes rights and resources from itself that it does not get back.
///
/// # Errors
/// When the input is no question of a host, or the output is closed.
pub fn serve_compiler(mut input: impl Read, mut output: impl Write) -> io::Result<()> {
    let limits = wire::read_question(&mut input)?;
    restrict(limits)?;
    let mut bytes = Vec::new();
    input.take(MAX_COMPONENT_BYTES as u64).read_to_end(&mut bytes)?;
    let answer = super::compile(&bytes).map_err(|error| match error {
        // The host wraps it anew.
        crate::ComponentError::Invalid(reason) => reason,
        other => other.to_string(),
    });
    wire::write_answer(&mut output, &answer)
}

/// Bounds this process. What runs into a bound ends it, and the host finds out by that.
fn restrict(limits: Limits) -> io::Result<()> {
    let bound = |resource, most| setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    // A second later the system ends it without telling why; before that it does tell.
    let seconds = Rlimit { current: Some(limits.seconds), maximum: Some(limits.seconds.saturating_add(1)) };
    // What is written to, not what is only set aside: allocators set aside much for each thread.
    bound(Resource::Data, limits.memory)?;
    setrlimit(Resource::Cpu, seconds)?;
    // No files are written, and nothing of a tenant's component is left behind in a dump of memory.
    bound(Resource::Fsize, 0)?;
    bound(Resource::Core, 0)?;
    // Courtesy, not a bound.
    let _ = setpriority_process(None, NICENESS);
    Ok(())
}
