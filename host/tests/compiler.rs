//! The binary as its own compiler.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

use std::io::Write;
use std::num::NonZeroUsize;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use twobot_runtime::{Compiler, CompilerProcess, ComponentError, Machine, MachineConfig, world_of};

/// The hidden command.
const COMPILE: &str = "compile-component";

fn process() -> CompilerProcess {
    CompilerProcess::new(PathBuf::from(env!("CARGO_BIN_EXE_twobot")), vec![COMPILE.into()])
}

fn machine(cache: &Path, compiler: Compiler) -> Machine {
    let config = MachineConfig::new([7; 32], NonZeroUsize::MIN);
    Machine::new(MachineConfig { cache: Some(cache.to_owned()), compiler, ..config }).unwrap()
}

/// The built-in components.
fn components() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/components");
    let files = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "wasm"));
    let found: Vec<_> =
        files.map(|path| (path.display().to_string(), std::fs::read(path).unwrap())).collect();
    assert!(found.len() >= 5, "the components are not built; run: cargo xtask guests");
    found
}

async fn load(machine: &Machine, bytes: Vec<u8>) -> Result<(), ComponentError> {
    match world_of(&bytes) {
        Some("gateway") => machine.load_gateway(bytes).await.map(drop),
        _ => machine.load_plugin(bytes).await.map(drop),
    }
}

/// A component of so many functions, each of which adds one so many times. It breaks no rule, and takes long to compile.
fn bomb(functions: usize, additions: usize) -> Vec<u8> {
    fn number(mut value: usize) -> Vec<u8> {
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
    let section = |id: u8, content: Vec<u8>| [vec![id], number(content.len()), content].concat();
    // No locals but the parameter: get it, one, add, set it.
    let mut body = vec![0];
    body.extend([0x20, 0, 0x41, 1, 0x6a, 0x21, 0].repeat(additions));
    body.push(0x0b);
    let body = [number(body.len()), body].concat();
    let module = [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, b"\x01\x60\x01\x7f\0".to_vec()),
        section(3, [number(functions), vec![0; functions]].concat()),
        section(10, [number(functions), body.repeat(functions)].concat()),
    ]
    .concat();
    [b"\0asm\x0d\0\x01\0".to_vec(), section(1, module)].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_compiles_fits_the_host_and_a_second_start_compiles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let all = components();
    let first = machine(folder.path(), Compiler::Process(process()));
    for (file, bytes) in &all {
        load(&first, bytes.clone()).await.unwrap_or_else(|error| panic!("{file}: {error}"));
    }
    assert_eq!(first.compilations(), all.len() as u64);
    // One that compiles here, and one that could not compile at all.
    let missing = CompilerProcess::new(PathBuf::from("/nonexistent"), Vec::new());
    for compiler in [Compiler::Here, Compiler::Process(missing)] {
        let next = machine(folder.path(), compiler);
        for (file, bytes) in &all {
            load(&next, bytes.clone()).await.unwrap_or_else(|error| panic!("{file}: {error}"));
        }
        assert_eq!(next.compilations(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_is_ended_and_the_host_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let error_of = async |compiler, bytes| {
        let machine = machine(folder.path(), Compiler::Process(compiler));
        load(&machine, bytes).await.unwrap_err()
    };
    let hasty = CompilerProcess { time: Duration::from_millis(100), ..process() };
    let error = error_of(hasty, bomb(50, 50_000)).await;
    assert!(matches!(error, ComponentError::CompileTimeout { .. }), "{error:?}");
    let small = CompilerProcess { memory: 1024 * 1024, ..process() };
    let error = error_of(small, bomb(10, 50_000)).await;
    assert!(matches!(error, ComponentError::CompileCrashed { .. }), "{error:?}");
    let error = error_of(process(), b"\0asm\x0d\0\x01\0\x01\x01\x01".to_vec()).await;
    assert!(matches!(error, ComponentError::Invalid(_)), "{error:?}");

    let (_, good) = components().remove(0);
    load(&machine(folder.path(), Compiler::Process(process())), good).await.unwrap();
}

/// How the command ends when it is asked this.
fn ask(question: &[u8]) -> std::process::ExitStatus {
    let mut child = Command::new(env!("CARGO_BIN_EXE_twobot"))
        .arg(COMPILE)
        .env_clear()
        .env("RAYON_NUM_THREADS", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(question);
    child.wait().unwrap()
}

#[test]
fn it_bounds_its_own_processor_time_and_speaks_to_hosts_only() {
    let memory = 2_u64 * 1024 * 1024 * 1024;
    let head =
        |seconds: u64| [b"2botcmp1".as_slice(), &memory.to_le_bytes(), &seconds.to_le_bytes()].concat();
    const SIGXCPU: i32 = 24;
    assert_eq!(ask(&[head(1), bomb(80, 50_000)].concat()).signal(), Some(SIGXCPU));
    assert!(ask(&[head(60), b"\0asm\x0d\0\x01\0".to_vec()].concat()).success());
    assert_eq!(ask(b"hello, who are you, I am a person").code(), Some(1));
}

#[test]
fn the_command_is_not_for_people() {
    let help = Command::new(env!("CARGO_BIN_EXE_twobot")).arg("--help").output().unwrap();
    assert!(!String::from_utf8_lossy(&help.stdout).contains(COMPILE));
}
