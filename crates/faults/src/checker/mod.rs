//! The checker: holds the rules of `docs/delivery.md` against everything that a round leaves behind.

mod index;
mod log;
mod observations;
mod posts;
mod rule;
#[cfg(test)]
mod tests;
mod views;

pub(crate) use observations::{ClientHistory, Observations};
pub(crate) use rule::Violation;

use index::Index;

/// Returns every violation of every rule.
pub(crate) fn check(observations: &Observations) -> Vec<Violation> {
    let mut index = Index::new(observations);
    log::check_sequence_and_ids(&mut index);
    log::check_wire(&mut index);
    for client in &observations.clients {
        posts::check_posts(&mut index, client);
        views::check_shown(&mut index, client);
        views::check_end(&mut index, client);
    }
    log::check_origin(&mut index);
    index.violations
}
