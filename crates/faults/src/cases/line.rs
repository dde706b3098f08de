//! A server with Ada beside it, and Ben at the other end of a line: what the network cases play with.

use std::time::Duration;

use anyhow::Result;

use crate::net::{HOST, Network};
use crate::people::{Kind, Person};
use crate::process::Setting;
use crate::round::Round;
use crate::server::{Server, ServerSetting};

/// The port of the server; its computer has no other.
const PORT: u16 = 4242;

pub(super) struct Scene {
    pub(super) network: Network,
    pub(super) server: Server,
    /// On the server's computer.
    pub(super) ada: Person,
    /// On the other one.
    pub(super) ben: Person,
}

impl Scene {
    /// Both are in, in fine weather.
    pub(super) fn begins(round: &mut Round) -> Result<Self> {
        let network = Network::new(round.dice.u64(..))?;
        let at = |prefix| Setting {
            prefix,
            ..Setting::default()
        };
        let server = round.server_with(ServerSetting {
            setting: at(network.host.prefix()),
            listen: format!("{HOST}:{PORT}").parse()?,
            ..ServerSetting::default()
        })?;
        let ada = round.person_with("ada", Kind::Ours, at(network.host.prefix()))?;
        let ben = round.person_with("ben", Kind::Ours, at(network.guest.prefix()))?;
        for person in [&ada, &ben] {
            person.begins_to_join(server.address())?;
        }
        for person in [&ada, &ben] {
            person.is_in()?;
        }
        Ok(Self {
            network,
            server,
            ada,
            ben,
        })
    }

    /// Both say so many things, and go on.
    pub(super) fn both_talk(&self, round: &mut Round, about: &str, times: u32) -> Result<()> {
        for n in 0..times {
            for person in [&self.ada, &self.ben] {
                let text = format!("{} {about} {n}", person.name());
                person.posts(super::message(&mut round.dice, &text))?;
            }
        }
        Ok(())
    }

    /// Waits until Ben has everything that Ada said and shows, and nothing of his own waits.
    pub(super) fn ben_is_in_step(&self, patience: Duration) -> Result<()> {
        self.ada.has_nothing_waiting()?;
        let (head, posted) = (self.ada.now().status.last, self.ben.posted());
        self.ben.until_within(patience, "being in step", |now| {
            now.has_nothing_waiting(posted) && now.status.last >= head
        })
    }
}
