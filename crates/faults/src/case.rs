//! A case: a fault, how often it is tried, and what must be seen.

use anyhow::Result;

use crate::round::{Programs, Round};

/// A fault, and what must be seen.
pub(crate) struct Case {
    /// As in the catalogue of faults: `S1`.
    pub(crate) id: &'static str,
    pub(crate) about: &'static str,
    /// The number of rounds that proves something.
    pub(crate) rounds: u32,
    /// The number of rounds in `cargo xtask test`.
    pub(crate) short_rounds: u32,
    pub(crate) needs: &'static [Need],
    pub(crate) load: Load,
    /// Runs one round.
    pub(crate) run: fn(&mut Round) -> Result<()>,
}

/// The load of a case on the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    /// It runs alone.
    Busy,
    /// It mostly waits, for a link, a clock or a limit, and runs beside other cases that do.
    Waiting,
}

/// A requirement of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Node.js, and the npm packages of `ui`.
    Node,
    /// Network namespaces and TUN devices.
    #[cfg(target_os = "linux")]
    Network,
    /// libfaketime, which makes a program's wall clock jump.
    #[cfg(target_os = "linux")]
    FakeTime,
    /// File systems in user space.
    #[cfg(target_os = "linux")]
    Fuse,
    /// The right to mount.
    #[cfg(target_os = "linux")]
    Mounts,
}

impl Need {
    /// Returns why the machine does not have it, if so.
    pub(crate) fn obstacle(self, programs: &Programs) -> Option<String> {
        match self {
            Need::Node => {
                let library = programs.ui.join("node_modules/socket.io-client");
                (!library.exists()).then(|| format!("there is no {} (npm ci)", library.display()))
            }
            #[cfg(target_os = "linux")]
            Need::Network => ichat_testkit::net::obstacle(),
            #[cfg(target_os = "linux")]
            Need::FakeTime => crate::wall_clock::library()
                .is_none()
                .then(|| "there is no libfaketime (apt-get install libfaketime)".to_owned()),
            #[cfg(target_os = "linux")]
            Need::Fuse => crate::disk::obstacle(),
            #[cfg(target_os = "linux")]
            Need::Mounts => (!nix::unistd::geteuid().is_root()).then(|| "only root may mount a small disk".to_owned()),
        }
    }
}
