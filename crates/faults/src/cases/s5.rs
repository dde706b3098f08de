//! S5: the disk is full.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, Result, bail, ensure};
use ichat_protocol::{Body, EntryId};
use nix::mount::{MsFlags, mount, umount};

use super::{Case, Need, message};
use crate::order::Order;
use crate::people::Person;
use crate::round::Round;
use crate::server::ServerSetting;

pub(super) const CASE: Case = Case {
    name: "S5",
    about: "a full disk: the sender hears an error, reading goes on, and what waits is sent when there is room again",
    rounds: 30,
    short_rounds: 2,
    needs: &[Need::Node, Need::Mounts],
    run,
};

/// The disk of the server. Its database and a write-ahead log of some length fit in.
const SIZE: &str = "size=24m,mode=0755";

fn run(round: &mut Round) -> Result<()> {
    let disk = SmallDisk::mount(&round.dir.join("disk"))?;
    let server = round.server_with(ServerSetting {
        data: Some(disk.path.join("data")),
        ..ServerSetting::default()
    })?;
    let (ada, bo) = (round.person("ada")?, round.foreigner("bo")?);
    for person in [&ada, &bo] {
        person.joins(&server)?;
    }
    load(round, &ada, "there is room")?;
    ada.has_nothing_waiting()?;
    let before = ada.now().status.last;

    let backup = round.dir.join("backup.db");
    let backed_up = program(round, "backup", server.data(), &backup)?;
    ensure!(backed_up.status.success(), "a backup to another disk failed");
    disk.fill()?;
    is_refused_for_room(&program(round, "backup", server.data(), &disk.path.join("backup.db"))?)?;
    is_refused_for_room(&program(round, "restore", &disk.path.join("restored"), &backup)?)?;
    let left = [disk.path.as_path(), &disk.path.join("restored")];
    for name in left.into_iter().flat_map(fs::read_dir).flatten() {
        let name = name?.file_name();
        ensure!(
            !name.to_string_lossy().starts_with(".ichat-"),
            "{} is left over",
            name.display()
        );
    }
    ensure!(
        !disk.path.join("backup.db").exists(),
        "half a backup has the name of a whole one"
    );
    load(round, &ada, "there is none")?;
    let answer = answer(&bo)?;
    ensure!(
        answer["event"] == "refused",
        "on a full disk a post was answered with {answer}"
    );
    let code = &answer["data"]["error"]["code"];
    ensure!(code == "storage", "on a full disk a post was refused with {code}");
    // Reading goes on: what stood before is shown to the last entry.
    let view = bo.view()?;
    let shown = view
        .rooms
        .iter()
        .filter_map(|room| room.entries.last())
        .map(|entry| entry.seq)
        .max();
    ensure!(
        shown >= Some(before),
        "up to {before} was written, and {shown:?} is shown"
    );

    // Half of the rounds end the server while its disk is full.
    if round.dice.bool() {
        server.kill()?;
        disk.has_room()?;
        server.restart()?;
    } else {
        disk.has_room()?;
    }
    for person in [&ada, &bo] {
        person.is_nudged()?;
    }
    ada.has_nothing_waiting()?;
    let verified = round.verify();
    server.kill()?;
    verified
}

fn load(round: &mut Round, person: &Person, about: &str) -> Result<()> {
    for n in 0..round.dice.u32(10..40) {
        let body = message(&mut round.dice, &format!("{} {about} {n}", person.name()));
        person.posts(body)?;
    }
    Ok(())
}

/// Runs the server's program on a data folder.
fn program(round: &Round, what: &str, data: &Path, file: &Path) -> Result<Output> {
    let words = [OsStr::new(what), "--data".as_ref(), data.as_ref(), file.as_ref()];
    Ok(Command::new(&round.programs.server).args(words).output()?)
}

fn is_refused_for_room(output: &Output) -> Result<()> {
    let said = String::from_utf8_lossy(&output.stderr);
    let is_said = said.contains("has no room") || said.contains("is full") || said.contains("No space left");
    ensure!(
        output.status.code() == Some(2) && is_said,
        "on a full disk it ended with {}: {said}",
        output.status
    );
    Ok(())
}

/// What the server answers to a large post.
fn answer(person: &Person) -> Result<serde_json::Value> {
    let before = person.now().answers.len();
    person.does(&Order::PostAtOnce {
        room: person.lobby()?,
        id: EntryId::fresh(),
        body: Body::Message {
            text: "much to say ".repeat(1_000),
            reply_to: None,
        },
        times: 1,
    })?;
    person.until("an answer", |now| now.answers.len() > before)?;
    let (_, answers) = person.now().answers.pop().context("it has just come")?;
    answers.into_iter().next().context("there was no answer among them")
}

/// A file system of its own that is soon full.
struct SmallDisk {
    path: PathBuf,
}

impl SmallDisk {
    fn mount(path: &Path) -> Result<Self> {
        fs::create_dir_all(path)?;
        let mounted = mount(Some("tmpfs"), path, Some("tmpfs"), MsFlags::empty(), Some(SIZE));
        mounted.with_context(|| format!("{} can't be mounted", path.display()))?;
        let path = path.to_owned();
        Ok(Self { path })
    }

    fn ballast(&self) -> PathBuf {
        self.path.join("ballast")
    }

    /// Takes all the room that is left.
    fn fill(&self) -> Result<()> {
        let mut ballast = File::create(self.ballast())?;
        for size in [1 << 20, 4_096, 1] {
            loop {
                match ballast.write_all(&vec![0; size]) {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::StorageFull => break,
                    Err(error) => bail!("the ballast can't be written: {error}"),
                }
            }
        }
        Ok(())
    }

    fn has_room(&self) -> Result<()> {
        Ok(fs::remove_file(self.ballast())?)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if let Err(error) = umount(&self.path) {
            eprintln!("warning: {} can't be unmounted: {error}", self.path.display());
        }
    }
}
