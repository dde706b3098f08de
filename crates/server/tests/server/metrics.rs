//! The metrics of the program `ichat-server`, as Prometheus reads them.
//!
//! - people, connections, posts, deliveries, bytes, refusals, budgets and the database are counted, and one who leaves counts no
//!   more
//! - a full server, an unknown host and a failed sign-in are told apart
//! - clients that are killed are not counted as cut, and one that sends what can't be read is
//! - `heads` count as deliveries
//! - lines that are left out of the log are counted
//! - metrics are on an address of their own, for the hosts that the server allows; nobody gets them at the server's address
//! - the server's address is refused for metrics
//! - the documentation has a row for each metric, with its type, its labels and its unit, and for no other
//! - every query of the dashboard names metrics that exist, with labels that they have

#![expect(clippy::float_cmp, reason = "counts are whole numbers")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use ichat_protocol::EntryId;
use ichat_testkit::{Identity, TestClient, or_time_out};
use reqwest::StatusCode;
use serde_json::{Value, json};
use socket2::SockRef;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::Child;

use crate::polling::PollingClient;
use crate::program::{run, serving};

/// A server that is run with metrics.
struct Server {
    address: SocketAddr,
    metrics_url: String,
    _data: TempDir,
    _process: Child,
}

/// The series of one scrape, with their values.
struct Scrape {
    text: String,
    values: BTreeMap<String, f64>,
}

impl Server {
    async fn start(arguments: &[&str]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut command = serving(data.path());
        command.args(["--metrics-listen", "127.0.0.1:0"]).args(arguments);
        let mut process = command.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut line = async |prefix: &str| {
            let line = or_time_out(lines.next_line()).await.unwrap().unwrap();
            line.strip_prefix(prefix).unwrap_or_else(|| panic!("{line}")).to_owned()
        };
        let server = Self {
            address: line("listening on http://").await.parse().unwrap(),
            metrics_url: line("metrics on ").await,
            _data: data,
            _process: process,
        };
        // It has them once it has read its rooms.
        server.scrape_until("ichat_people", 0.0).await;
        server
    }

    async fn scrape(&self) -> Scrape {
        let response = reqwest::get(&self.metrics_url).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let media_type = response.headers()["content-type"].to_str().unwrap();
        assert!(media_type.starts_with("text/plain; version=0.0.4"), "{media_type}");
        let text = response.text().await.unwrap();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let values = samples.map(|sample| {
            let (series, value) = sample.rsplit_once(' ').unwrap();
            (series.to_owned(), value.parse().unwrap())
        });
        Scrape {
            values: values.collect(),
            text,
        }
    }

    /// Scrapes until a series has a value: what a client sees may be counted a moment later.
    async fn scrape_until(&self, series: &str, wanted: f64) -> Scrape {
        let scraping = async {
            loop {
                let scrape = self.scrape().await;
                if scrape.values.get(series) == Some(&wanted) {
                    return scrape;
                }
                tokio::task::yield_now().await;
            }
        };
        or_time_out(scraping).await
    }

    async fn user(&self, name: &str) -> TestClient {
        let auth = Identity::random().auth(self.address, name).await.unwrap();
        TestClient::join(self.address, auth).await
    }
}

impl Scrape {
    #[track_caller]
    fn get(&self, series: &str) -> f64 {
        let value = self.values.get(series).copied();
        value.unwrap_or_else(|| panic!("no {series} in {}", self.text))
    }

    /// Returns the metrics with their types, and the labels of each.
    fn metrics(&self) -> BTreeMap<String, (String, BTreeSet<String>)> {
        let types = self.text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        types
            .map(|line| {
                let (name, kind) = line.split_once(' ').unwrap();
                (name.to_owned(), (kind.to_owned(), self.labels(name)))
            })
            .collect()
    }

    fn labels(&self, metric: &str) -> BTreeSet<String> {
        let labels_of = |series: &String| {
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            let is_of_metric = name == metric || name.strip_suffix("_bucket") == Some(metric);
            let labels = labels.trim_end_matches('}').split(',').filter(|_| is_of_metric);
            let names: Vec<_> = labels.filter_map(|label| label.split_once('=')).collect();
            names.into_iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
        };
        self.values.keys().flat_map(labels_of).collect()
    }
}

fn read(path: &str) -> String {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    std::fs::read_to_string(root.join(path)).unwrap()
}

#[tokio::test]
async fn what_happens_is_counted() {
    let server = Server::start(&["--max-rooms-per-day", "1"]).await;
    let before = server.scrape().await;
    assert_eq!(before.get("ichat_people"), 0.0);
    assert_eq!(before.get("ichat_entries_total{kind=\"message\"}"), 0.0);
    let mut alice = server.user("Alice").await;
    let mut bob = server.user("Bob").await;
    let poller = PollingClient::connect_to(server.address).await;
    for user in [&mut alice, &mut bob] {
        let lobby = user.lobby();
        user.subscribes(lobby).await;
    }
    for text in ["one", "two", "three"] {
        alice.says(text).await;
        bob.sees(text).await;
    }
    for name in ["first", "second"] {
        let room = json!({ "room": EntryId::fresh(), "name": name });
        alice.emit("create", room).await;
    }
    let after = server
        .scrape_until("ichat_events_refused_total{code=\"over_quota\"}", 1.0)
        .await;
    for (series, wanted) in [
        ("ichat_people", 3.0),
        ("ichat_connections{transport=\"websocket\"}", 2.0),
        ("ichat_connections{transport=\"polling\"}", 1.0),
        ("ichat_connections_opened_total{transport=\"websocket\"}", 2.0),
        ("ichat_max_connections", 10_000.0),
        ("ichat_entries_total{kind=\"message\"}", 3.0),
        ("ichat_entries_total{kind=\"created\"}", 1.0),
        ("ichat_queue_length{queue=\"write\"}", 0.0),
        ("ichat_queue_capacity{queue=\"write\"}", 4_096.0),
        ("ichat_budgets{of=\"person\"}", 2.0),
        ("ichat_budgets_used_up{of=\"person\"}", 0.0),
        ("ichat_commits_failed_total", 0.0),
        ("ichat_deliveries_dropped_total", 0.0),
    ] {
        assert_eq!(after.get(series), wanted, "{series}");
    }
    for series in [
        "ichat_received_bytes_total",
        "ichat_sent_bytes_total",
        "ichat_deliveries_total",
        "ichat_events_received_total",
        "ichat_commit_duration_seconds_count",
        "ichat_publish_duration_seconds_count",
        "ichat_delivery_duration_seconds_count",
        "ichat_commit_entries_sum",
        "ichat_open_connections",
        "ichat_database_bytes",
        "ichat_max_queued_bytes",
        "process_resident_memory_bytes",
    ] {
        assert!(after.get(series) > 0.0, "{series}");
    }
    assert!(after.get("ichat_deliveries_total") >= 6.0);
    assert!(after.get("ichat_sent_bytes_total") > before.get("ichat_sent_bytes_total") + 1_000.0);
    drop(bob);
    server.scrape_until("ichat_people", 2.0).await;
    drop(poller);
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let server = Server::start(&["--max-connections-per-address", "4", "--no-guests"]).await;
    let request = reqwest::Client::new().get(format!("http://{}/api/hello", server.address));
    let response = request.header("Host", "evil.example").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    TestClient::connect_error(server.address, json!({ "protocol": 1 })).await;
    let mut open = Vec::new();
    loop {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream
            .write_all(b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            .await
            .unwrap();
        let mut status = [0; 12];
        or_time_out(stream.read_exact(&mut status)).await.unwrap();
        open.push(stream);
        if status.ends_with(b"503") {
            break;
        }
    }
    let scrape = server.scrape().await;
    for (series, wanted) in [
        ("ichat_connections_refused_total{reason=\"unknown_host\"}", 1.0),
        ("ichat_connections_refused_total{reason=\"foreign_origin\"}", 0.0),
        ("ichat_connections_refused_total{reason=\"full\"}", 1.0),
        ("ichat_sign_ins_refused_total{code=\"no_guests\"}", 1.0),
        ("ichat_people", 0.0),
    ] {
        assert_eq!(scrape.get(series), wanted, "{series}");
    }
}

#[tokio::test]
async fn a_client_that_is_killed_is_not_counted_as_cut() {
    let server = Server::start(&[]).await;
    for name in ["Alice", "Bob", "Carol"] {
        // A dropped client sends no close frame.
        drop(server.user(name).await);
    }
    let mut reset = server.user("Dan").await;
    let socket = SockRef::from(&*reset.socket().stream());
    socket.set_linger(Some(Duration::ZERO)).unwrap();
    drop(reset);
    server.scrape_until("ichat_open_connections", 0.0).await;
    let after = server.scrape_until("ichat_people", 0.0).await;
    assert_eq!(
        after.get("ichat_connections_opened_total{transport=\"websocket\"}"),
        4.0
    );
    for reason in ["memory", "busy_ignored", "stalled", "unreadable"] {
        let series = format!("ichat_connections_cut_total{{reason=\"{reason}\"}}");
        assert_eq!(after.get(&series), 0.0, "{reason}");
    }
    let mut eve = server.user("Eve").await;
    // A frame that is not masked.
    eve.socket().stream().write_all(&[0x81, 0x01, b'2']).await.unwrap();
    eve.is_disconnected().await;
    server
        .scrape_until("ichat_connections_cut_total{reason=\"unreadable\"}", 1.0)
        .await;
}

#[tokio::test]
async fn heads_count_as_deliveries() {
    let server = Server::start(&[]).await;
    let mut alice = server.user("Alice").await;
    let lobby = alice.lobby();
    alice.subscribes(lobby).await;
    alice.receives("heads").await;
    let before = server.scrape().await.get("ichat_deliveries_total");
    alice.receives("heads").await;
    server.scrape_until("ichat_deliveries_total", before + 1.0).await;
}

#[tokio::test]
async fn lines_that_are_left_out_of_the_log_are_counted() {
    let server = Server::start(&["--max-rate-per-person", "1"]).await;
    for _ in 0..5 {
        let mut client = TestClient::join(server.address, json!({ "protocol": 1 })).await;
        client
            .send_all((0..1_500).map(|_| r#"42["members",{}]"#.to_owned()))
            .await;
        client.is_disconnected().await;
    }
    let scrape = server
        .scrape_until("ichat_connections_cut_total{reason=\"busy_ignored\"}", 5.0)
        .await;
    assert!(scrape.get("ichat_events_refused_total{code=\"busy\"}") > 1_000.0);
    assert!(scrape.get("ichat_log_lines_left_out_total") >= 1.0);
}

#[tokio::test]
async fn metrics_are_on_an_address_of_their_own() {
    let server = Server::start(&["--allowed-host", "chat.example.org"]).await;
    let status = async |url: &str, host: &str| {
        let request = reqwest::Client::new().get(url).header("Host", host);
        request.send().await.unwrap().status()
    };
    let metrics = server.metrics_url.as_str();
    assert_eq!(status(metrics, "chat.example.org").await, StatusCode::OK);
    assert_eq!(status(metrics, "evil.example").await, StatusCode::FORBIDDEN);
    assert_eq!(
        status(&metrics.replace("/metrics", "/"), "localhost").await,
        StatusCode::NOT_FOUND
    );
    let public = format!("http://{}/metrics", server.address);
    assert_eq!(status(&public, "localhost").await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_address_of_the_server_is_refused_for_metrics() {
    let addresses = ["--listen", "127.0.0.1:4299", "--metrics-listen", "127.0.0.1:4299"];
    let output = run(&[&["config", "check", "--data", "/d"][..], &addresses].concat()).await;
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("take a port of their own"), "{error}");
}

#[tokio::test]
async fn the_documentation_has_a_row_for_each_metric() {
    let metrics = Server::start(&[]).await.scrape().await.metrics();
    let expected: BTreeSet<_> = metrics
        .iter()
        .map(|(name, (kind, labels))| {
            let labels: Vec<_> = labels.iter().filter(|label| *label != "le").cloned().collect();
            let base = name.strip_suffix("_total").unwrap_or(name);
            let unit = ["seconds", "bytes"].into_iter().find(|unit| base.ends_with(unit));
            (name.clone(), kind.clone(), labels, unit.unwrap_or_default().to_owned())
        })
        .collect();
    let docs = read("docs/operations.md");
    let table = docs.split("| metric | type |").nth(1).expect("a table of the metrics");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let documented: BTreeSet<_> = rows
        .map(|row| {
            let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
            let [name, kind, labels, unit, meaning] = cells[..] else {
                panic!("{row}")
            };
            assert!(!meaning.is_empty(), "{row}");
            let labels = labels.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            (
                name.trim_matches('`').to_owned(),
                kind.to_owned(),
                labels,
                unit.to_owned(),
            )
        })
        .collect();
    let missing: Vec<_> = expected.difference(&documented).collect();
    let other: Vec<_> = documented.difference(&expected).collect();
    assert!(
        missing.is_empty() && other.is_empty(),
        "missing: {missing:#?}, wrong: {other:#?}"
    );
}

#[tokio::test]
async fn every_query_of_the_dashboard_names_metrics_that_exist() {
    let scrape = Server::start(&[]).await.scrape().await;
    let series: BTreeSet<_> = scrape
        .values
        .keys()
        .map(|series| series.split('{').next().unwrap())
        .collect();
    let dashboard: Value = serde_json::from_str(&read("docs/grafana-dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let rows: Vec<_> = panels
        .iter()
        .filter(|panel| panel["type"] == "row")
        .map(|panel| panel["title"].as_str().unwrap())
        .collect();
    assert_eq!(
        rows,
        ["People", "Delivery latency", "Queues", "Refusals", "Memory", "Disk"]
    );
    let mut used = BTreeSet::new();
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{panel}");
        for target in targets {
            let query = target["expr"].as_str().unwrap();
            let names: Vec<_> = words(query)
                .filter(|word| word.starts_with("ichat_") || word.starts_with("process_"))
                .collect();
            assert!(!names.is_empty(), "{query}");
            for name in names {
                assert!(series.contains(name), "{name} in {query}");
                used.insert(name.to_owned());
            }
            let groups = query.split("by (").skip(1).filter_map(|rest| rest.split(')').next());
            for label in groups.flat_map(|labels| labels.split(", ")) {
                let has_label = |name: &String| {
                    scrape
                        .values
                        .keys()
                        .any(|series| series.starts_with(name.as_str()) && series.contains(&format!("{label}=\"")))
                };
                let queried: Vec<_> = words(query).map(str::to_owned).collect();
                assert!(
                    queried.iter().filter(|word| word.contains('_')).any(has_label),
                    "{label} in {query}"
                );
            }
        }
    }
    for essential in [
        "ichat_people",
        "ichat_delivery_duration_seconds_bucket",
        "ichat_events_refused_total",
    ] {
        assert!(used.contains(essential), "{essential}");
    }
}

/// Returns the names in a query.
fn words(query: &str) -> impl Iterator<Item = &str> {
    query.split(|character: char| !character.is_ascii_alphanumeric() && character != '_')
}
