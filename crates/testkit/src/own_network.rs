//! A network of its own for a test that would otherwise share ports and multicast with the rest of the machine.

/// Runs a test in a network namespace that has only the loopback interface. Without namespaces the test is skipped,
/// except in CI, where it fails; on other systems than Linux it runs in the machine's network.
pub fn in_own_network(test: impl AsyncFnOnce() + Send + 'static) {
    #[cfg(target_os = "linux")]
    {
        use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

        let Some(netns) = crate::net::or_skip(crate::net::Netns::new()) else {
            return;
        };
        let result = netns.run(|| catch_unwind(AssertUnwindSafe(|| block_on(test))));
        match result {
            Ok(Ok(())) => {}
            Ok(Err(panic)) => resume_unwind(panic),
            Err(error) => panic!("{error:#}"),
        }
    }
    #[cfg(not(target_os = "linux"))]
    block_on(test);
}

fn block_on(test: impl AsyncFnOnce()) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    #[expect(clippy::expect_used, reason = "a test that can't begin fails")]
    runtime.expect("a runtime can be made").block_on(test());
}
