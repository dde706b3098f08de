//! Looking a history through: the database, the log, and what is read from the log.

use std::path::Path;

use rusqlite::Connection;

use super::room_verifier::RoomVerifier;
use super::{MaintenanceError, Progress, ProgressFn, ensure_current, open_readonly};
use crate::code::RoomKey;
use crate::data_dir::{DataDir, file_in};
use crate::{OpenError, commit_watermark, identity, integrity};

/// More problems than this say nothing that fewer don't.
const MOST: usize = 50;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// How many rooms there are.
    pub rooms: u64,
    /// How many entries there are.
    pub entries: u64,
    /// It is what an app keeps of a server, and not a server's own.
    pub is_replica: bool,
    /// What is wrong, in plain words; at most some dozens. Empty when all is well.
    pub problems: Vec<String>,
}

/// Looks through the history in a data folder, or a backup. Nothing is changed; a server may run on the folder meanwhile.
pub fn check(path: &Path, watch: &mut dyn FnMut(Progress)) -> Result<CheckReport, MaintenanceError> {
    if !path.is_dir() {
        let (connection, version) = open_readonly(path)?;
        ensure_current(path, version)?;
        return look_through(&connection, watch).map_err(|e| MaintenanceError::of_sql(path, &e));
    }
    let file = file_in(path);
    if !file.exists() {
        return Err(MaintenanceError::NoHistory { dir: path.to_owned() });
    }
    // A server that is at work has looked at the note, and is ahead of it at any moment.
    let lock = match DataDir::lock(path) {
        Ok(lock) => Some(lock),
        Err(OpenError::InUse { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let (connection, version) = open_readonly(&file)?;
    ensure_current(&file, version)?;
    let mut checked = look_through(&connection, watch).map_err(|e| MaintenanceError::of_sql(&file, &e))?;
    if lock.is_some()
        && let Ok(Some(identity)) = identity::read(&connection)
        && let Some(confirmed) = commit_watermark::noted(path, Some(identity.generation))
        && let Ok(count) = commit_watermark::Count::of(&connection)
        && let Some(missing) = count.lacks(confirmed)
    {
        checked.problems.push(format!(
            "{missing} were confirmed and are not there: the end of the log is damaged or gone, or the file is an older copy"
        ));
    }
    Ok(checked)
}

/// The same of an open file. What can't be read is a fault; an error only when nothing at all can be.
pub(super) fn look_through(connection: &Connection, watch: ProgressFn<'_>) -> rusqlite::Result<CheckReport> {
    let moment = connection.unchecked_transaction()?;
    let mut checked = CheckReport::default();
    watch(Progress {
        task: "looking at the database",
        done: 0,
        total: 0,
    });
    let mut problems = Vec::new();
    note(&mut problems, "the database", database(&moment));
    note(&mut problems, "whose history it is", whose(&moment));
    note(
        &mut problems,
        "the rooms",
        integrity::broken(&moment).map(Vec::from_iter),
    );
    let (rooms, of) = match rooms(&moment) {
        Ok(rooms) => rooms,
        Err(error) => {
            note(&mut problems, "the rooms", Err(error));
            (Vec::new(), 0)
        }
    };
    // Every server has a lobby; a client keeps rooms of one.
    checked.is_replica = moment
        .query_row(
            "SELECT NOT EXISTS (SELECT 1 FROM meta JOIN room ON room.id = lobby)",
            [],
            |row| row.get(0),
        )
        .unwrap_or(false);
    let mut ids = Vec::new();
    for room in rooms {
        checked.rooms += 1;
        let before = checked.entries;
        let mut watch = |done| {
            watch(Progress {
                task: "looking at the entries",
                done: before + done,
                total: of,
            });
        };
        match RoomVerifier::of(&moment, room, checked.is_replica, &mut ids, &mut watch) {
            Ok(replay) => {
                checked.entries += replay.entries;
                problems.extend(replay.problems);
            }
            Err(error) => note(&mut problems, &format!("room {}", room.0), Err(error)),
        }
        if problems.len() >= MOST {
            break;
        }
    }
    ids.sort_unstable();
    let twice = ids.windows(2).filter(|pair| pair[0] == pair[1]).count();
    if twice > 0 {
        problems.push(format!("{twice} entries have an id that another one has"));
    }
    problems.truncate(MOST);
    checked.problems = problems;
    Ok(checked)
}

fn note(problems: &mut Vec<String>, what: &str, found: rusqlite::Result<Vec<String>>) {
    match found {
        Ok(found) => problems.extend(found),
        Err(error) => problems.push(format!("{what} can't be read: {error}")),
    }
}

/// What `SQLite` finds: broken pages, and indexes that don't agree with their tables. The search index looks at itself, too.
fn database(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let verdicts: Vec<String> = connection
        .prepare("PRAGMA integrity_check(20)")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let one_line = |verdict: String| verdict.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(verdicts
        .into_iter()
        .filter(|verdict| verdict != "ok")
        .map(one_line)
        .collect())
}

fn whose(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    Ok(match identity::read(connection)? {
        Some(_) => Vec::new(),
        None => vec!["it does not say whose history it is".to_owned()],
    })
}

/// The rooms, and how many entries they have together.
fn rooms(connection: &Connection) -> rusqlite::Result<(Vec<RoomKey>, u64)> {
    let rooms = connection
        .prepare("SELECT key FROM room ORDER BY key")?
        .query_map([], |row| Ok(RoomKey(row.get(0)?)))?
        .collect::<Result<_, _>>()?;
    let entries: i64 = connection.query_row(
        "SELECT coalesce(sum(last - first + 1), 0) FROM room WHERE last > 0",
        [],
        |row| row.get(0),
    )?;
    Ok((rooms, crate::code::natural(entries)))
}
