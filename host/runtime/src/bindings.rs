//! Host-side bindings of the worlds in `wit/`, generated at compile time.

#![expect(missing_docs, reason = "generated; the documentation stands in wit/")]
#![expect(unreachable_pub, reason = "generated")]

/// The world of plugins as far as this crate serves it by itself: without `wasi:http`, whose types are Wasmtime's.
pub mod plugin {
    wasmtime::component::bindgen!({
        path: "../../wit",
        inline: "
            package twobot:host;

            world plugin {
                import twobot:plugin/gateways@1.0.0;
                import twobot:plugin/ai@1.0.0;
                import twobot:plugin/log@1.0.0;
                import twobot:plugin/notify@1.0.0;
                import twobot:plugin/schedule@1.0.0;
                import wasi:keyvalue/store@0.2.0-draft;
                import wasi:keyvalue/atomics@0.2.0-draft;
                import wasi:keyvalue/batch@0.2.0-draft;
                import wasi:config/store@0.2.0-rc.1;

                export describe: func() -> manifest;
                export twobot:plugin/plugin-handler@1.0.0;

                use twobot:plugin/plugin-manifest@1.0.0.{manifest};
            }
        ",
        world: "twobot:host/plugin",
        imports: { default: async },
        exports: { default: async },
        with: { "wasi:keyvalue/store.bucket": crate::capability::keyvalue::Bucket },
        additional_derives: [serde::Serialize, serde::Deserialize, PartialEq],
    });
}

pub mod gateway {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "twobot:plugin/gateway",
        imports: { default: async },
        exports: { default: async },
        with: {
            "twobot:plugin/types": super::plugin::twobot::plugin::types,
            "twobot:plugin/events": super::plugin::twobot::plugin::events,
            "twobot:plugin/actions": super::plugin::twobot::plugin::actions,
            "twobot:plugin/chat": super::plugin::twobot::plugin::chat,
            "twobot:plugin/log": super::plugin::twobot::plugin::log,
            "wasi:config/store@0.2.0-rc.1": super::plugin::wasi::config::store,
        },
        additional_derives: [serde::Serialize, serde::Deserialize, PartialEq],
    });
}
