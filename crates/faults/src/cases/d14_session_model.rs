//! D14: the session machine in a model of the network, where anything happens in any order.

use anyhow::{Result, anyhow};
use ichat_testkit::session_model::{ExpectedPosts, SessionModel};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use proptest_state_machine::{ReferenceStateMachine as _, StateMachineTest as _};

use crate::case::{Case, Load};
use crate::round::Round;

pub(super) const CASE: Case = Case {
    id: "D14",
    about: "a model: send, lose, double, reorder, crash, resume in any order, 200 times a round: the promises are kept",
    rounds: 500,
    short_rounds: 5,
    needs: &[],
    load: Load::Busy,
    run,
};

const SEQUENCES: u32 = 200;
const MAX_TRANSITIONS: usize = 300;

fn run(round: &mut Round) -> Result<()> {
    let mut seed = [0; 32];
    round.rng.fill(&mut seed);
    let config = Config {
        cases: SEQUENCES,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config.clone(), TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let sequences = ExpectedPosts::sequential_strategy(1..MAX_TRANSITIONS);
    let result = runner.run(&sequences, |(initial_state, transitions, seen)| {
        SessionModel::test_sequential(config.clone(), initial_state, transitions, seen);
        Ok(())
    });
    // The error contains the shortest sequence that still fails.
    result.map_err(|error| anyhow!("{error}"))
}
