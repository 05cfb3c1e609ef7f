//! Plugins made by hand, from WebAssembly text: what no compiler of a language would make.
//!
//! Such a component has a correct manifest and correct handlers unless a test replaces a part. It is a few kilobytes long, so that
//! compiling it takes no time.

use std::fmt::Write;
use std::path::Path;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Where the manifest's data begin.
const DATA: usize = 4096;

/// The answer `ok` of `handle` lies here: zeros.
pub(crate) const OK: usize = 64;

/// The world of a handmade plugin: the contract's, and parts of WASI of which it can import what it likes.
const WORLD: &str = "
    package test:handmade;
    world handmade {
        include twobot:plugin/plugin@1.0.0;
        import wasi:random/random@0.2.0;
        import wasi:io/poll@0.2.12;
        import wasi:clocks/monotonic-clock@0.2.12;
    }
    package wasi:random@0.2.0 {
        interface random { get-random-bytes: func(len: u64) -> list<u8>; }
    }
";

/// An action in a handmade manifest: name and input schema.
pub(crate) type Action = (String, String);

/// What a handmade plugin says of itself.
#[derive(Clone)]
pub(crate) struct Manifest {
    /// Slug, name, version, summary, description, author, category.
    pub(crate) texts: [String; 7],
    /// Positions in `event-kind`.
    pub(crate) subscriptions: Vec<u8>,
    /// Positions in `capability`.
    pub(crate) capabilities: Vec<u8>,
    /// Name and title.
    pub(crate) slots: Vec<(String, String)>,
    /// Name, cron, time zone.
    pub(crate) schedules: Vec<[String; 3]>,
    pub(crate) actions: Vec<Action>,
    pub(crate) config_schema: String,
}

impl Default for Manifest {
    fn default() -> Self {
        let texts = ["handmade", "Handmade (test)", "1.0.0", "A test.", "A test.", "2Bot", "testing"];
        Self {
            texts: texts.map(str::to_owned),
            subscriptions: vec![0],
            capabilities: vec![0, 1, 2, 3, 4],
            slots: Vec::new(),
            schedules: Vec::new(),
            actions: vec![("act".to_owned(), "{}".to_owned())],
            config_schema: "{}".to_owned(),
        }
    }
}

/// The parts of a handmade plugin, as WebAssembly text. Whatever is empty is done correctly.
#[derive(Clone, Default)]
pub(crate) struct Handmade {
    pub(crate) manifest: Manifest,
    /// Imports, before all else.
    pub(crate) imports: String,
    /// The memory; `(memory (export "memory") 16)` where it is empty.
    pub(crate) memory: String,
    /// More fields of the module: functions, tables, a start function.
    pub(crate) fields: String,
    /// Body of `describe`; gives a pointer.
    pub(crate) describe: String,
    /// Body of `handle`, with the event in local 0; gives a pointer.
    pub(crate) handle: String,
    /// Body of `run`; gives a pointer.
    pub(crate) run: String,
    /// Body of `cabi_realloc` (old pointer, old size, alignment, new size); gives a pointer.
    pub(crate) realloc: String,
}

/// A piece of linear memory that is filled from one end.
struct Memory(Vec<u8>);

impl Memory {
    fn put(&mut self, bytes: &[u8]) -> u32 {
        while !self.0.len().is_multiple_of(4) {
            self.0.push(0);
        }
        let at = u32::try_from(DATA + self.0.len()).unwrap();
        self.0.extend_from_slice(bytes);
        at
    }

    /// Pointer and length, as the canonical ABI keeps a string.
    fn text(&mut self, text: &str) -> Vec<u8> {
        let at = self.put(text.as_bytes());
        pair(at, text.len())
    }

    /// Pointer and length of a list whose elements lie one after another.
    fn list(&mut self, count: usize, elements: &[u8]) -> Vec<u8> {
        let at = self.put(elements);
        pair(at, count)
    }
}

fn pair(at: u32, length: usize) -> Vec<u8> {
    [at.to_le_bytes(), u32::try_from(length).unwrap().to_le_bytes()].concat()
}

impl Manifest {
    /// The manifest in linear memory, and where its record begins.
    fn lay_out(&self) -> (Vec<u8>, u32) {
        let mut memory = Memory(Vec::new());
        let mut record = Vec::new();
        for text in &self.texts {
            record.extend(memory.text(text));
        }
        record.extend(memory.list(self.subscriptions.len(), &self.subscriptions));
        // A case, and room for the text that some have.
        let mut capabilities = Vec::new();
        for case in &self.capabilities {
            capabilities.push(*case);
            capabilities.extend([0; 11]);
        }
        record.extend(memory.list(self.capabilities.len(), &capabilities));
        let mut slots = Vec::new();
        for (name, title) in &self.slots {
            slots.extend(memory.text(name));
            slots.extend(memory.text(title));
            // No kinds, not required.
            slots.extend([0; 12]);
        }
        record.extend(memory.list(self.slots.len(), &slots));
        let schedules: Vec<u8> = self.schedules.iter().flatten().flat_map(|text| memory.text(text)).collect();
        record.extend(memory.list(self.schedules.len(), &schedules));
        let mut actions = Vec::new();
        for (name, schema) in &self.actions {
            actions.extend(memory.text(name));
            actions.extend(memory.text("Title"));
            actions.extend(memory.text("Description"));
            // A report; an enum of one byte and what aligns the text after it.
            actions.extend([0; 4]);
            actions.extend(memory.text(schema));
        }
        record.extend(memory.list(self.actions.len(), &actions));
        record.extend(memory.text(&self.config_schema));
        // Not one at a time.
        record.extend([0; 4]);
        let at = memory.put(&record);
        (memory.0, at)
    }
}

impl Handmade {
    /// A correct plugin whose handler for events has this body.
    pub(crate) fn handling(body: &str) -> Self {
        Self { handle: body.to_owned(), ..Self::default() }
    }

    /// The component.
    pub(crate) fn component(&self) -> Vec<u8> {
        let mut module = wat::parse_str(self.text()).unwrap_or_else(|error| panic!("{error}"));
        let mut resolve = Resolve::default();
        let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
        resolve.push_dir(contract).unwrap();
        let package = resolve.push_str("handmade.wit", WORLD).unwrap();
        let world = resolve.select_world(&[package], Some("handmade")).unwrap();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
    }

    fn text(&self) -> String {
        fn or<'a>(part: &'a str, else_: &'a str) -> &'a str {
            if part.is_empty() { else_ } else { part }
        }
        let (data, manifest) = self.manifest.lay_out();
        let mut bytes = String::new();
        for byte in &data {
            write!(bytes, "\\{byte:02x}").unwrap();
        }
        let heap = (DATA + data.len()).next_multiple_of(65_536);
        let imports = &self.imports;
        let memory = or(&self.memory, "(memory (export \"memory\") 64)");
        let fields = &self.fields;
        let describe =
            if self.describe.is_empty() { format!("i32.const {manifest}") } else { self.describe.clone() };
        let ok = format!("i32.const {OK}");
        let handle = or(&self.handle, &ok);
        let run = or(&self.run, "i32.const 96");
        let realloc = or(
            &self.realloc,
            "global.get $next
             local.get 2 i32.add i32.const -1 i32.add
             i32.const 0 local.get 2 i32.sub i32.and
             local.tee 4
             local.get 3 i32.add global.set $next
             local.get 4",
        );
        // At 96 lies the answer `ok("{}")` of `run`: its text is at 108.
        format!(
            r#"(module
                {imports}
                {memory}
                (global $next (mut i32) (i32.const {heap}))
                (data (i32.const 96) "\00\00\00\00\6c\00\00\00\02\00\00\00{{}}")
                (data (i32.const {DATA}) "{bytes}")
                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local i32) {realloc})
                (func (export "describe") (result i32) {describe})
                (func (export "twobot:plugin/plugin-handler@1.0.0#handle") (param i32) (result i32) (local i32 i32) {handle})
                (func (export "twobot:plugin/plugin-handler@1.0.0#run") (param i32 i32 i32 i32) (result i32) {run})
                {fields}
            )"#
        )
    }
}

/// A component with so many instances of another core module besides its own.
pub(crate) fn with_more(component: &[u8], module: &str, instances: u32) -> Vec<u8> {
    let modules = wasmparser::Parser::new(0)
        .parse_all(component)
        .filter(|payload| matches!(payload, Ok(wasmparser::Payload::ModuleSection { .. })))
        .count();
    let module = wat::parse_str(module).unwrap();
    let mut bytes = component.to_vec();
    // A core module section, and a core instance section: each instance is made of that module, with no arguments.
    section(&mut bytes, 1, &module);
    let mut content = number(instances);
    for _ in 0..instances {
        content.push(0);
        content.extend(number(u32::try_from(modules).unwrap()));
        content.push(0);
    }
    section(&mut bytes, 2, &content);
    bytes
}

fn section(bytes: &mut Vec<u8>, id: u8, content: &[u8]) {
    bytes.push(id);
    bytes.extend(number(u32::try_from(content.len()).unwrap()));
    bytes.extend_from_slice(content);
}

/// A number as WebAssembly writes it.
fn number(mut value: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        bytes.push(if value > 0 { low | 0x80 } else { low });
        if value == 0 {
            return bytes;
        }
    }
}
