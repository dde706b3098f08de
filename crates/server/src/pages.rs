//! The web interface, carried inside the program.

use ::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use ::http::{HeaderValue, Method, StatusCode};
use axum::extract::Request;
use axum::response::{Html, IntoResponse as _, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

/// What `npm run build` in `ui/` leaves for browsers; empty when it was not run.
#[derive(RustEmbed)]
#[folder = "../../ui/dist/web"]
#[allow_missing = true]
struct Interface;

/// Files whose name holds a hash of their content, as Vite writes them: they never change.
const HASHED: &str = "assets/";

/// Any path that nothing else answers.
pub(crate) async fn page(request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return (StatusCode::METHOD_NOT_ALLOWED, "Only GET.\n").into_response();
    }
    let path = match request.uri().path().trim_start_matches('/') {
        "" => "index.html",
        path => path,
    };
    match Interface::get(path) {
        Some(file) => serve(path, &file, request.headers().get(IF_NONE_MATCH)),
        None if path == "index.html" => Html(NOT_BUILT_IN).into_response(),
        None => (StatusCode::NOT_FOUND, "There is nothing here. The chat is at /.\n").into_response(),
    }
}

fn serve(path: &str, file: &EmbeddedFile, known: Option<&HeaderValue>) -> Response {
    let hash = file.metadata.sha256_hash();
    let tag = hash[..16]
        .iter()
        .fold(String::from("\""), |tag, byte| tag + &format!("{byte:02x}"))
        + "\"";
    let cache = if path.starts_with(HASHED) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    // A proxy or the compression may have weakened the tag that we gave.
    let fresh = known
        .and_then(|known| known.to_str().ok())
        .is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag));
    let headers = [(CACHE_CONTROL, cache.to_owned()), (ETAG, tag)];
    if fresh {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let kind = match mime_guess::from_path(path).first_or_octet_stream() {
        kind if kind.type_() == "text" || kind.subtype() == "javascript" => format!("{kind}; charset=utf-8"),
        kind => kind.to_string(),
    };
    (headers, [(CONTENT_TYPE, kind)], file.data.clone().into_owned()).into_response()
}

const NOT_BUILT_IN: &str = "<!doctype html>
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
    use super::*;

    fn file() -> EmbeddedFile {
        EmbeddedFile {
            data: b"content".as_slice().into(),
            metadata: rust_embed::Metadata::__rust_embed_new([7; 32], None, None),
        }
    }

    #[test]
    fn hashed_files_are_kept_for_ever_and_others_asked_for_again() {
        let hashed = serve("assets/app-1a2b.js", &file(), None);
        assert_eq!(hashed.headers()[CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert_eq!(hashed.headers()[CONTENT_TYPE], "text/javascript; charset=utf-8");
        let index = serve("index.html", &file(), None);
        assert_eq!(index.headers()[CACHE_CONTROL], "no-cache");
        assert_eq!(index.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
        let known = index.headers()[ETAG].clone();
        assert_eq!(
            serve("index.html", &file(), Some(&known)).status(),
            StatusCode::NOT_MODIFIED
        );
        let other = HeaderValue::from_static("\"00\"");
        assert_eq!(serve("index.html", &file(), Some(&other)).status(), StatusCode::OK);
    }
}
