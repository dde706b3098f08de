//! What becomes of a packet on the line.

use std::time::Duration;

use fastrand::Rng;

/// How it is on the line now, in either direction.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Weather {
    /// Every packet takes so long.
    pub(super) delay: Duration,
    /// In a hundred packets so many are lost.
    pub(super) lost: f64,
    /// So many come late, and others overtake them.
    pub(super) late: f64,
    /// So many come twice.
    pub(super) doubled: f64,
    /// Nothing comes through, and nobody is told.
    pub(super) dark: bool,
}

impl Weather {
    /// After how long the packet arrives: never, once, or more often.
    pub(super) fn fate(&self, dice: &mut Rng) -> impl Iterator<Item = Duration> + use<> {
        let mut happens = |percent: f64| dice.f64() * 100.0 < percent;
        let (lost, late, doubled) = (happens(self.lost), happens(self.late), happens(self.doubled));
        let copies = match (self.dark || lost, doubled) {
            (true, _) => 0,
            (false, false) => 1,
            (false, true) => 2,
        };
        let delay = self.delay;
        // Late by enough for a whole burst behind it to come first.
        let behind = Duration::from_millis(20) + delay / 4;
        (0..copies).map(move |_| if late { delay + behind } else { delay })
    }
}

#[cfg(test)]
mod tests {
    //! Fine weather lets everything through once; in the dark nothing comes; as much is lost, late and doubled as said;
    //! the same seed gives the same fates.

    use super::*;

    const MANY: usize = 20_000;

    fn fates(weather: Weather, seed: u64) -> Vec<Vec<Duration>> {
        let mut dice = Rng::with_seed(seed);
        (0..MANY).map(|_| weather.fate(&mut dice).collect()).collect()
    }

    fn percent(fates: &[Vec<Duration>], of: impl Fn(&Vec<Duration>) -> bool) -> f64 {
        let count = fates.iter().filter(|fate| of(fate)).count();
        #[expect(clippy::cast_precision_loss, reason = "20,000 at most")]
        let percent = count as f64 * 100.0 / MANY as f64;
        percent
    }

    #[test]
    fn fine_weather_lets_everything_through() {
        let fine = fates(Weather::default(), 1);
        assert!(fine.iter().all(|fate| *fate == [Duration::ZERO]));
    }

    #[test]
    fn nothing_comes_through_the_dark() {
        let dark = Weather {
            dark: true,
            doubled: 50.0,
            ..Weather::default()
        };
        assert!(fates(dark, 1).iter().all(Vec::is_empty));
    }

    #[test]
    fn as_much_is_lost_late_and_doubled_as_said() {
        let delay = Duration::from_millis(300);
        let bad = Weather {
            delay,
            lost: 5.0,
            late: 10.0,
            doubled: 1.0,
            dark: false,
        };
        let fates = fates(bad, 7);
        let near = |found: f64, said: f64| assert!((found - said).abs() < 0.7, "{found} % instead of {said} %");
        near(percent(&fates, Vec::is_empty), 5.0);
        near(percent(&fates, |fate| fate.first().is_some_and(|at| *at > delay)), 9.5);
        near(percent(&fates, |fate| fate.len() == 2), 0.95);
        assert!(fates.iter().flatten().all(|at| *at >= delay));
    }

    #[test]
    fn the_same_seed_gives_the_same_fates() {
        let bad = Weather {
            lost: 30.0,
            ..Weather::default()
        };
        assert_eq!(fates(bad, 5), fates(bad, 5));
        assert_ne!(fates(bad, 5), fates(bad, 6));
    }
}
