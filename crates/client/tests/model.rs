//! Sessions against a model of a server, over a network that does its worst.
//!
//! - whatever is lost, doubled, reordered or crashes: in the end every post stands once, in its device's order, and every client
//!   holds the same log without a gap
//! - on the way: no place of the log is shown with two entries, and only what stands leaves an outbox

#[path = "model/mod.rs"]
mod model;

use model::Sessions;
use proptest::prelude::ProptestConfig;
use proptest_state_machine::prop_state_machine;

prop_state_machine! {
    #![proptest_config(ProptestConfig {
        cases: 1_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn in_the_end_every_post_stands_once_and_everybody_holds_the_same(sequential 1..300 => Sessions);
}
