//! The effects of a link on the packets that it carries.

use std::time::Duration;

use fastrand::Rng;

/// The conditions of a link, the same in both directions. The default is an ideal link.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LinkConditions {
    pub(super) delay: Duration,
    pub(super) loss_percent: f64,
    pub(super) reorder_percent: f64,
    pub(super) duplicate_percent: f64,
    /// Swallows everything; neither end gets an error.
    pub(super) is_black_hole: bool,
}

impl LinkConditions {
    /// Decides about a packet: returns after which delay each copy of it arrives. A lost packet has none.
    pub(super) fn deliveries(&self, rng: &mut Rng) -> impl Iterator<Item = Duration> + use<> {
        let mut happens = |percent: f64| rng.f64() * 100.0 < percent;
        let is_lost = happens(self.loss_percent);
        let is_late = happens(self.reorder_percent);
        let is_duplicated = happens(self.duplicate_percent);
        let copies = match (self.is_black_hole || is_lost, is_duplicated) {
            (true, _) => 0,
            (false, false) => 1,
            (false, true) => 2,
        };
        // Late enough for a whole burst to overtake the packet.
        let lateness = Duration::from_millis(20) + self.delay / 4;
        let delay = if is_late { self.delay + lateness } else { self.delay };
        (0..copies).map(move |_| delay)
    }
}

#[cfg(test)]
mod tests {
    //! An ideal link delivers everything once; a black hole nothing; loss, reordering and duplication have their rates;
    //! the same seed gives the same deliveries.

    use super::*;

    const PACKETS: usize = 20_000;

    fn deliveries(conditions: LinkConditions, seed: u64) -> Vec<Vec<Duration>> {
        let mut rng = Rng::with_seed(seed);
        (0..PACKETS)
            .map(|_| conditions.deliveries(&mut rng).collect())
            .collect()
    }

    fn percent(deliveries: &[Vec<Duration>], matches: impl Fn(&Vec<Duration>) -> bool) -> f64 {
        let count = deliveries.iter().filter(|packet| matches(packet)).count();
        #[expect(clippy::cast_precision_loss, reason = "20,000 at most")]
        let percent = count as f64 * 100.0 / PACKETS as f64;
        percent
    }

    #[test]
    fn an_ideal_link_delivers_every_packet_once_and_at_once() {
        let ideal = deliveries(LinkConditions::default(), 1);
        assert!(ideal.iter().all(|packet| *packet == [Duration::ZERO]));
    }

    #[test]
    fn a_black_hole_delivers_nothing() {
        let black_hole = LinkConditions {
            is_black_hole: true,
            duplicate_percent: 50.0,
            ..LinkConditions::default()
        };
        assert!(deliveries(black_hole, 1).iter().all(Vec::is_empty));
    }

    #[test]
    fn loss_reordering_and_duplication_have_their_rates() {
        let delay = Duration::from_millis(300);
        let conditions = LinkConditions {
            delay,
            loss_percent: 5.0,
            reorder_percent: 10.0,
            duplicate_percent: 1.0,
            is_black_hole: false,
        };
        let deliveries = deliveries(conditions, 7);
        let is_near =
            |found: f64, wanted: f64| assert!((found - wanted).abs() < 0.7, "{found} % instead of {wanted} %");
        is_near(percent(&deliveries, Vec::is_empty), 5.0);
        // Of the packets that are not lost.
        is_near(
            percent(&deliveries, |packet| packet.first().is_some_and(|at| *at > delay)),
            9.5,
        );
        is_near(percent(&deliveries, |packet| packet.len() == 2), 0.95);
        assert!(deliveries.iter().flatten().all(|at| *at >= delay));
    }

    #[test]
    fn the_same_seed_gives_the_same_deliveries() {
        let lossy = LinkConditions {
            loss_percent: 30.0,
            ..LinkConditions::default()
        };
        assert_eq!(deliveries(lossy, 5), deliveries(lossy, 5));
        assert_ne!(deliveries(lossy, 5), deliveries(lossy, 6));
    }
}
