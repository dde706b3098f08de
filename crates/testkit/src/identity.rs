//! A user's key, and the sign-in with it.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use ed25519_dalek::SigningKey;
use ichat_protocol::{Challenge, DeviceId, Name, PROTOCOLS, sign};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use uuid::Uuid;

/// A user's key, on one device.
pub struct Identity {
    key: SigningKey,
    /// The device that signs in.
    pub device: DeviceId,
}

impl Identity {
    /// Makes a user whom no server knows yet.
    pub fn random() -> Self {
        let mut secret = [0; 32];
        secret[..16].copy_from_slice(Uuid::new_v4().as_bytes());
        secret[16..].copy_from_slice(Uuid::new_v4().as_bytes());
        Self::from_secret(secret)
    }

    /// Makes the user with this secret key.
    pub fn from_secret(secret: [u8; 32]) -> Self {
        Self {
            key: SigningKey::from_bytes(&secret),
            device: DeviceId::fresh(),
        }
    }

    /// Returns the same user on a new device.
    #[must_use]
    pub fn on_another_device(&self) -> Self {
        Self {
            key: self.key.clone(),
            device: DeviceId::fresh(),
        }
    }

    /// Asks the server for a challenge, and returns the signed `auth` payload for one connection.
    pub async fn auth(&self, server: SocketAddr, name: &str) -> Result<Value> {
        self.sign(&challenge(server).await?, name)
    }

    /// Returns the `auth` payload that answers a challenge.
    pub fn sign(&self, challenge: &Challenge, name: &str) -> Result<Value> {
        let auth = sign(&self.key, challenge, PROTOCOLS[0], Name::parse(name)?, self.device);
        Ok(serde_json::to_value(auth)?)
    }
}

/// Asks a server for a challenge (`GET /api/hello`).
pub async fn challenge(server: SocketAddr) -> Result<Challenge> {
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(&challenge_request(server)).await?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await?;
    read_challenge(&response)?.context("the response to /api/hello is incomplete")
}

/// Returns the HTTP request for a challenge, for clients that do their own I/O.
pub fn challenge_request(server: SocketAddr) -> Vec<u8> {
    format!("GET /api/hello HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n").into_bytes()
}

/// Reads the challenge in an HTTP response. `None` as long as the response is incomplete.
pub fn read_challenge(response: &[u8]) -> Result<Option<Challenge>> {
    const END_OF_HEAD: &[u8] = b"\r\n\r\n";
    let Some(end) = response.windows(END_OF_HEAD.len()).position(|part| part == END_OF_HEAD) else {
        return Ok(None);
    };
    match serde_json::from_slice(&response[end + END_OF_HEAD.len()..]) {
        Ok(challenge) => Ok(Some(challenge)),
        Err(error) if error.is_eof() => Ok(None),
        Err(error) => Err(error).context("the challenge is not valid"),
    }
}

/// Parses a name that the caller knows to be valid.
pub fn name(text: &str) -> Name {
    Name::parse(text).unwrap_or_else(|error| panic!("{text:?} is not a name: {error}"))
}
