//! The list of servers near, delivered as events.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use crate::command::Command;

/// A server that can be joined now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearbyServer {
    /// The claimed id. Servers of this computer are listed too.
    pub id: Uuid,
    /// The name, safe to display; may be empty.
    pub name: String,
    /// The highest protocol version that the server supports; 0 if the announcement doesn't say.
    pub protocol: u32,
    /// The number of people online.
    pub people: u32,
    /// The addresses to connect to, best first, at least one. Try several at once. IPv6 link-local addresses come last;
    /// they carry a scope id and can't be written into a URL.
    pub addresses: Vec<NearbyAddress>,
}

/// An address of a server, with the path below which it serves there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearbyAddress {
    pub socket: SocketAddr,
    /// A path with a slash at its beginning and at its end, such as `/` or `/chat/`.
    pub path: String,
}

impl From<SocketAddr> for NearbyAddress {
    fn from(socket: SocketAddr) -> Self {
        let path = "/".to_owned();
        Self { socket, path }
    }
}

/// Writes the address as people type it: `192.168.1.7:4242`, or with its path `192.168.1.7:4242/chat/`.
impl fmt::Display for NearbyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path == "/" { "" } else { &self.path };
        write!(f, "{}{path}", self.socket)
    }
}

/// All servers near, by id.
pub type ServerList = BTreeMap<Uuid, NearbyServer>;

/// A change of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NearbyEvent {
    /// A server has appeared.
    Found(NearbyServer),
    /// A server's name, protocol, people or addresses have changed.
    Changed(NearbyServer),
    /// A server has said goodbye or no longer answers.
    Gone(Uuid),
}

/// A subscription to the list of servers. The search ends when the last one is dropped. It keeps only the newest list, so
/// a slow reader misses intermediate states but never the latest, and costs no memory.
#[derive(Debug)]
pub struct Nearby {
    servers: watch::Receiver<Arc<ServerList>>,
    commands: mpsc::UnboundedSender<Command>,
    delivered: Arc<ServerList>,
    events: VecDeque<NearbyEvent>,
}

impl Nearby {
    pub(crate) fn new(servers: watch::Receiver<Arc<ServerList>>, commands: mpsc::UnboundedSender<Command>) -> Self {
        Self {
            servers,
            commands,
            delivered: Arc::default(),
            events: VecDeque::new(),
        }
    }

    /// Returns the next change, or `None` after [`Discovery::shutdown`](crate::Discovery::shutdown). The servers known
    /// already come first, as [`NearbyEvent::Found`]. Cancel safe.
    pub async fn next(&mut self) -> Option<NearbyEvent> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            let current = Arc::clone(&self.servers.borrow_and_update());
            if !Arc::ptr_eq(&self.delivered, &current) {
                self.events = changes(&self.delivered, &current);
                self.delivered = current;
                continue;
            }
            tokio::select! {
                changed = self.servers.changed() => changed.ok()?,
                () = self.commands.closed() => return None,
            }
        }
    }
}

/// Returns the events that lead from one list to the other: the servers that are gone, then the others by id.
fn changes(before: &ServerList, after: &ServerList) -> VecDeque<NearbyEvent> {
    let gone = before
        .keys()
        .filter(|id| !after.contains_key(id))
        .map(|id| NearbyEvent::Gone(*id));
    let present = after.iter().filter_map(|(id, server)| match before.get(id) {
        None => Some(NearbyEvent::Found(server.clone())),
        Some(previous) if previous != server => Some(NearbyEvent::Changed(server.clone())),
        Some(_) => None,
    });
    gone.chain(present).collect()
}

#[cfg(test)]
mod tests {
    //! - each kind of change becomes one event
    //! - a slow reader gets the latest list, not the states before it
    //! - the end of discovery ends the subscription

    use super::*;

    fn server(id: u128, people: u32) -> NearbyServer {
        NearbyServer {
            id: Uuid::from_u128(id),
            name: String::new(),
            protocol: 1,
            people,
            addresses: vec!["10.0.0.1:7300".parse::<SocketAddr>().unwrap().into()],
        }
    }

    fn list(servers: &[NearbyServer]) -> Arc<ServerList> {
        Arc::new(servers.iter().map(|server| (server.id, server.clone())).collect())
    }

    #[test]
    fn each_kind_of_change_becomes_one_event() {
        let before = list(&[server(1, 1), server(2, 1), server(3, 1)]);
        let after = list(&[server(2, 1), server(3, 9), server(4, 1)]);
        assert_eq!(
            changes(&before, &after),
            [
                NearbyEvent::Gone(Uuid::from_u128(1)),
                NearbyEvent::Changed(server(3, 9)),
                NearbyEvent::Found(server(4, 1)),
            ]
        );
        assert!(changes(&after, &after).is_empty());
    }

    #[tokio::test]
    async fn a_slow_reader_gets_the_latest_list_and_the_end_of_discovery_ends_it() {
        let (publisher, servers) = watch::channel(Arc::default());
        let (commands, task) = mpsc::unbounded_channel();
        let mut nearby = Nearby::new(servers, commands);
        for people in 0..100 {
            publisher.send_replace(list(&[server(1, people)]));
        }
        assert_eq!(nearby.next().await, Some(NearbyEvent::Found(server(1, 99))));
        publisher.send_replace(list(&[]));
        assert_eq!(nearby.next().await, Some(NearbyEvent::Gone(Uuid::from_u128(1))));
        drop(task);
        assert_eq!(nearby.next().await, None);
    }
}
