//! S5: the server's disk is full.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Output;

use anyhow::{Context as _, Result, bail, ensure};
use ichat_protocol::{Body, EntryId, Seq};
use nix::mount::{MsFlags, mount, umount};

use crate::case::{Case, Load, Need};
use crate::client_handle::ClientHandle;
use crate::generator::post_messages;
use crate::round::Round;
use crate::server_handle::{ServerHandle, ServerOptions, maintenance_output, run_maintenance};

pub(super) const CASE: Case = Case {
    id: "S5",
    about: "a full disk: the sender gets an error, reading goes on, and what waits is sent when there is space again",
    rounds: 30,
    short_rounds: 2,
    needs: &[Need::Node, Need::Mounts],
    load: Load::Busy,
    run,
};

/// Enough for a database and a write-ahead log of some length.
const DISK_OPTIONS: &str = "size=24m,mode=0755";

fn run(round: &mut Round) -> Result<()> {
    let disk = SmallDisk::mount(&round.dir.join("disk"))?;
    let server = round.server_with(ServerOptions {
        data: Some(disk.path.join("data")),
        ..ServerOptions::default()
    })?;
    let (ada, bo) = (round.client("ada")?, round.socket_io_client("bo")?);
    for client in [&ada, &bo] {
        client.join(server.address())?;
    }
    post(round, &ada, "there is space")?;
    ada.wait_for_empty_outbox()?;
    let last = ada.state().status.last;

    let backup = round.dir.join("backup.db");
    run_maintenance(&round.programs.server, "backup", server.data(), &backup)?;
    disk.fill()?;
    check_maintenance(&round.programs.server, &server, &disk, &backup)?;
    post(round, &ada, "there is none")?;
    check_refusal(&bo)?;
    check_reading(&bo, last)?;

    // In half of the rounds the server is killed while its disk is full.
    if round.rng.bool() {
        server.kill()?;
        disk.free()?;
        server.restart()?;
    } else {
        disk.free()?;
    }
    for client in [&ada, &bo] {
        client.nudge()?;
    }
    ada.wait_for_empty_outbox()?;
    let result = round.check();
    // The disk can't be unmounted while a server uses it.
    server.kill()?;
    result
}

fn post(round: &mut Round, client: &ClientHandle, about: &str) -> Result<()> {
    let count = round.rng.u32(10..40);
    post_messages(round, client, about, count)
}

/// Checks that backup and restore fail on the full disk, with a sentence, and leave nothing behind.
fn check_maintenance(program: &Path, server: &ServerHandle, disk: &SmallDisk, backup: &Path) -> Result<()> {
    let (new_backup, restored) = (disk.path.join("backup.db"), disk.path.join("restored"));
    check_no_space(&maintenance_output(program, "backup", server.data(), &new_backup)?)?;
    check_no_space(&maintenance_output(program, "restore", &restored, backup)?)?;
    for file in [&disk.path, &restored].into_iter().flat_map(fs::read_dir).flatten() {
        let name = file?.file_name();
        ensure!(
            !name.to_string_lossy().starts_with(".ichat-"),
            "{} is left over",
            name.display()
        );
    }
    ensure!(
        !new_backup.exists(),
        "an incomplete backup has the name of a complete one"
    );
    Ok(())
}

fn check_no_space(output: &Output) -> Result<()> {
    const SENTENCES: [&str; 3] = ["has no room", "is full", "No space left"];
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.code() == Some(2) && SENTENCES.iter().any(|sentence| error.contains(sentence)),
        "on a full disk it ended with {}: {error}",
        output.status
    );
    Ok(())
}

/// Checks that the server refuses a large post with the code `storage`.
fn check_refusal(client: &ClientHandle) -> Result<()> {
    let body = Body::Message {
        text: "much to say ".repeat(1_000),
        reply_to: None,
        mentions: Vec::new(),
    };
    let answer = client.post_and_await(EntryId::fresh(), body)?;
    ensure!(
        answer["event"] == "refused" && answer["data"]["error"]["code"] == "storage",
        "on a full disk the answer to a post was {answer}"
    );
    Ok(())
}

/// Checks that the client can still read the log up to this entry.
fn check_reading(client: &ClientHandle, last: Seq) -> Result<()> {
    let view = client.view()?;
    let rooms = view.rooms.iter().filter_map(|room| room.entries.last());
    let shown = rooms.map(|entry| entry.seq).max();
    ensure!(
        shown >= Some(last),
        "the log has entries up to {last}, and {shown:?} is shown"
    );
    Ok(())
}

/// A file system of its own that fills up soon. Dropping it unmounts it.
struct SmallDisk {
    path: PathBuf,
}

impl SmallDisk {
    fn mount(path: &Path) -> Result<Self> {
        fs::create_dir_all(path)?;
        let mounted = mount(Some("tmpfs"), path, Some("tmpfs"), MsFlags::empty(), Some(DISK_OPTIONS));
        mounted.with_context(|| format!("{} can't be mounted", path.display()))?;
        let path = path.to_owned();
        Ok(Self { path })
    }

    fn ballast(&self) -> PathBuf {
        self.path.join("ballast")
    }

    /// Takes all the space that is left.
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

    /// Gives the space back.
    fn free(&self) -> Result<()> {
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
