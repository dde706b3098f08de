//! The progress of an attack: without it, an attack that never took place would look harmless.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Error, Result, bail};
use parking_lot::Mutex;

/// The rounds of an attack that the server took, and the error that ended the last connection of an attacker.
#[derive(Default)]
pub(super) struct Progress {
    rounds: AtomicU64,
    last_error: Mutex<Option<Error>>,
}

impl Progress {
    /// Counts a round: some packets, requests or connections that the server took.
    pub(super) fn count_round(&self) {
        self.rounds.fetch_add(1, Ordering::Relaxed);
    }

    /// Records the end of an attacker's connection. An error is the server's defence, if there was a round before.
    pub(super) fn record_end(&self, result: Result<()>) {
        if let Err(error) = result {
            *self.last_error.lock() = Some(error);
        }
    }

    /// Fails if the server took no round at all.
    pub(super) fn ensure_attacked(&self) -> Result<()> {
        if self.rounds.load(Ordering::Relaxed) > 0 {
            return Ok(());
        }
        match self.last_error.lock().take() {
            Some(error) => bail!("the attack never took place: {error:#}"),
            None => bail!("the attack never took place"),
        }
    }
}

#[cfg(test)]
mod tests {
    //! - an attack without a round is an error, with the reason; one whose connections end after a round is none

    use anyhow::anyhow;

    use super::*;

    #[test]
    fn an_attack_without_a_round_is_an_error() {
        let progress = Progress::default();
        progress.record_end(Err(anyhow!("no script")));
        let error = progress.ensure_attacked().unwrap_err().to_string();
        assert!(
            error.contains("never took place") && error.contains("no script"),
            "{error}"
        );
        progress.count_round();
        progress.record_end(Err(anyhow!("the server ended the connection")));
        progress.ensure_attacked().unwrap();
    }
}
