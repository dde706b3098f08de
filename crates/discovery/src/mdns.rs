//! mdns-sd and its oddities. Nothing else names that library.
//!
//! - It learns of cards by itself; a predicate tells it which of them to use, and it asks that again at each look.
//! - One `browse` replaces the other of the same type, replaying what is cached. So asking anew is always safe.
//! - A record that was lost to a missed answer is asked for again only by a new `browse`.
//! - Names are unique by construction, so it needn't probe for conflicts: servers are found 0.8 s sooner, and it can't
//!   rename them.
//! - A changed TXT record is sent at once; the unchanged ones beside it at most once a second.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use mdns_sd::{
    DaemonEvent, IfKind, IfPredicate, Metrics, Receiver, ResolvedService, ScopedIp, ServiceDaemon, ServiceEvent,
    ServiceInfo, UnregisterStatus,
};

use crate::Announcement;
use crate::addresses::Endpoint;
use crate::cards::Cards;
use crate::neighbourhood::Sighting;
use crate::record::Record;

const SERVICE_TYPE: &str = "_ichat._tcp.local.";

/// How often the cards are looked up, in seconds: a cable that is plugged in counts after this.
const LOOK_EVERY_SECONDS: u32 = 2;

/// How long an instance may take to answer whether it is still there; it is asked again after one second, and by
/// then the next question is due too, so that three must get lost before it is taken for dead. With
/// [`crate::neighbourhood::ASK_EVERY`] and a tick of the task on top a dead one is gone after 4 s at most.
const ANSWER_WITHIN: Duration = Duration::from_millis(2_500);

/// How long the thread may take to end.
const END_WITHIN: Duration = Duration::from_secs(1);

/// More cached records than this come from a flood: 128 servers have fewer than 5,000.
const CACHED_RECORDS_MAX: i64 = 20_000;

pub(crate) use mdns_sd::Error;

/// The library's thread, with its sockets and its cache.
pub(crate) struct Mdns {
    daemon: ServiceDaemon,
    monitor: Receiver<DaemonEvent>,
    metrics: Option<Receiver<Metrics>>,
}

/// The answers to one browse.
pub(crate) struct Answers(Receiver<ServiceEvent>);

/// What the network said.
#[derive(Debug)]
pub(crate) enum Heard {
    Seen(Sighting),
    Lost(String),
}

impl Mdns {
    pub(crate) fn start(cards: Arc<Cards>) -> Result<Self, Error> {
        let daemon = ServiceDaemon::new()?;
        let monitor = daemon.monitor()?;
        daemon.set_ip_check_interval(LOOK_EVERY_SECONDS)?;
        let unused = IfPredicate::new(move |interface| !cards.uses(&interface.name, interface.ip()));
        daemon.disable_interface(IfKind::Predicate(unused))?;
        Ok(Self {
            daemon,
            monitor,
            metrics: None,
        })
    }

    /// Announces, or announces anew with what has changed.
    pub(crate) fn register(&self, instance: &str, announcement: &Announcement) -> Result<(), Error> {
        let host = format!("{instance}.local.");
        let properties = Record::properties(announcement);
        let mut service =
            ServiceInfo::new(SERVICE_TYPE, instance, &host, (), announcement.port, &properties[..])?.enable_addr_auto();
        service.set_requires_probe(false);
        self.daemon.register(service)
    }

    /// Says goodbye, now and again after 120 ms.
    pub(crate) fn unregister(&self, instance: &str) -> Result<Receiver<UnregisterStatus>, Error> {
        self.daemon.unregister(&format!("{instance}.{SERVICE_TYPE}"))
    }

    /// Asks who is there, and listens from now on.
    pub(crate) fn browse(&self) -> Result<Answers, Error> {
        self.daemon.browse(SERVICE_TYPE).map(Answers)
    }

    pub(crate) fn stop_browsing(&self) -> Result<(), Error> {
        self.daemon.stop_browse(SERVICE_TYPE)
    }

    /// Asks an instance whether it is still there. Without an answer it will be heard as lost.
    pub(crate) fn ask(&self, instance: String) -> Result<(), Error> {
        self.daemon.verify(instance, ANSWER_WITHIN)
    }

    /// Whether the cache has outgrown what honest servers need. The figures are those asked for at the call before.
    pub(crate) fn is_flooded(&mut self) -> bool {
        let figures = self
            .metrics
            .take()
            .and_then(|metrics| metrics.try_recv().ok())
            .unwrap_or_default();
        self.metrics = self.daemon.get_metrics().ok();
        let cached: i64 = figures
            .iter()
            .filter(|(name, _)| name.starts_with("cached-"))
            .map(|(_, count)| count)
            .sum();
        cached > CACHED_RECORDS_MAX
    }

    /// Reports what the library has to say about itself; returns when its thread has ended.
    pub(crate) async fn watch_over(&self) {
        while let Ok(event) = self.monitor.recv_async().await {
            match event {
                DaemonEvent::Error(error) => tracing::warn!(%error, "multicast DNS has a problem"),
                DaemonEvent::NameChange(change) => {
                    tracing::warn!(
                        from = change.original,
                        to = change.new_name,
                        "another machine uses this server's name"
                    );
                }
                other => tracing::trace!(?other, "multicast DNS"),
            }
        }
    }

    /// Ends the thread; what is still announced is withdrawn.
    pub(crate) async fn shutdown(&self) {
        let ended = async {
            match self.daemon.shutdown() {
                Ok(ended) => ended.recv_async().await.is_ok(),
                Err(_) => false,
            }
        };
        if tokio::time::timeout(END_WITHIN, ended).await != Ok(true) {
            tracing::warn!("multicast DNS did not end in time");
        }
    }
}

impl Answers {
    /// The next thing heard; `None` when this browse has ended and another one is needed.
    pub(crate) async fn next(&self) -> Option<Heard> {
        loop {
            match self.0.recv_async().await {
                Err(_) | Ok(ServiceEvent::SearchStopped(_)) => return None,
                Ok(ServiceEvent::ServiceRemoved(_, instance)) => return Some(Heard::Lost(instance)),
                Ok(ServiceEvent::ServiceResolved(service)) => match sighting(&service) {
                    Ok(sighting) => return Some(Heard::Seen(sighting)),
                    Err(reason) => tracing::debug!(instance = service.fullname, %reason, "an announcement is ignored"),
                },
                Ok(_) => {}
            }
        }
    }
}

/// The name under which a server is announced: its id, and a hash that tells apart copies of one server on several
/// machines or ports, yet stays the same over restarts, so that caches don't fill with dead names.
pub(crate) fn instance_name(announcement: &Announcement, cards: &Cards) -> String {
    let mut addresses: Vec<_> = cards.in_use().iter().map(|card| card.ip).collect();
    addresses.sort();
    let mut hasher = DefaultHasher::new();
    (addresses, announcement.port).hash(&mut hasher);
    format!("{}-{:08x}", announcement.server.simple(), hasher.finish() >> 32)
}

fn sighting(service: &ResolvedService) -> Result<Sighting, crate::record::Malformed> {
    let properties = service
        .txt_properties
        .iter()
        .map(|property| (property.key(), property.val().unwrap_or_default()));
    Ok(Sighting {
        instance: service.fullname.clone(),
        record: Record::parse(properties)?,
        port: service.port,
        endpoints: service.addresses.iter().map(endpoint).collect(),
    })
}

fn endpoint(address: &ScopedIp) -> Endpoint {
    let scope = match address {
        ScopedIp::V6(v6) if v6.addr().is_unicast_link_local() => v6.scope_id().index,
        _ => 0,
    };
    Endpoint {
        ip: address.to_ip_addr(),
        scope,
    }
}

#[cfg(test)]
mod tests {
    //! - a flood of records is noticed, and a fresh start is rid of it
    //! - names tell copies on other ports apart, and stay the same over restarts

    use std::net::UdpSocket;
    use std::time::Instant;

    use super::*;
    use crate::Reach;

    /// A multicast DNS answer of one PTR record for our service, so that it is taken for an answer to our question, and
    /// 250 addresses of hosts that nobody asked for.
    fn flood(packet: u32) -> Vec<u8> {
        let header = [0, 0, 0x84, 0, 0, 0, 0, 251, 0, 0, 0, 0];
        let mut bytes = header.to_vec();
        bytes.extend(b"\x06_ichat\x04_tcp\x05local\x00\x00\x0c\x00\x01\x00\x00\x11\x94\x00\x04\x01x\xc0\x0c");
        let local = 0xc000 | u16::try_from(header.len() + 12).unwrap();
        for host in 0..250 {
            bytes.push(8);
            bytes.extend(format!("{:08x}", packet * 250 + host).bytes());
            bytes.extend(local.to_be_bytes());
            bytes.extend(b"\x00\x01\x00\x01\x00\x00\x11\x94\x00\x04\x0a\x00\x00\x01");
        }
        bytes
    }

    fn is_flooded_within(mdns: &mut Mdns, deadline: Duration) -> bool {
        let start = Instant::now();
        while start.elapsed() < deadline {
            if mdns.is_flooded() {
                return true;
            }
            std::thread::yield_now();
        }
        false
    }

    #[tokio::test]
    async fn a_flood_is_noticed_and_a_fresh_start_is_rid_of_it() {
        let cards = Arc::new(Cards::new(Reach::ThisComputer));
        let mut mdns = Mdns::start(Arc::clone(&cards)).unwrap();
        let _answers = mdns.browse().unwrap();
        // Where other programs use the same port, the system gives each sender's packets to one of them.
        let senders: Vec<UdpSocket> = (0..16).map(|_| UdpSocket::bind("127.0.0.1:0").unwrap()).collect();
        let start = Instant::now();
        let mut packet = 0;
        while !is_flooded_within(&mut mdns, Duration::from_millis(20)) {
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "no flood was noticed in {packet} packets"
            );
            for sender in &senders {
                packet += 1;
                sender.send_to(&flood(packet), "127.0.0.1:5353").unwrap();
            }
        }
        mdns.shutdown().await;
        let mut fresh = Mdns::start(cards).unwrap();
        assert!(!is_flooded_within(&mut fresh, Duration::from_millis(200)));
        fresh.shutdown().await;
    }

    #[test]
    fn names_differ_by_port_and_last() {
        let cards = Cards::new(Reach::ThisComputer);
        let office = Announcement {
            server: uuid::Uuid::from_u128(7),
            name: String::new(),
            protocol: 1,
            port: 7300,
            people: 0,
        };
        let copy = Announcement {
            port: 7301,
            ..office.clone()
        };
        let renamed = Announcement {
            name: "other".into(),
            people: 3,
            ..office.clone()
        };
        assert_ne!(instance_name(&office, &cards), instance_name(&copy, &cards));
        assert_eq!(instance_name(&office, &cards), instance_name(&renamed, &cards));
        assert!(instance_name(&office, &cards).len() <= 63, "a DNS label holds 63 bytes");
    }
}
