//! What the kernel says of a process.

use anyhow::{Context as _, Result};
use std::time::Duration;

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

/// The processor time that a process has used so far, all its threads together.
pub(crate) fn processor_time(process: u32) -> Result<Duration> {
    let text = std::fs::read_to_string(path(Some(process), "stat"))?;
    // The name before may have spaces and brackets in it. User and system time are fields 14 and 15, in hundredths of a second
    // (`man 5 proc_pid_stat`; USER_HZ is 100 on all that this runs on).
    let (_, rest) = text.rsplit_once(')').context("a process has a name")?;
    let ticks = rest.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    Ok(Duration::from_millis(10 * ticks.sum::<Result<u64, _>>()?))
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
