//! The background task: commands go in, the list of servers comes out. It owns mdns-sd and all state.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::announcement::Announcement;
use crate::command::{Command, RegistrationId};
use crate::interface_selector::InterfaceSelector;
use crate::mdns::{self, BrowseEvent, BrowseEvents, Mdns, instance_name};
use crate::nearby::ServerList;
use crate::record::Record;
use crate::registrations::Registrations;
use crate::server_table::ServerTable;

/// The interval of the work on the table while browsing.
const TICK_INTERVAL: Duration = Duration::from_millis(250);

/// The interval of browsing. mdns-sd's own repetitions become as rare as one an hour.
const BROWSE_INTERVAL: Duration = Duration::from_mins(1);

/// After an instance was removed, browsing is repeated after this and then with doubled delays up to
/// [`BROWSE_INTERVAL`]: perhaps only packets were lost.
const BROWSE_AFTER_REMOVAL_DELAY: Duration = Duration::from_secs(1);

/// If the system refuses new sockets, mdns-sd is started again after this.
const RESTART_DELAY: Duration = Duration::from_secs(2);

/// mdns-sd repeats a goodbye after 120 ms, since multicast packets get lost. The process must live that long.
const GOODBYE_REPEAT_DELAY: Duration = Duration::from_millis(150);

pub(crate) struct Task {
    interfaces: Arc<InterfaceSelector>,
    mdns: Mdns,
    commands: mpsc::UnboundedReceiver<Command>,
    servers: watch::Sender<Arc<ServerList>>,
    stop: CancellationToken,
    registrations: Registrations,
    browsing: Option<Browsing>,
    table: ServerTable,
}

/// A search in progress.
struct Browsing {
    /// `None` after the last browse has ended, until mdns-sd accepts the next one.
    events: Option<BrowseEvents>,
    next_browse: Instant,
    /// The delay after the next browse.
    delay: Duration,
    next_tick: Instant,
}

impl Task {
    pub(crate) fn new(
        interfaces: Arc<InterfaceSelector>,
        commands: mpsc::UnboundedReceiver<Command>,
        servers: watch::Sender<Arc<ServerList>>,
        stop: CancellationToken,
    ) -> Result<Self, mdns::Error> {
        Ok(Self {
            mdns: Mdns::start(Arc::clone(&interfaces))?,
            interfaces,
            commands,
            servers,
            stop,
            registrations: Registrations::default(),
            browsing: None,
            table: ServerTable::default(),
        })
    }

    /// Runs until the stop token is cancelled or the last handle is dropped.
    pub(crate) async fn run(self) {
        self.run_loop().instrument(tracing::info_span!("discovery")).await;
    }

    async fn run_loop(mut self) {
        loop {
            let deadline = self.next_deadline();
            // Biased, so that a flood of answers can delay neither the stop nor the commands nor the timers.
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                command = self.commands.recv() => match command {
                    Some(command) => self.handle_command(command),
                    None => break,
                },
                () = sleep_until(deadline) => self.handle_deadline(Instant::now()).await,
                event = next_event(self.browsing.as_ref()) => self.handle_browse_event(event, Instant::now()),
                () = self.mdns.monitor() => self.restart_mdns("its thread has ended").await,
            }
        }
        self.shut_down().await;
    }

    fn next_deadline(&self) -> Option<Instant> {
        let tick = self.browsing.as_ref().map(|browsing| browsing.next_tick);
        self.registrations.next_announcement().into_iter().chain(tick).min()
    }

    fn handle_command(&mut self, command: Command) {
        let now = Instant::now();
        match command {
            Command::Register {
                id,
                announcement,
                people,
            } => self.register(id, announcement, people, now),
            Command::SetPeople { id, people } => self.registrations.set_people(id, people, now),
            Command::Unregister { id, done } => self.unregister(id, done),
            Command::Browse => {
                self.browsing.get_or_insert(Browsing {
                    events: None,
                    next_browse: now,
                    delay: BROWSE_INTERVAL,
                    next_tick: now,
                });
            }
        }
    }

    fn register(&mut self, id: RegistrationId, announcement: Announcement, people: u32, now: Instant) {
        let Announcement {
            server,
            name,
            protocol,
            port,
            path,
        } = announcement;
        let instance = instance_name(server, port, &self.interfaces);
        let record = Record {
            id: server,
            name,
            protocol,
            people,
            path,
        };
        self.registrations.register(id, instance, record, port, now);
    }

    fn unregister(&mut self, id: RegistrationId, done: Option<oneshot::Sender<()>>) {
        let Some(instance) = self.registrations.unregister(id) else {
            return;
        };
        match self.mdns.unregister(&instance) {
            Ok(status) => {
                // A task of its own, since this one must not wait for mdns-sd. It ends: mdns-sd answers or hangs up.
                tokio::spawn(async move {
                    if status.recv_async().await.is_ok()
                        && let Some(done) = done
                    {
                        tokio::time::sleep(GOODBYE_REPEAT_DELAY).await;
                        // The caller may have timed out.
                        let _ = done.send(());
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "no goodbye could be sent: others see the server for a few seconds more");
            }
        }
    }

    async fn handle_deadline(&mut self, now: Instant) {
        self.announce_due(now);
        let Some(browsing) = &mut self.browsing else { return };
        if now < browsing.next_tick {
            return;
        }
        browsing.next_tick = now + TICK_INTERVAL;
        if self.servers.receiver_count() == 0 {
            self.stop_browsing();
            return;
        }
        self.table.expire_addresses(now);
        self.browse_if_due(now);
        for instance in self.table.take_verify_batch(now) {
            if let Err(error) = self.mdns.verify(instance) {
                tracing::debug!(%error, "a server could not be verified; trying again");
            }
        }
        self.publish();
        if self.mdns.is_flooded() {
            self.restart_mdns("its cache is flooded").await;
        }
    }

    fn announce_due(&mut self, now: Instant) {
        for registration in self.registrations.due(now) {
            let properties = registration.record.properties(registration.revision);
            match self
                .mdns
                .register(&registration.instance, &properties, registration.port)
            {
                Ok(()) => registration.announced(now),
                Err(error) => {
                    tracing::warn!(%error, "a server could not be announced; trying again");
                    registration.retry(now);
                }
            }
        }
    }

    /// Browses if it is time, or if the last browse has ended.
    fn browse_if_due(&mut self, now: Instant) {
        let Some(browsing) = &mut self.browsing else { return };
        if browsing.events.is_some() && now < browsing.next_browse {
            return;
        }
        match self.mdns.browse() {
            Ok(events) => browsing.events = Some(events),
            Err(error) => tracing::warn!(%error, "could not search for servers; trying again"),
        }
        browsing.next_browse = now + browsing.delay;
        browsing.delay = BROWSE_INTERVAL.min(browsing.delay * 2);
    }

    fn stop_browsing(&mut self) {
        self.browsing = None;
        self.table.clear();
        self.publish();
        if let Err(error) = self.mdns.stop_browsing() {
            tracing::debug!(%error, "the search could not be stopped; its answers are ignored");
        }
    }

    /// Updates the table. `None` means that the browse has ended.
    fn handle_browse_event(&mut self, event: Option<BrowseEvent>, now: Instant) {
        let Some(browsing) = &mut self.browsing else { return };
        match event {
            Some(BrowseEvent::Resolved(instance)) => self.table.upsert(instance, now),
            Some(BrowseEvent::Removed(name)) => {
                self.table.remove(&name);
                browsing.next_browse = browsing.next_browse.min(now + BROWSE_AFTER_REMOVAL_DELAY);
                browsing.delay = BROWSE_AFTER_REMOVAL_DELAY * 2;
            }
            None => browsing.events = None,
        }
        self.publish();
    }

    /// Publishes the list of servers if it has changed.
    fn publish(&self) {
        let list = self.table.servers(&self.interfaces.selected());
        self.servers.send_if_modified(|published| {
            let changed = **published != list;
            if changed {
                *published = Arc::new(list);
            }
            changed
        });
    }

    /// Replaces mdns-sd by a new instance with an empty cache, and announces and browses again.
    async fn restart_mdns(&mut self, reason: &str) {
        tracing::warn!("multicast DNS is restarted: {reason}");
        self.mdns.shutdown().await;
        self.mdns = loop {
            match Mdns::start(Arc::clone(&self.interfaces)) {
                Ok(mdns) => break mdns,
                Err(error) => tracing::warn!(%error, "multicast DNS can't be started; trying again"),
            }
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(RESTART_DELAY) => {}
            }
        };
        self.registrations.announce_all(Instant::now());
        // The new mdns-sd verifies only the instances that it has found itself, so old ones would never be removed.
        self.table.clear();
        if let Some(browsing) = &mut self.browsing {
            browsing.events = None;
            browsing.next_tick = Instant::now();
        }
    }

    async fn shut_down(mut self) {
        let ids = self.registrations.ids();
        for id in &ids {
            self.unregister(*id, None);
        }
        if !ids.is_empty() {
            tokio::time::sleep(GOODBYE_REPEAT_DELAY).await;
        }
        self.mdns.shutdown().await;
    }
}

/// Sleeps until the deadline, or forever if there is none.
async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

/// Waits for the next event of the browse, or forever if there is none.
async fn next_event(browsing: Option<&Browsing>) -> Option<BrowseEvent> {
    match browsing.and_then(|browsing| browsing.events.as_ref()) {
        Some(events) => events.next().await,
        None => std::future::pending().await,
    }
}
