//! The kernel's accounts of a process: CPU time to the nanosecond, with all threads that have ended, and memory.

use std::time::Duration;

use anyhow::Result;

/// Returns user and system time of this process so far.
pub(crate) fn own_cpu() -> Result<Duration> {
    cpu(std::process::id())
}

/// Returns user and system time of a process so far, of all its threads together.
#[cfg(target_os = "linux")]
pub(crate) fn cpu(pid: u32) -> Result<Duration> {
    use nix::time::{ClockId, clock_gettime};
    let clock = ClockId::pid_cpu_clock_id(nix::unistd::Pid::from_raw(i32::try_from(pid)?))?;
    Ok(clock_gettime(clock)?.into())
}

/// Returns the resident memory of a process, with its share of shared pages (PSS, `smaps_rollup` in proc(5)).
#[cfg(target_os = "linux")]
pub(crate) fn pss_bytes(pid: u32) -> Result<u64> {
    use anyhow::Context as _;
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let pss = text
        .lines()
        .find_map(|line| line.strip_prefix("Pss:"))
        .context("no Pss in smaps_rollup")?;
    let kib: u64 = pss.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1_024)
}

/// Other systems account differently, and their figures could not be compared with those of Linux.
#[cfg(not(target_os = "linux"))]
pub(crate) fn cpu(_: u32) -> Result<Duration> {
    anyhow::bail!("the benchmark reads Linux' accounts of CPU and memory: run it on Linux")
}

/// See [`cpu`].
#[cfg(not(target_os = "linux"))]
pub(crate) fn pss_bytes(_: u32) -> Result<u64> {
    anyhow::bail!("the benchmark reads Linux' accounts of CPU and memory: run it on Linux")
}
