//! `twobot replay`, as an operator uses it: beside a running server, and after it.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Far more than it takes, so that a slow machine does not fail the test.
const PATIENCE: Duration = Duration::from_secs(60);

/// The binary with nothing of this process's environment, in a folder of its own.
fn twobot(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twobot"));
    command.args(arguments).env_clear().current_dir(folder);
    command.env("TWOBOT_LISTEN", "127.0.0.1:0").env("TWOBOT_GUEST_THREADS", "1");
    command
}

struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let process = twobot(folder, &["serve"]).stderr(Stdio::piped()).spawn().unwrap();
        let mut server = Self { process, address: String::new() };
        let mut lines = BufReader::new(server.process.stderr.take().unwrap()).lines();
        let mut log = String::new();
        loop {
            let line = lines.next().unwrap_or_else(|| panic!("it ended:\n{log}")).unwrap();
            if let Some((_, rest)) = line.split_once("http://127.0.0.1:") {
                let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
                // Whatever else it says must not fill the pipe.
                std::thread::spawn(move || lines.for_each(drop));
                server.address = format!("127.0.0.1:{port}");
                return server;
            }
            log.push_str(&line);
        }
    }

    fn ask(&self, method: &str, path: &str, token: &str, body: &Value) -> Value {
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

    /// Someone who says hello to a plugin; answers the execution.
    fn say_hello(&self) -> (String, String) {
        let account = json!({"email": "ada@example.org", "password": "Analytical-Engine-1", "name": "Ada"});
        let token = self.ask("POST", "/auth/register", "", &account)["token"].as_str().unwrap().to_owned();
        let post = |path: &str, body: &Value| self.ask("POST", path, &token, body);
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
            let list = self.ask("GET", "/executions?state=succeeded", &token, &json!({}));
            if let Some(id) = list["items"][0]["id"].as_str() {
                return (token, id.to_owned());
            }
            assert!(begun.elapsed() < PATIENCE, "nothing ran");
            std::thread::yield_now();
        }
    }

    /// Ends it as an operator does.
    fn stop(mut self) {
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

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

/// Changes what is recorded of what was done, so that a replay does something else.
fn change_the_record(database: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(database);
        let mut connection: SqliteConnection = options.connect().await.unwrap();
        let change = "UPDATE executions SET recording = replace(recording, '\"d\":\"', '\"d\":\"0')";
        assert_eq!(sqlx::query(change).execute(&mut connection).await.unwrap().rows_affected(), 1);
        connection.close().await.unwrap();
    });
}

#[test]
fn an_execution_is_replayed_beside_the_server_and_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (token, execution) = server.say_hello();
    let replay = |more: &[&str]| {
        let arguments = [&["replay", execution.as_str()], more].concat();
        twobot(folder.path(), &arguments).output().unwrap()
    };

    // The server goes on serving meanwhile, and its own answer is the same.
    let beside = replay(&["--json"]);
    assert_eq!(beside.status.code(), Some(0), "{}", said(&beside));
    let mut printed: Value = serde_json::from_slice(&beside.stdout).unwrap();
    let mut answered = server.ask("POST", &format!("/executions/{execution}/replay"), &token, &json!({}));
    for report in [&mut printed, &mut answered] {
        assert!(report["fuel"].take().as_u64().unwrap() > 0);
        report["peak_memory_bytes"].take();
    }
    assert_eq!(printed, answered);
    assert_eq!(printed["differences"], json!([]));
    assert!(printed["would_do"][0]["content"].as_str().unwrap().contains("hello yourself"), "{printed}");
    server.stop();

    let database = folder.path().join("data").join("twobot.db");
    let before = std::fs::read(&database).unwrap();
    let words = replay(&[]);
    assert_eq!(words.status.code(), Some(0), "{}", said(&words));
    let told = said(&words);
    for part in
        ["auto-reply", "(the one that ran)", "now        succeeded", "send_message", "Differences (0)"]
    {
        assert!(told.contains(part), "{part} in {told}");
    }
    assert_eq!(std::fs::read(&database).unwrap(), before, "the database was written to");

    // Another build of the same plugin: a section of its own makes it another component.
    let components = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/components");
    let mut bytes = std::fs::read(components.join("auto-reply.wasm")).unwrap();
    bytes.extend([0, 5, 4, b'm', b'i', b'n', b'e']);
    std::fs::write(folder.path().join("mine.wasm"), bytes).unwrap();
    let mine = replay(&["--component", "mine.wasm"]);
    assert_eq!(mine.status.code(), Some(0), "{}", said(&mine));
    assert!(said(&mine).contains("(in the place of "), "{}", said(&mine));
    let other = components.join("analytics.wasm");
    let other = replay(&["--component", other.to_str().unwrap()]);
    assert_eq!(other.status.code(), Some(1));
    assert!(said(&other).contains("the component is the plugin `analytics`"), "{}", said(&other));

    change_the_record(&database);
    let differs = replay(&[]);
    assert_eq!(differs.status.code(), Some(3), "{}", said(&differs));
    assert!(said(&differs).contains("effect 1"), "{}", said(&differs));
    let unknown =
        twobot(folder.path(), &["replay", "01928f6e-3f57-7cc1-93c6-1f1f6a1f0a11"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(1));
    assert!(said(&unknown).contains("there is no execution"), "{}", said(&unknown));
}

#[test]
fn a_replay_makes_neither_a_database_nor_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let output = twobot(folder.path(), &["replay", "01928f6e-3f57-7cc1-93c6-1f1f6a1f0a11"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{}", said(&output));
}
