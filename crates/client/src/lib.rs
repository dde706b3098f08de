//! Sessions with I-Chat servers: connect, replica, outbox, resume.

pub mod session;
