//! `twobot`: the whole platform in one binary.

mod cli;
mod commands;
mod components;
mod host;
mod master_key;
mod secret_file;
mod settings;

fn main() -> std::process::ExitCode {
    cli::run()
}
