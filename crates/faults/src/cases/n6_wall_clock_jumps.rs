//! N6: the wall clocks of server and client jump.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::case::{Case, Load, Need};
use crate::client_handle::{ClientHandle, ClientKind};
use crate::room_log;
use crate::round::{Pace, Round};
use crate::server_handle::ServerOptions;
use crate::wall_clock::WallClock;

pub(super) const CASE: Case = Case {
    id: "N6",
    about: "the wall clock jumps by an hour and a year, both ways, on server and client: order stays, no connection is lost",
    rounds: 2,
    short_rounds: 1,
    needs: &[Need::FakeTime],
    load: Load::Waiting,
    run,
};

/// Offsets from the true time.
const JUMPS: [&str; 5] = ["+1h", "-1h", "+1y", "-1y", "+0"];
/// Entries that are so far apart show that the server's clock really jumped.
const ABOUT_A_YEAR_MS: u64 = 360 * 24 * 60 * 60 * 1_000;

fn run(round: &mut Round) -> Result<()> {
    let server_clock = WallClock::new(&round.dir, "server")?;
    let ben_clock = WallClock::new(&round.dir, "ben")?;
    let server = round.server_with(ServerOptions {
        launch: server_clock.launch(),
        ..ServerOptions::default()
    })?;
    let ada = round.client("ada")?;
    let ben = round.client_with("ben", ClientKind::IChat, ben_clock.launch())?;
    for client in [&ada, &ben] {
        client.join(server.address())?;
    }
    // All pauses together are longer than a client waits for the next heads.
    let pause = Duration::from_millis(if round.pace == Pace::Short { 1_300 } else { 3_000 });
    for (whose, clock) in [("the server's clock", &server_clock), ("Ben's clock", &ben_clock)] {
        for offset in JUMPS {
            clock.jump(offset)?;
            // In silence: code that measured time by the wall clock would now take the last event for an old one.
            std::thread::sleep(pause);
            for client in [&ada, &ben] {
                check_connection(client, whose, offset)?;
            }
            for client in [&ada, &ben] {
                for number in 0..3 {
                    client.say(&format!("{whose} {offset}, {number}"))?;
                }
            }
            for client in [&ada, &ben] {
                client.wait_for_empty_outbox()?;
            }
        }
    }
    round.check()?;
    let logs = room_log::read(server.data())?;
    let times = || logs.iter().flat_map(|log| &log.entries).map(|entry| entry.at);
    let span = times().max().zip(times().min()).map_or(0, |(last, first)| last - first);
    ensure!(
        span >= ABOUT_A_YEAR_MS,
        "the server's clock did not jump: its entries span {span} ms"
    );
    Ok(())
}

/// Checks that the client still has its first connection.
fn check_connection(client: &ClientHandle, whose: &str, offset: &str) -> Result<()> {
    let status = client.state().status;
    ensure!(
        status.online && status.connections == 1,
        "{} lost the connection when {whose} jumped to {offset}: {status:?}",
        client.name()
    );
    Ok(())
}
