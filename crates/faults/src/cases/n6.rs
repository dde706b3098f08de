//! N6: the wall clock jumps.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::{Case, Need};
use crate::history;
use crate::people::{Kind, Person};
use crate::process::Setting;
use crate::round::{Pace, Round};
use crate::server::ServerSetting;

pub(super) const CASE: Case = Case {
    name: "N6",
    about: "the wall clock jumps by an hour and a year, both ways, on server and client: order stands, nobody is cut off",
    rounds: 2,
    short_rounds: 1,
    needs: &[Need::FakeTime],
    run,
};

/// Ahead of or behind the true time.
const JUMPS: [&str; 5] = ["+1h", "-1h", "+1y", "-1y", "+0"];
/// A year on the log's clock shows that the server was really told another time.
const A_YEAR_MS: u64 = 360 * 24 * 60 * 60 * 1_000;

/// A clock that a program goes by, as libfaketime makes it: only the wall clock, the others are true.
struct WallClock(PathBuf);

impl WallClock {
    fn new(dir: &Path, name: &str) -> Result<Self> {
        let clock = Self(dir.join(format!("{name}.clock")));
        clock.jumps("+0")?;
        Ok(clock)
    }

    fn jumps(&self, to: &str) -> Result<()> {
        // Whoever reads it sees the old time or the new one.
        let next = self.0.with_extension("next");
        std::fs::write(&next, to)?;
        Ok(std::fs::rename(next, &self.0)?)
    }

    fn setting(&self, library: &Path) -> Setting {
        let env = [
            ("LD_PRELOAD", library.as_os_str()),
            ("FAKETIME_TIMESTAMP_FILE", self.0.as_os_str()),
            ("FAKETIME_NO_CACHE", "1".as_ref()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".as_ref()),
        ];
        Setting {
            prefix: Vec::new(),
            env: env.map(|(name, value)| (name.into(), value.to_owned())).into(),
        }
    }
}

/// Where Debian keeps it.
pub(super) fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib")
        .ok()?
        .flatten()
        .map(|folder| folder.path());
    let mut places = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1"));
    places.find(|place| place.exists())
}

fn run(round: &mut Round) -> Result<()> {
    let library = library().context("libfaketime is not there")?;
    let (servers, bens) = (
        WallClock::new(&round.dir, "server")?,
        WallClock::new(&round.dir, "ben")?,
    );
    let server = round.server_with(ServerSetting {
        setting: servers.setting(&library),
        ..ServerSetting::default()
    })?;
    let ada = round.person("ada")?;
    let ben = round.person_with("ben", Kind::Ours, bens.setting(&library))?;
    for person in [&ada, &ben] {
        person.joins(&server)?;
    }
    // Longer than the watchdog waits, in all.
    let between = Duration::from_millis(if round.pace == Pace::Short { 1_300 } else { 3_000 });
    for (whose, clock) in [("the server's clock", &servers), ("Ben's clock", &bens)] {
        for jump in JUMPS {
            clock.jumps(jump)?;
            // In silence: whoever goes by the wall clock now takes the last sign of life for an old one.
            std::thread::sleep(between);
            for person in [&ada, &ben] {
                stayed(person, whose, jump)?;
            }
            for person in [&ada, &ben] {
                for n in 0..3 {
                    person.says(&format!("{whose} {jump}, {n}"))?;
                }
            }
            for person in [&ada, &ben] {
                person.has_nothing_waiting()?;
            }
        }
    }
    round.verify()?;
    let logs = history::read(server.data())?;
    let times: Vec<u64> = logs.iter().flat_map(|log| &log.entries).map(|entry| entry.at).collect();
    let span = times
        .iter()
        .max()
        .zip(times.iter().min())
        .map_or(0, |(last, first)| last - first);
    ensure!(
        span >= A_YEAR_MS,
        "the server was not told another time: its entries span {span} ms"
    );
    Ok(())
}

fn stayed(person: &Person, whose: &str, jump: &str) -> Result<()> {
    let status = person.now().status;
    ensure!(
        status.online && status.connections == 1,
        "{} lost the connection when {whose} jumped to {jump}: {status:?}",
        person.name()
    );
    Ok(())
}
