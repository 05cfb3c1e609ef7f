//! Host-side bindings of the worlds in `wit/`, generated at compile time.

#![expect(missing_docs, reason = "generated; the documentation stands in wit/")]
#![expect(unreachable_pub, reason = "generated")]

pub mod plugin {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "twobot:plugin/plugin",
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
