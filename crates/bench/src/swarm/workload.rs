//! The workload of the senders, and what is measured while they send.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use super::client::Client;
use super::connections::{POLL_TIMEOUT, StallDetector, Swarm};
use super::message::Mark;
use super::receiver::{Protocol, Receiver};
use crate::kernel;

/// The senders' work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Workload {
    pub(crate) senders: usize,
    /// Messages a second, of all senders together (an open loop). Without a rate each sender sends its next message
    /// when it has received its last one (a closed loop).
    pub(crate) rate: Option<u32>,
    /// The senders send for so long at least,
    pub(crate) duration: Duration,
    /// and at least so many messages, unless that takes five times as long.
    pub(crate) messages: u32,
}

/// The measurements of a workload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) messages: u32,
    pub(crate) deliveries: u64,
    /// The time until every client had every message.
    pub(crate) took: Duration,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    /// The CPU time of the load generator.
    pub(crate) generator_cpu: Duration,
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    /// The number of different orders in which the clients received the messages.
    pub(crate) orders: usize,
}

/// The senders' counters.
struct Senders<'a> {
    /// The number of messages so far, for each sender.
    sent: &'a mut Vec<u32>,
    /// Messages of this workload.
    messages: u32,
    packet: Vec<u8>,
}

impl Senders<'_> {
    /// Sends a sender's next message. Its latency is measured from `sent_at`, on the receiver's clock.
    fn send(&mut self, client: &mut Client, receiver: &Receiver, sender: usize, sent_at: Duration) -> Result<()> {
        let mark = Mark {
            sender,
            number: self.sent[sender],
            sent_at,
        };
        let room = match receiver.protocol {
            Protocol::Tutorial => None,
            Protocol::Guest | Protocol::Member(_) => receiver.lobby.as_ref().map(|lobby| lobby.id),
        };
        mark.write_packet(room, &mut self.packet)?;
        client.send(&self.packet)?;
        self.sent[sender] += 1;
        self.messages += 1;
        Ok(())
    }
}

impl Swarm {
    /// Runs a workload, and waits until every client has every message. `sent` counts each sender's messages, and goes
    /// on from one workload to the next.
    pub(crate) fn run(&mut self, workload: Workload, sent: &mut Vec<u32>) -> Result<Sample> {
        ensure!(
            workload.senders <= self.clients.len(),
            "there are fewer clients than senders"
        );
        sent.resize(workload.senders, 0);
        let mut senders = Senders {
            sent,
            messages: 0,
            packet: Vec::new(),
        };
        self.receiver.deliveries.reset_figures();
        (self.receiver.frames, self.receiver.bytes) = (0, 0);
        let cpu_before = kernel::own_cpu()?;
        let start = Instant::now();
        self.send_and_receive(workload, &mut senders, start)?;
        let deliveries = &self.receiver.deliveries;
        Ok(Sample {
            messages: senders.messages,
            deliveries: deliveries.count(),
            took: start.elapsed(),
            p50: deliveries.latency_at(0.5),
            p99: deliveries.latency_at(0.99),
            generator_cpu: kernel::own_cpu()?.saturating_sub(cpu_before),
            frames: self.receiver.frames,
            bytes: self.receiver.bytes,
            orders: deliveries.orders(senders.sent)?,
        })
    }

    fn send_and_receive(&mut self, workload: Workload, senders: &mut Senders<'_>, start: Instant) -> Result<()> {
        let clients = self.clients.len() as u64;
        let interval = workload.rate.map(|rate| Duration::from_secs(1) / rate);
        // The start on the receiver's clock.
        let offset = self.receiver.elapsed().saturating_sub(start.elapsed());
        let mut stall = StallDetector::new(0);
        let mut is_sending = true;
        if interval.is_none() {
            for sender in 0..workload.senders {
                let now = self.receiver.elapsed();
                senders.send(&mut self.clients[sender], &self.receiver, sender, now)?;
            }
        }
        while is_sending || self.receiver.deliveries.count() < u64::from(senders.messages) * clients {
            let elapsed = start.elapsed();
            is_sending = is_sending
                && (elapsed < workload.duration
                    || (senders.messages < workload.messages && elapsed < workload.duration.saturating_mul(5)));
            let mut timeout = POLL_TIMEOUT;
            if let Some(interval) = interval.filter(|_| is_sending) {
                while interval * senders.messages <= elapsed {
                    let sender = senders.messages as usize % workload.senders;
                    // From the time when it was due: a generator that lags must not make latencies look shorter.
                    let due = offset + interval * senders.messages;
                    senders.send(&mut self.clients[sender], &self.receiver, sender, due)?;
                }
                timeout = timeout.min((interval * senders.messages).saturating_sub(elapsed));
            }
            self.poll_once(timeout, |client, receiver, number| {
                if interval.is_none() && is_sending {
                    senders.send(client, receiver, number, receiver.elapsed())?;
                }
                Ok(())
            })?;
            let count = self.receiver.deliveries.count();
            if stall.has_stalled(count) {
                let due = u64::from(senders.messages) * clients;
                bail!("{count} of {due} deliveries have come, and no more come: messages are lost");
            }
        }
        Ok(())
    }
}
