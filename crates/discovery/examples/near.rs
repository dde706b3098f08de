//! Announces a server, or lists the servers near, one JSON object a line.
//!
//! ```text
//! near announce NAME PORT [ID]     until SIGTERM or Ctrl-C, which says goodbye; a line "people N" on stdin changes N
//! near browse
//! ```
//!
//! With `NEAR_REACH=this-computer` in the environment only the loopback card is used.

use std::error::Error;
use std::io::Write;
use std::time::Instant;

use ichat_discovery::{Announcement, Lan, NearbyEvent, Reach};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use uuid::Uuid;

const USAGE: &str = "usage: near announce NAME PORT [ID] | near browse";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["announce", name, port] => announce(name, port.parse()?, Uuid::new_v4()).await,
        ["announce", name, port, id] => announce(name, port.parse()?, id.parse()?).await,
        ["browse"] => browse().await,
        _ => Err(USAGE.into()),
    }
}

fn start() -> Result<Lan, Box<dyn Error>> {
    let reach = match std::env::var("NEAR_REACH").as_deref() {
        Ok("this-computer") => Reach::ThisComputer,
        _ => Reach::Lan,
    };
    Ok(Lan::start_within(reach)?)
}

async fn announce(name: &str, port: u16, server: Uuid) -> Result<(), Box<dyn Error>> {
    let lan = start()?;
    let announced = lan.announce(Announcement {
        server,
        name: name.to_owned(),
        protocol: 1,
        port,
        people: 1,
    })?;
    say(&json!({ "event": "announced", "id": server, "name": name, "port": port }))?;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let asked_to_stop = asked_to_stop();
    tokio::pin!(asked_to_stop);
    let mut stdin_open = true;
    loop {
        tokio::select! {
            stop = &mut asked_to_stop => { stop?; break }
            line = lines.next_line(), if stdin_open => match line? {
                Some(line) => match line.strip_prefix("people ").and_then(|people| people.parse().ok()) {
                    Some(people) => announced.update_people(people),
                    None => return Err(format!("not understood: {line:?}; write \"people N\"").into()),
                },
                None => stdin_open = false,
            },
        }
    }
    announced.stop().await;
    lan.shutdown().await;
    say(&json!({ "event": "stopped", "id": server }))
}

async fn browse() -> Result<(), Box<dyn Error>> {
    let lan = start()?;
    let mut nearby = lan.browse()?;
    let start = Instant::now();
    say(&json!({ "event": "browsing" }))?;
    let asked_to_stop = asked_to_stop();
    tokio::pin!(asked_to_stop);
    loop {
        let event = tokio::select! {
            stop = &mut asked_to_stop => { stop?; break }
            event = nearby.next() => event.ok_or("discovery has ended")?,
        };
        let (word, id, server) = match event {
            NearbyEvent::Found(server) => ("found", server.id, Some(server)),
            NearbyEvent::Changed(server) => ("changed", server.id, Some(server)),
            NearbyEvent::Gone(id) => ("gone", id, None),
        };
        let mut line = json!({ "event": word, "id": id, "after_ms": start.elapsed().as_millis() });
        if let Some(server) = server {
            line["name"] = json!(server.name);
            line["people"] = json!(server.people);
            line["protocol"] = json!(server.protocol);
            line["addresses"] = server.addresses.iter().map(ToString::to_string).collect();
        }
        say(&line)?;
    }
    lan.shutdown().await;
    Ok(())
}

fn say(line: &Value) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

#[cfg(unix)]
async fn asked_to_stop() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupt = tokio::signal::ctrl_c() => interrupt,
    }
}

#[cfg(not(unix))]
async fn asked_to_stop() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
