//! Peers that are programs of our own: each says where it listens, and serves until it is killed.

mod bare;
mod plain;

use std::net::SocketAddr;

use anyhow::Result;
use clap::ValueEnum;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Peer {
    Bare,
    BareEach,
    Socketioxide,
    /// The bare writer, but a message doesn't reach everybody
    Dropping,
    /// The bare writer, but some get a message twice
    Doubling,
    /// The bare writer, but some get messages in another order
    Reordering,
}

pub(crate) fn serve(peer: Peer) -> Result<()> {
    use bare::{Fault, Writes};
    match peer {
        Peer::Bare => bare::serve(Writes::Together, None),
        Peer::BareEach => bare::serve(Writes::Each, None),
        Peer::Dropping => bare::serve(Writes::Together, Some(Fault::Drop)),
        Peer::Doubling => bare::serve(Writes::Together, Some(Fault::Double)),
        Peer::Reordering => bare::serve(Writes::Together, Some(Fault::Reorder)),
        Peer::Socketioxide => plain::serve(),
    }
}

#[expect(clippy::print_stdout, reason = "whoever started this reads it")]
fn say_where(address: SocketAddr) {
    println!("listening on http://{address}");
}
