//! How a person with a key comes in: asks who the server is, signs, connects, and says what they hold already.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use ed25519_dalek::SigningKey;
use ichat_protocol::{Challenge, DeviceId, Head, Name, RoomId, Sync, sign};

/// The question ahead of a connection.
pub(super) fn question(address: SocketAddr) -> Vec<u8> {
    format!("GET /api/hello HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").into_bytes()
}

/// The `auth` payload for the server's answer, when all of that is there. Each number is a person of its own, the same one
/// in every run.
pub(super) fn auth(number: usize, answer: &[u8]) -> Result<Option<String>> {
    let Some(end) = memchr::memmem::find(answer, b"\r\n\r\n") else {
        return Ok(None);
    };
    let challenge: Challenge = match serde_json::from_slice(&answer[end + 4..]) {
        Ok(challenge) => challenge,
        Err(error) if error.is_eof() => return Ok(None),
        Err(error) => return Err(error).context("the server's hello can't be read"),
    };
    let mut secret = [1; 32];
    secret[..8].copy_from_slice(&(number as u64).to_be_bytes());
    let secret = SigningKey::from_bytes(&secret);
    let name = Name::parse(&format!("Client {number}"))?;
    let auth = sign(&secret, &challenge, 1, name, DeviceId::fresh());
    Ok(Some(serde_json::to_string(&auth)?))
}

/// The event that asks for what is missing.
pub(super) fn sync(room: RoomId, held: Head) -> Result<String> {
    let sync = Sync {
        rooms: [(room, Some(held))].into(),
    };
    Ok(format!("42{}", serde_json::to_string(&("sync", sync))?))
}
