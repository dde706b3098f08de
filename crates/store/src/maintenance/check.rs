//! Checking a history: the database, the logs, and the projections.

use std::path::Path;

use rusqlite::Connection;

use super::error::MaintenanceError;
use super::open::open_readonly;
use super::projection_check::check_projections;
use super::room_verifier::RoomVerifier;
use crate::file::bounds::check_bounds;
use crate::file::data_dir::{DataDir, database_in};
use crate::file::{database, identity};
use crate::log::{RoomKey, natural};
use crate::progress::{Progress, ProgressFn};
use crate::{OpenError, projection};

/// The most problems that are reported. More would be of no use to an administrator.
const MAX_PROBLEMS: usize = 50;

/// The result of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    pub rooms: u64,
    pub entries: u64,
    /// `true` for a client's copy of a server's history, `false` for a server's own.
    pub is_replica: bool,
    /// The problems in plain words, at most some dozens; none if all is well.
    pub problems: Vec<String>,
}

/// Checks the history in a data folder, or a backup. Changes nothing; a server may use the folder meanwhile.
pub fn check(path: &Path, progress: &mut dyn FnMut(Progress)) -> Result<CheckReport, MaintenanceError> {
    if !path.is_dir() {
        let connection = open_readonly(path)?;
        return check_database(&connection, progress).map_err(|e| MaintenanceError::of_sql(path, &e));
    }
    let file = database_in(path);
    if !file.exists() {
        return Err(MaintenanceError::NoHistory { dir: path.to_owned() });
    }
    // A running server compared the commit watermark when it started, and may be ahead of it at any moment.
    let lock = match DataDir::lock_unchanged(path) {
        Ok(lock) => Some(lock),
        Err(OpenError::InUse { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let connection = open_readonly(&file)?;
    let mut report = check_database(&connection, progress).map_err(|e| MaintenanceError::of_sql(&file, &e))?;
    // An identity that can't be read is one of the problems already.
    if lock.is_some()
        && let Ok(Some(missing)) = database::missing(path, &connection)
    {
        report.problems.push(format!(
            "{missing} were confirmed and are not there: the end of the log is damaged or gone, or the file is an older copy"
        ));
    }
    Ok(report)
}

/// Checks an open file. What can't be read is a problem; the check fails only if nothing at all can be read.
pub(super) fn check_database(connection: &Connection, progress: ProgressFn<'_>) -> rusqlite::Result<CheckReport> {
    let snapshot = connection.unchecked_transaction()?;
    progress(Progress {
        task: "checking the database",
        done: 0,
        total: 0,
    });
    let mut report = CheckReport {
        // Every server has a lobby; a client has rooms of one.
        is_replica: snapshot
            .query_row(
                "SELECT NOT EXISTS (SELECT 1 FROM identity JOIN room ON room.id = lobby)",
                [],
                |row| row.get(0),
            )
            .unwrap_or(false),
        ..CheckReport::default()
    };
    report.add("the database", integrity_check(&snapshot));
    report.add("the server's identity", check_identity(&snapshot));
    report.add("the rooms", check_bounds(&snapshot).map(Vec::from_iter));
    check_logs(&snapshot, &mut report, progress);
    // Projections of a damaged log would only repeat its problems, and others are rebuilt before they are used.
    if report.problems.is_empty() && projection::is_current(&snapshot)? {
        report.add("the projections", check_projections(&snapshot, progress));
    }
    report.problems.truncate(MAX_PROBLEMS);
    Ok(report)
}

impl CheckReport {
    fn add(&mut self, checked: &str, found: rusqlite::Result<Vec<String>>) {
        match found {
            Ok(problems) => self.problems.extend(problems),
            Err(error) => self.problems.push(format!("{checked} can't be read: {error}")),
        }
    }
}

/// Runs `SQLite`'s own check: of pages, of indexes against their tables, and of the search index's structure.
fn integrity_check(connection: &Connection) -> rusqlite::Result<Vec<String>> {
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

fn check_identity(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    Ok(match identity::read(connection)? {
        Some(_) => Vec::new(),
        None => vec!["the server's identity is missing".to_owned()],
    })
}

fn check_logs(connection: &Connection, report: &mut CheckReport, progress: ProgressFn<'_>) {
    let (rooms, total) = match rooms(connection) {
        Ok(rooms) => rooms,
        Err(error) => return report.add("the rooms", Err(error)),
    };
    let mut ids = Vec::new();
    for room in rooms {
        report.rooms += 1;
        let before = report.entries;
        let mut progress = |done| {
            progress(Progress {
                task: "checking the entries",
                done: before + done,
                total,
            });
        };
        match RoomVerifier::verify(connection, room, report.is_replica, &mut ids, &mut progress) {
            Ok(verifier) => {
                report.entries += verifier.entries;
                report.problems.extend(verifier.problems);
            }
            Err(error) => report.add(&format!("room {}", room.0), Err(error)),
        }
        if report.problems.len() >= MAX_PROBLEMS {
            break;
        }
    }
    ids.sort_unstable();
    let duplicates = ids.windows(2).filter(|pair| pair[0] == pair[1]).count();
    if duplicates > 0 {
        report
            .problems
            .push(format!("{duplicates} entries have the id of another one"));
    }
}

/// Returns the rooms, and the number of their entries together.
fn rooms(connection: &Connection) -> rusqlite::Result<(Vec<RoomKey>, u64)> {
    let rooms = connection
        .prepare("SELECT key FROM room ORDER BY key")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let entries: i64 = connection.query_row(
        "SELECT coalesce(sum(last_seq - first_seq + 1), 0) FROM room WHERE last_seq > 0",
        [],
        |row| row.get(0),
    )?;
    Ok((rooms, natural(entries)))
}
