//! What the kernel says of a process.

use anyhow::{Context as _, Result};

/// A process's memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// Bytes in memory, those shared with other processes included.
    pub(crate) resident: u64,
    /// Bytes in memory that no other process shares.
    pub(crate) private: u64,
}

/// The memory of a process, or of this one.
pub(crate) fn memory(process: Option<u32>) -> Result<Memory> {
    let text = std::fs::read_to_string(path(process, "smaps_rollup"))?;
    let sum = |names: &[&str]| {
        let lines = text.lines().filter_map(|line| line.split_once(':'));
        lines
            .filter(|(name, _)| names.contains(name))
            .filter_map(|(_, rest)| rest.trim().trim_end_matches(" kB").parse::<u64>().ok())
            .sum::<u64>()
            * 1_024
    };
    Ok(Memory { resident: sum(&["Rss"]), private: sum(&["Private_Clean", "Private_Dirty"]) })
}

/// How many mappings this process has.
pub(crate) fn mappings() -> Result<u64> {
    Ok(std::fs::read_to_string(path(None, "maps"))?.lines().count() as u64)
}

/// The most mappings that a process may have.
pub(crate) fn most_mappings() -> Result<u64> {
    let text = std::fs::read_to_string("/proc/sys/vm/max_map_count")?;
    text.trim().parse().context("vm.max_map_count is no number")
}

fn path(process: Option<u32>, file: &str) -> String {
    process.map_or_else(|| format!("/proc/self/{file}"), |id| format!("/proc/{id}/{file}"))
}
