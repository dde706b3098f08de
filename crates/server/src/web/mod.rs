//! HTTP: the routes and the path below which they are, the check of hosts and origins, the sessions of clients that poll, and the web interface.

mod below_base_path;
mod guard;
pub(crate) mod health;
pub(crate) mod metrics_endpoint;
mod polling;
pub(crate) mod polling_sessions;
mod post_timeout;
mod proxied;
pub(crate) mod routes;
mod security_headers;
mod web_ui;
