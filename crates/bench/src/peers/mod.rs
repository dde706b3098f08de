//! The peers that are programs of our own. Each prints its address, and serves until it is killed.

mod baseline;
mod plain_socketioxide;
mod print_address;

use anyhow::Result;
use clap::ValueEnum;

use self::baseline::{Defect, Writes};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Peer {
    Bare,
    BareEach,
    Socketioxide,
    /// The baseline, but a message does not reach every client
    Dropping,
    /// The baseline, but some clients get a message twice
    Doubling,
    /// The baseline, but some clients get messages in another order
    Reordering,
}

pub(crate) fn serve(peer: Peer) -> Result<()> {
    match peer {
        Peer::Bare => baseline::serve(Writes::Together, None),
        Peer::BareEach => baseline::serve(Writes::Each, None),
        Peer::Dropping => baseline::serve(Writes::Together, Some(Defect::Drop)),
        Peer::Doubling => baseline::serve(Writes::Together, Some(Defect::Double)),
        Peer::Reordering => baseline::serve(Writes::Together, Some(Defect::Reorder)),
        Peer::Socketioxide => plain_socketioxide::serve(),
    }
}
