//! The host's side: starting a compiling process, and ending it in time.

use super::wire::{self, HEAD, Limits};
use crate::component::ComponentError;
use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

/// The signal of a process whose processor time is used up, on all systems that have it.
const SIGXCPU: i32 = 24;

/// A process that compiles one component and ends.
#[derive(Clone, Debug)]
pub struct CompilerProcess {
    /// The program, which calls [`super::serve_compiler`].
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// The longest that it may take, in wall-clock time.
    pub time: Duration,
    /// The most memory that it may write to, in bytes.
    pub memory: u64,
    /// Threads that it compiles with.
    pub threads: usize,
    /// The largest compiled component, in bytes. Compiled code has some times the size of its component.
    pub largest: usize,
}

impl CompilerProcess {
    /// A program with the limits of a host: 60 s, 2 GB, half of the processors, 256 MB of compiled code.
    #[must_use]
    pub fn new(program: PathBuf, arguments: Vec<OsString>) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            program,
            arguments,
            time: Duration::from_secs(60),
            memory: 2 * 1024 * 1024 * 1024,
            threads: (processors / 2).max(1),
            largest: 256 * 1024 * 1024,
        }
    }

    /// Compiles. The process is ended when this is dropped.
    pub(super) async fn compile(&self, bytes: &[u8]) -> Result<Vec<u8>, ComponentError> {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            // The one variable that the compiler's thread pool reads.
            .env("RAYON_NUM_THREADS", self.threads.to_string())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| ComponentError::Host(format!("the compiler can not be started: {error}")))?;
        let talked = tokio::time::timeout(self.time, self.talk(&mut child, bytes)).await;
        let timeout = || ComponentError::CompileTimeout { seconds: self.time.as_secs() };
        let (answer, status) = match talked {
            Ok(Ok(ended)) => ended,
            Ok(Err(error)) => {
                end(child).await;
                return Err(error);
            }
            Err(_) => {
                end(child).await;
                return Err(timeout());
            }
        };
        if status.signal() == Some(SIGXCPU) {
            return Err(timeout());
        }
        if !status.success() {
            tracing::warn!(%status, "a compiler ended before its time");
            return Err(ComponentError::CompileCrashed { status: status.to_string() });
        }
        wire::understand(answer)
    }

    /// Asks, and listens until the process has ended.
    async fn talk(&self, child: &mut Child, bytes: &[u8]) -> Result<(Vec<u8>, ExitStatus), ComponentError> {
        let failed = |error: std::io::Error| ComponentError::Host(format!("the compiler: {error}"));
        let lost = || ComponentError::Host("the compiler: no pipes".to_owned());
        let (mut stdin, stdout) =
            (child.stdin.take().ok_or_else(lost)?, child.stdout.take().ok_or_else(lost)?);
        // Processor time of all threads together; the wall clock ends it earlier, unless it hides from the clock.
        let seconds = self.time.as_secs().saturating_add(1).saturating_mul(self.threads as u64);
        let question = wire::question(Limits { memory: self.memory, seconds });
        let ask = async {
            // A process that ends without listening is told by how it ends.
            let _ = stdin.write_all(&question).await;
            let _ = stdin.write_all(bytes).await;
            drop(stdin);
        };
        let most = self.largest.saturating_add(HEAD);
        let listen = async {
            let mut answer = Vec::new();
            stdout.take(most as u64 + 1).read_to_end(&mut answer).await.map(|_| answer)
        };
        let ((), answer) = tokio::join!(ask, listen);
        let answer = answer.map_err(failed)?;
        if answer.len() > most {
            return Err(ComponentError::CompiledTooLarge { allowed: self.largest });
        }
        Ok((answer, child.wait().await.map_err(failed)?))
    }
}

/// Ends a process now, and waits until it is gone.
async fn end(mut child: Child) {
    if let Err(error) = child.kill().await {
        tracing::warn!(%error, "a compiler could not be ended");
    }
}
