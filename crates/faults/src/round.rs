//! One round of a case: its folder, its dice, its server, its people, and the books at the end.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use ichat_protocol::{Entry, Seq};

use crate::history::{self, Log};
use crate::order::View;
use crate::people::{Kind, PATIENCE, Person};
use crate::process::Setting;
use crate::server::{Server, ServerSetting};
use crate::verify::{Evidence, Testimony, verify};

/// The programs that are tested, and where rounds keep their folders.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    /// `ichat-server`.
    pub(crate) server: PathBuf,
    /// This program, which is also our clients'.
    pub(crate) checker: PathBuf,
    pub(crate) node: PathBuf,
    /// The folder of the interface, where socket.io-client is installed.
    pub(crate) ui: PathBuf,
}

/// How much time there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// What a test of everything has time for.
    Short,
    /// The whole proof.
    Full,
    /// The case was asked for by name: faults that last for minutes last for minutes.
    Named,
}

impl Pace {
    /// How long a fault lasts, in seconds.
    pub(crate) fn lasts(self, short: u64, full: u64, named: u64) -> Duration {
        Duration::from_secs(match self {
            Pace::Short => short,
            Pace::Full => full,
            Pace::Named => named,
        })
    }
}

/// One round. Everything random in it comes from `dice`, which the seed has set.
pub(crate) struct Round {
    pub(crate) seed: u64,
    pub(crate) dice: fastrand::Rng,
    /// The round's folder: data, records, logs. Kept when the round fails.
    pub(crate) dir: PathBuf,
    pub(crate) programs: Programs,
    pub(crate) pace: Pace,
    people: Vec<Person>,
    servers: Vec<Server>,
    restored: bool,
    /// The log as it stood at the end, for what a case checks itself.
    logs: Vec<Log>,
    /// What the round measured, told beside the case's line: name and milliseconds, or whatever the case measures.
    pub(crate) figures: Vec<(&'static str, f64)>,
}

impl Round {
    pub(crate) fn new(seed: u64, dir: &Path, programs: Programs, pace: Pace) -> Result<Self> {
        std::fs::create_dir_all(dir).with_context(|| format!("{} can't be made", dir.display()))?;
        Ok(Self {
            seed,
            dice: fastrand::Rng::with_seed(seed),
            dir: dir.to_owned(),
            programs,
            pace,
            people: Vec::new(),
            servers: Vec::new(),
            restored: false,
            logs: Vec::new(),
            figures: Vec::new(),
        })
    }

    /// A new server on this machine.
    pub(crate) fn server(&mut self) -> Result<Server> {
        self.server_with(ServerSetting::default())
    }

    /// A new server, started as the setting says.
    pub(crate) fn server_with(&mut self, setting: ServerSetting) -> Result<Server> {
        let server = Server::start(&self.programs.server, &self.dir, setting)?;
        self.servers.push(server.clone());
        Ok(server)
    }

    /// Somebody with our client.
    pub(crate) fn person(&mut self, name: &str) -> Result<Person> {
        self.person_with(name, Kind::Ours, Setting::default())
    }

    /// Somebody with socket.io-client, made after `docs/protocol.md` alone.
    pub(crate) fn foreigner(&mut self, name: &str) -> Result<Person> {
        self.person_with(name, Kind::Foreign, Setting::default())
    }

    /// Somebody whose client is started as the setting says.
    pub(crate) fn person_with(&mut self, name: &str, kind: Kind, setting: Setting) -> Result<Person> {
        let program = match kind {
            Kind::Ours => (self.programs.checker.clone(), vec!["person".into()]),
            Kind::Foreign => {
                let script = self.programs.ui.join("tests/faults/person.mjs");
                (self.programs.node.clone(), vec![script.into()])
            }
        };
        let person = Person::start(name, kind, program, &self.dir, setting)?;
        self.people.push(person.clone());
        Ok(person)
    }

    /// Sleeps for a random time below so many milliseconds.
    pub(crate) fn a_while(&mut self, below_ms: u64) {
        let wait = self.dice.u64(..below_ms.saturating_mul(1_000).max(1));
        std::thread::sleep(Duration::from_micros(wait));
    }

    /// A number for the case's line.
    pub(crate) fn counted(&mut self, name: &'static str, many: usize) {
        let many = u32::try_from(many).unwrap_or(u32::MAX);
        self.figures.push((name, f64::from(many)));
    }

    /// A time for the case's line, in milliseconds.
    pub(crate) fn took(&mut self, name: &'static str, time: Duration) {
        self.figures.push((name, time.as_secs_f64() * 1_000.0));
    }

    /// From here on the server's log is an older one, put back on purpose.
    pub(crate) fn log_was_restored(&mut self) {
        self.restored = true;
    }

    /// Everybody comes into step, the server ends, and the records are held against the log.
    /// The first server of the round is the one that counts.
    pub(crate) fn verify(&mut self) -> Result<()> {
        let server = self.servers.first().cloned().context("the round had no server")?;
        let witness = self.witness(&server);
        self.hold(&server, witness)
    }

    /// Somebody who comes when everybody has sent what they had, and sees the whole log over the wire.
    fn witness(&mut self, server: &Server) -> Result<View> {
        if !server.is_running() {
            server.restart()?;
        }
        for person in self.living() {
            person.is_nudged()?;
        }
        for person in self.living() {
            person.has_nothing_waiting()?;
        }
        let witness = self.person_with("witness", Kind::Ours, server.place())?;
        witness.joins(server)?;
        witness.view()
    }

    /// The books. They are held also when somebody did not come into step: what they say is the better clue.
    fn hold(&mut self, server: &Server, witness: Result<View>) -> Result<()> {
        let (witness, mut trouble) = match witness {
            Ok(witness) => (Some(witness), None),
            Err(error) => (None, Some(error)),
        };
        let seen = witness.iter().flat_map(|view| &view.rooms);
        let head = seen.filter_map(|room| room.entries.last()).map(|entry| entry.seq).max();
        let mut people = Vec::new();
        for person in &self.people {
            let calm = match head {
                Some(head) if trouble.is_none() && person.is_alive() => testimony(person, head),
                _ => last_words(person),
            };
            match calm {
                Ok(testimony) => people.push(testimony),
                Err(error) => {
                    trouble = Some(error);
                    people.push(last_words(person)?);
                }
            }
        }
        let stopped = if trouble.is_none() {
            server.stop()
        } else {
            server.kill()
        };
        stopped?;
        let evidence = Evidence {
            logs: history::read(server.data())?,
            witness,
            people,
            restored: self.restored,
        };
        let found = verify(&evidence).into_iter().map(|violation| violation.to_string());
        let all: Vec<String> = trouble
            .map(|error| format!("{error:#}"))
            .into_iter()
            .chain(found)
            .collect();
        self.logs = evidence.logs;
        self.nobody_panicked()?;
        if !all.is_empty() {
            let report = self.dir.join("violations.txt");
            std::fs::write(&report, all.join("\n"))?;
            let few: Vec<_> = all.iter().take(5).map(|what| format!("\n  {what}")).collect();
            bail!(
                "{} violations (all of them in violations.txt):{}",
                all.len(),
                few.concat()
            );
        }
        Ok(())
    }

    /// The lobby's log as it stood when the round was verified.
    pub(crate) fn log(&self) -> Result<&[Entry]> {
        let lobby = self.logs.first().context("the round was not verified yet")?;
        Ok(&lobby.entries)
    }

    fn nobody_panicked(&self) -> Result<()> {
        let logs = self.people.iter().map(Person::log);
        for log in logs.chain(self.servers.iter().map(|server| server.log().to_owned())) {
            let text = std::fs::read(&log).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            if let Some(line) = text.lines().find(|line| line.contains("panicked at")) {
                bail!("{}: {line}", log.display());
            }
        }
        Ok(())
    }

    fn living(&self) -> Vec<Person> {
        self.people.iter().filter(|person| person.is_alive()).cloned().collect()
    }
}

fn testimony(person: &Person, head: Seq) -> Result<Testimony> {
    let name = person.name().to_owned();
    let in_step = person.until_within(PATIENCE, "being in step with the log", |now| {
        now.status.waiting == 0 && now.status.last >= head
    });
    in_step.with_context(|| format!("the log goes up to {head}"))?;
    let view = person.view()?;
    person.ends()?;
    Ok(Testimony {
        lives: lives(person)?,
        replica: replica(person)?,
        is_whole: person.kind() == Kind::Ours,
        view: Some(view),
        name,
    })
}

/// What somebody leaves behind whose end is violent, or has been.
fn last_words(person: &Person) -> Result<Testimony> {
    person.kill()?;
    Ok(Testimony {
        name: person.name().to_owned(),
        lives: lives(person)?,
        view: None,
        replica: None,
        is_whole: false,
    })
}

fn lives(person: &Person) -> Result<Vec<Vec<crate::record::Line>>> {
    let written = person.records().into_iter().filter(|record| record.exists());
    written.map(|record| crate::record::read(&record)).collect()
}

/// What our client holds on disk of the server that it joined.
fn replica(person: &Person) -> Result<Option<Vec<Log>>> {
    if person.kind() == Kind::Foreign {
        return Ok(None);
    }
    let mut logs = Vec::new();
    for server in std::fs::read_dir(person.folder().join("servers"))? {
        logs.extend(history::read(&server?.path())?);
    }
    Ok(Some(logs))
}
