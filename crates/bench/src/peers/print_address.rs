use std::net::SocketAddr;

/// Prints the address for the parent process.
#[expect(clippy::print_stdout, reason = "the parent process reads the address")]
pub(super) fn print_address(address: SocketAddr) {
    println!("listening on http://{address}");
}
