//! What a guest writes to its log, bounded.

use crate::convert::error::cut;
use crate::sandbox::clock::ExecutionClock;
use bytes::Bytes;
use parking_lot::Mutex;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use twobot_store::executions::LogLine;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// Lines of one execution.
const MAX_LINES: usize = 100;
/// Bytes of one line, its fields included.
const MAX_LINE: usize = 4_096;
/// Fields of one line: empty ones have no bytes, and cost the host memory none the less.
const MAX_FIELDS: usize = 32;

/// The log of one execution.
#[derive(Clone)]
pub(crate) struct Log {
    state: Arc<Mutex<State>>,
    clock: ExecutionClock,
}

#[derive(Default)]
struct State {
    lines: Vec<LogLine>,
    dropped: u64,
    /// What the host itself has to say of the run's end.
    conclusion: Option<LogLine>,
    /// What was written to standard output and error after the last line's end.
    partial: [Vec<u8>; 2],
}

impl Log {
    pub(crate) fn new(clock: ExecutionClock) -> Self {
        Self { state: Arc::default(), clock }
    }

    /// Adds a line; what is over the limits is cut or counted.
    pub(crate) fn write(&self, level: &'static str, message: String, fields: Vec<(String, String)>) {
        let mut state = self.state.lock();
        if state.lines.len() >= MAX_LINES {
            state.dropped += 1;
            return;
        }
        let mut left = MAX_LINE;
        let message = cut(message, left);
        left = left.saturating_sub(message.len());
        let mut kept = Vec::new();
        for (name, value) in fields.into_iter().take(MAX_FIELDS) {
            if left == 0 {
                break;
            }
            let (name, value) = (cut(name, left.min(64)), cut(value, left));
            left = left.saturating_sub(name.len() + value.len());
            kept.push((name, value));
        }
        state.lines.push(LogLine { at: self.clock.peek(), level, message, fields: kept });
    }

    /// The host's own last word, which no flood before it keeps out.
    pub(crate) fn conclude(&self, message: String) {
        let line = LogLine {
            at: self.clock.peek(),
            level: "error",
            message: cut(message, MAX_LINE),
            fields: Vec::new(),
        };
        self.state.lock().conclusion = Some(line);
    }

    fn print(&self, stream: Stream, bytes: &[u8]) {
        let mut complete = Vec::new();
        {
            let mut state = self.state.lock();
            let partial = &mut state.partial[stream as usize];
            for part in bytes.split_inclusive(|byte| *byte == b'\n') {
                let room = MAX_LINE.saturating_sub(partial.len());
                partial.extend_from_slice(&part[..part.len().min(room)]);
                if part.ends_with(b"\n") {
                    complete.push(std::mem::take(partial));
                }
            }
        }
        for line in complete {
            self.print_line(stream, &line);
        }
    }

    fn print_line(&self, stream: Stream, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end();
        if !text.is_empty() {
            self.write(stream.level(), text.to_owned(), Vec::new());
        }
    }

    /// All lines, with a last one that says how many were dropped.
    pub(crate) fn finish(&self) -> Vec<LogLine> {
        let partial = std::mem::take(&mut self.state.lock().partial);
        for (stream, rest) in [Stream::Out, Stream::Err].into_iter().zip(partial) {
            self.print_line(stream, &rest);
        }
        let mut state = self.state.lock();
        let mut lines = std::mem::take(&mut state.lines);
        if state.dropped > 0 {
            lines.push(LogLine {
                at: self.clock.peek(),
                level: "warn",
                message: format!("{} more lines were dropped: one run may write {MAX_LINES}", state.dropped),
                fields: Vec::new(),
            });
        }
        lines.extend(state.conclusion.take());
        lines
    }

    pub(crate) fn stdout(&self) -> Output {
        Output { log: self.clone(), stream: Stream::Out }
    }

    pub(crate) fn stderr(&self) -> Output {
        Output { log: self.clone(), stream: Stream::Err }
    }
}

#[derive(Clone, Copy)]
enum Stream {
    Out = 0,
    Err = 1,
}

impl Stream {
    const fn level(self) -> &'static str {
        match self {
            Self::Out => "info",
            Self::Err => "warn",
        }
    }
}

/// Standard output or error of a guest.
#[derive(Clone)]
pub(crate) struct Output {
    log: Log,
    stream: Stream,
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.log.print(self.stream, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(MAX_LINE)
    }
}

#[async_trait::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl AsyncWrite for Output {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.log.print(self.stream, bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twobot_domain::Timestamp;

    fn log() -> Log {
        Log::new(ExecutionClock::starting_at(Timestamp(0)))
    }

    #[test]
    fn a_flood_is_cut_and_counted() {
        let log = log();
        for _ in 0..MAX_LINES + 7 {
            log.write("info", "x".repeat(1_000_000), vec![("k".repeat(1_000), "v".repeat(1_000_000))]);
        }
        let lines = log.finish();
        assert_eq!(lines.len(), MAX_LINES + 1);
        assert!(lines[MAX_LINES].message.starts_with("7 more lines"));
        log.conclude("what ended it".to_owned());
        assert_eq!(log.finish().last().map(|line| line.message.as_str()), Some("what ended it"));
        let size = |line: &LogLine| {
            line.message.len()
                + line.fields.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
        };
        assert!(lines.iter().all(|line| size(line) <= MAX_LINE + 16));
        assert!(
            lines.iter().all(|line| line.message.capacity() <= MAX_LINE + 16),
            "what was cut is given back"
        );
    }

    #[test]
    fn fields_are_counted_though_they_are_empty() {
        let log = log();
        log.write("info", String::new(), vec![(String::new(), String::new()); 100_000]);
        assert_eq!(log.finish()[0].fields.len(), MAX_FIELDS);
    }

    #[test]
    fn standard_output_becomes_lines() {
        let log = log();
        log.print(Stream::Out, b"first\nsec");
        log.print(Stream::Err, b"oops\n");
        log.print(Stream::Out, b"ond\n\nlast \xff");
        log.print(Stream::Out, &vec![b'y'; 10_000_000]);
        let lines = log.finish();
        let text: Vec<_> = lines.iter().map(|line| (line.level, line.message.as_str())).collect();
        assert_eq!(text[..3], [("info", "first"), ("warn", "oops"), ("info", "second")]);
        assert!(text[3].1.starts_with("last \u{fffd}yyy") && text[3].1.len() <= MAX_LINE + 16);
    }
}
