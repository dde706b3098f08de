//! The session machine in a model of the world, where anything happens in any order. The test of the client plays it, and
//! so does the checker, as its case D14.

#![allow(clippy::unwrap_used, reason = "a model that can't go on says where")]

mod server;
mod world;

use ichat_protocol::EntryId;
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

use world::World;

/// How many there are.
const CLIENTS: usize = 3;

/// What happens: to a client, and to which of the events on their way to it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Happening {
    /// Its person says something.
    Says(usize),
    /// The oldest of its events reaches the server.
    ServerHears(usize),
    /// An event reaches it, be it ahead of others.
    ClientHears(usize, usize),
    Loses(usize, usize),
    Doubles(usize, usize),
    Connects(usize),
    Breaks(usize),
    /// It ends on the spot, and is started anew.
    Crashes(usize),
    /// Time goes on, by milliseconds.
    Passes(usize, u64),
}

/// What must be there in the end: how much each has said. Each numbers its posts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said([usize; CLIENTS]);

impl Said {
    fn id(n: usize, number: usize) -> EntryId {
        server::id(0x10 + u8::try_from(n).unwrap(), number)
    }

    fn of(&self, n: usize) -> impl Iterator<Item = EntryId> {
        (0..self.0[n]).map(move |number| Self::id(n, number))
    }
}

impl ReferenceStateMachine for Said {
    type State = Self;
    type Transition = Happening;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self::default()).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Happening> {
        let one = || 0..CLIENTS;
        let which = || (0..CLIENTS, 0..64_usize);
        prop_oneof![
            3 => one().prop_map(Happening::Says),
            3 => one().prop_map(Happening::ServerHears),
            3 => which().prop_map(|(n, which)| Happening::ClientHears(n, which)),
            1 => which().prop_map(|(n, which)| Happening::Loses(n, which)),
            1 => which().prop_map(|(n, which)| Happening::Doubles(n, which)),
            2 => one().prop_map(Happening::Connects),
            1 => one().prop_map(Happening::Breaks),
            1 => one().prop_map(Happening::Crashes),
            1 => (one(), 1_000..3_000_u64).prop_map(|(n, ms)| Happening::Passes(n, ms)),
        ]
        .boxed()
    }

    fn apply(mut said: Self, happening: &Happening) -> Self {
        if let Happening::Says(n) = happening {
            said.0[*n] += 1;
        }
        said
    }
}

/// The sessions in their world, held against what was said.
pub(crate) struct Sessions;

impl StateMachineTest for Sessions {
    type SystemUnderTest = World;
    type Reference = Said;

    fn init_test(_: &Said) -> World {
        World::new()
    }

    fn apply(mut world: World, said: &Said, happening: Happening) -> World {
        world.happens(happening, |n| Said::id(n, said.0[n] - 1));
        world
    }

    fn check_invariants(world: &World, said: &Said) {
        for (n, client) in world.clients.iter().enumerate() {
            for id in said.of(n).filter(|id| !client.waiting.contains(id)) {
                assert!(world.server.has(id), "only what stands leaves the outbox");
            }
        }
    }

    /// The network calms down, and then the promises must have been kept.
    fn teardown(mut world: World, said: Said) {
        world.calms();
        let log = world.server.log();
        for (n, client) in world.clients.iter().enumerate() {
            let expected: Vec<_> = said.of(n).collect();
            let own: Vec<_> = log.iter().filter(|id| expected.contains(id)).copied().collect();
            assert_eq!(own, expected, "each once, in the order of its device");
            assert!(client.disk.outbox.is_empty());
            let first = client.disk.log.keys().next();
            let first = first.map_or(0, |first| usize::try_from(*first).unwrap() - 1);
            let held: Vec<_> = client.disk.log.values().map(|entry| entry.id).collect();
            assert_eq!(held[..], log[first..], "the same log");
        }
    }
}
