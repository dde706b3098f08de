//! The cases, by the numbers that they have in the catalogue of faults.
//!
//! **To add one:** make `src/cases/<name>.rs` with a `pub(super) const CASE: Case`, and add a line to [`CASES`]. `run` plays one
//! round and ends with [`Round::verify`]; what it promises beyond the rules that always hold, it checks itself (`bail!` says
//! what was seen instead). Everything random comes from `round.dice`, so that the seed plays it again. Wait with
//! [`Person::until`], never for a fixed time, unless the time is the fault.
//!
//! `round.server()`, `round.person("ada")` (our client) and `round.foreigner("bo")` (socket.io-client) give handles that are
//! cheap to clone; each is a process, and `kill()` is `kill -9`. `server_with` and `person_with` take a
//! [`Setting`](crate::process::Setting): words ahead of the program (`ip netns exec …`) and an environment.
//! `line::Scene` begins with one of them at the other end of a line. A fault that lasts takes `round.pace.lasts(…)`: seconds in a
//! test of everything, and its true minutes when the case is asked for by name (`cargo xtask faults N7`).

mod d1;
mod d10;
mod d11;
mod d14;
mod d2;
mod d3;
mod d4;
mod d5;
mod d7;
mod d8;
mod d9;
mod l2;
#[cfg(target_os = "linux")]
mod l3;
#[cfg(target_os = "linux")]
mod l4;
#[cfg(target_os = "linux")]
mod line;
#[cfg(target_os = "linux")]
mod n1;
#[cfg(target_os = "linux")]
mod n3;
#[cfg(target_os = "linux")]
mod n4;
#[cfg(target_os = "linux")]
mod n5;
#[cfg(target_os = "linux")]
mod n6;
#[cfg(target_os = "linux")]
mod n7;
mod s1;
mod s10;
mod s2;
#[cfg(target_os = "linux")]
mod s3;
#[cfg(target_os = "linux")]
mod s5;
mod s7;
mod s9;

use anyhow::Result;
use ichat_protocol::{Body, EntryId};

use crate::people::Person;
use crate::round::Round;

/// A fault, and what must be seen.
pub(crate) struct Case {
    /// As in the catalogue: `S1`.
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// How many rounds prove something.
    pub(crate) rounds: u32,
    /// How many there is time for in `cargo xtask test`; with 0 the case is left out there.
    pub(crate) short_rounds: u32,
    pub(crate) needs: &'static [Need],
    /// Plays one round.
    pub(crate) run: fn(&mut Round) -> Result<()>,
}

impl Case {
    /// Whether it mostly waits, for a line, a clock or a limit: then it is played beside others that do.
    pub(crate) fn waits(&self) -> bool {
        matches!(self.name, "N1" | "N3" | "N4" | "N5" | "N6" | "N7" | "L4")
    }
}

/// What a machine must have or allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Node.js, and the packages of the interface.
    Node,
    /// Network namespaces and TUN devices.
    #[cfg(target_os = "linux")]
    Network,
    /// libfaketime, which makes a program's wall clock jump.
    #[cfg(target_os = "linux")]
    FakeTime,
    /// A file system of one's own.
    #[cfg(target_os = "linux")]
    Fuse,
    /// The right to mount.
    #[cfg(target_os = "linux")]
    Mounts,
}

impl Need {
    /// Why it is not there, if so.
    pub(crate) fn obstacle(self, programs: &crate::round::Programs) -> Option<String> {
        match self {
            Need::Node => {
                let library = programs.ui.join("node_modules/socket.io-client");
                (!library.exists()).then(|| format!("there is no {} (npm ci)", library.display()))
            }
            #[cfg(target_os = "linux")]
            Need::Network => crate::net::obstacle(),
            #[cfg(target_os = "linux")]
            Need::FakeTime => n6::library()
                .is_none()
                .then(|| "there is no libfaketime (apt-get install faketime)".to_owned()),
            #[cfg(target_os = "linux")]
            Need::Fuse => crate::disk::Disk::obstacle(),
            #[cfg(target_os = "linux")]
            Need::Mounts => (!nix::unistd::geteuid().is_root()).then(|| "only root may mount a small disk".to_owned()),
        }
    }
}

/// In the order of the catalogue.
pub(crate) const CASES: &[Case] = &[
    d1::CASE,
    d2::CASE,
    d3::CASE,
    d4::CASE,
    d5::CASE,
    d7::CASE,
    d8::CASE,
    d9::CASE,
    d10::CASE,
    d11::CASE,
    d14::CASE,
    s1::CASE,
    s2::CASE,
    #[cfg(target_os = "linux")]
    s3::CASE,
    #[cfg(target_os = "linux")]
    s5::CASE,
    s7::CASE,
    s9::CASE,
    s10::CASE,
    #[cfg(target_os = "linux")]
    n1::CASE,
    #[cfg(target_os = "linux")]
    n3::CASE,
    #[cfg(target_os = "linux")]
    n4::CASE,
    #[cfg(target_os = "linux")]
    n5::CASE,
    #[cfg(target_os = "linux")]
    n6::CASE,
    #[cfg(target_os = "linux")]
    n7::CASE,
    l2::CASE,
    #[cfg(target_os = "linux")]
    l3::CASE,
    #[cfg(target_os = "linux")]
    l4::CASE,
];

/// A message of any size up to some kilobytes, with signs that are easily harmed.
fn message(dice: &mut fastrand::Rng, about: &str) -> Body {
    const SIGNS: &str = "abc äöü 漢字 🦀 \"quoted\" \\ \u{2028} <b> &amp; \u{0} ";
    let mut text = format!("{about} ");
    let long = if dice.u32(..20) == 0 {
        dice.usize(..4_000)
    } else {
        dice.usize(..200)
    };
    text.extend(SIGNS.chars().cycle().skip(dice.usize(..20)).take(long));
    Body::Message { text, reply_to: None }
}

/// An edit of one of the messages.
fn edit(said: &[EntryId], dice: &mut fastrand::Rng, n: u32) -> Body {
    Body::Edit {
        of: said[dice.usize(..said.len())],
        text: format!("edited {n}"),
    }
}

/// The deletion of one of the messages, which is none of them any more.
fn delete(said: &mut Vec<EntryId>, dice: &mut fastrand::Rng) -> Body {
    let of = said.swap_remove(dice.usize(..said.len()));
    Body::Delete { of }
}

/// So many posts of one person, of any size, edits and deletions among them.
fn load(round: &mut Round, person: &Person, about: &str, many: u32) -> Result<()> {
    let mut said = Vec::new();
    for n in 0..many {
        let dice = &mut round.dice;
        let body = match dice.u32(..10) {
            0 if !said.is_empty() => edit(&said, dice, n),
            1 if !said.is_empty() => delete(&mut said, dice),
            _ => message(dice, &format!("{} {about} {n}", person.name())),
        };
        let is_message = matches!(body, Body::Message { .. });
        let id = person.posts(body)?;
        if is_message {
            said.push(id);
        }
    }
    Ok(())
}
