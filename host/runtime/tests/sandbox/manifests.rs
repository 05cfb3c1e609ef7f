//! What a component says of itself, and how it fails to.

use crate::handmade::{Handmade, Manifest};
use crate::host::{Host, machine};
use twobot_runtime::ComponentError;

async fn describe(manifest: Manifest) -> Result<(), ComponentError> {
    let made = Handmade { manifest, ..Handmade::default() };
    machine().load_plugin(made.component()).await.map(drop)
}

type Change = fn(&mut Manifest);

#[tokio::test]
async fn every_wrong_field_of_a_manifest_is_named() {
    describe(Manifest::default()).await.expect("as it stands it is right");
    let changes: [(&str, Change); 35] = [
        ("slug", |manifest| manifest.texts[0] = String::new()),
        ("slug", |manifest| manifest.texts[0] = "Upper".to_owned()),
        ("slug", |manifest| manifest.texts[0] = "../../etc".to_owned()),
        ("slug", |manifest| manifest.texts[0] = "1st".to_owned()),
        ("slug", |manifest| manifest.texts[0] = "nul\0".to_owned()),
        ("slug", |manifest| manifest.texts[0] = "x".repeat(65)),
        ("slug", |manifest| manifest.texts[0] = "\u{1}".repeat(1024 * 1024)),
        ("name", |manifest| manifest.texts[1] = " ".to_owned()),
        ("name", |manifest| manifest.texts[1] = "x".repeat(61)),
        ("version", |manifest| manifest.texts[2] = "1".to_owned()),
        ("version", |manifest| manifest.texts[2] = "latest".to_owned()),
        ("version", |manifest| manifest.texts[2] = format!("1.0.0-{}", "x".repeat(100_000))),
        ("version", |manifest| manifest.texts[2] = "9".repeat(100_000)),
        ("summary", |manifest| manifest.texts[3] = String::new()),
        ("summary", |manifest| manifest.texts[3] = "x".repeat(201)),
        ("description", |manifest| manifest.texts[4] = "x".repeat(1024 * 1024)),
        ("author", |manifest| manifest.texts[5] = String::new()),
        ("category", |manifest| manifest.texts[6] = "x".repeat(41)),
        ("subscriptions", |manifest| manifest.subscriptions = vec![0; 100_000]),
        ("capabilities", |manifest| manifest.capabilities = vec![0; 100_000]),
        ("gateways", |manifest| {
            manifest.slots = (0..1_000).map(|number| (format!("s{number}"), "t".to_owned())).collect();
        }),
        ("gateways.name", |manifest| manifest.slots = vec![("a b".to_owned(), "t".to_owned())]),
        ("gateways.name", |manifest| manifest.slots = vec![("a".to_owned(), "t".to_owned()); 2]),
        ("gateways.title", |manifest| manifest.slots = vec![("a".to_owned(), String::new())]),
        ("schedules", |manifest| {
            manifest.schedules = (0..1_000)
                .map(|number| [format!("s{number}"), "* * * * *".to_owned(), "UTC".to_owned()])
                .collect();
        }),
        ("schedules.name", |manifest| manifest.schedules = vec![["", "* * * * *", "UTC"].map(str::to_owned)]),
        ("schedules.cron", |manifest| manifest.schedules = vec![["a", "", "UTC"].map(str::to_owned)]),
        ("schedules.time_zone", |manifest| {
            manifest.schedules = vec![["a", "* * * * *", ""].map(str::to_owned)]
        }),
        ("actions", |manifest| {
            manifest.actions = (0..1_000).map(|number| (format!("a{number}"), "{}".to_owned())).collect();
        }),
        ("actions.name", |manifest| manifest.actions = vec![("a".to_owned(), "{}".to_owned()); 2]),
        ("actions.input_schema", |manifest| manifest.actions = vec![("a".to_owned(), "[]".to_owned())]),
        ("actions.input_schema", |manifest| {
            manifest.actions = vec![("a".to_owned(), "{\"$ref\":\"#\"}".to_owned())]
        }),
        ("config_schema", |manifest| manifest.config_schema = String::new()),
        ("config_schema", |manifest| manifest.config_schema = "{\"type\":\"strange\"}".to_owned()),
        ("config_schema", |manifest| {
            manifest.config_schema = format!("{{\"title\":\"{}\"}}", "x".repeat(1024 * 1024))
        }),
    ];
    for (wanted, change) in changes {
        let mut manifest = Manifest::default();
        change(&mut manifest);
        match describe(manifest).await {
            Err(ComponentError::Manifest { field, message }) => {
                assert_eq!(field, wanted, "{message}");
                assert!(message.len() < 3_000, "{wanted}: {} bytes", message.len());
            }
            other => panic!("{wanted}: {other:?}"),
        }
    }
    Host::new().await.unhurt().await;
}

#[tokio::test]
async fn values_that_there_are_not_and_megabytes_are_refused() {
    let manifests = [
        Manifest { subscriptions: vec![200], ..Manifest::default() },
        Manifest { capabilities: vec![200], ..Manifest::default() },
        Manifest { config_schema: "x".repeat(5 * 1024 * 1024), ..Manifest::default() },
    ];
    for manifest in manifests {
        let memory = "(memory (export \"memory\") 128)".to_owned();
        let made = Handmade { manifest, memory, ..Handmade::default() };
        let error = machine().load_plugin(made.component()).await.unwrap_err();
        assert!(matches!(error, ComponentError::Describe(_)), "{error}");
    }
    Host::new().await.unhurt().await;
}

#[tokio::test]
async fn a_component_that_can_not_describe_itself_is_refused_with_the_reason() {
    let calls_out = r#"(import "wasi:keyvalue/store@0.2.0-draft" "open" (func $open (param i32 i32 i32)))"#;
    for (imports, describe, reason) in [
        ("", "unreachable", "unreachable"),
        ("", "(loop (br 0)) unreachable", "Used up its computing time"),
        ("", "(memory.grow (i32.const 2000)) drop unreachable", "Ran out of memory"),
        ("", "i32.const -8", "Crashed"),
        // Nothing is granted to a component that is asked what it is: this leads to the trap.
        (
            calls_out,
            "(call $open (i32.const 108) (i32.const 2) (i32.const 2048))
             (if (i32.load8_u (i32.const 2048)) (then unreachable)) i32.const 64",
            "unreachable",
        ),
    ] {
        let made =
            Handmade { imports: imports.to_owned(), describe: describe.to_owned(), ..Handmade::default() };
        let error = machine().load_plugin(made.component()).await.unwrap_err();
        assert!(matches!(error, ComponentError::Describe(_)), "{describe}: {error:?}");
        assert!(error.to_string().contains(reason), "{describe}: {error}");
    }
    Host::new().await.unhurt().await;
}
