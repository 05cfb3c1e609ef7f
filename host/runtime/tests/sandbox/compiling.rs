//! Compiling in a process of its own: whatever that process does, the host lives and tells what was wrong.

use crate::handmade::Handmade;
use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use twobot_runtime::{Compiler, CompilerProcess, ComponentError, Machine, MachineConfig};

/// A machine whose compiler is a shell that runs a script.
fn machine_with(script: &str, change: impl FnOnce(&mut CompilerProcess)) -> Machine {
    let arguments: Vec<OsString> = vec!["-c".into(), script.into()];
    let mut process = CompilerProcess::new(PathBuf::from("/bin/sh"), arguments);
    change(&mut process);
    let config = MachineConfig::new([7; 32], NonZeroUsize::MIN);
    Machine::new(MachineConfig { compiler: Compiler::Process(process), ..config }).unwrap()
}

async fn refused(machine: &Machine) -> ComponentError {
    machine.load_plugin(Handmade::default().component()).await.unwrap_err()
}

#[tokio::test]
async fn a_compiler_that_is_none_harms_nobody() {
    for (script, code) in [
        ("exit 3", "compile_crashed"),
        ("cat > /dev/null; kill -ABRT $$", "compile_crashed"),
        ("kill -KILL $$", "compile_crashed"),
        ("kill -XCPU $$", "compile_timeout"),
        ("echo hello", "platform_failed"),
        ("true", "platform_failed"),
        ("printf '2botcmp1'", "platform_failed"),
        // What it says is code is none: the engine looks before it loads.
        ("printf '2botcmp1\\0nonsense'", "component_invalid"),
        ("printf '2botcmp1\\1because'", "component_invalid"),
        ("exec cat /dev/zero", "compiled_too_large"),
    ] {
        let machine = machine_with(script, |process| process.largest = 1_000_000);
        let error = refused(&machine).await;
        assert_eq!(error.code(), code, "{script}: {error}");
        assert!(error.to_string().len() < 500);
    }
    let machine = machine_with("", |process| process.program = PathBuf::from("/nonexistent"));
    assert!(matches!(refused(&machine).await, ComponentError::Host(_)));
    crate::host::Host::new().await.unhurt().await;
}

/// Whether a process computes or could.
fn lives(pid: &str) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    state.rsplit(')').next().is_some_and(|rest| !rest.trim().is_empty() && !rest.trim().starts_with('Z'))
}

/// A compiler that notes its number and never answers.
fn silent(note: &Path) -> String {
    format!("echo $$ > {0}.new; mv {0}.new {0}; exec sleep 1000", note.display())
}

#[tokio::test]
async fn one_that_never_answers_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("pid");
    let machine = machine_with(&silent(&note), |process| process.time = Duration::from_millis(500));
    let error = refused(&machine).await;
    assert!(matches!(error, ComponentError::CompileTimeout { .. }), "{error}");
    assert!(!lives(&std::fs::read_to_string(&note).unwrap()));
}

#[tokio::test]
async fn when_nobody_waits_any_more_it_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("pid");
    let machine = machine_with(&silent(&note), |_| {});
    let loading = tokio::spawn(async move { refused(&machine).await });
    let pid = loop {
        match std::fs::read_to_string(&note) {
            Ok(pid) => break pid,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    assert!(lives(&pid));
    loading.abort();
    let _ = loading.await;
    while lives(&pid) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn it_gets_the_component_and_nothing_of_the_hosts_environment() {
    let folder = tempfile::tempdir().unwrap();
    let heard = folder.path().join("heard");
    let script = format!("cat > {0}; env > {0}.env; pwd >> {0}.env", heard.display());
    let machine = machine_with(&script, |process| process.threads = 3);
    refused(&machine).await;
    let question = std::fs::read(&heard).unwrap();
    assert!(question.ends_with(&Handmade::default().component()));
    let environment = std::fs::read_to_string(folder.path().join("heard.env")).unwrap();
    assert!(environment.contains("RAYON_NUM_THREADS=3") && environment.ends_with("\n/\n"), "{environment}");
    for name in ["HOME", "CARGO", "USER"] {
        assert!(!environment.contains(&format!("{name}=")), "{environment}");
    }
}

#[tokio::test]
async fn what_was_compiled_once_is_not_compiled_again() {
    let folder = tempfile::tempdir().unwrap();
    let config = || MachineConfig {
        cache: Some(folder.path().to_owned()),
        ..MachineConfig::new([7; 32], NonZeroUsize::MIN)
    };
    let first = Machine::new(config()).unwrap();
    for _ in 0..2 {
        first.load_plugin(Handmade::default().component()).await.unwrap();
    }
    assert_eq!(first.compilations(), 1);
    // The next start has no compiler at all, and needs none.
    let process = CompilerProcess::new(PathBuf::from("/nonexistent"), Vec::new());
    let second = Machine::new(MachineConfig { compiler: Compiler::Process(process), ..config() }).unwrap();
    second.load_plugin(Handmade::default().component()).await.unwrap();
    assert_eq!(second.compilations(), 0);
    assert!(matches!(
        second.load_plugin(Handmade::handling("i32.const 64 nop").component()).await,
        Err(ComponentError::Host(_))
    ));
}

#[tokio::test]
async fn of_what_was_compiled_the_last_used_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let made =
        |number: usize| Handmade::handling(&format!("{} i32.const 64", "nop ".repeat(number))).component();
    let config = |bytes| MachineConfig {
        cache: Some(folder.path().to_owned()),
        cache_bytes: bytes,
        ..MachineConfig::new([7; 32], NonZeroUsize::MIN)
    };
    let machine = Machine::new(config(1)).unwrap();
    for number in 0..3 {
        machine.load_plugin(made(number)).await.unwrap();
    }
    machine.load_plugin(made(2)).await.unwrap();
    assert_eq!(machine.compilations(), 3);
    machine.load_plugin(made(0)).await.unwrap();
    assert_eq!(machine.compilations(), 4, "there was room for one");
}
