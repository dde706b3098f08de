//! The parts of a request's address that Engine.IO reads.

use ::http::Uri;

/// The path of Socket.IO.
pub(crate) const SOCKET_IO_PATH: &str = "/socket.io";

/// The address of a request that socketioxide serves, read as socketioxide does: no spelling may get past the bounds that
/// are set here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EngineIoRequest<'a> {
    pub(crate) version: Option<&'a str>,
    /// `true` for a WebSocket's request. Every other one counts as polling.
    pub(crate) is_websocket: bool,
    /// The id of the session that the request belongs to. A request without one opens a session.
    pub(crate) sid: Option<&'a str>,
}

impl<'a> EngineIoRequest<'a> {
    /// Reads the address of a request. Returns `None` if socketioxide doesn't serve it.
    pub(crate) fn of(uri: &'a Uri) -> Option<Self> {
        let rest = uri.path().strip_prefix(SOCKET_IO_PATH)?;
        if !rest.is_empty() && !rest.starts_with('/') {
            return None;
        }
        let query = uri.query().unwrap_or_default();
        // The first field of a name counts. Only the id of a session may contain `=`.
        let field = |name: &str| {
            query
                .split('&')
                .find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
        };
        let value = |name: &str| field(name)?.split('=').next();
        Some(Self {
            version: value("EIO"),
            is_websocket: value("transport") == Some("websocket"),
            sid: field("sid"),
        })
    }
}

#[cfg(test)]
mod tests {
    //! - the path, the version, the transport and the session are read as socketioxide reads them

    use super::*;

    #[test]
    fn an_address_is_read_as_socketioxide_reads_it() {
        let request = |version, is_websocket, sid| EngineIoRequest {
            version,
            is_websocket,
            sid,
        };
        let rows = [
            (
                "/socket.io/?EIO=4&transport=polling",
                Some(request(Some("4"), false, None)),
            ),
            (
                "/socket.io?EIO=4&transport=websocket",
                Some(request(Some("4"), true, None)),
            ),
            (
                "/socket.io/?sid=a=b&transport=websocket=x&EIO=4=5",
                Some(request(Some("4"), true, Some("a=b"))),
            ),
            (
                "/socket.io/x?transport=polling&transport=websocket",
                Some(request(None, false, None)),
            ),
            ("/socket.io/", Some(request(None, false, None))),
            ("/socket.ios/?EIO=4", None),
            ("/api/hello?EIO=4", None),
        ];
        for (uri, expected) in rows {
            assert_eq!(EngineIoRequest::of(&uri.parse().unwrap()), expected, "{uri}");
        }
    }
}
