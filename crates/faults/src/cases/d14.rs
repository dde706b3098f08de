//! D14: the session machine in a model of the world, where anything happens in any order.

use anyhow::{Result, anyhow};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::Case;
use crate::round::Round;

#[path = "../../../client/tests/model/world.rs"]
mod world;

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
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let played = runner.run(&world::happenings(), |happenings| {
        world::play(&happenings);
        Ok(())
    });
    // It says what happens in the shortest story that still ends badly.
    played.map_err(|error| anyhow!("{error}"))
}
