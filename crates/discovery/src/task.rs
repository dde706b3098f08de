//! The background task: commands in, the list of servers out. It owns mdns-sd and all state.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::announcement::{Announcement, GOODBYE_TWICE};
use crate::cards::Cards;
use crate::mdns::{self, Answers, Heard, Mdns, instance_name};
use crate::nearby::Servers;
use crate::neighbourhood::Neighbourhood;

/// What the handles want.
#[derive(Debug)]
pub(crate) enum Command {
    Announce {
        serial: u64,
        announcement: Announcement,
    },
    People {
        serial: u64,
        people: u32,
    },
    Rename {
        serial: u64,
        name: String,
    },
    Withdraw {
        serial: u64,
        done: Option<oneshot::Sender<()>>,
    },
    Browse,
}

/// How often the list is gone through while somebody searches.
const TICK: Duration = Duration::from_millis(250);

/// The least time between two announcements of one server. Below one second mdns-sd drops records, and a value that
/// returns sooner than its predecessor has expired is missed by those who listen.
const SPEAK_EVERY: Duration = Duration::from_millis(1_500);

/// An announcement is repeated, so that one who missed a change hears of it without asking.
const REPEAT_EVERY: Duration = Duration::from_secs(30);

/// The search is repeated. mdns-sd's own repetitions thin out to one in an hour.
const SEARCH_EVERY: Duration = Duration::from_mins(1);

/// After somebody was lost everybody is asked again so soon, and then with doubled waits: perhaps only packets were lost.
const SEARCH_AFTER_LOSS: Duration = Duration::from_secs(1);

/// When the system refuses a new socket, it is asked again after this.
const START_AGAIN_AFTER: Duration = Duration::from_secs(2);

pub(crate) struct Task {
    cards: Arc<Cards>,
    mdns: Mdns,
    inbox: mpsc::UnboundedReceiver<Command>,
    servers: watch::Sender<Servers>,
    stop: CancellationToken,
    voices: BTreeMap<u64, Voice>,
    search: Option<Search>,
    neighbourhood: Neighbourhood,
}

/// One announced server.
struct Voice {
    instance: String,
    announcement: Announcement,
    spoke_at: Option<Instant>,
    speak_at: Instant,
}

/// A search in progress.
struct Search {
    /// None while mdns-sd is too busy to take the question.
    answers: Option<Answers>,
    repeat_at: Instant,
    /// The wait after the next repetition.
    wait: Duration,
    tick_at: Instant,
}

impl Task {
    pub(crate) fn new(
        cards: Arc<Cards>,
        inbox: mpsc::UnboundedReceiver<Command>,
        servers: watch::Sender<Servers>,
        stop: CancellationToken,
    ) -> Result<Self, mdns::Error> {
        Ok(Self {
            mdns: Mdns::start(Arc::clone(&cards))?,
            cards,
            inbox,
            servers,
            stop,
            voices: BTreeMap::new(),
            search: None,
            neighbourhood: Neighbourhood::default(),
        })
    }

    /// Runs until the stop token is cancelled or the last handle is dropped.
    pub(crate) async fn run(self) {
        self.work().instrument(tracing::info_span!("discovery")).await;
    }

    async fn work(mut self) {
        loop {
            let due = self.next_due();
            // In this order, so that a flood of answers can hold up neither the stop nor the commands nor the clock.
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                command = self.inbox.recv() => match command {
                    Some(command) => self.obey(command),
                    None => break,
                },
                () = at(due) => self.tick(Instant::now()).await,
                heard = next_answer(self.search.as_ref()) => self.hear(heard, Instant::now()),
                () = self.mdns.watch_over() => self.restart_mdns("its thread has ended").await,
            }
        }
        self.say_goodbye().await;
    }

    fn next_due(&self) -> Option<Instant> {
        let tick = self.search.as_ref().map(|search| search.tick_at);
        self.voices.values().map(|voice| voice.speak_at).chain(tick).min()
    }

    fn obey(&mut self, command: Command) {
        let now = Instant::now();
        match command {
            Command::Announce { serial, announcement } => {
                let instance = instance_name(&announcement, &self.cards);
                self.voices.retain(|_, voice| voice.instance != instance);
                self.voices.insert(
                    serial,
                    Voice {
                        instance,
                        announcement,
                        spoke_at: None,
                        speak_at: now,
                    },
                );
            }
            Command::People { serial, people } => self.change(serial, now, |announcement| announcement.people = people),
            Command::Rename { serial, name } => self.change(serial, now, |announcement| announcement.name = name),
            Command::Withdraw { serial, done } => self.withdraw(serial, done),
            Command::Browse => {
                self.search.get_or_insert(Search {
                    answers: None,
                    repeat_at: now,
                    wait: SEARCH_EVERY,
                    tick_at: now,
                });
            }
        }
    }

    /// Changes what is announced; a burst of changes becomes one announcement.
    fn change(&mut self, serial: u64, now: Instant, change: impl FnOnce(&mut Announcement)) {
        let Some(voice) = self.voices.get_mut(&serial) else {
            return;
        };
        let before = voice.announcement.clone();
        change(&mut voice.announcement);
        if voice.announcement != before {
            voice.speak_at = voice.spoke_at.map_or(now, |spoke_at| now.max(spoke_at + SPEAK_EVERY));
        }
    }

    fn withdraw(&mut self, serial: u64, done: Option<oneshot::Sender<()>>) {
        let Some(voice) = self.voices.remove(&serial) else {
            return;
        };
        match self.mdns.unregister(&voice.instance) {
            Ok(said) => {
                // Waits for mdns-sd, which answers or drops its end; the task must not wait for that.
                tokio::spawn(async move {
                    let said = said.recv_async().await.is_ok();
                    if let Some(done) = done.filter(|_| said) {
                        // Whoever no longer waits needs no answer.
                        let _ = done.send(());
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "no goodbye could be sent: others will see the server for a few seconds more");
            }
        }
    }

    async fn tick(&mut self, now: Instant) {
        self.speak(now);
        let Some(search) = &mut self.search else { return };
        if now < search.tick_at {
            return;
        }
        search.tick_at = now + TICK;
        if self.servers.receiver_count() == 0 {
            self.end_search();
            return;
        }
        self.neighbourhood.forget_missing(now);
        self.search_again(now);
        for instance in self.neighbourhood.due_for_asking(now) {
            if let Err(error) = self.mdns.ask(instance) {
                tracing::debug!(%error, "could not ask whether a server is still there; it is asked again soon");
            }
        }
        self.publish();
        if self.mdns.is_flooded() {
            self.restart_mdns("its cache is flooded").await;
        }
    }

    /// Announces whatever is due.
    fn speak(&mut self, now: Instant) {
        for voice in self.voices.values_mut().filter(|voice| voice.speak_at <= now) {
            match self.mdns.register(&voice.instance, &voice.announcement) {
                Ok(()) => {
                    voice.spoke_at = Some(now);
                    voice.speak_at = now + REPEAT_EVERY;
                }
                Err(error) => {
                    tracing::warn!(%error, "a server could not be announced; trying again");
                    voice.speak_at = now + SPEAK_EVERY;
                }
            }
        }
    }

    /// Asks the network for everybody, when it is time or the last question has come to its end.
    fn search_again(&mut self, now: Instant) {
        let Some(search) = &mut self.search else { return };
        if search.answers.is_some() && now < search.repeat_at {
            return;
        }
        match self.mdns.browse() {
            Ok(answers) => search.answers = Some(answers),
            Err(error) => tracing::warn!(%error, "could not search for servers; trying again"),
        }
        search.repeat_at = now + search.wait;
        search.wait = SEARCH_EVERY.min(search.wait * 2);
    }

    fn end_search(&mut self) {
        self.search = None;
        self.neighbourhood.clear();
        self.publish();
        if let Err(error) = self.mdns.stop_browsing() {
            tracing::debug!(%error, "the search goes on unheard until the next one replaces it");
        }
    }

    /// Takes in an answer; `None` when they have come to an end.
    fn hear(&mut self, heard: Option<Heard>, now: Instant) {
        let Some(search) = &mut self.search else { return };
        match heard {
            Some(Heard::Seen(sighting)) => self.neighbourhood.see(sighting, now),
            Some(Heard::Lost(instance)) => {
                self.neighbourhood.lose(&instance);
                search.repeat_at = search.repeat_at.min(now + SEARCH_AFTER_LOSS);
                search.wait = SEARCH_AFTER_LOSS * 2;
            }
            None => search.answers = None,
        }
        self.publish();
    }

    /// Shows the list to those who search, if it has changed.
    fn publish(&self) {
        let list = self.neighbourhood.servers(&self.cards.in_use());
        self.servers.send_if_modified(|shown| {
            let changed = **shown != list;
            if changed {
                *shown = Arc::new(list);
            }
            changed
        });
    }

    /// Replaces mdns-sd by a fresh one, with nothing cached, and says and asks everything anew.
    async fn restart_mdns(&mut self, reason: &str) {
        tracing::warn!("multicast DNS is started anew: {reason}");
        self.mdns.shutdown().await;
        self.mdns = loop {
            match Mdns::start(Arc::clone(&self.cards)) {
                Ok(fresh) => break fresh,
                Err(error) => tracing::warn!(%error, "multicast DNS can't be started; trying again"),
            }
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(START_AGAIN_AFTER) => {}
            }
        };
        let now = Instant::now();
        for voice in self.voices.values_mut() {
            voice.speak_at = now;
        }
        if let Some(search) = &mut self.search {
            search.answers = None;
        }
    }

    async fn say_goodbye(mut self) {
        let serials: Vec<u64> = self.voices.keys().copied().collect();
        for serial in &serials {
            self.withdraw(*serial, None);
        }
        if !serials.is_empty() {
            tokio::time::sleep(GOODBYE_TWICE).await;
        }
        self.mdns.shutdown().await;
    }
}

/// Waits until then; for ever, if nothing is due.
async fn at(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

/// Waits for the next answer; for ever, if nobody searches.
async fn next_answer(search: Option<&Search>) -> Option<Heard> {
    match search.and_then(|search| search.answers.as_ref()) {
        Some(answers) => answers.next().await,
        None => std::future::pending().await,
    }
}
