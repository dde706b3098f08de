//! The list of servers near, told as events.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use crate::task::Command;

/// A server that can be joined now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearbyServer {
    /// The server's id, as claimed. One's own servers are in the list too.
    pub id: Uuid,
    /// Its name, safe to draw; may be empty.
    pub name: String,
    /// The highest protocol version it speaks; 0 when it doesn't say.
    pub protocol: u32,
    /// How many people are there.
    pub people: u32,
    /// Where to connect, best first, at least one. Try several at once. IPv6 link-local addresses come last, carry a
    /// scope, and can't be written into a URL.
    pub addresses: Vec<SocketAddr>,
}

/// A change of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NearbyEvent {
    /// A server has appeared.
    Found(NearbyServer),
    /// Something about a server is different: name, protocol, people or addresses.
    Changed(NearbyServer),
    /// A server has left or died.
    Gone(Uuid),
}

/// All servers near, by id.
pub(crate) type Servers = Arc<BTreeMap<Uuid, NearbyServer>>;

/// A search in progress; it ends when dropped. It holds the newest list only: whoever reads slowly misses the steps in
/// between, never the result, and costs no memory.
#[derive(Debug)]
pub struct Nearby {
    servers: watch::Receiver<Servers>,
    commands: mpsc::UnboundedSender<Command>,
    told: Servers,
    next: VecDeque<NearbyEvent>,
}

impl Nearby {
    pub(crate) fn new(servers: watch::Receiver<Servers>, commands: mpsc::UnboundedSender<Command>) -> Self {
        Self {
            servers,
            commands,
            told: Servers::default(),
            next: VecDeque::new(),
        }
    }

    /// The next change; `None` when the [`Lan`](crate::Lan) was shut down. What is known already comes first, as
    /// [`NearbyEvent::Found`]. May be cancelled without losing anything.
    pub async fn next(&mut self) -> Option<NearbyEvent> {
        loop {
            if let Some(event) = self.next.pop_front() {
                return Some(event);
            }
            let now = Arc::clone(&self.servers.borrow_and_update());
            if !Arc::ptr_eq(&self.told, &now) {
                self.next = changes(&self.told, &now);
                self.told = now;
                continue;
            }
            tokio::select! {
                changed = self.servers.changed() => changed.ok()?,
                () = self.commands.closed() => return None,
            }
        }
    }
}

/// What leads from one list to the other: who is gone, then the rest by id.
fn changes(before: &BTreeMap<Uuid, NearbyServer>, now: &BTreeMap<Uuid, NearbyServer>) -> VecDeque<NearbyEvent> {
    let gone = before
        .keys()
        .filter(|id| !now.contains_key(id))
        .map(|id| NearbyEvent::Gone(*id));
    let there = now.iter().filter_map(|(id, server)| match before.get(id) {
        None => Some(NearbyEvent::Found(server.clone())),
        Some(known) if known != server => Some(NearbyEvent::Changed(server.clone())),
        Some(_) => None,
    });
    gone.chain(there).collect()
}

#[cfg(test)]
mod tests {
    //! - each kind of change, once
    //! - one who reads late gets the result, not the steps
    //! - the end of discovery ends the list

    use super::*;

    fn server(n: u128, people: u32) -> NearbyServer {
        NearbyServer {
            id: Uuid::from_u128(n),
            name: String::new(),
            protocol: 1,
            people,
            addresses: vec!["10.0.0.1:7300".parse().unwrap()],
        }
    }

    fn list(servers: &[NearbyServer]) -> Servers {
        Arc::new(servers.iter().map(|server| (server.id, server.clone())).collect())
    }

    #[test]
    fn lists_are_told_as_changes() {
        let before = list(&[server(1, 1), server(2, 1), server(3, 1)]);
        let now = list(&[server(2, 1), server(3, 9), server(4, 1)]);
        assert_eq!(
            changes(&before, &now),
            [
                NearbyEvent::Gone(Uuid::from_u128(1)),
                NearbyEvent::Changed(server(3, 9)),
                NearbyEvent::Found(server(4, 1)),
            ]
        );
        assert!(changes(&now, &now).is_empty());
    }

    #[tokio::test]
    async fn late_readers_get_the_result() {
        let (list_now, servers) = watch::channel(Servers::default());
        let (commands, task) = mpsc::unbounded_channel();
        let mut nearby = Nearby::new(servers, commands);
        for people in 0..100 {
            list_now.send_replace(list(&[server(1, people)]));
        }
        assert_eq!(nearby.next().await, Some(NearbyEvent::Found(server(1, 99))));
        list_now.send_replace(list(&[]));
        assert_eq!(nearby.next().await, Some(NearbyEvent::Gone(Uuid::from_u128(1))));
        drop(task);
        assert_eq!(nearby.next().await, None);
    }
}
