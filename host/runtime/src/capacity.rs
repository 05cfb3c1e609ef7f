//! How many sandboxes a machine has room for.

use std::fs::read_to_string;

/// Fewer make no sense: a plugin that waits for a gateway takes two.
pub const LEAST: u32 = 16;

/// The most sandboxes of one process.
///
/// For each memory of a sandbox 4 GiB of addresses are set aside, so that its bounds need no checks, and each may have two: 96 TiB of
/// the 128 that a process has.
pub const MOST: u32 = 12_000;

/// Mappings of a live sandbox: of its memory (what it was made from, what it has written, what it may not touch), its tables and
/// its stack. A cautious figure, since past the limit nothing at all can be mapped; `benches/` (`density`)
/// counts them.
const MAPPINGS_EACH: u64 = 6;

/// Mappings that the rest of the process may have: code, threads, the database.
const MAPPINGS_OF_THE_REST: u64 = 5_000;

/// Bytes of memory of a live sandbox that has done a little and waits. A cautious figure; `benches/` (`density`) measures it.
const BYTES_EACH: u64 = 96 * 1024;

/// The part of the machine's memory that sandboxes in waiting may take.
const PART: u64 = 4;

/// Sandboxes that this machine has room for: as many as the kernel's limit on mappings (`vm.max_map_count`) and a quarter of the
/// memory allow.
#[must_use]
pub fn of_this_machine() -> u32 {
    // Where there is no such limit to be read there is none.
    let mappings = number("/proc/sys/vm/max_map_count").unwrap_or(u64::MAX);
    let machine = read_to_string("/proc/meminfo").ok().and_then(|text| total(&text)).unwrap_or(u64::MAX);
    let group = number("/sys/fs/cgroup/memory.max").unwrap_or(u64::MAX);
    fitting(mappings, machine.min(group))
}

fn fitting(mappings: u64, memory: u64) -> u32 {
    let by_mappings = mappings.saturating_sub(MAPPINGS_OF_THE_REST) / MAPPINGS_EACH;
    let by_memory = memory / PART / BYTES_EACH;
    u32::try_from(by_mappings.min(by_memory)).unwrap_or(MOST).clamp(LEAST, MOST)
}

fn number(file: &str) -> Option<u64> {
    read_to_string(file).ok()?.trim().parse().ok()
}

/// Bytes of memory, by what `/proc/meminfo` says.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()?.checked_mul(1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1_024 * 1_024 * 1_024;

    #[test]
    fn the_scarcest_decides() {
        for (mappings, memory, expected) in [
            (65_530, 24 * GIB, 10_088),
            (65_530, GIB, 2_730),
            (262_144, 24 * GIB, MOST),
            (1_000, 24 * GIB, LEAST),
            (u64::MAX, u64::MAX, MOST),
            (0, 0, LEAST),
        ] {
            assert_eq!(fitting(mappings, memory), expected, "{mappings} mappings, {memory} bytes");
        }
    }

    #[test]
    fn memory_is_read_as_the_kernel_writes_it() {
        assert_eq!(total("MemTotal:       24575000 kB\nMemFree: 1 kB\n"), Some(24_575_000 * 1_024));
        assert_eq!(total("nothing"), None);
    }
}
