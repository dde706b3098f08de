//! A server with Ada beside it, and Ben at the other end of a link: the scene of the network cases.

use std::time::Duration;

use anyhow::Result;
use ichat_testkit::net::{HOST, LinkedHosts};

use crate::client_handle::{ClientHandle, ClientKind};
use crate::generator::message;
use crate::process::Launch;
use crate::round::Round;
use crate::server_handle::{ServerHandle, ServerOptions};

/// The port of the server, which has a network namespace of its own.
const PORT: u16 = 4242;

pub(super) struct LinkedClients {
    pub(super) hosts: LinkedHosts,
    pub(super) server: ServerHandle,
    /// On the server's host.
    pub(super) ada: ClientHandle,
    /// On the other host.
    pub(super) ben: ClientHandle,
}

impl LinkedClients {
    /// Starts everything, and returns when both clients have joined over an ideal link.
    pub(super) fn start(round: &mut Round) -> Result<Self> {
        let hosts = LinkedHosts::new(round.rng.u64(..))?;
        let server = round.server_with(ServerOptions {
            launch: Launch::in_netns(&hosts.host),
            listen: Some(format!("{HOST}:{PORT}").parse()?),
            ..ServerOptions::default()
        })?;
        let ada = round.client_with("ada", ClientKind::IChat, Launch::in_netns(&hosts.host))?;
        let ben = round.client_with("ben", ClientKind::IChat, Launch::in_netns(&hosts.guest))?;
        for client in [&ada, &ben] {
            client.start_joining(server.address())?;
        }
        for client in [&ada, &ben] {
            client.wait_joined()?;
        }
        Ok(Self {
            hosts,
            server,
            ada,
            ben,
        })
    }

    /// Gives both clients a number of messages, without waiting.
    pub(super) fn both_post(&self, round: &mut Round, about: &str, count: u32) -> Result<()> {
        for number in 0..count {
            for client in [&self.ada, &self.ben] {
                let text = format!("{} {about} {number}", client.name());
                client.post(message(&mut round.rng, &text))?;
            }
        }
        Ok(())
    }

    /// Waits until Ben shows everything that Ada shows, and his own outbox is empty.
    pub(super) fn wait_until_ben_is_in_sync(&self, timeout: Duration) -> Result<()> {
        self.ada.wait_for_empty_outbox()?;
        let (head, posts) = (self.ada.state().status.last, self.ben.posts());
        self.ben.wait_until_within(timeout, "being in sync", |now| {
            now.has_sent_all(posts) && now.status.last >= head
        })
    }
}

/// Returns another address in the guest's network.
pub(super) fn random_guest_address(round: &mut Round) -> String {
    format!("10.77.{}.{}", round.rng.u8(1..255), round.rng.u8(1..255))
}
