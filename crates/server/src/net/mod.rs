//! TCP: listening, accepting, limits, timeouts, and the memory of what waits. It knows neither the routes nor the chat.

pub(crate) mod acceptor;
pub(crate) mod backlog;
pub(crate) mod client_address;
pub(crate) mod connection;
pub(crate) mod connection_guard;
pub(crate) mod free_port;
pub(crate) mod limiter;
pub(crate) mod listen;
pub(crate) mod memory_budget;
pub(crate) mod rate_limiter;
pub(crate) mod stall_timer;
pub(crate) mod timeout_stream;
pub(crate) mod token_bucket;
pub(crate) mod trusted_proxies;
