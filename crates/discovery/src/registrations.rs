//! The announced servers, and when each is announced next. Uses no socket and no clock.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::command::RegistrationId;
use crate::record::Record;

/// The least time between two announcements of one server. Below one second mdns-sd drops records.
pub(crate) const MIN_ANNOUNCE_INTERVAL: Duration = Duration::from_millis(1_500);

/// An unchanged announcement is repeated at this interval, for listeners that missed a change.
pub(crate) const REANNOUNCE_INTERVAL: Duration = Duration::from_secs(30);

/// The announced servers, by the id of their registration.
#[derive(Debug, Default)]
pub(crate) struct Registrations(BTreeMap<RegistrationId, Registration>);

/// An announced server.
#[derive(Debug)]
pub(crate) struct Registration {
    pub(crate) instance: String,
    pub(crate) record: Record,
    /// The number of changes; see [`Record::properties`].
    pub(crate) revision: u64,
    pub(crate) port: u16,
    announced_at: Option<Instant>,
    next_announcement: Instant,
}

impl Registrations {
    /// Adds a server. It replaces one with the same instance name.
    pub(crate) fn register(&mut self, id: RegistrationId, instance: String, record: Record, port: u16, now: Instant) {
        let replaced = self
            .0
            .extract_if(.., |_, registration| registration.instance == instance)
            .next();
        let mut registration = match replaced {
            Some((_, replaced)) => Registration { record, ..replaced },
            None => Registration {
                instance,
                record,
                revision: 0,
                port,
                announced_at: None,
                next_announcement: now,
            },
        };
        registration.schedule_change(now);
        self.0.insert(id, registration);
    }

    pub(crate) fn set_people(&mut self, id: RegistrationId, people: u32, now: Instant) {
        if let Some(registration) = self.0.get_mut(&id)
            && registration.record.people != people
        {
            registration.record.people = people;
            registration.schedule_change(now);
        }
    }

    /// Removes a server and returns its instance name.
    pub(crate) fn unregister(&mut self, id: RegistrationId) -> Option<String> {
        self.0.remove(&id).map(|registration| registration.instance)
    }

    pub(crate) fn ids(&self) -> Vec<RegistrationId> {
        self.0.keys().copied().collect()
    }

    /// Returns when the next announcement is due.
    pub(crate) fn next_announcement(&self) -> Option<Instant> {
        self.0.values().map(|registration| registration.next_announcement).min()
    }

    /// Returns the servers to announce now.
    pub(crate) fn due(&mut self, now: Instant) -> impl Iterator<Item = &mut Registration> {
        self.0
            .values_mut()
            .filter(move |registration| registration.next_announcement <= now)
    }

    /// Schedules all announcements now, for an mdns-sd that knows none of them.
    pub(crate) fn announce_all(&mut self, now: Instant) {
        for registration in self.0.values_mut() {
            registration.next_announcement = now;
        }
    }
}

impl Registration {
    /// Schedules the repetition of an announcement that was made now.
    pub(crate) fn announced(&mut self, now: Instant) {
        self.announced_at = Some(now);
        self.next_announcement = now + REANNOUNCE_INTERVAL;
    }

    /// Schedules another attempt after a failed announcement.
    pub(crate) fn retry(&mut self, now: Instant) {
        self.next_announcement = now + MIN_ANNOUNCE_INTERVAL;
    }

    /// Schedules the announcement of a change, as early as [`MIN_ANNOUNCE_INTERVAL`] allows.
    fn schedule_change(&mut self, now: Instant) {
        self.revision += 1;
        self.next_announcement = self
            .announced_at
            .map_or(now, |announced_at| now.max(announced_at + MIN_ANNOUNCE_INTERVAL));
    }
}

#[cfg(test)]
mod tests {
    //! - a new server is announced at once, then repeated
    //! - a burst of changes becomes one announcement, and each change another revision
    //! - a server that is registered again replaces the first, and waits for its turn
    //! - a failed announcement is retried

    use uuid::Uuid;

    use super::*;

    const ID: RegistrationId = RegistrationId(1);

    fn record(name: &str) -> Record {
        Record {
            id: Uuid::from_u128(1),
            name: name.into(),
            protocol: 1,
            people: 1,
            path: "/".into(),
        }
    }

    fn registered(now: Instant) -> Registrations {
        let mut registrations = Registrations::default();
        registrations.register(ID, "instance".into(), record("Büro"), 7300, now);
        registrations
    }

    /// Announces what is due, and returns the name, the number of people and the revision of each.
    fn announce(registrations: &mut Registrations, now: Instant) -> Vec<(String, u32, u64)> {
        let announce = |registration: &mut Registration| {
            registration.announced(now);
            let Record { name, people, .. } = registration.record.clone();
            (name, people, registration.revision)
        };
        registrations.due(now).map(announce).collect()
    }

    #[test]
    fn a_new_server_is_announced_at_once_and_then_repeated() {
        let start = Instant::now();
        let mut registrations = registered(start);
        assert_eq!(registrations.next_announcement(), Some(start));
        assert_eq!(announce(&mut registrations, start), [("Büro".to_owned(), 1, 1)]);
        assert_eq!(registrations.next_announcement(), Some(start + REANNOUNCE_INTERVAL));
        assert!(announce(&mut registrations, start + REANNOUNCE_INTERVAL / 2).is_empty());
        let repeated = announce(&mut registrations, start + REANNOUNCE_INTERVAL);
        assert_eq!(repeated, [("Büro".to_owned(), 1, 1)], "unchanged");
    }

    #[test]
    fn a_burst_of_changes_becomes_one_announcement_with_another_revision() {
        let start = Instant::now();
        let mut registrations = registered(start);
        announce(&mut registrations, start);
        for people in [2, 3, 3, 4] {
            registrations.set_people(ID, people, start);
        }
        assert!(announce(&mut registrations, start).is_empty(), "too early");
        let next = start + MIN_ANNOUNCE_INTERVAL;
        assert_eq!(registrations.next_announcement(), Some(next));
        assert_eq!(announce(&mut registrations, next), [("Büro".to_owned(), 4, 4)]);
    }

    #[test]
    fn a_server_that_is_registered_again_replaces_the_first() {
        let start = Instant::now();
        let mut registrations = registered(start);
        announce(&mut registrations, start);
        let id = RegistrationId(2);
        registrations.register(id, "instance".into(), record("Küche"), 7300, start);
        assert_eq!(registrations.ids(), [id]);
        let next = start + MIN_ANNOUNCE_INTERVAL;
        assert_eq!(registrations.next_announcement(), Some(next));
        assert_eq!(announce(&mut registrations, next), [("Küche".to_owned(), 1, 2)]);
        assert_eq!(registrations.unregister(ID), None);
        assert_eq!(registrations.unregister(id), Some("instance".to_owned()));
        assert_eq!(registrations.next_announcement(), None);
    }

    #[test]
    fn a_failed_announcement_is_retried() {
        let start = Instant::now();
        let mut registrations = registered(start);
        registrations
            .due(start)
            .for_each(|registration| registration.retry(start));
        assert_eq!(registrations.next_announcement(), Some(start + MIN_ANNOUNCE_INTERVAL));
    }
}
