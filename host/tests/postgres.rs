//! The binary on PostgreSQL: one way through everything, from the empty database to a plugin's answer, alone and among others.
//!
//! Needs the server that `cargo xtask test` or `cargo xtask postgres <command>` starts.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

#[path = "../redis/tests/common/mod.rs"]
mod redis_server;

use redis_server::RedisServer;
use serde_json::{Value, json};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A database without a table; gone with this.
struct Database {
    server: String,
    name: String,
}

impl Database {
    fn empty() -> Self {
        let server = std::env::var("TWOBOT_TEST_POSTGRES").expect(
            "this test needs PostgreSQL: run `cargo xtask test`, or `cargo xtask postgres <command>` for a command of your own",
        );
        let database = Self { server, name: format!("test_{}", uuid::Uuid::new_v4().simple()) };
        database.administrate(&format!("CREATE DATABASE {}", database.name));
        database
    }

    fn administrate(&self, text: &str) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut connection = PgConnection::connect(&self.server).await.unwrap();
            sqlx::query(AssertSqlSafe(text.to_owned())).execute(&mut connection).await.unwrap();
        });
    }

    /// Its address, with a password that the server does not ask for.
    fn url(&self) -> String {
        let (place, parameters) = self.server.split_once('?').unwrap_or((&self.server, ""));
        let (place, _) = place.rsplit_once('/').unwrap();
        format!("{}/{}?{parameters}", place.replace("postgres@", "postgres:hush-hush@"), self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.administrate(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

/// The binary with nothing of this process's environment but the database.
fn twobot(folder: &Path, database: &Database, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twobot"));
    command.args(arguments).env_clear().current_dir(folder);
    command.env("DATABASE_URL", database.url()).env("TWOBOT_LISTEN", "127.0.0.1:0");
    command.env("TWOBOT_LOG_FORMAT", "json").env("TWOBOT_GUEST_THREADS", "1");
    // Tests ask again and again until something is there.
    command.env("TWOBOT_REQUESTS_PER_CALLER", "1000000");
    command
}

/// What a command told, whatever came of it.
fn told(command: &mut Command) -> String {
    let output = command.output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// A running server.
struct Server {
    process: Child,
    address: String,
    /// What it has logged.
    log: Arc<Mutex<String>>,
}

impl Server {
    fn start(folder: &Path, database: &Database) -> Self {
        Self::run(&mut twobot(folder, database, &["serve"]))
    }

    /// One of several, all of which have the same key.
    fn node(folder: &Path, database: &Database, role: &str) -> Self {
        Self::run(
            twobot(folder, database, &["serve", "--role", role]).env("TWOBOT_MASTER_KEY", "ab".repeat(32)),
        )
    }

    fn run(command: &mut Command) -> Self {
        let process = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut server = Self { process, address: String::new(), log: Arc::default() };
        let mut lines = BufReader::new(server.process.stderr.take().unwrap()).lines();
        let mut log = String::new();
        loop {
            let line = lines.next().unwrap_or_else(|| panic!("it ended:\n{log}")).unwrap();
            if let Some((_, rest)) = line.split_once("http://127.0.0.1:") {
                let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
                // Whatever else it says must not fill the pipe.
                let said = Arc::clone(&server.log);
                *said.lock().unwrap() = log;
                std::thread::spawn(move || {
                    lines.map_while(Result::ok).for_each(|line| said.lock().unwrap().push_str(&line));
                });
                server.address = format!("127.0.0.1:{port}");
                return server;
            }
            log.push_str(&line);
            log.push('\n');
        }
    }

    /// Sends a request and gives back the connection, from which the answer comes.
    fn send(&self, method: &str, path: &str, token: &str, body: &str) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        write!(
            stream,
            "{method} /api/v1{path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .unwrap();
        BufReader::new(stream)
    }

    fn post(&self, path: &str, token: &str, body: &Value) -> Value {
        let mut answer = String::new();
        self.send("POST", path, token, &body.to_string()).read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 20"), "{path}: {answer}");
        serde_json::from_str(body).unwrap_or(Value::Null)
    }

    /// Tries to sign in and answers the status.
    fn sign_in(&self, email: &str, password: &str) -> String {
        let mut answer = String::new();
        let login = json!({"email": email, "password": password}).to_string();
        self.send("POST", "/auth/login", "", &login).read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().to_owned()
    }

    /// Waits until it has logged a text.
    fn has_logged(&self, text: &str) {
        let begun = std::time::Instant::now();
        while !self.log.lock().unwrap().contains(text) {
            assert!(begun.elapsed() < redis_server::PATIENCE, "{}", self.log.lock().unwrap());
            std::thread::yield_now();
        }
    }

    /// The first line of an answer to a request that is not for the API.
    fn status(&self, method: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        write!(stream, "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address)
            .unwrap();
        BufReader::new(stream).lines().next().unwrap().unwrap()
    }

    /// Ends it as a power cut does.
    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
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

#[test]
fn someone_signs_up_says_hello_and_is_answered() {
    let (folder, database) = (tempfile::tempdir().unwrap(), Database::empty());
    let migrated = told(&mut twobot(folder.path(), &database, &["migrate"]));
    assert!(migrated.contains("is up to date") && migrated.contains("postgres:***@"), "{migrated}");

    let server = Server::start(folder.path(), &database);
    let account = json!({"email": "ada@example.org", "password": "Analytical-Engine-1", "name": "Ada"});
    let registered = server.post("/auth/register", "", &account);
    let token = registered["token"].as_str().unwrap();
    let gateway = server.post("/gateways", token, &json!({"kind": "web-chat", "name": "Console"}));
    let gateway = gateway["id"].as_str().unwrap();
    let bound = json!({"gateways": {"channels": [gateway]}});
    server.post("/user/plugins/auto-reply/install", token, &bound);
    let conversation = server.post(&format!("/gateways/{gateway}/conversations"), token, &json!({}));
    let place = format!("/conversations/{}", conversation["id"].as_str().unwrap());

    let stream = server.send("GET", &format!("{place}/stream"), token, "");
    server.post(&format!("{place}/messages"), token, &json!({"text": "hello"}));
    let answered = stream.lines().map(Result::unwrap).any(|line| line.contains("\"author\":\"bot\""));
    assert!(answered, "the stream ended without an answer");
    let mut list = String::new();
    server.send("GET", "/executions", token, "").read_to_string(&mut list).unwrap();
    let list: Value = serde_json::from_str(list.split_once("\r\n\r\n").unwrap().1).unwrap();
    let execution = list["items"][0]["id"].as_str().unwrap();
    let replayed = told(&mut twobot(folder.path(), &database, &["replay", execution]));
    assert!(replayed.contains("Differences (0)"), "{replayed}");
    server.stop();

    // The next process finds what this one left, and no way tells the password.
    let again = ["user", "create", "--email", "ada@example.org", "--password", "Analytical-Engine-1"];
    let again = told(&mut twobot(folder.path(), &database, &again));
    assert!(again.contains("already has an account"), "{again}");
    let config = told(&mut twobot(folder.path(), &database, &["config"]));
    let mut gone = twobot(folder.path(), &database, &["migrate"]);
    let gone = told(gone.env("DATABASE_URL", database.url().replace("test_", "gone_")));
    assert!(gone.contains("can not open the database"), "{gone}");
    for text in [migrated, replayed, again, config, gone] {
        assert!(!text.contains("hush-hush"), "{text}");
    }
}

#[test]
fn nodes_share_the_work_and_what_one_leaves_another_does() {
    let (folders, database) = ([(); 4].map(|()| tempfile::tempdir().unwrap()), Database::empty());
    let [one, two, three, four] = [0, 1, 2, 3].map(|place| folders[place].path());
    let front = Server::node(one, &database, "api");
    let worker = Server::node(two, &database, "worker");
    let account = json!({"email": "ada@example.org", "password": "Analytical-Engine-1", "name": "Ada"});
    let registered = front.post("/auth/register", "", &account);
    let token = registered["token"].as_str().unwrap();
    let gateway = front.post("/gateways", token, &json!({"kind": "web-chat", "name": "Console"}));
    let gateway = gateway["id"].as_str().unwrap();
    let bound = json!({"gateways": {"channels": [gateway]}});
    front.post("/user/plugins/auto-reply/install", token, &bound);
    let conversation = front.post(&format!("/gateways/{gateway}/conversations"), token, &json!({}));
    let place = format!("/conversations/{}", conversation["id"].as_str().unwrap());
    let mut stream = front.send("GET", &format!("{place}/stream"), token, "").lines().map(Result::unwrap);
    let mut say = |text: &str| {
        front.post(&format!("{place}/messages"), token, &json!({"text": text}));
        // What is answered elsewhere is seen here.
        assert!(stream.any(|line| line.contains("\"author\":\"bot\"")), "the stream ended without an answer");
    };
    say("hello");

    assert!(worker.status("GET", "/readyz").contains(" 200 "));
    for path in ["/api/v1/health", "/api/v1/gateways", "/", "/api/docs"] {
        assert!(worker.status("GET", path).contains(" 404 "), "{path}");
    }

    // Killed, and another goes on; told to stop, and another goes on.
    let second = Server::node(three, &database, "worker");
    worker.kill();
    say("and again");
    let third = Server::node(four, &database, "all");
    second.stop();
    say("and again");

    let mut other = twobot(two, &database, &["serve", "--role", "worker"]);
    let other = told(other.env("TWOBOT_MASTER_KEY", "cd".repeat(32)));
    assert!(other.contains("give every node the same TWOBOT_MASTER_KEY"), "{other}");
    drop(stream);
    front.stop();
    third.stop();
}

#[test]
fn nodes_count_together_with_redis_and_do_without_when_it_is_away() {
    let (folders, database) = ([(); 2].map(|()| tempfile::tempdir().unwrap()), Database::empty());
    let mut redis = RedisServer::with(&["--requirepass", "hush-hush"]);
    let url = redis.url().replace("redis://", "redis://:hush-hush@");
    let node = |place: usize| {
        let mut command = twobot(folders[place].path(), &database, &["serve"]);
        command.env("TWOBOT_MASTER_KEY", "ab".repeat(32)).env("REDIS_URL", &url);
        Server::run(&mut command)
    };
    let (one, two) = (node(0), node(1));
    let account = json!({"email": "ada@example.org", "password": "Analytical-Engine-1", "name": "Ada"});
    let registered = one.post("/auth/register", "", &account);
    let token = registered["token"].as_str().unwrap();
    one.has_logged("Redis serves");
    two.has_logged("Redis serves");
    // Who gets in on one is forgiven on both.
    for server in [&one, &two, &one, &two] {
        assert_eq!(server.sign_in("ada@example.org", "wrong"), "401");
    }
    assert_eq!(two.sign_in("ada@example.org", "Analytical-Engine-1"), "200");
    for server in [&one, &two, &one, &two, &one] {
        assert_eq!(server.sign_in("ada@example.org", "wrong"), "401");
    }
    for server in [&one, &two] {
        assert_eq!(server.sign_in("ADA@example.org", "Analytical-Engine-1"), "429", "five for both");
    }

    // Nothing fails, and nobody gets more tries.
    redis.kill();
    for server in [&one, &two] {
        assert_eq!(server.sign_in("ada@example.org", "Analytical-Engine-1"), "429");
        server.has_logged("Redis does not serve");
        assert_eq!(server.sign_in("bob@example.org", "wrong"), "401");
    }
    one.post("/gateways", token, &json!({"kind": "web-chat", "name": "Console"}));
    redis.restart();
    for server in [&one, &two] {
        server.has_logged("Redis serves again");
    }

    let mut config = twobot(folders[0].path(), &database, &["config"]);
    let config = told(config.env("REDIS_URL", &url));
    assert!(config.contains(&url.replace("hush-hush", "***")), "{config}");
    let wrong = format!("{url}zero");
    let refused = told(twobot(folders[0].path(), &database, &["serve"]).env("REDIS_URL", wrong));
    assert!(refused.contains("REDIS_URL: may name a database by its number only"), "{refused}");
    for text in [config, refused, one.log.lock().unwrap().clone(), two.log.lock().unwrap().clone()] {
        assert!(!text.contains("hush-hush") && !text.contains("ada@example.org"), "{text}");
    }
    one.stop();
    two.stop();
}
