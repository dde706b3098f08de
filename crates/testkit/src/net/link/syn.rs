//! The TCP connections that a host begins, seen in its packets.

use std::collections::HashSet;
use std::time::Instant;

const IP_PROTOCOL_TCP: u8 = 6;
/// Flags of the TCP header.
const SYN: u8 = 0x02;
const ACK: u8 = 0x10;

/// When a host began TCP connections.
#[derive(Default)]
pub(super) struct ConnectionAttempts {
    /// Source port and initial sequence number of each attempt: a retransmission has the same ones.
    known: HashSet<[u8; 6]>,
    times: Vec<Instant>,
}

impl ConnectionAttempts {
    /// Records the packet if it begins a connection.
    pub(super) fn record(&mut self, packet: &[u8]) {
        if let Some(attempt) = attempt(packet)
            && self.known.insert(attempt)
        {
            self.times.push(Instant::now());
        }
    }

    pub(super) fn times(&self) -> &[Instant] {
        &self.times
    }
}

/// Returns source port and initial sequence number, if this IPv4 packet begins a TCP connection.
fn attempt(packet: &[u8]) -> Option<[u8; 6]> {
    let version_and_length = *packet.first()?;
    if version_and_length >> 4 != 4 || *packet.get(9)? != IP_PROTOCOL_TCP {
        return None;
    }
    let segment = packet.get(usize::from(version_and_length & 0x0f) * 4..)?;
    if segment.get(13)? & (SYN | ACK) != SYN {
        return None;
    }
    let (port, sequence_number) = (segment.get(..2)?, segment.get(4..8)?);
    [port, sequence_number].concat().try_into().ok()
}
