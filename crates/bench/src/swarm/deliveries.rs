//! The deliveries to all clients: each client gets every message once, each sender's in order, and all in the same
//! order.

use std::time::Duration;

use hdrhistogram::Histogram;

/// Messages that may overtake one another where no order is promised.
const REORDER_WINDOW: u32 = 64;
const MAX_LATENCY_MICROS: u64 = 600_000_000;

/// A delivery that is wrong, or missing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum DeliveryError {
    #[error("client {client} got message {number} of sender {sender} before message {due}, which is lost or late")]
    Early {
        client: usize,
        sender: usize,
        number: u32,
        due: u32,
    },
    #[error("client {client} got message {number} of sender {sender} again")]
    Repeated { client: usize, sender: usize, number: u32 },
    #[error("client {client} got a message of sender {sender}, and there are only {senders}")]
    UnknownSender {
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

/// The deliveries of a swarm, and their latencies.
pub(super) struct Deliveries {
    senders: usize,
    /// `true` if each sender's messages must arrive in order.
    in_order: bool,
    /// The number of the next message, for each client and sender.
    due: Vec<u32>,
    /// A bit for each message after the due one that has come early, for each client and sender.
    early: Vec<u64>,
    /// A hash of the messages in their order, for each client.
    orders: Vec<u64>,
    count: u64,
    /// In microseconds.
    latencies: Histogram<u64>,
}

impl Deliveries {
    pub(super) fn new(clients: usize, senders: usize, in_order: bool) -> Self {
        #[expect(clippy::expect_used, reason = "constants")]
        let latencies = Histogram::new_with_bounds(1, MAX_LATENCY_MICROS, 3)
            .expect("three digits up to ten minutes are within the library's bounds");
        Self {
            senders,
            in_order,
            due: vec![0; clients * senders],
            early: vec![0; clients * senders],
            orders: vec![0; clients],
            count: 0,
            latencies,
        }
    }

    /// Records a message that came to a client.
    pub(super) fn record(
        &mut self,
        client: usize,
        sender: usize,
        number: u32,
        latency: Duration,
    ) -> Result<(), DeliveryError> {
        if sender >= self.senders {
            let senders = self.senders;
            return Err(DeliveryError::UnknownSender {
                client,
                sender,
                senders,
            });
        }
        let at = client * self.senders + sender;
        let (due, early) = (&mut self.due[at], &mut self.early[at]);
        let has_come = |ahead: u32| ahead < REORDER_WINDOW && *early >> ahead & 1 == 1;
        let Some(ahead) = number.checked_sub(*due).filter(|ahead| !has_come(*ahead)) else {
            return Err(DeliveryError::Repeated { client, sender, number });
        };
        if ahead >= if self.in_order { 1 } else { REORDER_WINDOW } {
            let due = *due;
            return Err(DeliveryError::Early {
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
        // Any hash will do that depends on the order; this is a step of FxHash.
        let order = &mut self.orders[client];
        let message = (sender as u64) << 32 | u64::from(number);
        *order = (order.rotate_left(5) ^ message).wrapping_mul(0x517c_c1b7_2722_0a95);
        self.count += 1;
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.latencies.saturating_record(micros);
        Ok(())
    }

    /// Returns the number of deliveries since the last reset.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn latency_at(&self, quantile: f64) -> Duration {
        Duration::from_micros(self.latencies.value_at_quantile(quantile))
    }

    /// Checks that every client has everything that was sent, and returns the number of different orders.
    pub(super) fn orders(&self, sent: &[u32]) -> Result<usize, DeliveryError> {
        for (client, due) in self.due.chunks(self.senders).enumerate() {
            for (sender, (&got, &sent)) in due.iter().zip(sent).enumerate() {
                if got != sent {
                    return Err(DeliveryError::Missing {
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

    /// Expects from now on that every client has each sender's messages up to this one.
    pub(super) fn skip_to(&mut self, due: u32) {
        self.due.fill(due);
    }

    /// Forgets count and latencies, but not which messages are due.
    pub(super) fn reset_figures(&mut self) {
        self.count = 0;
        self.latencies.reset();
    }
}

#[cfg(test)]
mod tests {
    //! - correct deliveries pass
    //! - a message that is lost, late, repeated, missing at the end or of an unknown sender is found
    //! - where no order is promised, everything must still come once, and not too far ahead
    //! - different orders are counted

    use super::*;

    fn check(messages: [&[(usize, u32)]; 2]) -> Result<usize, DeliveryError> {
        check_with(Deliveries::new(2, 2, true), messages)
    }

    /// Delivers these messages to two clients. The first sender sent two, the second one.
    fn check_with(mut deliveries: Deliveries, messages: [&[(usize, u32)]; 2]) -> Result<usize, DeliveryError> {
        for (client, messages) in messages.into_iter().enumerate() {
            for &(sender, number) in messages {
                deliveries.record(client, sender, number, Duration::from_micros(1))?;
            }
        }
        deliveries.orders(&[2, 1])
    }

    const ALL: &[(usize, u32)] = &[(0, 0), (1, 0), (0, 1)];

    #[test]
    fn correct_deliveries_pass() {
        assert_eq!(check([ALL, ALL]), Ok(1));
    }

    #[test]
    fn wrong_deliveries_are_found() {
        let early = |due, number| DeliveryError::Early {
            client: 1,
            sender: 0,
            number,
            due,
        };
        assert_eq!(check([ALL, &[(1, 0), (0, 1)]]), Err(early(0, 1)), "lost");
        assert_eq!(check([ALL, &[(0, 1), (0, 0), (1, 0)]]), Err(early(0, 1)), "late");
        let repeated = DeliveryError::Repeated {
            client: 1,
            sender: 0,
            number: 0,
        };
        assert_eq!(check([ALL, &[(0, 0), (0, 0)]]), Err(repeated));
        let missing = DeliveryError::Missing {
            client: 1,
            sender: 0,
            got: 1,
            sent: 2,
        };
        assert_eq!(check([ALL, &[(0, 0), (1, 0)]]), Err(missing));
        let unknown = DeliveryError::UnknownSender {
            client: 1,
            sender: 2,
            senders: 2,
        };
        assert_eq!(check([ALL, &[(2, 0)]]), Err(unknown));
    }

    #[test]
    fn without_a_promised_order_everything_must_come_once() {
        let check = |messages| check_with(Deliveries::new(2, 2, false), messages);
        assert_eq!(check([ALL, &[(0, 1), (1, 0), (0, 0)]]), Ok(2));
        let repeated = DeliveryError::Repeated {
            client: 1,
            sender: 0,
            number: 1,
        };
        assert_eq!(check([ALL, &[(0, 1), (0, 1)]]), Err(repeated), "early and again");
        let missing = DeliveryError::Missing {
            client: 1,
            sender: 0,
            got: 0,
            sent: 2,
        };
        assert_eq!(check([ALL, &[(0, 1), (1, 0)]]), Err(missing));
    }

    #[test]
    fn a_message_far_ahead_is_early_and_not_repeated() {
        let mut deliveries = Deliveries::new(1, 1, false);
        assert_eq!(deliveries.record(0, 0, 63, Duration::ZERO), Ok(()));
        let early = DeliveryError::Early {
            client: 0,
            sender: 0,
            number: 100,
            due: 0,
        };
        assert_eq!(deliveries.record(0, 0, 100, Duration::ZERO), Err(early));
    }

    #[test]
    fn different_orders_are_counted() {
        assert_eq!(check([ALL, &[(1, 0), (0, 0), (0, 1)]]), Ok(2));
    }
}
