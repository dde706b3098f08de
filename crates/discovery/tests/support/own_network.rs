//! A network namespace for one test, so that it shares neither ports nor multicast with the rest of the machine.

/// Runs a test in a network namespace of its own, which has only the loopback interface. Where none can be made the test
/// is skipped, except in CI, where it fails.
#[cfg(target_os = "linux")]
pub(crate) fn in_own_network(test: impl AsyncFnOnce() + Send + 'static) {
    use nix::sched::{CloneFlags, unshare};

    let thread = std::thread::spawn(move || {
        let made = unshare(CloneFlags::CLONE_NEWNET).map_err(std::io::Error::from);
        let up = made.and_then(|()| {
            std::process::Command::new("ip")
                .args(["link", "set", "lo", "up"])
                .status()
        });
        match up {
            Ok(status) if status.success() => block_on(test),
            failed if std::env::var("CI").is_ok_and(|ci| ci == "true") => {
                panic!("no network namespaces in CI: {failed:?}")
            }
            failed => eprintln!("skipped: it needs network namespaces (Linux, root, iproute2): {failed:?}"),
        }
    });
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn in_own_network(test: impl AsyncFnOnce() + Send + 'static) {
    block_on(test);
}

fn block_on(test: impl AsyncFnOnce()) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(test());
}
