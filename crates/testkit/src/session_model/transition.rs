//! The steps of the simulation.

/// The number of clients.
pub(super) const CLIENTS: usize = 3;

/// A transition of one client, given by its number. A second number chooses among the events on their way to it.
#[derive(Clone, Copy, Debug)]
pub enum Transition {
    /// The user posts a message.
    Post(usize),
    /// The user changes their newest message that waits.
    Edit(usize),
    /// The user withdraws their newest message that waits.
    Withdraw(usize),
    /// The client's oldest event reaches the server.
    DeliverToServer(usize),
    /// All events of the client reach the server while its disk is full, so that their posts are refused.
    Refuse(usize),
    /// One of the server's events reaches the client, possibly before older ones.
    DeliverToClient(usize, usize),
    Lose(usize, usize),
    Duplicate(usize, usize),
    Connect(usize),
    Disconnect(usize),
    /// The client crashes and restarts from its disk.
    Crash(usize),
    /// Time passes, in milliseconds.
    Advance(usize, u64),
}
