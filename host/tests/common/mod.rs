//! The binary as an operator uses it: a server in a folder of its own, and commands beside it.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Far more than it takes, so that a slow machine does not fail the test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The binary with nothing of this process's environment, in a folder of its own.
pub(crate) fn twobot(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twobot"));
    command.args(arguments).env_clear().current_dir(folder);
    command.env("TWOBOT_LISTEN", "127.0.0.1:0").env("TWOBOT_GUEST_THREADS", "1");
    // Tests ask again and again until something is there.
    command.env("TWOBOT_REQUESTS_PER_CALLER", "1000000");
    command
}

pub(crate) struct Server {
    process: Child,
    pub(crate) address: String,
    /// What it logs after its first line with an address.
    log: Receiver<String>,
}

impl Server {
    #[allow(dead_code, reason = "a test may give it more")]
    pub(crate) fn start(folder: &Path) -> Self {
        Self::run(twobot(folder, &["serve"]))
    }

    /// The same from a command that was given more.
    pub(crate) fn run(mut command: Command) -> Self {
        let process = command.stderr(Stdio::piped()).spawn().unwrap();
        let (logged, log) = channel();
        let mut server = Self { process, address: String::new(), log };
        let mut lines = BufReader::new(server.process.stderr.take().unwrap()).lines();
        let mut log = String::new();
        loop {
            let line = lines.next().unwrap_or_else(|| panic!("it ended:\n{log}")).unwrap();
            if let Some((_, rest)) = line.split_once("http://127.0.0.1:") {
                let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
                // Whatever else it says must not fill the pipe.
                std::thread::spawn(move || lines.for_each(|line| drop(line.map(|line| logged.send(line)))));
                server.address = format!("127.0.0.1:{port}");
                return server;
            }
            log.push_str(&line);
        }
    }

    /// Waits until it logs a line with this in it.
    #[allow(dead_code, reason = "not every test reads the log")]
    pub(crate) fn logged(&self, part: &str) -> String {
        let begun = Instant::now();
        loop {
            let line = self.log.recv_timeout(PATIENCE.saturating_sub(begun.elapsed()));
            let line = line.unwrap_or_else(|_| panic!("nothing with `{part}` was logged"));
            if line.contains(part) {
                return line;
            }
        }
    }

    pub(crate) fn ask(&self, method: &str, path: &str, token: &str, body: &Value) -> Value {
        let (mut stream, body) = (TcpStream::connect(&self.address).unwrap(), body.to_string());
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            stream,
            "{method} /api/v1{path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 20"), "{path}: {answer}");
        serde_json::from_str(body).unwrap_or(Value::Null)
    }

    /// Ends it as an operator does.
    pub(crate) fn stop(mut self) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Only where the test failed before it was stopped.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

/// Someone who says hello to a plugin; answers the execution.
#[allow(dead_code, reason = "not every test has somebody who talks")]
pub(crate) fn say_hello(server: &Server) -> (String, String) {
    let account = json!({"email": "ada@example.org", "password": "Analytical-Engine-1", "name": "Ada"});
    let token = server.ask("POST", "/auth/register", "", &account)["token"].as_str().unwrap().to_owned();
    let post = |path: &str, body: &Value| server.ask("POST", path, &token, body);
    let gateway = post("/gateways", &json!({"kind": "web-chat", "name": "Console"}));
    let gateway = gateway["id"].as_str().unwrap();
    let settings = json!({"rules": [{"match": "any", "text": "", "reply": "hello yourself"}]});
    let bound = json!({"gateways": {"channels": [gateway]}, "config": settings});
    post("/user/plugins/auto-reply/install", &bound);
    let conversation = post(&format!("/gateways/{gateway}/conversations"), &json!({}));
    let place = format!("/conversations/{}/messages", conversation["id"].as_str().unwrap());
    post(&place, &json!({"text": "hello"}));
    let begun = Instant::now();
    loop {
        let list = server.ask("GET", "/executions?state=succeeded", &token, &json!({}));
        if let Some(id) = list["items"][0]["id"].as_str() {
            return (token, id.to_owned());
        }
        assert!(begun.elapsed() < PATIENCE, "nothing ran");
        std::thread::yield_now();
    }
}
