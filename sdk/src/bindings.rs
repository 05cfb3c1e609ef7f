//! What `wit-bindgen` makes of the contract in `wit/`. The rest of this crate is a thinner, kinder face on it.
//!
//! Both worlds share their words (messages, actions, errors): the gateway world reuses the types of the plugin world. A component
//! imports only what its code calls, whatever else is declared here.
#![expect(missing_docs, reason = "generated code; the contract in wit/ is where it is documented")]

/// The world of plugins.
pub mod plugin {
    wit_bindgen::generate!({
        path: "../wit",
        world: "plugin",
        additional_derives: [PartialEq],
        // It holds a resource, and resources are not compared.
        additional_derives_ignore: ["stream-error"],
        pub_export_macro: true,
        export_macro_name: "export_plugin",
        default_bindings_module: "twobot::bindings::plugin",
        generate_all,
    });
}

/// The world of gateways.
pub mod gateway {
    wit_bindgen::generate!({
        path: "../wit",
        world: "gateway",
        additional_derives: [PartialEq],
        pub_export_macro: true,
        export_macro_name: "export_gateway",
        default_bindings_module: "twobot::bindings::gateway",
        with: {
            "twobot:plugin/types@1.0.0": super::plugin::twobot::plugin::types,
            "twobot:plugin/events@1.0.0": super::plugin::twobot::plugin::events,
            "twobot:plugin/actions@1.0.0": super::plugin::twobot::plugin::actions,
            "twobot:plugin/chat@1.0.0": super::plugin::twobot::plugin::chat,
            "twobot:plugin/log@1.0.0": super::plugin::twobot::plugin::log,
            "wasi:config/store@0.2.0-rc.1": super::plugin::wasi::config::store,
        },
        generate_all,
    });
}
