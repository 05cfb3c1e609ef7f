//! Bytes that are no component, no good one, or a bomb.

use crate::handmade::{Handmade, with_more};
use crate::host::{Host, MB, guest, machine};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use twobot_runtime::{ComponentError, world_of};

/// A component with this content and the exports of a plugin, by name only.
fn with_exports(content: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
            {content}
            (core module $exports (func (export "f") unreachable))
            (core instance $exports (instantiate $exports))
            (func $f (canon lift (core func $exports "f")))
            (instance $handler (export "handle" (func $f)) (export "run" (func $f)))
            (export "describe" (func $f))
            (export "twobot:plugin/plugin-handler@1.0.0" (instance $handler))
        )"#
    );
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::test]
async fn what_is_no_component_is_refused_in_words() {
    let module = wat::parse_str("(module)").unwrap();
    for (what, bytes) in [("empty", Vec::new()), ("text", b"hello".to_vec()), ("a core module", module)] {
        let error = machine().load_plugin(bytes.clone()).await.unwrap_err().to_string();
        assert!(error.starts_with("not a valid component"), "{what}: {error}");
        assert_eq!(world_of(&bytes), None, "{what}");
    }
    Host::new().await.unhurt().await;
}

#[tokio::test]
async fn truncated_and_damaged_components_are_refused() {
    let whole = Handmade::default().component();
    machine().load_plugin(whole.clone()).await.expect("undamaged");
    for end in (0..whole.len()).step_by(whole.len() / 60) {
        let cut = whole[..end].to_vec();
        let _ = world_of(&cut);
        assert!(machine().load_plugin(cut).await.is_err(), "the first {end} bytes");
    }
    // Damage may do no harm to what a component means; it must do none to the host.
    for place in (0..whole.len()).step_by(97) {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x55;
        let _ = world_of(&damaged);
        let _ = machine().load_plugin(damaged).await;
    }
    // Several bytes at places of chance, the same in every run of this test.
    let mut chance = StdRng::seed_from_u64(1);
    for _ in 0..300 {
        let mut damaged = whole.clone();
        for _ in 0..chance.random_range(1..8) {
            let place = chance.random_range(0..damaged.len());
            damaged[place] = chance.random();
        }
        let _ = world_of(&damaged);
        let _ = machine().load_plugin(damaged).await;
    }
    machine().load_plugin(whole).await.expect("the host is unhurt");
    Host::new().await.unhurt().await;
}

#[tokio::test]
async fn beginnings_of_a_compilers_component_are_refused() {
    let whole = guest("misbehaving");
    // What is left out is never compiled, so that this costs reading alone; the last piece is all but a few bytes.
    let ends = (0..whole.len()).step_by(whole.len() / 40).chain([whole.len() - 1]);
    for end in ends {
        let cut = whole[..end].to_vec();
        let _ = world_of(&cut);
        assert!(machine().load_plugin(cut).await.is_err(), "the first {end} bytes");
    }
    Host::new().await.unhurt().await;
}

#[tokio::test]
async fn a_component_of_another_world_is_refused() {
    let error = machine().load_gateway(guest("probe")).await.unwrap_err().to_string();
    assert!(error.contains("does not fit the world `gateway`"), "{error}");
    let error = machine().load_plugin(guest("gateway-probe")).await.unwrap_err().to_string();
    assert!(error.contains("does not fit the world `plugin`"), "{error}");
    assert_eq!(world_of(&guest("probe")), Some("plugin"));
    assert_eq!(world_of(&guest("gateway-probe")), Some("gateway"));
    Host::new().await.unhurt().await;
}

#[tokio::test]
async fn a_component_that_wants_what_the_host_does_not_serve_is_refused() {
    let importing =
        |name: &str| with_exports(&format!(r#"(import "{name}" (instance (export "f" (func))))"#));
    let error =
        machine().load_plugin(importing("wasi:blobstore/blobstore@0.2.0")).await.unwrap_err().to_string();
    assert!(error.contains("wasi:blobstore/blobstore"), "{error}");
    // Gateways call their provider through the connector, and nobody else.
    let outgoing = importing("wasi:http/outgoing-handler@0.2.12");
    let error = machine().load_gateway(outgoing).await.unwrap_err().to_string();
    assert!(error.contains("wasi:http/outgoing-handler"), "{error}");
    Host::new().await.unhurt().await;
}

#[tokio::test]
async fn exports_of_wrong_types_are_refused() {
    let error = machine().load_plugin(with_exports("")).await.unwrap_err().to_string();
    assert!(error.contains("describe"), "{error}");
    Host::new().await.unhurt().await;
}

#[tokio::test]
async fn floods_of_imports_instances_and_modules_are_refused() {
    let imports: String = (0..10_000).map(|number| format!("(import \"i{number}\" (func))")).collect();
    let modules = "(core module)".repeat(10_000);
    let definitions = "(type u8)".repeat(200_001);
    for (what, content) in [("imports", imports), ("modules", modules), ("definitions", definitions)] {
        let bytes = with_exports(&content);
        let _ = world_of(&bytes);
        match machine().load_plugin(bytes).await {
            Err(ComponentError::TooComplex { what: told, .. }) => assert_eq!(told.to_string(), what),
            other => panic!("{what}: {other:?}"),
        }
    }
    // Each type is twice the one before.
    let types: String =
        (1..40).map(|level| format!("(type $t{level} (tuple $t{0} $t{0}))", level - 1)).collect();
    let types = format!("(type $t0 (tuple u8 u8)) {types}");
    let bytes = with_exports(&types);
    let _ = world_of(&bytes);
    let error = machine().load_plugin(bytes).await.unwrap_err();
    assert!(matches!(error, ComponentError::Invalid(_)), "{error:?}");
    assert!(error.to_string().len() < 3_000);
    Host::new().await.unhurt().await;
}

#[tokio::test]
async fn what_no_sandbox_has_room_for_is_refused_with_its_own_code() {
    let made = Handmade::default().component();
    // With its own memory and table, and the modules that make a component of it.
    machine()
        .load_plugin(with_more(&made, "(module (memory 1) (table 1 funcref))", 7))
        .await
        .expect("eight memories");
    let several = |what: &str, count: usize| format!("(module {})", what.repeat(count));
    for (module, instances, code, allowed) in [
        ("(module (memory 1))".to_owned(), 8, "too_many_memories", 8),
        (several("(memory 1)", 9), 1, "too_many_memories", 8),
        ("(module (table 1 funcref))".to_owned(), 17, "too_many_tables", 16),
        (several("(table 1 funcref)", 17), 1, "too_many_tables", 16),
        ("(module)".to_owned(), 32, "too_many_instances", 32),
        ("(module (memory 4097))".to_owned(), 1, "memory_too_large", 256 * MB),
        ("(module (table 20001 funcref))".to_owned(), 1, "table_too_large", 20_000),
        (several("(global i64 (i64.const 0))", 100_000), 1, "too_much_state", MB),
    ] {
        let error = machine().load_plugin(with_more(&made, &module, instances)).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        let ComponentError::TooComplex { found, allowed: told, .. } = error else { panic!("{error:?}") };
        assert!(found > allowed, "{code}: {found} of {allowed}");
        assert_eq!(told, allowed, "{code}");
    }
    Host::new().await.unhurt().await;
}

#[tokio::test]
async fn a_start_function_that_loops_ends() {
    let fields = "(func $start (loop (br 0))) (start $start)".to_owned();
    let bytes = Handmade { fields, ..Handmade::default() }.component();
    let error = machine().load_plugin(bytes).await.unwrap_err().to_string();
    assert!(error.contains("Used up its computing time"), "{error}");
    Host::new().await.unhurt().await;
}
