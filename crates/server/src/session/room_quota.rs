//! Limits on the rooms that people create: nobody can delete a room, and everyone's list of rooms grows with it.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use ichat_protocol::{MemberId, WireError};
use ichat_store::{Store, StoreError};
use parking_lot::Mutex;

use crate::Config;
use crate::errors;
use crate::fanout::client::ClientConnection;
use crate::net::client_address::ClientAddress;

/// The period of the limit per day, in milliseconds.
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
/// People with a key at one address, for which the limit per day counts this many times: keys are free.
const PEOPLE_PER_ADDRESS: u32 = 10;

/// The rooms that everybody has created. Those of people with a key are read from the store at the start.
pub(crate) struct RoomQuota {
    /// 0 is no limit, here and below.
    max_per_person: u32,
    max_per_day: u32,
    creations: Mutex<HashMap<Creator, Creations>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Creator {
    Person(MemberId),
    /// The guests at an address together: each connection is another guest.
    GuestsAt(IpAddr),
    EveryoneAt(IpAddr),
}

#[derive(Default)]
struct Creations {
    total: usize,
    /// The times of those within the last day, oldest first.
    recent: VecDeque<u64>,
}

/// A limit that is reached.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum QuotaReached {
    PerPerson { max: u32 },
    PerDay { max: u32, wait_ms: u64 },
}

impl From<QuotaReached> for WireError {
    fn from(reached: QuotaReached) -> Self {
        match reached {
            QuotaReached::PerPerson { max } => errors::too_many_rooms(max),
            QuotaReached::PerDay { max, wait_ms } => errors::too_many_rooms_today(max, wait_ms),
        }
    }
}

impl RoomQuota {
    /// Reads who has created the rooms of a store.
    pub(crate) async fn load(store: &Store, config: &Config, now: u64) -> Result<Self, StoreError> {
        let mut creations: HashMap<_, Creations> = HashMap::new();
        for (author, at) in store.room_creators().await? {
            if !author.is_guest() {
                creations.entry(Creator::Person(author)).or_default().add(at, now);
            }
        }
        Ok(Self {
            max_per_person: config.max_rooms_per_person,
            max_per_day: config.max_rooms_per_day,
            creations: Mutex::new(creations),
        })
    }

    /// Counts a new room. Fails if its creator has as many as allowed.
    pub(crate) fn try_count(&self, client: &ClientConnection, now: u64) -> Result<(), QuotaReached> {
        self.try_count_of(&client.member, client.address, now)
    }

    fn try_count_of(&self, member: &MemberId, address: ClientAddress, now: u64) -> Result<(), QuotaReached> {
        let mut creations = self.creations.lock();
        let limited = self.limits_of(member, address);
        for (creator, max_per_day) in &limited {
            let Some(own) = creations.get_mut(creator) else {
                continue;
            };
            own.forget_before(now);
            if matches!(creator, Creator::Person(_)) && is_reached(own.total, self.max_per_person) {
                return Err(QuotaReached::PerPerson {
                    max: self.max_per_person,
                });
            }
            if is_reached(own.recent.len(), *max_per_day) {
                let oldest = own.recent.front().copied().unwrap_or(now);
                let wait_ms = (oldest + DAY_MS).saturating_sub(now);
                return Err(QuotaReached::PerDay {
                    max: *max_per_day,
                    wait_ms,
                });
            }
        }
        // Those who created nothing for a day need not be known.
        if creations.len() == creations.capacity() {
            creations.retain(|creator, own| {
                own.forget_before(now);
                !own.recent.is_empty() || matches!(creator, Creator::Person(_))
            });
        }
        for (creator, _) in limited {
            creations.entry(creator).or_default().add(now, now);
        }
        Ok(())
    }

    /// Takes back a room that was not created after all.
    pub(crate) fn uncount(&self, client: &ClientConnection) {
        let mut creations = self.creations.lock();
        for (creator, _) in self.limits_of(&client.member, client.address) {
            if let Some(own) = creations.get_mut(&creator) {
                own.total -= 1;
                own.recent.pop_back();
            }
        }
    }

    /// Returns those for whom a room of a client counts, with their limits per day.
    fn limits_of(&self, member: &MemberId, ClientAddress(address): ClientAddress) -> Vec<(Creator, u32)> {
        if member.is_guest() {
            return vec![(Creator::GuestsAt(address), self.max_per_day)];
        }
        let mut limits = vec![(Creator::Person(member.clone()), self.max_per_day)];
        if !address.is_loopback() {
            limits.push((
                Creator::EveryoneAt(address),
                self.max_per_day.saturating_mul(PEOPLE_PER_ADDRESS),
            ));
        }
        limits
    }
}

impl Creations {
    fn add(&mut self, at: u64, now: u64) {
        self.total += 1;
        if at + DAY_MS > now {
            self.recent.push_back(at);
        }
    }

    fn forget_before(&mut self, now: u64) {
        while self.recent.front().is_some_and(|at| at + DAY_MS <= now) {
            self.recent.pop_front();
        }
    }
}

fn is_reached(count: usize, max: u32) -> bool {
    max > 0 && u32::try_from(count).unwrap_or(u32::MAX) >= max
}

#[cfg(test)]
mod tests {
    //! - a person can create so many rooms a day, and so many in all, on whatever connection
    //! - the guests at an address count together, and so does everyone with a key, with a higher limit
    //! - 0 is no limit

    use std::net::Ipv4Addr;

    use uuid::Uuid;

    use super::*;

    fn quota(max_per_person: u32, max_per_day: u32) -> RoomQuota {
        RoomQuota {
            max_per_person,
            max_per_day,
            creations: Mutex::default(),
        }
    }

    fn address(last: u8) -> ClientAddress {
        ClientAddress(Ipv4Addr::new(192, 0, 2, last).into())
    }

    #[test]
    fn a_person_can_create_so_many_rooms_a_day_and_in_all() {
        let quota = quota(5, 2);
        let ada = MemberId::of_key(&[1; 32]);
        let ok = |at| assert_eq!(quota.try_count_of(&ada, address(1), at), Ok(()));
        ok(0);
        ok(1_000);
        let reached = quota.try_count_of(&ada, address(2), 1_001);
        assert_eq!(
            reached,
            Err(QuotaReached::PerDay {
                max: 2,
                wait_ms: DAY_MS - 1_001
            })
        );
        ok(DAY_MS);
        ok(DAY_MS + 1_000);
        ok(3 * DAY_MS);
        let reached = quota.try_count_of(&ada, address(1), 3 * DAY_MS);
        assert_eq!(reached, Err(QuotaReached::PerPerson { max: 5 }));
        let ben = MemberId::of_key(&[2; 32]);
        assert_eq!(quota.try_count_of(&ben, address(1), 3 * DAY_MS), Ok(()));
    }

    #[test]
    fn those_at_an_address_count_together() {
        let quota = quota(0, 1);
        let guest = |number| MemberId::guest(Uuid::from_u128(number));
        assert_eq!(quota.try_count_of(&guest(1), address(1), 0), Ok(()));
        assert!(quota.try_count_of(&guest(2), address(1), 0).is_err());
        assert_eq!(quota.try_count_of(&guest(2), address(2), 0), Ok(()));
        for key in 0..10 {
            assert_eq!(quota.try_count_of(&MemberId::of_key(&[key; 32]), address(1), 0), Ok(()));
        }
        assert!(quota.try_count_of(&MemberId::of_key(&[10; 32]), address(1), 0).is_err());
        assert_eq!(quota.try_count_of(&MemberId::of_key(&[10; 32]), address(2), 0), Ok(()));
    }

    #[test]
    fn zero_is_no_limit() {
        let quota = quota(0, 0);
        let ada = MemberId::of_key(&[1; 32]);
        assert!((0..1_000).all(|at| quota.try_count_of(&ada, address(1), at).is_ok()));
    }
}
