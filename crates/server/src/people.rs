//! Who is here, and who is typing. A person with several devices is one person.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ichat_protocol::limits::MAX_PRESENCE_PEOPLE;
use ichat_protocol::{Availability, MemberId, Name, Person, Presence, ServerEvent};
use ichat_store::{Store, StoreError};
use socketioxide::socket::Sid;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::audience::Circle;
use crate::house::Shared;
use crate::seat::Seat;

/// How often changes of presence are told. A hundred who come in at once are one event.
const TELL_EVERY: Duration = Duration::from_millis(250);
/// How many signs of one person's typing are passed on at most within [`TYPING_WINDOW`]: room for somebody who sends and
/// types on at once, and none for a flood.
const TYPING_SIGNS: u32 = 4;
/// See [`TYPING_SIGNS`].
const TYPING_WINDOW: Duration = Duration::from_secs(2);

/// Everybody who is connected, and the names of everybody with a key who ever was.
pub(crate) struct People {
    inner: Mutex<Inner>,
    count: watch::Sender<u32>,
}

#[derive(Default)]
struct Inner {
    here: HashMap<MemberId, Here>,
    /// Names that the log holds for members with a key.
    known: HashMap<MemberId, Name>,
    /// Whose presence was not told since it changed.
    changed: HashSet<MemberId>,
    /// What everybody was told last.
    told: HashMap<MemberId, (Name, Availability)>,
    /// Since when the signs of somebody's typing are counted, and how many there were.
    typed: HashMap<MemberId, (Instant, u32)>,
}

struct Here {
    name: Name,
    seats: HashMap<Sid, (Arc<Seat>, bool)>,
}

impl Here {
    fn availability(&self) -> Availability {
        if self.seats.values().any(|(_, away)| !away) {
            Availability::Online
        } else {
            Availability::Away
        }
    }
}

impl People {
    /// Reads the names of the lobby's members, which is everybody.
    pub(crate) async fn load(store: &Store, count: watch::Sender<u32>) -> Result<Self, StoreError> {
        let members = store.members(store.lobby()).await?;
        let known = members
            .into_iter()
            .filter(|member| !member.id.is_guest() && !member.left)
            .map(|member| (member.id, member.name))
            .collect();
        Ok(Self {
            inner: Mutex::new(Inner {
                known,
                ..Inner::default()
            }),
            count,
        })
    }

    pub(crate) fn known_name(&self, member: &MemberId) -> Option<Name> {
        self.inner().known.get(member).cloned()
    }

    pub(crate) fn enter(&self, seat: &Arc<Seat>, name: &Name) {
        let mut inner = self.inner();
        let here = inner.here.entry(seat.member.clone()).or_insert_with(|| Here {
            name: name.clone(),
            seats: HashMap::new(),
        });
        here.name = name.clone();
        here.seats.insert(seat.socket.id, (Arc::clone(seat), false));
        inner.changed.insert(seat.member.clone());
        self.recount(&inner);
    }

    pub(crate) fn leave(&self, seat: &Seat) {
        let mut inner = self.inner();
        let is_last = inner.here.get_mut(&seat.member).is_some_and(|here| {
            here.seats.remove(&seat.socket.id);
            here.seats.is_empty()
        });
        if is_last {
            inner.here.remove(&seat.member);
            inner.typed.remove(&seat.member);
        }
        inner.changed.insert(seat.member.clone());
        self.recount(&inner);
    }

    pub(crate) fn set_away(&self, seat: &Seat, away: bool) {
        let mut inner = self.inner();
        if let Some((_, is_away)) = inner
            .here
            .get_mut(&seat.member)
            .and_then(|here| here.seats.get_mut(&seat.socket.id))
        {
            *is_away = away;
            inner.changed.insert(seat.member.clone());
        }
    }

    /// Notes the name that the log holds from now on.
    pub(crate) fn set_known(&self, member: &MemberId, name: &Name) {
        if !member.is_guest() {
            self.inner().known.insert(member.clone(), name.clone());
        }
    }

    /// The name of somebody who is here.
    pub(crate) fn name(&self, member: &MemberId) -> Option<Name> {
        self.inner().here.get(member).map(|here| here.name.clone())
    }

    pub(crate) fn set_name(&self, member: &MemberId, name: &Name) {
        let mut inner = self.inner();
        if let Some(here) = inner.here.get_mut(member) {
            here.name = name.clone();
            inner.changed.insert(member.clone());
        }
    }

    /// Whether this sign of typing may be passed on, or the same person has sent too many.
    pub(crate) fn may_type(&self, member: &MemberId) -> bool {
        let now = Instant::now();
        let mut inner = self.inner();
        let (since, signs) = inner.typed.entry(member.clone()).or_insert((now, 0));
        if now.duration_since(*since) >= TYPING_WINDOW {
            (*since, *signs) = (now, 0);
        }
        *signs += 1;
        *signs <= TYPING_SIGNS
    }

    /// Who is here, for somebody who comes in: everybody, or those of a crowd whom everybody is told of.
    pub(crate) fn seen_by(&self, newcomer: &MemberId) -> Presence {
        let inner = self.inner();
        let shown = |(id, here): (&MemberId, &Here)| person(id, &here.name, here.availability());
        let mut people: Vec<Person> = if inner.here.len() > MAX_PRESENCE_PEOPLE {
            let others = inner.told.keys().filter(|id| *id != newcomer);
            let of_crowd = others.chain([newcomer]).filter_map(|id| inner.here.get_key_value(id));
            of_crowd.map(shown).collect()
        } else {
            inner.here.iter().map(shown).collect()
        };
        people.sort_by(|a, b| a.id.cmp(&b.id));
        Presence { people }
    }

    pub(crate) fn seats_of(&self, member: &MemberId) -> Vec<Arc<Seat>> {
        let inner = self.inner();
        inner
            .here
            .get(member)
            .map(|here| here.seats.values().map(|(seat, _)| Arc::clone(seat)).collect())
            .unwrap_or_default()
    }

    /// What changed since it was told, so that who goes and comes back in between is not told at all.
    fn take_changes(&self) -> Vec<Person> {
        let mut inner = self.inner();
        let Inner {
            here, changed, told, ..
        } = &mut *inner;
        let mut people = Vec::new();
        let mut tell = |told: &mut HashMap<_, _>, id: MemberId, here: &Here| {
            let now = (here.name.clone(), here.availability());
            if told.get(&id) != Some(&now) {
                people.push(person(&id, &now.0, now.1));
                told.insert(id, now);
            }
        };
        let mut gone = Vec::new();
        let mut later = Vec::new();
        for id in changed.drain() {
            match here.get(&id) {
                Some(here) if told.contains_key(&id) => tell(told, id, here),
                Some(_) => later.push(id),
                None => gone.extend(told.remove(&id).map(|(name, _)| (id, name))),
            }
        }
        if told.len() < MAX_PRESENCE_PEOPLE && !gone.is_empty() && told.len() + later.len() < here.len() {
            // There is room for some of a crowd that nobody was told of.
            later.extend(here.keys().filter(|id| !told.contains_key(id)).cloned());
        }
        for id in later {
            if let Some(here) = here.get(&id).filter(|_| told.len() < MAX_PRESENCE_PEOPLE) {
                tell(told, id, here);
            }
        }
        let gone = gone
            .into_iter()
            .map(|(id, name)| person(&id, &name, Availability::Offline));
        people.extend(gone);
        people
    }

    fn recount(&self, inner: &Inner) {
        let count = u32::try_from(inner.here.len()).unwrap_or(u32::MAX);
        self.count
            .send_if_modified(|told| std::mem::replace(told, count) != count);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn person(id: &MemberId, name: &Name, availability: Availability) -> Person {
    Person {
        id: id.clone(),
        name: name.clone(),
        availability,
    }
}

/// Tells changes of presence until the server goes down.
pub(crate) async fn run(house: Shared) {
    let mut ticks = tokio::time::interval(TELL_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while house.closing.run_until_cancelled(ticks.tick()).await.is_some() {
        let people = house.people.take_changes();
        if !people.is_empty() {
            // Whose buffer is full misses it. Presence is state: the next change, or the next connection, mends it.
            let event = ServerEvent::Presence(Presence { people });
            house.audience.tell(Circle::Everybody, &event).await;
        }
    }
}
