//! The web interface, embedded in the program.

use ::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use ::http::{HeaderMap, Method, StatusCode};
use axum::extract::{Request, State};
use axum::response::{Html, IntoResponse as _, Response};
use data_encoding::HEXLOWER;
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::session::state::SharedState;
use crate::web::below_base_path::nothing_here;

/// The files that `npm run build` in `ui/` makes for browsers; none when it was not run.
#[derive(RustEmbed)]
#[folder = "../../ui/dist/web"]
#[allow_missing = true]
struct Assets;

/// The folder of files whose names have a hash of their content: they never change.
const HASHED: &str = "assets/";

/// Serves a file for any path that has no route.
pub(super) async fn web_ui(State(state): State<SharedState>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return (StatusCode::METHOD_NOT_ALLOWED, "Only GET.\n").into_response();
    }
    let path = match request.uri().path().trim_start_matches('/') {
        "" => "index.html",
        path => path,
    };
    match Assets::get(path) {
        Some(file) => respond(path, &file, Assets::get(&format!("{path}.gz")), request.headers()),
        None if path == "index.html" => Html(NOT_BUILT).into_response(),
        None => (StatusCode::NOT_FOUND, nothing_here(&state.config.base_path)).into_response(),
    }
}

/// Responds with a file, or with its compressed copy. The copies are part of the build: compressing a script takes
/// milliseconds, and a few clients that ask for it again and again would occupy the server.
fn respond(path: &str, file: &EmbeddedFile, compressed: Option<EmbeddedFile>, request: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", HEXLOWER.encode(&file.metadata.sha256_hash()[..16]));
    let cache = if path.starts_with(HASHED) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let if_none_match = request.get(IF_NONE_MATCH);
    // A proxy or the compression may have made a weak tag of ours.
    let is_same = |known: &str| known.trim().trim_start_matches("W/") == tag;
    let is_unchanged = if_none_match
        .and_then(|tags| tags.to_str().ok())
        .is_some_and(|tags| tags.split(',').any(is_same));
    let headers = [(CACHE_CONTROL, cache.to_owned()), (ETAG, tag)];
    if is_unchanged {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let content_type = match mime_guess::from_path(path).first_or_octet_stream() {
        mime if mime.type_() == "text" || mime.subtype() == "javascript" => format!("{mime}; charset=utf-8"),
        mime => mime.to_string(),
    };
    let content_type = [(CONTENT_TYPE, content_type)];
    let Some(compressed) = compressed else {
        return (headers, content_type, file.data.clone()).into_response();
    };
    let vary = [(VARY, "accept-encoding")];
    if !accepts_gzip(request) {
        return (headers, content_type, vary, file.data.clone()).into_response();
    }
    let [cache, (name, tag)] = headers;
    // The copy is the same file in another form.
    let headers = [cache, (name, format!("W/{tag}")), (CONTENT_ENCODING, "gzip".to_owned())];
    (headers, content_type, vary, compressed.data).into_response()
}

/// Returns `true` if the client accepts gzip, without a weight or with one above 0 (RFC 9110, section 12.5.3).
fn accepts_gzip(request: &HeaderMap) -> bool {
    let encodings = request.get_all(ACCEPT_ENCODING).iter();
    encodings
        .filter_map(|encodings| encodings.to_str().ok())
        .flat_map(|encodings| encodings.split(','))
        .any(|encoding| {
            let (name, weight) = encoding.split_once(';').unwrap_or((encoding, ""));
            let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse().ok());
            name.trim().eq_ignore_ascii_case("gzip") && weight.unwrap_or(1.0) > 0.0
        })
}

const NOT_BUILT: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>I-Chat</title>
<h1>This I-Chat server runs, without its web interface</h1>
<p>It was built before the interface was. To build both: <code>cargo xtask bundle</code>, or
<code>npm run build</code> in <code>ui/</code> and then build the server again.</p>
<p>The desktop app and every Socket.IO client can join meanwhile, at this address.</p>
</html>
";

#[cfg(test)]
mod tests {
    //! - browsers keep hashed files, and ask again for others
    //! - a client that accepts gzip gets the compressed copy

    use ::http::HeaderValue;

    use super::*;

    fn file() -> EmbeddedFile {
        EmbeddedFile {
            data: b"content".as_slice().into(),
            metadata: rust_embed::Metadata::__rust_embed_new([7; 32], None, None),
        }
    }

    #[test]
    fn browsers_keep_hashed_files_and_ask_again_for_others() {
        let hashed = respond("assets/app-1a2b.js", &file(), None, &HeaderMap::new());
        assert_eq!(hashed.headers()[CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert_eq!(hashed.headers()[CONTENT_TYPE], "text/javascript; charset=utf-8");
        let index = respond("index.html", &file(), None, &HeaderMap::new());
        assert_eq!(index.headers()[CACHE_CONTROL], "no-cache");
        assert_eq!(index.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
        let status = |tag: HeaderValue| {
            let request = HeaderMap::from_iter([(IF_NONE_MATCH, tag)]);
            respond("index.html", &file(), None, &request).status()
        };
        assert_eq!(status(index.headers()[ETAG].clone()), StatusCode::NOT_MODIFIED);
        assert_eq!(status(HeaderValue::from_static("\"00\"")), StatusCode::OK);
    }

    #[test]
    fn a_client_that_accepts_gzip_gets_the_compressed_copy() {
        let response = |accepted: &'static str| {
            let request = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(accepted))]);
            respond("assets/app-1a2b.js", &file(), Some(file()), &request)
        };
        for accepted in ["gzip", "br, GZIP;q=0.5", "deflate,gzip ; q=1"] {
            let response = response(accepted);
            assert_eq!(response.headers()[CONTENT_ENCODING], "gzip", "{accepted}");
            assert_eq!(response.headers()[CONTENT_TYPE], "text/javascript; charset=utf-8");
            assert!(response.headers()[ETAG].to_str().unwrap().starts_with("W/\""));
        }
        for accepted in ["identity", "gzip;q=0", "br, x-gzip"] {
            let response = response(accepted);
            assert!(!response.headers().contains_key(CONTENT_ENCODING), "{accepted}");
            assert_eq!(response.headers()[VARY], "accept-encoding");
        }
    }
}
