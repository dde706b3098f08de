//! The path below which a server is reached, for one that shares a host name with other sites.

use std::fmt;
use std::str::FromStr;

/// The longest path: it is announced on the local network, and people type it.
const MAX_CHARS: usize = 100;

/// The path below which the server serves everything: the interface, Socket.IO and the API. It begins and ends with a slash, and
/// is `/` unless the server has a part of a host name only, such as `/chat/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasePath(String);

/// A text that is no [`BasePath`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBasePath {
    #[error("it must begin with a slash")]
    NoSlash,
    #[error("it has two slashes in a row")]
    EmptySegment,
    #[error("it must not lead to another folder with . or ..")]
    Dots,
    #[error("it must be a path alone, without a ? or #")]
    Query,
    #[error("its characters must be letters from a to z, digits, and - . _ ~, none of them encoded with a %")]
    Characters,
    #[error("it must not be the path of a health check")]
    HealthCheck,
    #[error("it must have at most {MAX_CHARS} characters")]
    TooLong,
}

/// The paths at which a server reports its health.
pub(crate) const HEALTH_PATHS: [&str; 2] = ["/healthz", "/readyz"];

impl BasePath {
    /// Returns the path, with the slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns `true` if the server has its host names for itself.
    pub fn is_root(&self) -> bool {
        self.0 == "/"
    }

    /// Returns the rest of a path below this one, from its slash on. `None` if it is not below.
    pub(crate) fn strip<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(self.without_slash())
            .filter(|rest| rest.starts_with('/'))
    }

    /// Returns the path as people may type it. A redirect leads from there to the page, whose addresses are relative.
    pub(crate) fn without_slash(&self) -> &str {
        self.0.trim_end_matches('/')
    }
}

impl Default for BasePath {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl FromStr for BasePath {
    type Err = InvalidBasePath;

    /// Parses a path, with or without the slash at its end.
    fn from_str(text: &str) -> Result<Self, InvalidBasePath> {
        let segments = text.strip_prefix('/').ok_or(InvalidBasePath::NoSlash)?;
        let segments = segments.strip_suffix('/').unwrap_or(segments);
        if segments.is_empty() && text != "//" {
            return Ok(Self::default());
        }
        for segment in segments.split('/') {
            if segment.is_empty() {
                return Err(InvalidBasePath::EmptySegment);
            }
            if segment.contains(['?', '#']) {
                return Err(InvalidBasePath::Query);
            }
            if !segment
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
            {
                return Err(InvalidBasePath::Characters);
            }
            if [".", ".."].contains(&segment) {
                return Err(InvalidBasePath::Dots);
            }
        }
        let path = format!("/{segments}/");
        if path.len() > MAX_CHARS {
            return Err(InvalidBasePath::TooLong);
        }
        if HEALTH_PATHS.contains(&path.trim_end_matches('/')) {
            return Err(InvalidBasePath::HealthCheck);
        }
        Ok(Self(path))
    }
}

impl fmt::Display for BasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    //! - a slash at the end is added
    //! - a path that no server can have is refused
    //! - what is below the path, and what is not

    use super::*;

    #[test]
    fn a_slash_at_the_end_is_added() {
        for (text, path) in [
            ("/", "/"),
            ("/chat", "/chat/"),
            ("/chat/", "/chat/"),
            ("/apps/I-Chat_2.0~x", "/apps/I-Chat_2.0~x/"),
            ("/.well-known/chat/", "/.well-known/chat/"),
            ("/healthz/chat", "/healthz/chat/"),
        ] {
            assert_eq!(text.parse::<BasePath>().unwrap().as_str(), path, "{text}");
        }
    }

    #[test]
    fn a_path_that_no_server_can_have_is_refused() {
        for (text, reason) in [
            ("", InvalidBasePath::NoSlash),
            ("chat/", InvalidBasePath::NoSlash),
            ("https://example.com/chat/", InvalidBasePath::NoSlash),
            ("//", InvalidBasePath::EmptySegment),
            ("//chat/", InvalidBasePath::EmptySegment),
            ("/a//b", InvalidBasePath::EmptySegment),
            ("/chat//", InvalidBasePath::EmptySegment),
            ("/../chat", InvalidBasePath::Dots),
            ("/chat/..", InvalidBasePath::Dots),
            ("/./chat", InvalidBasePath::Dots),
            ("/chat?x=1", InvalidBasePath::Query),
            ("/chat/#/room", InvalidBasePath::Query),
            ("/ch%61t", InvalidBasePath::Characters),
            ("/gespräch", InvalidBasePath::Characters),
            ("/my chat", InvalidBasePath::Characters),
            ("/chat\\x", InvalidBasePath::Characters),
            ("/readyz", InvalidBasePath::HealthCheck),
            (&format!("/{}", "x".repeat(99)), InvalidBasePath::TooLong),
        ] {
            assert_eq!(text.parse::<BasePath>(), Err(reason), "{text}");
        }
    }

    #[test]
    fn only_what_is_below_the_path_has_a_rest() {
        let chat: BasePath = "/chat".parse().unwrap();
        for (path, rest) in [
            ("/chat/", Some("/")),
            ("/chat/socket.io/", Some("/socket.io/")),
            ("/chat//socket.io", Some("//socket.io")),
            ("/chat", None),
            ("/chatter/", None),
            ("/", None),
            ("/Chat/", None),
        ] {
            assert_eq!(chat.strip(path), rest, "{path}");
        }
    }
}
