//! Steps that ask for what a process usually has.

use crate::step::Step;
use serde_json::{Value, json};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs, UdpSocket};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn shown(error: impl ToString) -> String {
    error.to_string()
}

/// Carries out a step of this kind.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "standard output and error are what is tried")]
pub(crate) fn attempt(step: &Step) -> Option<Result<Value, String>> {
    Some(match step {
        Step::Print { text } => {
            println!("{}", text.full());
            Ok(json!(null))
        }
        Step::PrintError { text } => {
            eprintln!("{}", text.full());
            Ok(json!(null))
        }
        Step::Arguments {} => Ok(std::env::args().collect()),
        Step::Environment {} => Ok(std::env::vars().map(|(name, value)| json!([name, value])).collect()),
        Step::Stdin {} => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map(|_| json!(text)).map_err(shown)
        }
        Step::ReadFile { path } => std::fs::read_to_string(path).map(|text| json!(text)).map_err(shown),
        Step::WriteFile { path } => std::fs::File::create(path)
            .and_then(|mut file| file.write_all(b"written"))
            .map(|()| json!(null))
            .map_err(shown),
        Step::ListFolder { path } => {
            std::fs::read_dir(path).map(|entries| json!(entries.count())).map_err(shown)
        }
        Step::Connect { address } => TcpStream::connect(address).map(|_| json!(null)).map_err(shown),
        Step::Bind { address } => UdpSocket::bind(address).map(|_| json!(null)).map_err(shown),
        Step::Resolve { name } => {
            (name.full(), 80).to_socket_addrs().map(|found| json!(found.count())).map_err(shown)
        }
        Step::Clocks {} => Ok(clocks()),
        Step::Random { bytes } => Ok(json!(random(*bytes))),
        Step::Sleep { ms } => {
            std::thread::sleep(Duration::from_millis(*ms));
            Ok(json!(null))
        }
        Step::Exit { code } => std::process::exit(*code),
        _ => return None,
    })
}

fn clocks() -> Value {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let begun = Instant::now();
    json!({
        "wall_us": u64::try_from(wall.as_micros()).unwrap_or(u64::MAX),
        "elapsed_ns": u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX),
    })
}

/// Random numbers by the one way that the standard library offers: the keys of its hash maps.
fn random(count: usize) -> Vec<u64> {
    (0..count).map(|number| RandomState::new().hash_one(number)).collect()
}
