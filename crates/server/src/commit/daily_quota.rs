//! Limits on what people write within a day: nobody can delete a room or a log, and everyone's list of rooms grows.
//!
//! A day begins with what somebody writes first, and is over 24 hours later. After a restart the rooms of people with a key are
//! counted again from the store. Entries and bytes begin at 0: nobody but the host can restart the server.

use std::collections::HashMap;
use std::net::IpAddr;

use ichat_protocol::{MemberId, WireError};
use ichat_store::{Store, StoreError};
use parking_lot::Mutex;

use crate::Config;
use crate::errors;
use crate::net::client_address::ClientAddress;

/// The length of a day, in milliseconds.
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
/// People with a key at one address, for whom the limits count this many times: keys are free.
const PEOPLE_PER_ADDRESS: u64 = 10;
/// People and addresses that are counted at a time, about 200 bytes each. Beyond it those that wrote the least are forgotten.
const MAX_DAYS: usize = 50_000;
const BYTES_PER_MIB: u64 = 1024 * 1024;

/// Rooms, entries and bytes of packets, or limits on them, of which 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Amounts {
    pub(crate) rooms: u64,
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
}

/// The limits per day, and the amounts that count towards them.
pub(crate) struct DailyQuota {
    max_rooms_per_person: u32,
    per_person: Amounts,
    /// For the guests at an address together.
    per_guests: Amounts,
    usage: Mutex<Usage>,
}

#[derive(Default)]
struct Usage {
    /// The rooms that each person with a key has created in all.
    rooms: HashMap<MemberId, u32>,
    days: HashMap<Subject, Day>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Subject {
    Person(MemberId),
    /// The guests at an address together: each connection is another guest.
    GuestsAt(IpAddr),
    EveryoneAt(IpAddr),
}

/// The day of a person or an address.
struct Day {
    began_at: u64,
    written: Amounts,
}

/// A limit that is reached.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum QuotaReached {
    /// The rooms of a person in all.
    Rooms {
        max: u32,
    },
    RoomsPerDay {
        max: u64,
        wait_ms: u64,
    },
    EntriesPerDay {
        max: u64,
        wait_ms: u64,
    },
    BytesPerDay {
        max: u64,
        wait_ms: u64,
    },
}

impl From<QuotaReached> for WireError {
    fn from(reached: QuotaReached) -> Self {
        match reached {
            QuotaReached::Rooms { max } => errors::too_many_rooms(max),
            QuotaReached::RoomsPerDay { max, wait_ms } => errors::too_many_rooms_today(max, wait_ms),
            QuotaReached::EntriesPerDay { max, wait_ms } => {
                errors::too_much_today(&format!("{max} messages and changes"), wait_ms)
            }
            QuotaReached::BytesPerDay { max, wait_ms } => {
                errors::too_much_today(&format!("{} MiB", max / BYTES_PER_MIB), wait_ms)
            }
        }
    }
}

impl DailyQuota {
    /// Reads who has created the rooms of a store.
    pub(crate) async fn load(store: &Store, config: &Config, now: u64) -> Result<Self, StoreError> {
        let mut usage = Usage::default();
        for (author, at) in store.room_creators().await? {
            if !author.is_guest() {
                usage.load_room(author, at, now);
            }
        }
        Ok(Self {
            usage: Mutex::new(usage),
            ..Self::new(config)
        })
    }

    pub(crate) fn new(config: &Config) -> Self {
        let rooms = config.max_rooms_per_day.into();
        Self {
            max_rooms_per_person: config.max_rooms_per_person,
            per_person: Amounts {
                rooms,
                entries: config.max_entries_per_day.into(),
                bytes: config.max_bytes_per_day,
            },
            per_guests: Amounts {
                rooms,
                entries: config.max_guest_entries_per_day.into(),
                bytes: config.max_guest_bytes_per_day,
            },
            usage: Mutex::default(),
        }
    }

    /// Counts what is about to be written. Fails, and counts nothing, if somebody for whom it counts has reached a limit of theirs
    /// before. The last amount of a day may be more than what was left.
    pub(super) fn try_count(
        &self,
        member: &MemberId,
        address: ClientAddress,
        amounts: Amounts,
        now: u64,
    ) -> Result<(), QuotaReached> {
        let mut usage = self.usage.lock();
        let subjects = self.subjects(member, address);
        let rooms = usage.rooms.get(member).copied().unwrap_or_default();
        if amounts.rooms > 0 && self.max_rooms_per_person > 0 && rooms >= self.max_rooms_per_person {
            let max = self.max_rooms_per_person;
            return Err(QuotaReached::Rooms { max });
        }
        for (subject, limits) in &subjects {
            if let Some(day) = usage.present_day(subject, now) {
                day.check(amounts, *limits, now)?;
            }
        }
        usage.make_space(now);
        for (subject, _) in subjects {
            usage.day(subject, now).written += amounts;
        }
        if amounts.rooms > 0 && !member.is_guest() {
            *usage.rooms.entry(member.clone()).or_default() += 1;
        }
        Ok(())
    }

    /// Takes back what was counted at a time, and was not written after all. Those who have written nothing are forgotten.
    pub(super) fn uncount(&self, member: &MemberId, address: ClientAddress, amounts: Amounts, counted_at: u64) {
        let mut usage = self.usage.lock();
        for (subject, _) in self.subjects(member, address) {
            // A day that has begun since doesn't have it.
            if let Some(day) = usage.days.get_mut(&subject).filter(|day| day.began_at <= counted_at) {
                day.written = day.written.without(amounts);
                if day.written == Amounts::default() {
                    usage.days.remove(&subject);
                }
            }
        }
        if amounts.rooms > 0
            && let Some(rooms) = usage.rooms.get_mut(member)
        {
            *rooms = rooms.saturating_sub(1);
            if *rooms == 0 {
                usage.rooms.remove(member);
            }
        }
    }

    /// Returns those for whom what a client writes counts, with their limits.
    fn subjects(&self, member: &MemberId, ClientAddress(address): ClientAddress) -> Vec<(Subject, Amounts)> {
        if member.is_guest() {
            return vec![(Subject::GuestsAt(address), self.per_guests)];
        }
        let mut subjects = vec![(Subject::Person(member.clone()), self.per_person)];
        if !address.is_loopback() {
            let per_address = self.per_person.times(PEOPLE_PER_ADDRESS);
            subjects.push((Subject::EveryoneAt(address), per_address));
        }
        subjects
    }
}

impl Usage {
    /// Counts a room that was in the store at the start.
    fn load_room(&mut self, author: MemberId, at: u64, now: u64) {
        *self.rooms.entry(author.clone()).or_default() += 1;
        // The clock may have been ahead when the room was created.
        let at = at.min(now);
        if at + DAY_MS > now {
            self.day(Subject::Person(author), at).written.rooms += 1;
        }
    }

    /// Returns the day of a person or an address, unless it is over. A day that began later than now began before the clock was
    /// set back: it is taken to begin now, so that it ends within 24 hours.
    fn present_day(&mut self, subject: &Subject, now: u64) -> Option<&mut Day> {
        let day = self.days.get_mut(subject)?;
        day.began_at = day.began_at.min(now);
        Some(day).filter(|day| !day.is_over(now))
    }

    /// Returns the present day of somebody. It begins now if there is none.
    fn day(&mut self, subject: Subject, now: u64) -> &mut Day {
        let day = self.days.entry(subject).or_insert_with(|| Day::begin(now));
        if day.is_over(now) {
            *day = Day::begin(now);
        }
        day
    }

    /// Makes space for more days: first of those that are over.
    fn make_space(&mut self, now: u64) {
        if self.days.len() < MAX_DAYS {
            return;
        }
        self.days.retain(|_, day| !day.is_over(now));
        if self.days.len() < MAX_DAYS / 2 {
            return;
        }
        let mut weights: Vec<u64> = self.days.values().map(Day::weight).collect();
        let middle = weights.len() / 2;
        let (_, median, _) = weights.select_nth_unstable(middle);
        let median = *median;
        self.days.retain(|_, day| day.weight() > median);
    }
}

impl Day {
    fn begin(now: u64) -> Self {
        Self {
            began_at: now,
            written: Amounts::default(),
        }
    }

    fn is_over(&self, now: u64) -> bool {
        self.began_at + DAY_MS <= now
    }

    /// Fails if one of the amounts is not 0, and its limit is reached.
    fn check(&self, amounts: Amounts, limits: Amounts, now: u64) -> Result<(), QuotaReached> {
        let is_reached = |amount, written, max| amount > 0 && max > 0 && written >= max;
        let wait_ms = (self.began_at + DAY_MS).saturating_sub(now);
        let written = self.written;
        if is_reached(amounts.rooms, written.rooms, limits.rooms) {
            let max = limits.rooms;
            return Err(QuotaReached::RoomsPerDay { max, wait_ms });
        }
        if is_reached(amounts.entries, written.entries, limits.entries) {
            let max = limits.entries;
            return Err(QuotaReached::EntriesPerDay { max, wait_ms });
        }
        if is_reached(amounts.bytes, written.bytes, limits.bytes) {
            let max = limits.bytes;
            return Err(QuotaReached::BytesPerDay { max, wait_ms });
        }
        Ok(())
    }

    /// Returns how much it would matter to forget the day.
    fn weight(&self) -> u64 {
        let Amounts { rooms, entries, bytes } = self.written;
        bytes + entries * 1024 + rooms * BYTES_PER_MIB
    }
}

impl Amounts {
    fn times(self, factor: u64) -> Self {
        Self {
            rooms: self.rooms.saturating_mul(factor),
            entries: self.entries.saturating_mul(factor),
            bytes: self.bytes.saturating_mul(factor),
        }
    }

    /// Returns what is left of the amounts.
    pub(super) fn without(self, less: Self) -> Self {
        Self {
            rooms: self.rooms.saturating_sub(less.rooms),
            entries: self.entries.saturating_sub(less.entries),
            bytes: self.bytes.saturating_sub(less.bytes),
        }
    }
}

impl std::ops::AddAssign for Amounts {
    fn add_assign(&mut self, more: Self) {
        self.rooms += more.rooms;
        self.entries += more.entries;
        self.bytes += more.bytes;
    }
}

#[cfg(test)]
mod tests {
    //! - a person can create so many rooms a day, and so many in all, on whatever connection
    //! - the guests at an address count together, and so does everyone with a key, with a higher limit
    //! - a person can write so many entries and bytes a day, and guests as many as their own limits say
    //! - 0 is no limit
    //! - of very many people, those who wrote the most stay counted
    //! - a day ends within 24 hours, also after the clock was ahead
    //! - what is taken back doesn't count, and leaves nothing behind

    use std::net::Ipv4Addr;

    use uuid::Uuid;

    use super::*;

    const ROOM: Amounts = Amounts {
        rooms: 1,
        entries: 0,
        bytes: 0,
    };

    fn quota(max_rooms_per_person: u32, max_rooms_per_day: u32) -> DailyQuota {
        DailyQuota::new(&Config {
            max_rooms_per_person,
            max_rooms_per_day,
            max_entries_per_day: 3,
            max_bytes_per_day: 2 * BYTES_PER_MIB,
            max_guest_entries_per_day: 2,
            max_guest_bytes_per_day: 0,
            ..Config::default()
        })
    }

    fn post(bytes: u64) -> Amounts {
        Amounts {
            rooms: 0,
            entries: 1,
            bytes,
        }
    }

    fn address(last: u8) -> ClientAddress {
        ClientAddress(Ipv4Addr::new(192, 0, 2, last).into())
    }

    #[test]
    fn a_person_can_create_so_many_rooms_a_day_and_in_all() {
        let quota = quota(5, 2);
        let ada = MemberId::of_key(&[1; 32]);
        let ok = |at| assert_eq!(quota.try_count(&ada, address(1), ROOM, at), Ok(()));
        ok(0);
        ok(1_000);
        let reached = quota.try_count(&ada, address(2), ROOM, 1_001);
        assert_eq!(
            reached,
            Err(QuotaReached::RoomsPerDay {
                max: 2,
                wait_ms: DAY_MS - 1_001
            })
        );
        ok(DAY_MS);
        ok(DAY_MS + 1_000);
        ok(3 * DAY_MS);
        let reached = quota.try_count(&ada, address(1), ROOM, 3 * DAY_MS);
        assert_eq!(reached, Err(QuotaReached::Rooms { max: 5 }));
        let ben = MemberId::of_key(&[2; 32]);
        assert_eq!(quota.try_count(&ben, address(1), ROOM, 3 * DAY_MS), Ok(()));
    }

    #[test]
    fn those_at_an_address_count_together() {
        let quota = quota(0, 1);
        let guest = |number| MemberId::guest(Uuid::from_u128(number));
        assert_eq!(quota.try_count(&guest(1), address(1), ROOM, 0), Ok(()));
        assert!(quota.try_count(&guest(2), address(1), ROOM, 0).is_err());
        assert_eq!(quota.try_count(&guest(2), address(2), ROOM, 0), Ok(()));
        let key = |key| MemberId::of_key(&[key; 32]);
        for number in 0..10 {
            assert_eq!(quota.try_count(&key(number), address(1), ROOM, 0), Ok(()));
        }
        assert!(quota.try_count(&key(10), address(1), ROOM, 0).is_err());
        assert_eq!(quota.try_count(&key(10), address(2), ROOM, 0), Ok(()));
    }

    #[test]
    fn a_person_can_write_so_many_entries_and_bytes_a_day() {
        let quota = quota(0, 0);
        let [ada, ben] = [1, 2].map(|key| MemberId::of_key(&[key; 32]));
        for _ in 0..3 {
            assert_eq!(quota.try_count(&ada, address(1), post(10), 0), Ok(()));
        }
        let reached = quota.try_count(&ada, address(1), post(10), 1);
        let wait_ms = DAY_MS - 1;
        assert_eq!(reached, Err(QuotaReached::EntriesPerDay { max: 3, wait_ms }));
        assert_eq!(quota.try_count(&ada, address(1), post(10), DAY_MS), Ok(()));
        assert_eq!(quota.try_count(&ben, address(1), post(3 * BYTES_PER_MIB), 0), Ok(()));
        let max = 2 * BYTES_PER_MIB;
        let reached = quota.try_count(&ben, address(1), post(1), 1);
        assert_eq!(reached, Err(QuotaReached::BytesPerDay { max, wait_ms }));
        let guest = |number| MemberId::guest(Uuid::from_u128(number));
        for number in 0..2 {
            assert_eq!(quota.try_count(&guest(number), address(1), post(max), 0), Ok(()));
        }
        assert!(quota.try_count(&guest(3), address(1), post(1), 0).is_err());
    }

    #[test]
    fn zero_is_no_limit() {
        let quota = quota(0, 0);
        let ada = MemberId::of_key(&[1; 32]);
        assert!((0..1_000).all(|at| quota.try_count(&ada, address(1), ROOM, at).is_ok()));
    }

    #[test]
    fn of_very_many_those_who_wrote_the_most_stay_counted() {
        let quota = quota(0, 0);
        let ada = MemberId::of_key(&[1; 32]);
        for _ in 0..3 {
            assert_eq!(quota.try_count(&ada, address(1), post(1), 0), Ok(()));
        }
        let count = u32::try_from(2 * MAX_DAYS).unwrap_or(u32::MAX);
        let guest = MemberId::guest(Uuid::nil());
        for number in 0..count {
            let address = ClientAddress(Ipv4Addr::from_bits(number).into());
            assert_eq!(quota.try_count(&guest, address, post(1), 0), Ok(()));
        }
        assert!(quota.usage.lock().days.len() <= MAX_DAYS);
        assert!(quota.try_count(&ada, address(1), post(1), 0).is_err());
    }

    #[test]
    fn a_day_ends_within_24_hours_also_after_the_clock_was_ahead() {
        let quota = quota(0, 1);
        let [ada, ben] = [1, 2].map(|key| MemberId::of_key(&[key; 32]));
        quota.usage.lock().load_room(ada.clone(), 400 * DAY_MS, DAY_MS);
        assert_eq!(quota.try_count(&ben, address(1), ROOM, 400 * DAY_MS), Ok(()));
        for person in [&ada, &ben] {
            let reached = quota.try_count(person, address(1), ROOM, DAY_MS);
            let (max, wait_ms) = (1, DAY_MS);
            assert_eq!(reached, Err(QuotaReached::RoomsPerDay { max, wait_ms }));
            assert_eq!(quota.try_count(person, address(1), ROOM, 2 * DAY_MS), Ok(()));
        }
    }

    #[test]
    fn what_is_taken_back_does_not_count_and_leaves_nothing_behind() {
        let quota = quota(1, 1);
        let ada = MemberId::of_key(&[1; 32]);
        for at in 0..5 {
            assert_eq!(quota.try_count(&ada, address(1), ROOM, at), Ok(()));
            quota.uncount(&ada, address(1), ROOM, at);
        }
        let usage = quota.usage.lock();
        assert!(usage.rooms.is_empty() && usage.days.is_empty());
        drop(usage);
        // Of the day before.
        assert_eq!(quota.try_count(&ada, address(1), post(1), 0), Ok(()));
        assert_eq!(quota.try_count(&ada, address(1), ROOM, DAY_MS), Ok(()));
        quota.uncount(&ada, address(1), post(1), 0);
        assert!(quota.try_count(&ada, address(1), ROOM, DAY_MS).is_err());
    }
}
