//! The life of a connection: sign-in, the queue of its events, and a function for each event.
//!
//! ```text
//!   socket_io ──▶ handshake ──▶ connection ──▶ events/*   one task per connection, one event after the other
//!       │                           ▲             └─────▶ page_cache   a page that many clients want is read once
//!       └──────▶ event_queue ───────┘
//! ```

pub(crate) mod admission;
pub(crate) mod authenticate;
pub(crate) mod budgets;
pub(crate) mod clock;
pub(crate) mod connection;
pub(crate) mod costs;
pub(crate) mod disk_reserve;
pub(crate) mod entries;
pub(crate) mod event_queue;
pub(crate) mod events;
pub(crate) mod guest_secret;
pub(crate) mod handshake;
pub(crate) mod member_names;
pub(crate) mod membership;
pub(crate) mod name_locks;
pub(crate) mod nonce;
pub(crate) mod page_cache;
pub(crate) mod socket_io;
pub(crate) mod state;
pub(crate) mod subscribe;
pub(crate) mod tutorial;
pub(crate) mod typing_limiter;
pub(crate) mod write_limits;
