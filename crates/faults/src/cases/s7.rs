//! S7: a backup beside a server at work, and the backup in the place of the log.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use ichat_protocol::EntryId;

use super::{Case, Need, message};
use crate::history::{self, Log};
use crate::people::Person;
use crate::record::{self, Line};
use crate::round::Round;
use crate::server::Server;

pub(super) const CASE: Case = Case {
    name: "S7",
    about: "a backup under load: sound, a prefix of every room's log; restored, everybody begins anew and nothing is mixed",
    rounds: 50,
    short_rounds: 2,
    needs: &[Need::Node],
    run,
};

fn run(round: &mut Round) -> Result<()> {
    let server = round.server()?;
    let people = [round.person("ada")?, round.person("ben")?, round.foreigner("cy")?];
    for person in &people {
        person.joins(&server)?;
    }
    load(round, &people, "ahead of it")?;
    round.a_while(200);
    let acknowledged = acknowledged(&people)?;
    load(round, &people, "during it")?;
    let file = round.dir.join("backup.db");
    let began = Instant::now();
    program(round, &server, "backup", &file)?;
    round
        .figures
        .push(("backup, ms", began.elapsed().as_secs_f64() * 1_000.0));
    load(round, &people, "after it")?;
    for person in &people {
        person.has_nothing_waiting()?;
    }
    server.stop()?;

    let now = history::read(server.data())?;
    program(round, &server, "restore", &file)?;
    let then = history::read(server.data())?;
    is_a_prefix(&then, &now)?;
    let ids: HashSet<EntryId> = then.iter().flat_map(|log| &log.entries).map(|entry| entry.id).collect();
    for id in acknowledged {
        ensure!(
            ids.contains(&id),
            "{id} was acknowledged before the backup began, and is not in it"
        );
    }
    round.log_was_restored();
    server.restart()?;
    for person in &people {
        person.is_nudged()?;
        person.until("beginning anew", |now| now.status.resets > 0 && now.status.online)?;
    }
    load(round, &people, "anew")?;
    round.verify()
}

fn load(round: &mut Round, people: &[Person], about: &str) -> Result<()> {
    for person in people {
        for n in 0..round.dice.u32(10..60) {
            let body = message(&mut round.dice, &format!("{} {about} {n}", person.name()));
            person.posts(body)?;
        }
    }
    Ok(())
}

/// What was shown as sent so far.
fn acknowledged(people: &[Person]) -> Result<Vec<EntryId>> {
    let mut ids = Vec::new();
    for written in people.iter().flat_map(Person::records) {
        ids.extend(record::read(&written)?.into_iter().filter_map(|line| match line {
            Line::Acknowledged { id, .. } => Some(id),
            _ => None,
        }));
    }
    Ok(ids)
}

/// Runs the server's program on the server's folder.
fn program(round: &Round, server: &Server, what: &str, file: &Path) -> Result<()> {
    let words = [
        OsStr::new(what),
        "--data".as_ref(),
        server.data().as_ref(),
        file.as_ref(),
    ];
    let output = Command::new(&round.programs.server).args(words).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{what}: {said}");
    Ok(())
}

fn is_a_prefix(then: &[Log], now: &[Log]) -> Result<()> {
    ensure!(!then.is_empty(), "there is no room in the backup");
    for log in then {
        let whole = now.iter().find(|whole| whole.room == log.room);
        let whole = whole.with_context(|| format!("room {} is none of the server's", log.room))?;
        ensure!(
            whole.entries.starts_with(&log.entries),
            "room {}: the backup is no prefix of its log",
            log.room
        );
        ensure!(whole.epoch != log.epoch, "room {} has its old epoch", log.room);
    }
    Ok(())
}
