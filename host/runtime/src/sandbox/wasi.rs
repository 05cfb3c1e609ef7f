//! WASI, with the few functions replaced whose work grows with what a guest asks for: they keep the pace that fuel does not.

use crate::sandbox::guest::{Guest, Side};
use rand::Rng;
use wasmtime::component::{Linker, Resource};
use wasmtime::{Result, StoreContextMut};
use wasmtime_wasi::p2::bindings::io::poll;
use wasmtime_wasi::p2::bindings::sockets::ip_name_lookup::ResolveAddressStream;
use wasmtime_wasi::p2::bindings::sockets::network::ErrorCode;
use wasmtime_wasi::p2::{self, DynPollable, Network};

/// The most random bytes of one call.
const MAX_RANDOM: u64 = 64 * 1024;

/// What looking at one pollable is worth, in bytes.
const POLLABLE: usize = 256;

/// What making one random byte is worth, in bytes that are only copied.
const RANDOM_BYTE: usize = 4;

/// Serves WASI.
pub(crate) fn add_to_linker<S: Side>(linker: &mut Linker<Guest<S>>) -> Result<()> {
    p2::add_to_linker_async(linker)?;
    linker.allow_shadowing(true);
    replace(linker)?;
    linker.allow_shadowing(false);
    Ok(())
}

fn replace<S: Side>(linker: &mut Linker<Guest<S>>) -> Result<()> {
    type Names = (Resource<Network>, String);
    type Resolved = (core::result::Result<Resource<ResolveAddressStream>, ErrorCode>,);

    linker.instance("wasi:io/poll@0.2.12")?.func_wrap_async(
        "poll",
        |mut store: StoreContextMut<'_, Guest<S>>, (pollables,): (Vec<Resource<DynPollable>>,)| {
            Box::new(async move {
                let guest = store.data_mut();
                guest.pace.call(pollables.len().saturating_mul(POLLABLE)).await;
                S::settle(guest).await;
                Ok((poll::Host::poll(&mut guest.table, pollables).await?,))
            })
        },
    )?;
    linker.instance("wasi:io/poll@0.2.12")?.func_wrap_async(
        "[method]pollable.block",
        |mut store: StoreContextMut<'_, Guest<S>>, (pollable,): (Resource<DynPollable>,)| {
            Box::new(async move {
                let guest = store.data_mut();
                S::settle(guest).await;
                poll::HostPollable::block(&mut guest.table, pollable).await
            })
        },
    )?;
    linker.instance("wasi:io/poll@0.2.12")?.func_wrap_async(
        "[method]pollable.ready",
        |mut store: StoreContextMut<'_, Guest<S>>, (pollable,): (Resource<DynPollable>,)| {
            Box::new(async move {
                let guest = store.data_mut();
                guest.pace.call(POLLABLE).await;
                S::settle(guest).await;
                Ok((poll::HostPollable::ready(&mut guest.table, pollable).await?,))
            })
        },
    )?;
    for (interface, function) in [("random", "get-random-bytes"), ("insecure", "get-insecure-random-bytes")] {
        linker.instance(&format!("wasi:random/{interface}@0.2.12"))?.func_wrap_async(
            function,
            |mut store: StoreContextMut<'_, Guest<S>>, (length,): (u64,)| {
                Box::new(async move { Ok((random_bytes(store.data_mut(), length).await?,)) })
            },
        )?;
    }
    linker.instance("wasi:sockets/ip-name-lookup@0.2.12")?.func_wrap_async(
        "resolve-addresses",
        |mut store: StoreContextMut<'_, Guest<S>>, (_, name): Names| {
            Box::new(async move {
                store.data_mut().pace.call(name.len()).await;
                Ok::<Resolved, _>((Err(ErrorCode::AccessDenied),))
            })
        },
    )
}

async fn random_bytes<S>(guest: &mut Guest<S>, length: u64) -> Result<Vec<u8>> {
    if length > MAX_RANDOM {
        wasmtime::bail!("{length} random bytes were asked for; at most {MAX_RANDOM} are given at once");
    }
    let mut bytes = vec![0; usize::try_from(length)?];
    guest.pace.call(bytes.len() * RANDOM_BYTE).await;
    guest.random.fill_bytes(&mut bytes);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::guest::PluginSide;
    use wasmtime::Engine;

    /// When WASI moves to another version, these replacements would stand beside what they should replace.
    #[test]
    fn what_is_replaced_is_there_to_be_replaced() {
        let mut linker: Linker<Guest<PluginSide>> = Linker::new(&Engine::default());
        p2::add_to_linker_async(&mut linker).unwrap();
        let replaced = [
            ("io/poll", "poll"),
            ("io/poll", "[method]pollable.block"),
            ("io/poll", "[method]pollable.ready"),
            ("random/random", "get-random-bytes"),
            ("random/insecure", "get-insecure-random-bytes"),
            ("sockets/ip-name-lookup", "resolve-addresses"),
        ];
        for (interface, function) in replaced {
            let mut instance = linker.instance(&format!("wasi:{interface}@0.2.12")).unwrap();
            let twice = instance.func_wrap(function, |_, ()| Ok(())).expect_err(function);
            assert!(twice.to_string().contains("defined twice"), "{twice}");
        }
    }
}
