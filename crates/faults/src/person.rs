//! A client of ours in a process of its own: it does what it is told on standard input, keeps its record, and says where
//! it stands.

use std::collections::{BTreeMap, HashSet};
use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use ichat_client::session::{Command, ConnectionStatus, LogRange, OutboxState, Update};
use ichat_client::{Client, ClientUpdate, Clock, Profile, Updates};
use ichat_protocol::limits::MAX_PAGE_ENTRIES;
use ichat_protocol::{Entry, EntryId, Epoch, Name, RoomId, Seq};
use tokio::sync::{Notify, mpsc};
use tokio::task::unconstrained;

use crate::order::{Order, RoomView, Status, View, Word};
use crate::record::{Line, Place, Recorder};

/// Orders that are obeyed together: their posts are on their way at the same time.
const AT_ONCE: usize = 128;

/// `ichat-faults person`: started by the checker.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The client's data folder.
    #[arg(long)]
    dir: PathBuf,
    #[arg(long)]
    name: String,
    /// Where this life's record goes.
    #[arg(long)]
    record: PathBuf,
}

pub(crate) fn live(options: Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(Body::live(options))
}

struct Body {
    client: Client,
    /// For how long the machine has slept, in milliseconds: its clock is ahead by that.
    slept: Arc<AtomicU64>,
    record: Recorder,
    picture: Arc<Shared>,
}

/// What an interface would show, and who waits for a change of it.
struct Shared {
    picture: Mutex<Picture>,
    changed: Notify,
    profile: Profile,
}

#[derive(Default)]
struct Picture {
    status: Status,
    rooms: BTreeMap<RoomId, Shown>,
    /// Posts that the client was handed and has not shown in any way yet.
    unseen: HashSet<EntryId>,
    waiting: BTreeMap<RoomId, HashSet<EntryId>>,
    refused: BTreeMap<RoomId, HashSet<EntryId>>,
    acknowledged: HashSet<EntryId>,
    contradictions: Vec<String>,
}

struct Shown {
    epoch: Epoch,
    entries: BTreeMap<Seq, Entry>,
}

impl Body {
    async fn live(options: Options) -> Result<()> {
        let name = Name::parse(&options.name)?;
        let record = Recorder::create(&options.record)?;
        let slept = Arc::<AtomicU64>::default();
        let (began, ahead) = (Instant::now(), Arc::clone(&slept));
        let clock = Clock::new(move || began.elapsed() + Duration::from_millis(ahead.load(Ordering::SeqCst)));
        let (client, updates) = Client::open_with_clock(clock, &options.dir, Some(name))?;
        let profile = client.profile();
        let opened = Line::Opened {
            me: profile.member.clone(),
            device: profile.device,
        };
        record.note_first(vec![opened]).await;
        let picture = Arc::new(Shared {
            picture: Mutex::default(),
            changed: Notify::new(),
            profile,
        });
        tokio::spawn(follow(Arc::clone(&picture), updates, record.clone()));
        tokio::spawn(tell(Arc::clone(&picture)));
        let body = Self {
            client,
            slept,
            record,
            picture,
        };
        let mut orders = orders();
        let mut together = Vec::new();
        while orders.recv_many(&mut together, AT_ONCE).await > 0 {
            if body.obey(std::mem::take(&mut together)).await {
                break;
            }
        }
        body.client.shutdown().await;
        Ok(())
    }

    /// Whether the end has come.
    async fn obey(&self, orders: Vec<Order>) -> bool {
        let mut posts = Vec::new();
        for order in orders {
            if let Order::Post { room, id, body } = order {
                posts.push((room, id, body));
                continue;
            }
            self.post(std::mem::take(&mut posts)).await;
            let done = match order {
                Order::Join { address } => self.join(&address).await,
                Order::Nudge => {
                    self.client.nudge().await;
                    Ok(())
                }
                Order::Wake { after_ms } => {
                    self.slept.fetch_add(after_ms, Ordering::SeqCst);
                    Ok(())
                }
                Order::View { file } => self.view(&file).await,
                Order::End => return true,
                other => Err(anyhow!("our client does not know how to {other:?}")),
            };
            if let Err(error) = done {
                let what = format!("{error:#}");
                say(&Word::Failed { what });
            }
        }
        self.post(posts).await;
        false
    }

    async fn join(&self, address: &str) -> Result<()> {
        self.client.join(&[address.parse()?]).await?;
        Ok(())
    }

    /// Hands the posts over in their order, without waiting for one before the next.
    async fn post(&self, posts: Vec<(RoomId, EntryId, ichat_protocol::Body)>) {
        if posts.is_empty() {
            return;
        }
        let Some(server) = self.client.servers().first().map(|server| server.id) else {
            let what = "post: no server was joined".to_owned();
            return say(&Word::Failed { what });
        };
        self.picture.hand(posts.iter().map(|(_, id, _)| *id));
        let lines = posts.iter().map(|(room, id, body)| Line::Sent {
            room: *room,
            id: *id,
            body: body.clone(),
        });
        self.record.note_first(lines.collect()).await;
        let handed = posts.into_iter().map(|(room, id, body)| {
            Box::pin(unconstrained(async move {
                let written = now_ms();
                let send = Command::Send {
                    room,
                    id,
                    body,
                    written,
                };
                match self.client.command(server, send).await {
                    Ok(()) => self.record.note(Line::Kept { id }),
                    Err(error) => {
                        self.picture.now().unseen.remove(&id);
                        say(&Word::Failed {
                            what: format!("post {id}: {error}"),
                        });
                    }
                }
            }))
        });
        // Each is asked once, in their order, and has then taken its place in the client's queue. (`join_all` alone asks
        // in an order of its own, and Tokio puts off whoever comes after some hundred others.)
        let mut taken = Vec::new();
        for mut one in handed {
            if futures_util::poll!(&mut one).is_pending() {
                taken.push(one);
            }
        }
        futures_util::future::join_all(taken).await;
    }

    /// Scrolls back to the beginning of every room, and writes down what is shown then.
    async fn view(&self, file: &std::path::Path) -> Result<()> {
        let server = self.client.servers().first().map(|server| server.id);
        let server = server.context("no server was joined")?;
        let rooms: Vec<RoomId> = self.picture.now().rooms.keys().copied().collect();
        for room in rooms {
            loop {
                let first = self.picture.now().lowest_of_the_top(room);
                if first <= Seq(1) {
                    break;
                }
                let range = LogRange {
                    before: Some(first),
                    after: None,
                    limit: MAX_PAGE_ENTRIES,
                };
                self.client.command(server, Command::History { room, range }).await?;
                while self.picture.now().lowest_of_the_top(room) >= first {
                    self.picture.changed.notified().await;
                }
            }
        }
        let view = self.picture.now().view(&self.picture.profile);
        let written = serde_json::to_vec(&view)?;
        std::fs::write(file, written).with_context(|| format!("the view {} can't be written", file.display()))?;
        say(&Word::Viewed);
        Ok(())
    }
}

impl Shared {
    /// These are about to be the client's.
    fn hand(&self, ids: impl ExactSizeIterator<Item = EntryId>) {
        let mut picture = self.now();
        picture.status.handed += ids.len();
        picture.unseen.extend(ids);
        picture.count();
        drop(picture);
        self.changed.notify_waiters();
    }

    fn now(&self) -> MutexGuard<'_, Picture> {
        self.picture.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the updates all the time: the sessions wait when nobody does.
async fn follow(shared: Arc<Shared>, mut updates: Updates, record: Recorder) {
    while let Some(update) = updates.next().await {
        if let ClientUpdate::Session { update, .. } = update {
            shared.now().take(update, &shared.profile, &record);
            shared.changed.notify_waiters();
        }
    }
}

/// Says where the client stands when that has changed.
async fn tell(shared: Arc<Shared>) {
    let mut told = None;
    loop {
        let changed = shared.changed.notified();
        let status = shared.now().status.clone();
        if told.as_ref() != Some(&status) {
            say(&Word::Now(status.clone()));
            told = Some(status);
        }
        changed.await;
    }
}

impl Picture {
    fn take(&mut self, update: Update, profile: &Profile, record: &Recorder) {
        match update {
            Update::Connection(connection) => self.connection(connection),
            Update::Hello(hello) => self.status.lobby = Some(hello.lobby),
            Update::Entries {
                room, head, entries, ..
            } => self.show(room, head.epoch, entries, profile, record),
            Update::Reset { room } => {
                self.rooms.remove(&room);
                self.status.resets += 1;
                record.note(Line::Reset { room });
            }
            Update::Outbox { room, items } => {
                let (mut waiting, mut refused) = (HashSet::new(), HashSet::new());
                for item in items {
                    match item.state {
                        OutboxState::Sending => drop(waiting.insert(item.id)),
                        OutboxState::Failed { error } => {
                            if refused.insert(item.id) && !self.refused.get(&room).is_some_and(|r| r.contains(&item.id))
                            {
                                let why = format!("{:?}: {}", error.code, error.message);
                                record.note(Line::Refused { id: item.id, why });
                            }
                        }
                    }
                }
                // What has left the outbox is shown as sent.
                let before = self.waiting.insert(room, waiting.clone()).unwrap_or_default();
                for id in before
                    .into_iter()
                    .filter(|id| !waiting.contains(id) && !refused.contains(id))
                {
                    self.acknowledge(id, None, record);
                }
                self.unseen.retain(|id| !waiting.contains(id) && !refused.contains(id));
                self.refused.insert(room, refused);
                self.count();
            }
            _ => {}
        }
        let lobby = self.status.lobby.and_then(|lobby| self.rooms.get(&lobby));
        self.status.shows = lobby.map_or(0, |lobby| lobby.entries.len());
        let last = lobby.and_then(|lobby| lobby.entries.keys().next_back());
        self.status.last = last.copied().unwrap_or_default();
    }

    fn count(&mut self) {
        let waiting: usize = self.waiting.values().map(HashSet::len).sum();
        self.status.waiting = waiting + self.unseen.len();
        self.status.refused = self.refused.values().map(HashSet::len).sum();
    }

    fn connection(&mut self, connection: ConnectionStatus) {
        let online = connection == ConnectionStatus::Online;
        self.status.connections += u32::from(online && !self.status.online);
        self.status.online = online;
        self.status.trouble = match connection {
            ConnectionStatus::Reconnecting { message, .. } => message,
            ConnectionStatus::Refused { error } => Some(error.message),
            ConnectionStatus::Connecting | ConnectionStatus::Online => None,
        };
    }

    fn show(&mut self, room: RoomId, epoch: Epoch, entries: Vec<Entry>, profile: &Profile, record: &Recorder) {
        for entry in &entries {
            let own = entry.author == profile.member && entry.device == profile.device;
            if own {
                let seq = entry.seq;
                self.acknowledge(entry.id, Some(Place { room, epoch, seq }), record);
            }
        }
        let shown = self.rooms.entry(room).or_insert_with(|| Shown {
            epoch,
            entries: BTreeMap::new(),
        });
        if shown.epoch != epoch {
            self.contradictions.push(format!(
                "room {room}: entries of {epoch} without a reset, after {}",
                shown.epoch
            ));
            shown.epoch = epoch;
        }
        for entry in entries.clone() {
            let (seq, id) = (entry.seq, entry.id);
            if let Some(before) = shown.entries.insert(seq, entry)
                && before.id != id
            {
                self.contradictions
                    .push(format!("room {room}: place {seq} was {}, and then {id}", before.id));
            }
        }
        record.note(Line::Shown { room, epoch, entries });
    }

    fn acknowledge(&mut self, id: EntryId, at: Option<Place>, record: &Recorder) {
        if self.unseen.remove(&id) {
            self.count();
        }
        if self.acknowledged.insert(id) {
            self.status.acknowledged += 1;
        } else if at.is_none() {
            return;
        }
        record.note(Line::Acknowledged { id, at });
    }

    /// Where the range without a gap begins that ends with the last entry shown.
    fn lowest_of_the_top(&self, room: RoomId) -> Seq {
        let Some(shown) = self.rooms.get(&room) else {
            return Seq::ZERO;
        };
        let mut lowest: Option<Seq> = None;
        for seq in shown.entries.keys().rev() {
            if lowest.is_some_and(|lowest| seq.next() != lowest) {
                break;
            }
            lowest = Some(*seq);
        }
        lowest.unwrap_or_default()
    }

    fn view(&self, profile: &Profile) -> View {
        let rooms = self.rooms.iter().map(|(room, shown)| RoomView {
            room: *room,
            epoch: shown.epoch,
            entries: shown.entries.values().cloned().collect(),
        });
        View {
            me: profile.member.clone(),
            device: profile.device,
            rooms: rooms.collect(),
            waiting: self.waiting.values().flatten().copied().collect(),
            refused: self.refused.values().flatten().copied().collect(),
            contradictions: self.contradictions.clone(),
        }
    }
}

fn orders() -> mpsc::Receiver<Order> {
    let (told, orders) = mpsc::channel(AT_ONCE);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let order = line
                .map_err(anyhow::Error::from)
                .and_then(|line| Ok(serde_json::from_str(&line)?));
            match order {
                Ok(order) => {
                    if told.blocking_send(order).is_err() {
                        break;
                    }
                }
                Err(error) => say(&Word::Failed {
                    what: format!("an order can't be read: {error:#}"),
                }),
            }
        }
    });
    orders
}

fn say(word: &Word) {
    if let Ok(mut line) = serde_json::to_string(word) {
        line.push('\n');
        // When the checker has gone, standard input ends too, and with it this process.
        drop(std::io::stdout().lock().write_all(line.as_bytes()));
    }
}

fn now_ms() -> u64 {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
