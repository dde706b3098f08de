//! Many WebSocket clients in one process. They scan the frames for a marker instead of parsing them, so that the
//! generator's own cost stays small beside the server's.
//!
//! Each sender's messages must come once and in order; a hash over all of them tells whether everybody had the same order.
//! A message's text is `@@<sender>:<number>:<microseconds>@@`, filled up to 200 bytes.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::{Barrier, mpsc};
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use crate::peer::{Kind, Peer};

/// What the clients do.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    /// So many of them send.
    pub(crate) senders: usize,
    /// So many messages in all.
    pub(crate) messages: usize,
    /// One message of each sender so often; without it each sends when its last one has come back.
    pub(crate) every: Option<Duration>,
}

impl Load {
    pub(crate) fn name(&self) -> String {
        match self.every {
            None => format!("{} senders flat out, window 1", self.senders),
            Some(every) => format!("{} messages a second", self.senders as u128 * 1_000 / every.as_millis()),
        }
    }
}

/// What one run showed.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    pub(crate) cpu_us_per_delivery: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) deliveries_per_s: f64,
    pub(crate) idle_kib: f64,
    pub(crate) one_order: bool,
    deliveries: f64,
}

impl Run {
    pub(crate) fn charge(&mut self, cpu: Duration) {
        self.cpu_us_per_delivery = cpu.as_secs_f64() * 1e6 / self.deliveries;
    }

    pub(crate) fn json(&self, kind: Kind, clients: usize, load: Load) -> Value {
        json!({
            "figure": "run", "server": kind.name(), "clients": clients, "load": load.name(), "messages": load.messages,
            "cpu_us_per_delivery": crate::round(self.cpu_us_per_delivery), "p50_ms": crate::round(self.p50_ms),
            "p99_ms": crate::round(self.p99_ms), "deliveries_per_s": self.deliveries_per_s.round(),
            "idle_kib_per_client": crate::round(self.idle_kib), "one_order": self.one_order,
        })
    }

    pub(crate) fn median(runs: &[Run]) -> Run {
        let of = |figure: fn(&Run) -> f64| {
            let mut figures: Vec<f64> = runs.iter().map(figure).collect();
            figures.sort_by(f64::total_cmp);
            figures[figures.len() / 2]
        };
        Run {
            cpu_us_per_delivery: of(|r| r.cpu_us_per_delivery),
            p50_ms: of(|r| r.p50_ms),
            p99_ms: of(|r| r.p99_ms),
            deliveries_per_s: of(|r| r.deliveries_per_s),
            idle_kib: of(|r| r.idle_kib),
            one_order: runs.iter().all(|r| r.one_order),
            deliveries: of(|r| r.deliveries),
        }
    }
}

type Socket = WebSocketStream<TcpStream>;

pub(crate) struct Swarm {
    kind: Kind,
    lobby: Option<String>,
    sockets: Vec<Socket>,
}

impl Swarm {
    /// Connects them all, and waits until each is in.
    pub(crate) async fn connect(peer: &Peer, clients: usize) -> Result<Self> {
        let mut swarm = Self {
            kind: peer.kind,
            lobby: None,
            sockets: Vec::with_capacity(clients),
        };
        let mut joining = JoinSet::new();
        for number in 0..clients {
            let (address, kind) = (peer.address.clone(), peer.kind);
            joining.spawn(async move { join(&address, kind, number).await });
            // So many at once fit into the listener's backlog.
            if joining.len() >= 64 {
                swarm.add(joining.join_next().await.context("one is joining")??)?;
            }
        }
        while let Some(joined) = joining.join_next().await {
            swarm.add(joined?)?;
        }
        Ok(swarm)
    }

    fn add(&mut self, joined: Result<(Socket, Option<String>)>) -> Result<()> {
        let (socket, lobby) = joined?;
        self.lobby = self.lobby.take().or(lobby);
        self.sockets.push(socket);
        Ok(())
    }

    /// Lets the senders send, and waits until everybody has everything.
    pub(crate) async fn run(self, load: Load) -> Result<Run> {
        let Self { kind, lobby, sockets } = self;
        let clients = sockets.len();
        let total = load.messages / load.senders * load.senders;
        let start = Arc::new(Barrier::new(load.senders + 1));
        let epoch = Instant::now();
        let mut counting = JoinSet::new();
        let mut sending = JoinSet::new();
        for (number, socket) in sockets.into_iter().enumerate() {
            let (sink, stream) = socket.split();
            let (news, heard) = mpsc::unbounded_channel();
            if number < load.senders {
                let voice = Voice {
                    kind,
                    lobby: lobby.clone(),
                    number,
                    epoch,
                };
                sending.spawn(speak(
                    voice,
                    sink,
                    heard,
                    load,
                    total / load.senders,
                    Arc::clone(&start),
                ));
            } else {
                sending.spawn(answer_pings(sink, heard));
            }
            counting.spawn(count(stream, news, number, total, epoch));
        }
        start.wait().await;
        let began = Instant::now();
        let mut latencies = Vec::with_capacity(total);
        let mut orders = Vec::with_capacity(clients);
        while let Some(counted) = counting.join_next().await {
            let counted = counted??;
            orders.push(counted.order);
            latencies.extend(counted.latencies);
        }
        let took = began.elapsed();
        sending.shutdown().await;
        latencies.sort_unstable();
        ensure!(!latencies.is_empty(), "nothing was delivered");
        #[expect(clippy::cast_precision_loss, reason = "figures to read")]
        let at = |percent: usize| latencies[(latencies.len() - 1) * percent / 100] as f64 / 1_000.0;
        #[expect(clippy::cast_precision_loss, reason = "figures to read")]
        let deliveries = (total * clients) as f64;
        Ok(Run {
            cpu_us_per_delivery: 0.0,
            p50_ms: at(50),
            p99_ms: at(99),
            deliveries_per_s: deliveries / took.as_secs_f64(),
            idle_kib: 0.0,
            one_order: orders.windows(2).all(|pair| pair[0] == pair[1]),
            deliveries,
        })
    }
}

/// Opens a WebSocket, says `40`, and waits until the server has let it in.
async fn join(address: &str, kind: Kind, number: usize) -> Result<(Socket, Option<String>)> {
    let tcp = TcpStream::connect(address).await?;
    tcp.set_nodelay(true)?;
    let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
    let (mut socket, _) = tokio_tungstenite::client_async(url, tcp).await?;
    let mut lobby = None;
    while let Some(frame) = socket.next().await {
        let Message::Text(text) = frame? else { continue };
        if text.starts_with('0') {
            let auth = match kind {
                Kind::IChat => json!({ "protocol": 1, "name": format!("Client {number}") }).to_string(),
                Kind::Node => String::new(),
            };
            socket.send(Message::text(format!("40{auth}"))).await?;
        } else if text.as_str() == "2" {
            socket.send(Message::text("3")).await?;
        } else if text.starts_with("44") {
            bail!("the server refused a client: {text}");
        } else if let Some(hello) = text.strip_prefix("42[\"hello\",") {
            let hello: Value = serde_json::from_str(hello.trim_end_matches(']'))?;
            lobby = hello["lobby"].as_str().map(str::to_owned);
            return Ok((socket, lobby));
        } else if text.starts_with("40") && kind == Kind::Node {
            return Ok((socket, lobby));
        }
    }
    bail!("the server ended the connection of client {number}")
}

/// One who speaks.
struct Voice {
    kind: Kind,
    lobby: Option<String>,
    number: usize,
    epoch: Instant,
}

impl Voice {
    fn says(&self, count: usize) -> Message {
        let text = format!(
            "{:_<200}",
            format!("@@{}:{count}:{}@@", self.number, self.epoch.elapsed().as_micros())
        );
        Message::text(match self.kind {
            Kind::IChat => format!(
                "42{}",
                json!(["post", { "room": self.lobby, "id": Uuid::now_v7(), "body": { "kind": "message", "text": text } }])
            ),
            Kind::Node => format!("42{}", json!(["chat message", text])),
        })
    }
}

/// What a client's reading half tells its writing half.
enum Heard {
    Ping,
    OwnMessage,
}

async fn speak(
    voice: Voice,
    mut sink: SplitSink<Socket, Message>,
    mut heard: mpsc::UnboundedReceiver<Heard>,
    load: Load,
    messages: usize,
    start: Arc<Barrier>,
) -> Result<()> {
    start.wait().await;
    let mut tick = load.every.map(tokio::time::interval);
    let mut sent = 0;
    let mut may_send = tick.is_none();
    loop {
        if may_send && sent < messages {
            sink.send(voice.says(sent)).await?;
            sent += 1;
            may_send = false;
        }
        let ticked = async {
            match &mut tick {
                Some(tick) => {
                    tick.tick().await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = ticked => may_send = true,
            news = heard.recv() => match news {
                Some(Heard::Ping) => sink.send(Message::text("3")).await?,
                Some(Heard::OwnMessage) => may_send |= load.every.is_none(),
                None => return Ok(()),
            },
        }
    }
}

async fn answer_pings(mut sink: SplitSink<Socket, Message>, mut heard: mpsc::UnboundedReceiver<Heard>) -> Result<()> {
    while let Some(news) = heard.recv().await {
        if matches!(news, Heard::Ping) {
            sink.send(Message::text("3")).await?;
        }
    }
    Ok(())
}

struct Counted {
    /// Over all messages in the order in which they came.
    order: u64,
    /// In microseconds.
    latencies: Vec<u64>,
}

async fn count(
    mut stream: SplitStream<Socket>,
    heard: mpsc::UnboundedSender<Heard>,
    number: usize,
    total: usize,
    epoch: Instant,
) -> Result<Counted> {
    let mut order = DefaultHasher::new();
    let mut latencies = Vec::with_capacity(total);
    let mut next: HashMap<usize, usize> = HashMap::new();
    while latencies.len() < total {
        let frame = tokio::time::timeout(Duration::from_mins(1), stream.next())
            .await
            .with_context(|| {
                format!(
                    "client {number} has {} of {total} messages and hears no more",
                    latencies.len()
                )
            })?
            .context("the server ended the connection")??;
        let Message::Text(text) = frame else { continue };
        if text.as_str() == "2" {
            let _ = heard.send(Heard::Ping);
            continue;
        }
        let now = epoch.elapsed().as_micros();
        let mut parts = text.split("@@");
        while let (Some(_), Some(mark)) = (parts.next(), parts.next()) {
            let mut fields = mark.split(':');
            let (Some(sender), Some(count), Some(at)) = (fields.next(), fields.next(), fields.next()) else {
                continue;
            };
            (sender, count).hash(&mut order);
            latencies.push(u64::try_from(now.saturating_sub(at.parse()?))?);
            let (sender, count): (usize, usize) = (sender.parse()?, count.parse()?);
            let due = next.entry(sender).or_default();
            ensure!(
                *due == count,
                "client {number} got message {count} of sender {sender} instead of {due}"
            );
            *due += 1;
            if sender == number {
                let _ = heard.send(Heard::OwnMessage);
            }
        }
    }
    Ok(Counted {
        order: order.finish(),
        latencies,
    })
}
