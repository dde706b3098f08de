//! `ichat-cli` as a script uses it.
//!
//! - it lists rooms, posts a message and follows a room, as text and as JSON; control characters do not reach the terminal
//! - it posts to two servers at one host, which have different paths, and doesn't confuse them
//! - a message that it posts mentions members by their ids, also those who came since its last run
//! - it goes on following a room when the server is restored from a backup
//! - what is lost with the connection is requested again: history, lists of rooms and members, joining a room
//! - a message that looks like an option is sent
//! - several processes use one folder at once, as one person; all messages are sent, also one that waited when its process
//!   gave up, by whichever process is the next, and whatever it does with which server
//! - the reason why the server doesn't take a message yet is shown
//! - it ends quietly when nothing reads its output any more
//! - its folder is for its user only, whatever the umask (Unix)
//! - an address that people and programs read differently is refused
//! - the members whom a message looks for are not taken for all members of a room
//! - on a server of very many rooms and members it lists and joins rooms, mentions members and prints their names
//! - errors end it with the exit code 1 and a message
//! - `--help` shows the arguments in the order in which they are given
//! - it prints its completions, and writes its man pages

#![allow(clippy::unwrap_used, reason = "unwrap in tests is a failed precondition")]

mod common;

use std::collections::BTreeSet;
use std::process::{Output, Stdio};

use common::net::unused_address;
use common::{User, address, copy_data, start_server};
use ichat_protocol::limits::MAX_PAGE_ENTRIES;
use ichat_protocol::{Body, MemberId, Mention};
use ichat_server::Config;
use ichat_store::Store;
use ichat_testkit::crowd::{add_guests, add_message, create_rooms};
use ichat_testkit::proxy::{Delivery, Direction, Proxy};
use ichat_testkit::{TestServer, message_text};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

#[tokio::test]
async fn a_script_posts_and_reads() {
    let server = start_server().await;
    let mut bob = User::online("Bob", &server).await;
    let data = tempfile::tempdir().unwrap();
    let server = address(server.address).to_string();
    let rooms = run(&data, &["rooms", &server]).await;
    assert!(text(&rooms.stdout).contains("* Lobby"), "{rooms:?}");
    let message = "build \u{1b}[31mgreen";
    let said = run(&data, &["--name", "Robot", "--json", "say", &server, message]).await;
    let receipt: Value = serde_json::from_slice(&said.stdout).unwrap();
    assert!(said.status.success() && receipt["seq"].as_u64() > Some(1), "{said:?}");
    bob.sees(message).await;
    let said = run(&data, &["say", &server, "lobby", "all tests passed"]).await;
    assert!(said.status.success(), "{said:?}");

    let mut tail = Tail::start(&data, &server, &[]);
    assert_eq!(tail.line_with("green").await, "Robot: build [31mgreen");
    assert_eq!(tail.line_with("passed").await, "Robot: all tests passed");
    bob.says("well done").await;
    assert_eq!(tail.line_with("well done").await, "Bob: well done");
}

#[tokio::test]
async fn two_servers_at_one_host_are_told_apart_by_their_paths() {
    let below = |path: &str| {
        TestServer::with_config(Config {
            base_path: path.parse().unwrap(),
            ..Config::default()
        })
    };
    let data = tempfile::tempdir().unwrap();
    let (mut chat, mut other) = (below("/chat").await, below("/other").await);
    chat.stops().await;
    other.stops().await;
    other.address = chat.address;
    for (server, path, elsewhere) in [(&mut chat, "chat", "other"), (&mut other, "other", "chat")] {
        server.starts_again().await;
        let said = run(&data, &["say", &format!("{}/{path}", server.address), path]).await;
        assert!(said.status.success(), "{said:?}");
        let url = format!("http://{}/{elsewhere}/", server.address);
        let refused = run(&data, &["--timeout", "5", "rooms", &url]).await;
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
        let sentence = format!("The chat is at /{path}/.");
        assert!(text(&refused.stderr).contains(&sentence), "{refused:?}");
        let log = server.log().await;
        let texts: Vec<_> = log.iter().filter_map(message_text).collect();
        assert_eq!(texts, [path]);
        server.stops().await;
    }
}

#[tokio::test]
async fn a_message_mentions_members_by_their_ids() {
    let server = start_server().await;
    let data = tempfile::tempdir().unwrap();
    let at = address(server.address).to_string();
    let mut online = Vec::new();
    for name in ["Ada", "Ada Lovelace"] {
        online.push(User::online(name, &server).await);
        let said = run(&data, &["say", &at, &format!("hi @{name}, mail me@Ada")]).await;
        assert!(said.status.success(), "{said:?}");
    }
    let log = server.log().await;
    let id_of = |wanted: &str| {
        let joined = log
            .iter()
            .find(|entry| matches!(&entry.body, Body::Joined { name } if name.as_str() == wanted));
        joined.unwrap().author.clone()
    };
    let mentions: Vec<_> = log
        .iter()
        .filter_map(|entry| {
            let Body::Message { mentions, .. } = &entry.body else {
                return None;
            };
            Some(mentions.clone())
        })
        .collect();
    let expected = ["Ada", "Ada Lovelace"].map(|name| {
        vec![Mention {
            member: id_of(name),
            name: name.to_owned(),
        }]
    });
    assert_eq!(mentions, expected);
}

#[tokio::test]
async fn the_members_whom_a_message_looks_for_are_not_taken_for_all() {
    let server = start_server().await;
    let data = tempfile::tempdir().unwrap();
    let mut online = Vec::new();
    for name in ["Ada", "Bob", "Carl"] {
        online.push(User::online(name, &server).await);
    }
    let at = address(server.address).to_string();
    let said = run(&data, &["say", &at, "hi @Bob"]).await;
    assert!(said.status.success(), "{said:?}");
    let everyone = server.store().members(server.lobby()).await.unwrap().len();
    let id = server.store().server_id().to_string();
    let replica = Store::open(&data.path().join("servers").join(id)).await.unwrap();
    let rooms = replica.persisted_state().await.unwrap().rooms;
    let counts: Vec<_> = rooms.iter().map(|room| room.room.members as usize).collect();
    assert_eq!(counts, [everyone]);
}

#[tokio::test]
async fn a_room_is_followed_when_the_server_is_restored_from_a_backup() {
    let mut server = start_server().await;
    let mut bob = User::online("Bob", &server).await;
    server.stops().await;
    let backup = tempfile::tempdir().unwrap();
    copy_data(server.data(), backup.path());
    server.starts_again().await;
    let data = tempfile::tempdir().unwrap();
    let mut tail = Tail::start(&data, &address(server.address).to_string(), &[]);
    for text in ["after the backup", "later", "much later"] {
        bob.says(text).await;
        tail.line_with(text).await;
    }
    server.stops().await;
    copy_data(backup.path(), server.data());
    server.starts_again().await;
    bob.until("a reset", |user| user.resets == 1).await;
    bob.says("after the restore").await;
    assert_eq!(tail.line_with("after the restore").await, "Bob: after the restore");
}

#[tokio::test]
async fn history_that_is_lost_with_the_connection_is_requested_again() {
    const REQUEST: &str = "\"history\"";
    let server = start_server().await;
    let mut bob = User::online("Bob", &server).await;
    // More than the newest page, which the server sends without a request.
    for n in 0..MAX_PAGE_ENTRIES + 10 {
        let text = format!("message {n}.");
        bob.says(&text).await;
        bob.sees(&text).await;
    }
    let proxy = Proxy::to(server.address).unwrap();
    drop_packets(&proxy, REQUEST);
    let data = tempfile::tempdir().unwrap();
    let mut tail = Tail::start(&data, &address(proxy.address()).to_string(), &["--since", "2"]);
    let _proxy = cut_connections_after(proxy, REQUEST).await;
    assert_eq!(tail.line_with("message 0.").await, "Bob: message 0.");
}

#[tokio::test]
async fn what_is_lost_with_the_connection_is_requested_again() {
    let server = start_server().await;
    let stranger = MemberId::guest(uuid::Uuid::now_v7());
    create_rooms(server.store(), 3, &stranger).await;
    let data = tempfile::tempdir().unwrap();
    for (request, arguments, expected) in [
        ("\"rooms\",{}", &["rooms"][..], "Lobby"),
        ("\"rooms\",{\"query\"", &["join", "Room 1"], "Joined Room 1."),
        ("\"join\"", &["join", "Room 2"], "Joined Room 2."),
    ] {
        let proxy = Proxy::to(server.address).unwrap();
        drop_packets(&proxy, request);
        let at = address(proxy.address()).to_string();
        let mut command = cli(&data, &[&arguments[..1], &[at.as_str()], &arguments[1..]].concat());
        let process = command.stdout(Stdio::piped()).spawn().unwrap();
        let proxy = cut_connections_after(proxy, request).await;
        let output = process.wait_with_output().await.unwrap();
        assert!(text(&output.stdout).contains(expected), "{arguments:?}: {output:?}");
        drop(proxy);
    }
}

#[tokio::test]
async fn a_list_of_members_that_is_lost_with_the_connection_is_requested_again() {
    const REQUEST: &str = "[\"members\"";
    let server = start_server().await;
    let bob = User::online("Bob", &server).await;
    bob.says("good morning").await;
    let proxy = Proxy::to(server.address).unwrap();
    drop_packets(&proxy, REQUEST);
    let data = tempfile::tempdir().unwrap();
    let mut tail = Tail::start(&data, &address(proxy.address()).to_string(), &[]);
    let _proxy = cut_connections_after(proxy, REQUEST).await;
    assert_eq!(tail.line_with("good morning").await, "Bob: good morning");
}

#[tokio::test]
async fn a_message_that_looks_like_an_option_is_sent() {
    let server = start_server().await;
    let mut bob = User::online("Bob", &server).await;
    let data = tempfile::tempdir().unwrap();
    let server = address(server.address).to_string();
    for message in ["-1 from me", "--help", "-V", "--"] {
        let said = run(&data, &["say", &server, message]).await;
        assert!(said.status.success() && said.stdout.is_empty(), "{message}: {said:?}");
        bob.sees(message).await;
    }
}

#[tokio::test]
async fn several_processes_use_one_folder_at_once() {
    let server = start_server().await;
    let mut bob = User::online("Bob", &server).await;
    let data = tempfile::tempdir().unwrap();
    let at = address(server.address).to_string();
    // The folder is new: one of the processes creates the user.
    let mut tails = [Tail::start(&data, &at, &[]), Tail::start(&data, &at, &[])];
    let messages: Vec<_> = (0..10).map(|number| format!("message {number}")).collect();
    let arguments: Vec<_> = messages.iter().map(|text| ["say", &at, text]).collect();
    let said = futures_util::future::join_all(arguments.iter().map(|arguments| run(&data, arguments))).await;
    assert!(said.iter().all(|output| output.status.success()), "{said:?}");
    bob.until("ten messages", |user| {
        user.texts().iter().filter(|text| text.starts_with("message ")).count() == 10
    })
    .await;
    for tail in &mut tails {
        let mut missing: BTreeSet<_> = messages.iter().cloned().collect();
        while !missing.is_empty() {
            let line = tail.line_with("message ").await;
            missing.retain(|message| !line.ends_with(message));
        }
    }
    let log = server.log().await;
    let robots: BTreeSet<_> = log
        .iter()
        .filter(|entry| matches!(&entry.body, Body::Message { .. }))
        .map(|entry| entry.author.clone())
        .collect();
    assert_eq!(robots.len(), 1, "the processes are several people");
}

#[tokio::test]
async fn a_message_that_waited_is_sent_by_a_later_process() {
    let server = start_server().await;
    let mut bob = User::online("Bob", &server).await;
    let data = tempfile::tempdir().unwrap();
    let mut first = Tail::start(&data, &address(server.address).to_string(), &[]);
    first.line_with("Bob joined").await;
    let proxy = Proxy::to(server.address).unwrap();
    let at = address(proxy.address()).to_string();
    drop_packets(&proxy, "\"message\"");
    let said = run(&data, &["--timeout", "3", "say", &at, "late"]).await;
    assert_eq!(said.status.code(), Some(1), "{said:?}");
    proxy.deliver_all();
    let rooms = run(&data, &["rooms", &at]).await;
    assert!(rooms.status.success(), "{rooms:?}");
    bob.sees("late").await;
}

#[tokio::test]
async fn a_message_that_waited_is_sent_when_the_first_process_has_ended() {
    let (server, other) = (start_server().await, start_server().await);
    let mut bob = User::online("Bob", &server).await;
    let data = tempfile::tempdir().unwrap();
    let mut first = Tail::start(&data, &address(server.address).to_string(), &[]);
    first.line_with("Bob joined").await;
    let proxy = Proxy::to(server.address).unwrap();
    let at = address(proxy.address()).to_string();
    drop_packets(&proxy, "late");
    let said = run(&data, &["--timeout", "3", "say", &at, "late"]).await;
    assert_eq!(said.status.code(), Some(1), "{said:?}");
    // A message to another server doesn't hide the one that waits.
    let said = run(&data, &["say", &address(other.address).to_string(), "in time"]).await;
    assert!(said.status.success(), "{said:?}");
    let damaged = data.path().join("parallel").join("3");
    std::fs::create_dir_all(&damaged).unwrap();
    std::fs::write(damaged.join("profile.json"), "damaged").unwrap();
    std::fs::write(damaged.join("unsent"), "").unwrap();
    first.ends().await;
    proxy.deliver_all();
    // A command may end before the server has stored the message: then the next one looks for it again.
    while data.path().join("parallel/2/unsent").exists() {
        let rooms = run(&data, &["rooms", &at]).await;
        assert!(rooms.status.success(), "{rooms:?}");
    }
    bob.sees("late").await;
}

#[tokio::test]
async fn a_damaged_folder_of_another_process_is_in_nobodys_way() {
    let server = start_server().await;
    let data = tempfile::tempdir().unwrap();
    let at = address(server.address).to_string();
    let mut first = Tail::start(&data, &at, &[]);
    first.line_with("joined").await;
    let damaged = data.path().join("parallel").join("2");
    std::fs::create_dir_all(&damaged).unwrap();
    std::fs::write(damaged.join("profile.json"), "damaged").unwrap();
    let said = run(&data, &["say", &at, "hello"]).await;
    assert!(said.status.success(), "{said:?}");
}

#[tokio::test]
async fn the_reason_why_a_message_waits_is_shown() {
    let server = start_server().await;
    let data = tempfile::tempdir().unwrap();
    let at = address(server.address).to_string();
    let said = run(&data, &["say", &at, "before"]).await;
    assert!(said.status.success(), "{said:?}");
    server.store().limit_pages(Some(1)).await.unwrap();
    let text_of_some_pages = "x".repeat(8_000);
    let said = run(&data, &["--timeout", "5", "say", &at, &text_of_some_pages]).await;
    assert_eq!(said.status.code(), Some(1), "{said:?}");
    assert!(text(&said.stderr).contains("could not use its disk"), "{said:?}");
}

#[tokio::test]
async fn it_ends_quietly_when_nothing_reads_its_output() {
    let server = start_server().await;
    let bob = User::online("Bob", &server).await;
    let data = tempfile::tempdir().unwrap();
    let mut process = cli(&data, &["tail", &address(server.address).to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    bob.says("one").await;
    while !timeout(common::TIMEOUT, lines.next_line())
        .await
        .unwrap()
        .unwrap()
        .unwrap()
        .contains("one")
    {}
    drop(lines);
    bob.says("two").await;
    let output = timeout(common::TIMEOUT, process.wait_with_output())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}

#[cfg(unix)]
#[tokio::test]
async fn its_folder_is_for_its_user_only() {
    use std::os::unix::fs::PermissionsExt as _;

    let server = start_server().await;
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("folder");
    let at = address(server.address).to_string();
    let script = "umask 000 && exec \"$0\" \"$@\"";
    let said = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_ichat-cli"), "--data"])
        .arg(&folder)
        .args(["say", &at, "hello"])
        .output()
        .await
        .unwrap();
    assert!(said.status.success(), "{said:?}");
    let mut folders = vec![folder];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        assert_eq!(
            folder.metadata().unwrap().permissions().mode() & 0o777,
            0o700,
            "{}",
            folder.display()
        );
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let mode = path.metadata().unwrap().permissions().mode();
                assert_eq!(mode & 0o777, 0o600, "{}", path.display());
                files += 1;
            }
        }
    }
    assert!(files >= 4, "{files} files");
}

#[tokio::test]
async fn an_address_that_programs_read_differently_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let refused = run(&data, &["rooms", "010.0.0.10"]).await;
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(text(&refused.stderr).contains("without leading zeros"), "{refused:?}");
}

#[tokio::test]
async fn very_many_rooms_and_members_do_not_keep_it_out() {
    let server = start_server().await;
    let nobody = MemberId::guest(uuid::Uuid::now_v7());
    create_rooms(server.store(), 250, &nobody).await;
    let guests = add_guests(server.store(), 1_300).await;
    add_message(server.store(), &guests[1_234], "hello from the crowd").await;
    let at = address(server.address).to_string();
    let data = tempfile::tempdir().unwrap();
    let rooms = run(&data, &["rooms", &at]).await;
    assert_eq!(text(&rooms.stdout).lines().count(), 251, "{rooms:?}");
    let joined = run(&data, &["join", &at, "room 203"]).await;
    assert_eq!(text(&joined.stdout).trim(), "Joined Room 203.", "{joined:?}");
    let said = run(&data, &["say", &at, "@Guest 1299: hi"]).await;
    assert!(said.status.success(), "{said:?}");
    let log = server.log().await;
    let mentioned = log.iter().rev().find_map(|entry| match &entry.body {
        Body::Message { mentions, .. } => Some(mentions.first()?.member.clone()),
        _ => None,
    });
    assert_eq!(mentioned.as_ref(), guests.last());
    let mut tail = Tail::start(&data, &at, &[]);
    assert_eq!(
        tail.line_with("from the crowd").await,
        "Guest 1234: hello from the crowd"
    );
}

#[tokio::test]
async fn an_error_ends_it_with_a_message() {
    let server = start_server().await;
    let data = tempfile::tempdir().unwrap();
    let server = address(server.address).to_string();
    let empty = run(&data, &["say", &server, "  "]).await;
    assert_eq!(empty.status.code(), Some(1));
    assert_eq!(text(&empty.stderr).trim(), "A message needs some text.");
    let unknown = run(&data, &["join", &server, "Attic"]).await;
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).contains("There are: Lobby."), "{unknown:?}");
    let unreachable = run(&data, &["--json", "rooms", &unused_address().await.to_string()]).await;
    assert_eq!(unreachable.status.code(), Some(1));
    let error: Value = serde_json::from_slice(&unreachable.stderr).unwrap();
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("Nobody answers"), "{error}");
}

#[tokio::test]
async fn help_shows_the_arguments_in_their_order() {
    let data = tempfile::tempdir().unwrap();
    let help = run(&data, &["say", "--help"]).await;
    let help = text(&help.stdout);
    assert!(help.contains("say [OPTIONS] <ADDRESS> [ROOM] <TEXT>"), "{help}");
}

/// A running `ichat-cli tail` of the lobby. Ends when it is dropped.
struct Tail {
    lines: Lines<BufReader<ChildStdout>>,
    process: Child,
}

impl Tail {
    fn start(data: &TempDir, server: &str, options: &[&str]) -> Self {
        let mut process = cli(data, &["tail", server, "lobby"])
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            lines: BufReader::new(process.stdout.take().unwrap()).lines(),
            process,
        }
    }

    /// Ends the process, and waits until it has.
    async fn ends(mut self) {
        self.process.kill().await.unwrap();
    }

    /// Returns the next line with this text.
    async fn line_with(&mut self, wanted: &str) -> String {
        while let Some(line) = timeout(common::TIMEOUT, self.lines.next_line()).await.unwrap().unwrap() {
            if line.contains(wanted) {
                return line;
            }
        }
        panic!("no line with: {wanted}");
    }
}

/// Drops the packets with a text.
fn drop_packets(proxy: &Proxy, text: &'static str) {
    proxy.filter(move |_, packet| {
        if packet.contains(text) {
            Delivery::Drop
        } else {
            Delivery::Deliver
        }
    });
}

/// Waits until a packet with this text has reached the proxy, and cuts the connections. What follows is delivered.
async fn cut_connections_after(proxy: Proxy, text: &'static str) -> Proxy {
    let waiting = tokio::task::spawn_blocking(move || {
        proxy.wait_for_more_than(0, Direction::ToServer, text).unwrap();
        proxy
    });
    let proxy = waiting.await.unwrap();
    proxy.deliver_all();
    proxy.cut_connections();
    proxy
}

fn cli(data: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ichat-cli"));
    command
        .arg("--data")
        .arg(data.path())
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

async fn run(data: &TempDir, arguments: &[&str]) -> Output {
    cli(data, arguments).output().await.unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn it_describes_itself() {
    let data = tempfile::tempdir().unwrap();
    let script = run(&data, &["completions", "bash"]).await;
    assert!(text(&script.stdout).contains("--history"), "{script:?}");
    let pages = data.path().join("man1");
    let written = run(&data, &["man", pages.to_str().unwrap()]).await;
    assert!(written.status.success(), "{written:?}");
    for command in ["", "-rooms", "-join", "-say", "-tail"] {
        let page = std::fs::read_to_string(pages.join(format!("ichat-cli{command}.1"))).unwrap();
        assert!(page.contains(".SH DESCRIPTION"), "{command}: {page}");
    }
}
