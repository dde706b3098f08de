//! The senders' part: what they send, and when they have sent enough.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use super::client::Client;
use super::{STALLED, Swarm, words};
use crate::kernel;

/// What the senders do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) senders: usize,
    /// So many messages a second of all senders together; without it each sends when its last one has come back.
    pub(crate) rate: Option<u32>,
    /// For so long at least,
    pub(crate) time: Duration,
    /// and so many messages at least, unless that takes five times as long.
    pub(crate) messages: u32,
}

/// What one stretch of talk showed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Talk {
    pub(crate) messages: u32,
    pub(crate) deliveries: u64,
    /// Until everybody had everything.
    pub(crate) took: Duration,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    /// The CPU time of the clients.
    pub(crate) generator: Duration,
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    /// In how many different orders the clients got the messages.
    pub(crate) orders: usize,
}

/// The messages under way.
struct Speech {
    /// For each sender.
    sent: Vec<u32>,
    messages: u32,
    text: Vec<u8>,
}

impl Speech {
    fn say(&mut self, client: &mut Client, ears: &super::Ears, sender: usize) -> Result<()> {
        words(ears, sender, self.sent[sender], &mut self.text)?;
        client.say(&self.text)?;
        self.sent[sender] += 1;
        self.messages += 1;
        Ok(())
    }
}

impl Swarm {
    /// Lets the senders send, and waits until everybody has everything. Can be called once more: numbers go on.
    pub(crate) fn talk(&mut self, load: Load, sent: &mut Vec<u32>) -> Result<Talk> {
        ensure!(
            load.senders <= self.clients.len(),
            "there are fewer clients than senders"
        );
        let clients = self.clients.len() as u64;
        sent.resize(load.senders, 0);
        let mut speech = Speech {
            sent: std::mem::take(sent),
            messages: 0,
            text: Vec::new(),
        };
        self.ears.tally.restart();
        (self.ears.frames, self.ears.bytes) = (0, 0);
        let cpu = kernel::own_cpu()?;
        let began = Instant::now();
        let step = load.rate.map(|rate| Duration::from_secs(1) / rate);
        let mut progress = (began, 0);
        let mut is_open = true;
        if step.is_none() {
            for sender in 0..load.senders {
                speech.say(&mut self.clients[sender], &self.ears, sender)?;
            }
        }
        while is_open || self.ears.tally.deliveries < u64::from(speech.messages) * clients {
            let elapsed = began.elapsed();
            is_open = is_open
                && (elapsed < load.time || (speech.messages < load.messages && elapsed < load.time.saturating_mul(5)));
            let mut wait = Duration::from_millis(100);
            if let Some(step) = step.filter(|_| is_open) {
                while step * speech.messages <= elapsed {
                    let sender = speech.messages as usize % load.senders;
                    speech.say(&mut self.clients[sender], &self.ears, sender)?;
                }
                wait = wait.min((step * speech.messages).saturating_sub(elapsed));
            }
            self.turn(Some(wait), |client, (ears, number)| {
                if step.is_none() && is_open {
                    speech.say(client, ears, number)?;
                }
                Ok(())
            })?;
            let deliveries = self.ears.tally.deliveries;
            if deliveries > progress.1 {
                progress = (Instant::now(), deliveries);
            } else if progress.0.elapsed() > STALLED {
                let due = u64::from(speech.messages) * clients;
                bail!("{deliveries} of {due} deliveries have come, and no more come: messages are lost");
            }
        }
        let took = began.elapsed();
        let tally = &self.ears.tally;
        let orders = tally.orders(&speech.sent)?;
        let at = |quantile| Duration::from_micros(tally.latencies.value_at_quantile(quantile));
        *sent = speech.sent;
        Ok(Talk {
            messages: speech.messages,
            deliveries: tally.deliveries,
            took,
            p50: at(0.5),
            p99: at(0.99),
            generator: kernel::own_cpu()?.saturating_sub(cpu),
            frames: self.ears.frames,
            bytes: self.ears.bytes,
            orders,
        })
    }
}
