//! Sessions against a model of a server, over a network with every fault there is.
//!
//! - in the end every post is in the log once, in the order of its device, and all clients have the same log without a gap
//! - a message that its author has changed or withdrawn while it waited is in the log as they left it, also if the
//!   server refused it first, since its disk was full
//! - at every moment: a sequence number keeps its entry, and only a post that is in the log leaves the outbox

use ichat_testkit::session_model::SessionModel;
use proptest::prelude::ProptestConfig;
use proptest_state_machine::prop_state_machine;

prop_state_machine! {
    #![proptest_config(ProptestConfig {
        cases: 1_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn every_post_arrives_once_and_all_logs_agree(sequential 1..300 => SessionModel);
}
