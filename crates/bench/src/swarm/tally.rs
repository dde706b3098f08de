//! Who has heard what: every message once, each sender's in order, and the same order for everybody.

use hdrhistogram::Histogram;

/// A delivery that should not have been, or one that is missing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Wrong {
    #[error("client {client} got message {number} of sender {sender} ahead of message {due}, which is lost or late")]
    Ahead {
        client: usize,
        sender: usize,
        number: u32,
        due: u32,
    },
    #[error("client {client} got message {number} of sender {sender} again")]
    Again { client: usize, sender: usize, number: u32 },
    #[error("client {client} got a message of sender {sender}, of whom there are only {senders}")]
    Stranger {
        client: usize,
        sender: usize,
        senders: usize,
    },
    #[error("client {client} has {got} messages of sender {sender}, who sent {sent}")]
    Missing {
        client: usize,
        sender: usize,
        got: u32,
        sent: u32,
    },
}

/// What all clients heard.
pub(crate) struct Tally {
    senders: usize,
    /// Whether each sender's messages must come in order.
    in_order: bool,
    /// For each client and sender the message that is due.
    due: Vec<u32>,
    /// For each client and sender which of the 64 messages from the due one on have come early.
    early: Vec<u64>,
    /// For each client a sum over the messages in the order in which they came.
    orders: Vec<u64>,
    pub(crate) deliveries: u64,
    /// In microseconds.
    pub(crate) latencies: Histogram<u64>,
}

impl Tally {
    pub(crate) fn new(clients: usize, senders: usize, in_order: bool) -> Self {
        Self {
            senders,
            in_order,
            due: vec![0; clients * senders],
            early: vec![0; clients * senders],
            orders: vec![0; clients],
            deliveries: 0,
            latencies: latencies(),
        }
    }

    /// Notes a message that came to a client.
    pub(crate) fn hears(&mut self, client: usize, sender: usize, number: u32, micros: u64) -> Result<(), Wrong> {
        if sender >= self.senders {
            let senders = self.senders;
            return Err(Wrong::Stranger {
                client,
                sender,
                senders,
            });
        }
        let place = client * self.senders + sender;
        let (due, early) = (&mut self.due[place], &mut self.early[place]);
        let ahead = number
            .checked_sub(*due)
            .filter(|ahead| *early >> (*ahead).min(63) & 1 == 0);
        let Some(ahead) = ahead else {
            return Err(Wrong::Again { client, sender, number });
        };
        if ahead > if self.in_order { 0 } else { 63 } {
            let due = *due;
            return Err(Wrong::Ahead {
                client,
                sender,
                number,
                due,
            });
        }
        *early |= 1 << ahead;
        while *early & 1 == 1 {
            *early >>= 1;
            *due += 1;
        }
        // Any step in which both the message and its place count will do; this one is that of FxHash.
        let order = &mut self.orders[client];
        let message = (sender as u64) << 32 | u64::from(number);
        *order = (order.rotate_left(5) ^ message).wrapping_mul(0x517c_c1b7_2722_0a95);
        self.deliveries += 1;
        self.latencies.saturating_record(micros);
        Ok(())
    }

    /// How many different orders there are, when everybody has everything.
    pub(crate) fn orders(&self, sent: &[u32]) -> Result<usize, Wrong> {
        for (client, due) in self.due.chunks(self.senders).enumerate() {
            for (sender, (&got, &sent)) in due.iter().zip(sent).enumerate() {
                if got != sent {
                    return Err(Wrong::Missing {
                        client,
                        sender,
                        got,
                        sent,
                    });
                }
            }
        }
        let mut orders = self.orders.clone();
        orders.sort_unstable();
        orders.dedup();
        Ok(orders.len())
    }

    /// Lets everybody have each sender's messages up to this one.
    pub(crate) fn skip_to(&mut self, due: u32) {
        self.due.fill(due);
    }

    /// Forgets the figures, but not what is due.
    pub(crate) fn restart(&mut self) {
        self.deliveries = 0;
        self.latencies.reset();
    }
}

fn latencies() -> Histogram<u64> {
    #[expect(clippy::expect_used, reason = "constants")]
    Histogram::new_with_bounds(1, 600_000_000, 3).expect("3 digits up to ten minutes are within the library's bounds")
}

#[cfg(test)]
mod tests {
    //! Everything as it should be; a message lost, doubled, late, in another order, missing at the end, of nobody; the same
    //! where no order is promised.

    use super::*;

    fn heard(messages: [&[(usize, u32)]; 2]) -> Result<usize, Wrong> {
        heard_by(Tally::new(2, 2, true), messages)
    }

    fn heard_by(mut tally: Tally, messages: [&[(usize, u32)]; 2]) -> Result<usize, Wrong> {
        for (client, messages) in messages.into_iter().enumerate() {
            for &(sender, number) in messages {
                tally.hears(client, sender, number, 1)?;
            }
        }
        tally.orders(&[2, 1])
    }

    const ALL: &[(usize, u32)] = &[(0, 0), (1, 0), (0, 1)];

    #[test]
    fn all_is_well() {
        assert_eq!(heard([ALL, ALL]), Ok(1));
    }

    #[test]
    fn what_is_wrong_is_told() {
        let ahead = |due, number| Wrong::Ahead {
            client: 1,
            sender: 0,
            number,
            due,
        };
        assert_eq!(heard([ALL, &[(1, 0), (0, 1)]]), Err(ahead(0, 1)), "lost");
        assert_eq!(heard([ALL, &[(0, 1), (0, 0), (1, 0)]]), Err(ahead(0, 1)), "late");
        let again = Wrong::Again {
            client: 1,
            sender: 0,
            number: 0,
        };
        assert_eq!(heard([ALL, &[(0, 0), (0, 0)]]), Err(again), "doubled");
        let missing = Wrong::Missing {
            client: 1,
            sender: 0,
            got: 1,
            sent: 2,
        };
        assert_eq!(heard([ALL, &[(0, 0), (1, 0)]]), Err(missing));
        let stranger = Wrong::Stranger {
            client: 1,
            sender: 2,
            senders: 2,
        };
        assert_eq!(heard([ALL, &[(2, 0)]]), Err(stranger));
    }

    #[test]
    fn without_a_promised_order_everything_must_come_once() {
        let heard = |messages| heard_by(Tally::new(2, 2, false), messages);
        assert_eq!(heard([ALL, &[(0, 1), (1, 0), (0, 0)]]), Ok(2));
        let again = Wrong::Again {
            client: 1,
            sender: 0,
            number: 1,
        };
        assert_eq!(heard([ALL, &[(0, 1), (0, 1)]]), Err(again), "early and again");
        let missing = Wrong::Missing {
            client: 1,
            sender: 0,
            got: 0,
            sent: 2,
        };
        assert_eq!(heard([ALL, &[(0, 1), (1, 0)]]), Err(missing));
    }

    #[test]
    fn another_order_is_another() {
        assert_eq!(heard([ALL, &[(1, 0), (0, 0), (0, 1)]]), Ok(2));
    }
}
