//! What the kernel accounts to a process: CPU to the nanosecond, ended threads included, and memory.

use std::time::Duration;

use anyhow::Result;

/// What a process holds of the memory, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// What is resident, shared pages in shares.
    pub(crate) pss: u64,
}

/// User and system time of this process so far.
pub(crate) fn own_cpu() -> Result<Duration> {
    cpu(std::process::id())
}

/// User and system time of a process so far, all its threads together.
#[cfg(target_os = "linux")]
pub(crate) fn cpu(pid: u32) -> Result<Duration> {
    use nix::time::{ClockId, clock_gettime};
    let clock = ClockId::pid_cpu_clock_id(nix::unistd::Pid::from_raw(i32::try_from(pid)?))?;
    Ok(clock_gettime(clock)?.into())
}

/// What a process holds of the memory (`smaps_rollup` of proc(5)).
#[cfg(target_os = "linux")]
pub(crate) fn memory(pid: u32) -> Result<Memory> {
    use anyhow::Context as _;
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let pss = text
        .lines()
        .find_map(|line| line.strip_prefix("Pss:"))
        .context("no Pss in smaps_rollup")?;
    let kib: u64 = pss.trim().trim_end_matches(" kB").parse()?;
    Ok(Memory { pss: kib * 1_024 })
}

/// Elsewhere the accounts are others, and figures from them could not be held beside these.
#[cfg(not(target_os = "linux"))]
pub(crate) fn cpu(_: u32) -> Result<Duration> {
    anyhow::bail!("the benchmark reads Linux' accounts of CPU and memory: run it on Linux")
}

/// See [`cpu`].
#[cfg(not(target_os = "linux"))]
pub(crate) fn memory(_: u32) -> Result<Memory> {
    anyhow::bail!("the benchmark reads Linux' accounts of CPU and memory: run it on Linux")
}
