//! The web interface, embedded in the program.

use ::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use ::http::{HeaderValue, Method, StatusCode};
use axum::extract::Request;
use axum::response::{Html, IntoResponse as _, Response};
use data_encoding::HEXLOWER;
use rust_embed::{EmbeddedFile, RustEmbed};

/// The files that `npm run build` in `ui/` makes for browsers; none when it was not run.
#[derive(RustEmbed)]
#[folder = "../../ui/dist/web"]
#[allow_missing = true]
struct Assets;

/// The folder of files whose names have a hash of their content: they never change.
const HASHED: &str = "assets/";

/// Serves a file for any path that has no route.
pub(super) async fn web_ui(request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return (StatusCode::METHOD_NOT_ALLOWED, "Only GET.\n").into_response();
    }
    let path = match request.uri().path().trim_start_matches('/') {
        "" => "index.html",
        path => path,
    };
    match Assets::get(path) {
        Some(file) => respond(path, &file, request.headers().get(IF_NONE_MATCH)),
        None if path == "index.html" => Html(NOT_BUILT).into_response(),
        None => (StatusCode::NOT_FOUND, "There is nothing here. The chat is at /.\n").into_response(),
    }
}

fn respond(path: &str, file: &EmbeddedFile, if_none_match: Option<&HeaderValue>) -> Response {
    let tag = format!("\"{}\"", HEXLOWER.encode(&file.metadata.sha256_hash()[..16]));
    let cache = if path.starts_with(HASHED) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
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
    (headers, [(CONTENT_TYPE, content_type)], file.data.clone()).into_response()
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

    use super::*;

    fn file() -> EmbeddedFile {
        EmbeddedFile {
            data: b"content".as_slice().into(),
            metadata: rust_embed::Metadata::__rust_embed_new([7; 32], None, None),
        }
    }

    #[test]
    fn browsers_keep_hashed_files_and_ask_again_for_others() {
        let hashed = respond("assets/app-1a2b.js", &file(), None);
        assert_eq!(hashed.headers()[CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert_eq!(hashed.headers()[CONTENT_TYPE], "text/javascript; charset=utf-8");
        let index = respond("index.html", &file(), None);
        assert_eq!(index.headers()[CACHE_CONTROL], "no-cache");
        assert_eq!(index.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
        let known = index.headers()[ETAG].clone();
        assert_eq!(
            respond("index.html", &file(), Some(&known)).status(),
            StatusCode::NOT_MODIFIED
        );
        let other = HeaderValue::from_static("\"00\"");
        assert_eq!(respond("index.html", &file(), Some(&other)).status(), StatusCode::OK);
    }
}
