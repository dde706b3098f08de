//! D14: the session machine in a model of the world, where anything happens in any order.

use anyhow::{Result, anyhow};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use proptest_state_machine::{ReferenceStateMachine as _, StateMachineTest as _};

use self::model::{ExpectedPosts, SessionModel};
use super::Case;
use crate::round::Round;

#[path = "../../../client/tests/model/mod.rs"]
mod model;

pub(super) const CASE: Case = Case {
    name: "D14",
    about: "a model: send, drop, double, reorder, crash, resume in any order, 200 times a round: the promises hold",
    rounds: 500,
    short_rounds: 5,
    needs: &[],
    run,
};

const TIMES: u32 = 200;

fn run(round: &mut Round) -> Result<()> {
    let mut seed = [0; 32];
    round.dice.fill(&mut seed);
    let config = Config {
        cases: TIMES,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config.clone(), TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let stories = ExpectedPosts::sequential_strategy(1..300);
    let played = runner.run(&stories, |(beginning, happenings, seen)| {
        SessionModel::test_sequential(config.clone(), beginning, happenings, seen);
        Ok(())
    });
    // It says what happens in the shortest story that still ends badly.
    played.map_err(|error| anyhow!("{error}"))
}
