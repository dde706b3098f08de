//! Announces a server, or lists the servers near. Prints one JSON object per line.
//!
//! ```text
//! near announce NAME PORT [ID]     until SIGTERM or Ctrl-C, which says goodbye; a line "people N" on stdin sets N
//! near browse                      until SIGTERM or Ctrl-C
//! ```

use std::error::Error;
use std::io::Write;
use std::time::Instant;

use ichat_discovery::{Announcement, Discovery, NearbyEvent, Scope};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::watch;
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

async fn announce(name: &str, port: u16, server: Uuid) -> Result<(), Box<dyn Error>> {
    let discovery = Discovery::start(Scope::LocalNetwork)?;
    let people = watch::Sender::new(1);
    let announcement = Announcement {
        server,
        name: name.to_owned(),
        protocol: 1,
        port,
        path: "/".to_owned(),
    };
    let announced = discovery.announce(announcement, people.subscribe())?;
    print_line(&json!({ "event": "announced", "id": server, "name": name, "port": port }))?;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let stop = stop_signal();
    tokio::pin!(stop);
    let mut stdin_open = true;
    loop {
        tokio::select! {
            stop = &mut stop => { stop?; break }
            line = lines.next_line(), if stdin_open => match line? {
                Some(line) => match line.strip_prefix("people ").and_then(|count| count.parse().ok()) {
                    Some(count) => drop(people.send_replace(count)),
                    None => return Err(format!("unknown line {line:?}: write \"people N\"").into()),
                },
                None => stdin_open = false,
            },
        }
    }
    announced.stop().await;
    discovery.shutdown().await;
    print_line(&json!({ "event": "stopped", "id": server }))
}

async fn browse() -> Result<(), Box<dyn Error>> {
    let discovery = Discovery::start(Scope::LocalNetwork)?;
    let mut nearby = discovery.browse()?;
    let start = Instant::now();
    print_line(&json!({ "event": "browsing" }))?;
    let stop = stop_signal();
    tokio::pin!(stop);
    loop {
        let event = tokio::select! {
            stop = &mut stop => { stop?; break }
            event = nearby.next() => event.ok_or("discovery has ended")?,
        };
        let (kind, id, server) = match event {
            NearbyEvent::Found(server) => ("found", server.id, Some(server)),
            NearbyEvent::Changed(server) => ("changed", server.id, Some(server)),
            NearbyEvent::Gone(id) => ("gone", id, None),
        };
        let mut line = json!({ "event": kind, "id": id, "after_ms": start.elapsed().as_millis() });
        if let Some(server) = server {
            line["name"] = json!(server.name);
            line["people"] = json!(server.people);
            line["protocol"] = json!(server.protocol);
            line["addresses"] = server.addresses.iter().map(ToString::to_string).collect();
        }
        print_line(&line)?;
    }
    discovery.shutdown().await;
    Ok(())
}

fn print_line(line: &Value) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

#[cfg(unix)]
async fn stop_signal() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupt = tokio::signal::ctrl_c() => interrupt,
    }
}

#[cfg(not(unix))]
async fn stop_signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
