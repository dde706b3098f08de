//! The adapter for mdns-sd. No other module names that library.
//!
//! Its peculiarities:
//! - It finds interfaces by itself. A predicate tells it which ones to ignore, and is evaluated again at each check.
//! - A second `browse` for the same type replaces the first and replays the cache, so browsing again is always safe.
//! - A record missed because its answer was lost is queried again only by a new `browse`.
//! - Its names are unique by construction, so probing for conflicts is switched off: servers are found 0.8 s
//!   sooner, and mdns-sd can't rename them.
//! - It sends a changed TXT record at once, but the unchanged records beside it at most once a second.
//! - A value that returns within three seconds is missed: the TXT record that held it before is still cached, so it does
//!   not count as new. Each change therefore carries another revision.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

pub(crate) use mdns_sd::Error;
use mdns_sd::{
    DaemonEvent, IfKind, IfPredicate, Metrics, Receiver, ResolvedService, ScopedIp, ServiceDaemon, ServiceEvent,
    ServiceInfo, UnregisterStatus,
};
use uuid::Uuid;

use crate::addresses::Endpoint;
use crate::interface_selector::InterfaceSelector;
use crate::record::{Malformed, Record};
use crate::server_table::ResolvedInstance;

const SERVICE_TYPE: &str = "_ichat._tcp.local.";

/// The interval at which mdns-sd lists the interfaces. A cable that is plugged in is used after this.
const INTERFACE_CHECK_SECONDS: u32 = 2;

/// Time that an instance has to answer a verification. It is asked again after one second, and then the next
/// verification is due, so three queries must get lost before it is taken for dead. Together with
/// [`VERIFY_INTERVAL`](crate::server_table::VERIFY_INTERVAL) and a tick of the task, a dead one is removed after 4 s at most.
const VERIFY_TIMEOUT: Duration = Duration::from_millis(2_500);

/// Time that mdns-sd's thread has to end.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// More cached records than this come from a flood: 128 servers have fewer than 5,000.
const MAX_CACHED_RECORDS: i64 = 20_000;

/// A running mdns-sd: a thread with its sockets and its cache.
pub(crate) struct Mdns {
    daemon: ServiceDaemon,
    monitor: Receiver<DaemonEvent>,
    metrics: Option<Receiver<Metrics>>,
}

/// The events of one browse.
pub(crate) struct BrowseEvents(Receiver<ServiceEvent>);

/// An event of a browse.
#[derive(Debug)]
pub(crate) enum BrowseEvent {
    /// An instance answered.
    Resolved(ResolvedInstance),
    /// The named instance said goodbye or did not answer.
    Removed(String),
}

impl Mdns {
    pub(crate) fn start(interfaces: Arc<InterfaceSelector>) -> Result<Self, Error> {
        let daemon = ServiceDaemon::new()?;
        let monitor = daemon.monitor()?;
        daemon.set_ip_check_interval(INTERFACE_CHECK_SECONDS)?;
        let unused = IfPredicate::new(move |interface| !interfaces.is_selected(&interface.name, interface.ip()));
        daemon.disable_interface(IfKind::Predicate(unused))?;
        Ok(Self {
            daemon,
            monitor,
            metrics: None,
        })
    }

    /// Announces an instance, or the changes to one that is announced already.
    pub(crate) fn register(
        &self,
        instance: &str,
        properties: &[(&'static str, String)],
        port: u16,
    ) -> Result<(), Error> {
        let host = format!("{instance}.local.");
        let mut service = ServiceInfo::new(SERVICE_TYPE, instance, &host, (), port, properties)?.enable_addr_auto();
        service.set_requires_probe(false);
        self.daemon.register(service)
    }

    /// Says goodbye, now and again after 120 ms.
    pub(crate) fn unregister(&self, instance: &str) -> Result<Receiver<UnregisterStatus>, Error> {
        self.daemon.unregister(&format!("{instance}.{SERVICE_TYPE}"))
    }

    /// Asks the network for all instances and returns the answers from now on.
    pub(crate) fn browse(&self) -> Result<BrowseEvents, Error> {
        self.daemon.browse(SERVICE_TYPE).map(BrowseEvents)
    }

    pub(crate) fn stop_browsing(&self) -> Result<(), Error> {
        self.daemon.stop_browse(SERVICE_TYPE)
    }

    /// Asks an instance whether it is alive. If it does not answer, [`BrowseEvent::Removed`] follows.
    pub(crate) fn verify(&self, instance: String) -> Result<(), Error> {
        self.daemon.verify(instance, VERIFY_TIMEOUT)
    }

    /// Returns whether the cache is larger than honest servers can make it, according to the latest metrics.
    pub(crate) fn is_flooded(&mut self) -> bool {
        self.poll_cached_records()
            .is_some_and(|cached| cached > MAX_CACHED_RECORDS)
    }

    /// Returns the number of cached records if the metrics that an earlier call requested have arrived.
    fn poll_cached_records(&mut self) -> Option<i64> {
        let Some(pending) = self.metrics.take() else {
            self.metrics = self.daemon.get_metrics().ok();
            return None;
        };
        match pending.try_recv() {
            Ok(metrics) => Some(
                metrics
                    .iter()
                    .filter(|(name, _)| name.starts_with("cached-"))
                    .map(|(_, count)| count)
                    .sum(),
            ),
            Err(_) if pending.is_disconnected() => None,
            Err(_) => {
                self.metrics = Some(pending);
                None
            }
        }
    }

    /// Logs what mdns-sd reports about itself. Returns when its thread has ended.
    pub(crate) async fn monitor(&self) {
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

    /// Says goodbye for all instances and ends the thread.
    pub(crate) async fn shutdown(&self) {
        let ended = async {
            match self.daemon.shutdown() {
                Ok(status) => status.recv_async().await.is_ok(),
                Err(_) => false,
            }
        };
        if tokio::time::timeout(SHUTDOWN_TIMEOUT, ended).await != Ok(true) {
            tracing::warn!("multicast DNS did not end in time");
        }
    }
}

impl BrowseEvents {
    /// Returns the next event, or `None` when this browse has ended and a new one is needed.
    pub(crate) async fn next(&self) -> Option<BrowseEvent> {
        loop {
            match self.0.recv_async().await {
                Err(_) | Ok(ServiceEvent::SearchStopped(_)) => return None,
                Ok(ServiceEvent::ServiceRemoved(_, instance)) => return Some(BrowseEvent::Removed(instance)),
                Ok(ServiceEvent::ServiceResolved(service)) => match resolved(&service) {
                    Ok(instance) => return Some(BrowseEvent::Resolved(instance)),
                    Err(reason) => tracing::debug!(instance = service.fullname, %reason, "an announcement is ignored"),
                },
                Ok(_) => {}
            }
        }
    }
}

/// Returns the instance name of a server: its id and a hash of its addresses and port. The hash tells apart copies of
/// one server on several machines or ports, and stays the same over restarts, so that caches don't fill with dead names.
pub(crate) fn instance_name(server: Uuid, port: u16, interfaces: &InterfaceSelector) -> String {
    let mut addresses: Vec<_> = interfaces.selected().iter().map(|interface| interface.ip).collect();
    addresses.sort();
    let mut hasher = DefaultHasher::new();
    (addresses, port).hash(&mut hasher);
    format!("{}-{:08x}", server.simple(), hasher.finish() >> 32)
}

fn resolved(service: &ResolvedService) -> Result<ResolvedInstance, Malformed> {
    let properties = service
        .txt_properties
        .iter()
        .map(|property| (property.key(), property.val().unwrap_or_default()));
    Ok(ResolvedInstance {
        name: service.fullname.clone(),
        record: Record::parse(properties)?,
        port: service.port,
        endpoints: service.addresses.iter().map(endpoint).collect(),
    })
}

fn endpoint(address: &ScopedIp) -> Endpoint {
    let scope_id = match address {
        ScopedIp::V6(v6) if v6.addr().is_unicast_link_local() => v6.scope_id().index,
        _ => 0,
    };
    Endpoint {
        ip: address.to_ip_addr(),
        scope_id,
    }
}

#[cfg(test)]
mod tests {
    //! - a flood of records is noticed, and a restart gets rid of it
    //! - instance names tell copies on other ports apart and stay the same over restarts

    use std::net::UdpSocket;

    use ichat_testkit::in_own_network;

    use super::*;
    use crate::Scope;

    /// Returns a multicast DNS answer with one PTR record for our service, so that it counts as an answer to our query,
    /// and 250 addresses of hosts that were not asked for.
    fn flood_packet(number: u32) -> Vec<u8> {
        let header = [0, 0, 0x84, 0, 0, 0, 0, 251, 0, 0, 0, 0];
        let mut bytes = header.to_vec();
        bytes.extend(b"\x06_ichat\x04_tcp\x05local\x00\x00\x0c\x00\x01\x00\x00\x11\x94\x00\x04\x01x\xc0\x0c");
        let local = 0xc000 | u16::try_from(header.len() + 12).unwrap();
        for host in 0..250 {
            bytes.push(8);
            bytes.extend(format!("{:08x}", number * 250 + host).bytes());
            bytes.extend(local.to_be_bytes());
            bytes.extend(b"\x00\x01\x00\x01\x00\x00\x11\x94\x00\x04\x0a\x00\x00\x01");
        }
        bytes
    }

    async fn cached_records(mdns: &mut Mdns) -> i64 {
        loop {
            match mdns.poll_cached_records() {
                Some(cached) => return cached,
                None => tokio::task::yield_now().await,
            }
        }
    }

    #[test]
    fn a_flood_is_noticed_and_a_restart_gets_rid_of_it() {
        in_own_network(async || {
            let interfaces = Arc::new(InterfaceSelector::new(Scope::ThisComputer));
            let mut mdns = Mdns::start(Arc::clone(&interfaces)).unwrap();
            let _events = mdns.browse().unwrap();
            let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
            let mut number = 0;
            while cached_records(&mut mdns).await <= MAX_CACHED_RECORDS {
                number += 1;
                sender.send_to(&flood_packet(number), "127.0.0.1:5353").unwrap();
            }
            mdns.shutdown().await;
            let mut restarted = Mdns::start(interfaces).unwrap();
            assert_eq!(cached_records(&mut restarted).await, 0);
            restarted.shutdown().await;
        });
    }

    #[test]
    fn instance_names_differ_by_port_and_stay_the_same_over_restarts() {
        let interfaces = InterfaceSelector::new(Scope::ThisComputer);
        let server = Uuid::from_u128(7);
        let name = instance_name(server, 7300, &interfaces);
        assert_ne!(name, instance_name(server, 7301, &interfaces));
        assert_eq!(
            name,
            instance_name(server, 7300, &InterfaceSelector::new(Scope::ThisComputer))
        );
        assert!(name.len() <= 63, "{name} does not fit into a DNS label");
    }
}
