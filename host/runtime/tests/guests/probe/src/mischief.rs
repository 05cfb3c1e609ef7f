//! What a sandbox can do wrong without calling the host.

use std::hint::black_box;

/// Computes for ever.
pub(crate) fn spin() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Calls itself for ever.
#[expect(unconditional_recursion, reason = "that is the attack")]
pub(crate) fn recurse(depth: u64) -> u64 {
    // Nothing here lies in linear memory: the host's own stack is what fills up.
    black_box(recurse(black_box(depth) + 1)).wrapping_add(1)
}

/// Takes memory, in steps of this many bytes, until it is refused.
pub(crate) fn eat(step: usize) -> ! {
    let mut eaten: Vec<Vec<u8>> = Vec::new();
    loop {
        eaten.push(black_box(vec![1; step]));
    }
}
