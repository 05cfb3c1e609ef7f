//! The steps of a script: one host call, or one mischief.

use crate::http::Call;
use crate::text::Text;
use serde::Deserialize;

/// One step of a script. Times and counts are the test's to choose; nothing here is checked, that is the host's part.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    // `wasi:keyvalue`
    Open {
        bucket: Text,
    },
    Keep {
        bucket: Text,
    },
    Get {
        bucket: String,
        key: Text,
    },
    Set {
        bucket: String,
        key: Text,
        value: Text,
    },
    Delete {
        bucket: String,
        key: Text,
    },
    Exists {
        bucket: String,
        key: Text,
    },
    ListKeys {
        bucket: String,
        cursor: Option<u64>,
    },
    Increment {
        bucket: String,
        key: Text,
        delta: u64,
    },
    GetMany {
        bucket: String,
        keys: Vec<Text>,
    },
    SetMany {
        bucket: String,
        entries: Vec<(Text, Text)>,
    },
    DeleteMany {
        bucket: String,
        keys: Vec<Text>,
    },
    /// Sets `count` keys named `<prefix><number>`, one call each.
    Fill {
        bucket: String,
        prefix: String,
        count: usize,
        value: Text,
    },
    /// Asks for `count` keys named `<prefix><number>` in one call.
    GetRange {
        bucket: String,
        prefix: String,
        count: usize,
    },
    // `log`
    Log {
        level: String,
        message: Text,
        fields: Vec<(Text, Text)>,
    },
    /// One line with `count` empty fields.
    LogFields {
        count: usize,
    },
    Print {
        text: Text,
    },
    PrintError {
        text: Text,
    },
    // `wasi:config`
    Config {
        key: Text,
    },
    ConfigAll {},
    // `gateways` and `ai`
    Bound {
        kind: Option<String>,
    },
    Send {
        gateway: Text,
        text: Text,
    },
    /// Queues new text for a message.
    SendEdit {
        gateway: Text,
        text: Text,
    },
    /// Queues a call of the provider by its name.
    SendCall {
        gateway: Text,
        operation: Text,
        arguments: Text,
    },
    Perform {
        gateway: Text,
        text: Text,
    },
    PerformEdit {
        gateway: Text,
        text: Text,
    },
    PerformCall {
        gateway: Text,
        operation: Text,
        arguments: Text,
    },
    Chat {
        gateway: Option<Text>,
        messages: Vec<Text>,
    },
    /// Asks a model with `count` empty messages.
    ChatEmpty {
        count: usize,
    },
    // `notify` and `schedule`
    Notify {
        title: Text,
        text: Text,
    },
    Once {
        name: Text,
        due_at: u64,
        data: Option<Text>,
    },
    Cancel {
        name: Text,
    },
    // WASI
    Arguments {},
    Environment {},
    Stdin {},
    ReadFile {
        path: String,
    },
    WriteFile {
        path: String,
    },
    ListFolder {
        path: String,
    },
    Connect {
        address: String,
    },
    Bind {
        address: String,
    },
    Resolve {
        name: Text,
    },
    Clocks {},
    Random {
        bytes: usize,
    },
    Sleep {
        ms: u64,
    },
    Exit {
        code: i32,
    },
    /// Something with files.
    File(Box<crate::files::FileStep>),
    // `wasi:http`
    Fetch(Call),
    /// Hands all over, and waits for all.
    FetchAll {
        calls: Vec<Call>,
    },
    /// Hands all over and lets go of them.
    Abandon {
        calls: Vec<Call>,
    },
    /// Hands the same over many times and keeps all of them.
    Pile {
        count: usize,
        call: Call,
    },
    /// Adds one header.
    Header {
        name: Text,
        value: Text,
    },
    /// Adds many headers.
    Headers {
        count: usize,
    },
    /// Makes requests that are never handed over.
    Hoard {
        requests: usize,
        bytes: usize,
    },
    /// Asks by the SDK.
    HttpGet {
        url: Text,
    },
    // Mischief
    Spin {},
    Recurse {},
    Eat {
        step: usize,
    },
    /// Takes this much memory and keeps it.
    Hold {
        bytes: usize,
    },
    Panic {
        message: Text,
    },
    // Control
    /// The same step many times; the outcome is the last one's, and how many went well.
    Repeat {
        times: u64,
        step: Box<Step>,
    },
}
