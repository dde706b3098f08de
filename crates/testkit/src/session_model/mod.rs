//! A model test of the session machine: clients, a server and a network, with transitions in any order. The client's test
//! `model` runs it, and so does the fault checker as its case D14.

#![allow(clippy::unwrap_used, reason = "unwrap in tests is a failed precondition")]

mod server;
mod simulation;
mod transition;

use ichat_protocol::EntryId;
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

use simulation::Simulation;
use transition::{CLIENTS, Transition};

/// The reference: the number of posts of each client. Their ids follow from it.
#[derive(Clone, Debug, Default)]
pub struct ExpectedPosts([usize; CLIENTS]);

impl ExpectedPosts {
    fn id(client: usize, number: usize) -> EntryId {
        server::id(0x10 + u8::try_from(client).unwrap(), number)
    }

    fn of(&self, client: usize) -> impl Iterator<Item = EntryId> {
        (0..self.0[client]).map(move |number| Self::id(client, number))
    }
}

impl ReferenceStateMachine for ExpectedPosts {
    type State = Self;
    type Transition = Transition;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self::default()).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Transition> {
        let client = || 0..CLIENTS;
        let event = || (0..CLIENTS, 0..64_usize);
        prop_oneof![
            3 => client().prop_map(Transition::Post),
            3 => client().prop_map(Transition::Edit),
            1 => client().prop_map(Transition::Withdraw),
            3 => client().prop_map(Transition::DeliverToServer),
            2 => client().prop_map(Transition::Refuse),
            3 => event().prop_map(|(client, event)| Transition::DeliverToClient(client, event)),
            1 => event().prop_map(|(client, event)| Transition::Lose(client, event)),
            1 => event().prop_map(|(client, event)| Transition::Duplicate(client, event)),
            2 => client().prop_map(Transition::Connect),
            1 => client().prop_map(Transition::Disconnect),
            1 => client().prop_map(Transition::Crash),
            1 => (client(), 1_000..3_000_u64).prop_map(|(client, ms)| Transition::Advance(client, ms)),
        ]
        .boxed()
    }

    fn apply(mut posts: Self, transition: &Transition) -> Self {
        if let Transition::Post(client) = transition {
            posts.0[*client] += 1;
        }
        posts
    }
}

/// The test: a simulation compared with the reference.
pub struct SessionModel;

impl StateMachineTest for SessionModel {
    type SystemUnderTest = Simulation;
    type Reference = ExpectedPosts;

    fn init_test(_: &ExpectedPosts) -> Simulation {
        Simulation::new()
    }

    fn apply(mut simulation: Simulation, posts: &ExpectedPosts, transition: Transition) -> Simulation {
        simulation.apply(transition, |client| ExpectedPosts::id(client, posts.0[client] - 1));
        simulation
    }

    fn check_invariants(simulation: &Simulation, posts: &ExpectedPosts) {
        for (number, client) in simulation.clients.iter().enumerate() {
            for id in posts.of(number).filter(|id| !client.outbox.contains(id)) {
                assert!(
                    simulation.server.has(id) || client.has_withdrawn(id),
                    "a post left the outbox without being in the log"
                );
            }
        }
    }

    /// Ends all faults, and checks the delivery guarantees.
    fn teardown(mut simulation: Simulation, posts: ExpectedPosts) {
        simulation.run_without_faults();
        let log = simulation.server.log();
        for (number, client) in simulation.clients.iter().enumerate() {
            let is_expected = |id: &EntryId| !client.has_withdrawn(*id) || simulation.server.has(*id);
            let expected: Vec<_> = posts.of(number).filter(is_expected).collect();
            let own: Vec<_> = log.iter().filter(|id| expected.contains(id)).copied().collect();
            assert_eq!(
                own, expected,
                "the posts of a device are not in the log once and in order"
            );
            assert!(client.disk.outbox.is_empty(), "a post is still in the outbox");
            for (id, text) in &client.amended {
                let shown = simulation.server.text_of(*id);
                assert_eq!(shown, *text, "a message isn't as its author left it");
            }
            let first = client.disk.log.keys().next();
            let first = first.map_or(0, |first| usize::try_from(*first).unwrap() - 1);
            let replica: Vec<_> = client.disk.log.values().map(|entry| entry.id).collect();
            assert_eq!(replica[..], log[first..], "the replica differs from the log");
        }
    }
}
