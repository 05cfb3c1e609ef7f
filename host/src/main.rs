//! `twobot`: the whole platform in one binary.

mod cli;
mod commands;
mod components;
mod host;
mod key_file;
mod master_key;
mod secret_file;
mod settings;
mod telemetry;

/// The C library's own allocator took a seventh of a busy server's processor time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::run()
}
