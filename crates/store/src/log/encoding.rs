//! The encoding of the protocol's values in columns.

use ichat_protocol::{Body, EntryId, Kind, MemberId, Name, Seq};
use rusqlite::Row;
use rusqlite::types::Type;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// Converts to `SQLite`'s signed integers. A hostile number above their range becomes the highest one.
pub(crate) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Converts from `SQLite`'s signed integers. A column that is never negative reads as 0 if it is.
pub(crate) fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// The two columns of an entry's body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EncodedBody {
    pub(super) kind: String,
    /// The JSON object without its `kind`; with it where the column is `unknown`.
    pub(super) json: String,
}

/// Encodes a body. A kind from a later version keeps its word in the column, so that the version that knows it finds it.
pub(super) fn encode_body(body: &Body) -> EncodedBody {
    if let Body::Unknown(map) = body {
        return encode_unknown(map);
    }
    let kind = body.kind().as_str();
    let mut json = json(body);
    // Serde writes the tag first: `{"kind":"left"}`, `{"kind":"topic","text":"…"}`.
    let tag = format!("{{\"kind\":\"{kind}\"");
    let comma = usize::from(json[tag.len()..].starts_with(','));
    json.replace_range(..tag.len() + comma, "{");
    EncodedBody {
        kind: kind.to_owned(),
        json,
    }
}

fn encode_unknown(map: &Map<String, Value>) -> EncodedBody {
    let is_word = |kind: &&str| {
        !kind.is_empty()
            && kind
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let kind = map.get("kind").and_then(Value::as_str).filter(is_word);
    match kind {
        Some(kind) if kind.parse::<Kind>().is_err() => {
            let mut rest = map.clone();
            rest.remove("kind");
            EncodedBody {
                kind: kind.to_owned(),
                json: json(&rest),
            }
        }
        // A known kind with other fields than this version knows must not count as one of that kind.
        _ => EncodedBody {
            kind: Kind::Unknown.as_str().to_owned(),
            json: json(map),
        },
    }
}

/// Decodes a body.
pub(super) fn decode_body(kind: &str, json: &str) -> serde_json::Result<Body> {
    if kind == Kind::Unknown.as_str() {
        return serde_json::from_str(json);
    }
    let fields = json.strip_prefix('{').unwrap_or(json);
    let comma = if fields == "}" { "" } else { "," };
    serde_json::from_str(&format!("{{\"kind\":\"{kind}\"{comma}{fields}"))
}

/// Returns the hash by which a wiped entry's first body is recognised. The id makes equal texts have different hashes.
pub(crate) fn wiped_hash(id: EntryId, body: &Body) -> [u8; 32] {
    let hash = Sha256::new().chain_update(id.0.as_bytes()).chain_update(json(body));
    hash.finalize().into()
}

/// Returns the JSON of a type of the protocol.
pub(crate) fn json<T: Serialize>(value: &T) -> String {
    // Only a map with keys that aren't text, or a failing `Serialize`, could fail; the protocol has neither.
    serde_json::to_string(value).unwrap_or_default()
}

/// Reads a type of the protocol from a column with its JSON, `None` from NULL.
pub(crate) fn read_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    row.get::<_, Option<String>>(column)?
        .map(|text| serde_json::from_str(&text).map_err(|e| unreadable(column, e)))
        .transpose()
}

/// Reads a position in a log.
pub(crate) fn read_seq(row: &Row<'_>, column: usize) -> rusqlite::Result<Seq> {
    Ok(Seq(natural(row.get(column)?)))
}

/// Reads a user's id.
pub(crate) fn read_member(row: &Row<'_>, column: usize) -> rusqlite::Result<MemberId> {
    MemberId::try_from(row.get::<_, String>(column)?).map_err(|e| unreadable(column, e))
}

/// Reads the name of a room or a user.
pub(crate) fn read_name(row: &Row<'_>, column: usize) -> rusqlite::Result<Name> {
    Name::try_from(row.get::<_, String>(column)?).map_err(|e| unreadable(column, e))
}

/// Returns the error for a column with a value that this program never writes.
pub(crate) fn unreadable(
    column: usize,
    cause: impl Into<Box<dyn std::error::Error + Send + Sync + 'static>>,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, cause.into())
}

#[cfg(test)]
mod tests {
    //! - known kinds lose their tag and get it back
    //! - a kind from a later version keeps its word
    //! - what only looks like a known kind is not stored as one

    use serde_json::json;

    use super::*;

    #[track_caller]
    fn assert_round_trip(body: &Value, kind: &str, column: &str) {
        let body: Body = serde_json::from_value(body.clone()).unwrap();
        let encoded = encode_body(&body);
        assert_eq!((encoded.kind.as_str(), encoded.json.as_str()), (kind, column));
        assert_eq!(decode_body(kind, column).unwrap(), body);
    }

    #[test]
    fn a_known_kind_is_stored_without_its_tag() {
        assert_round_trip(&json!({"kind": "left"}), "left", "{}");
        assert_round_trip(
            &json!({"kind": "message", "text": "\"kind\":\"left\""}),
            "message",
            r#"{"text":"\"kind\":\"left\""}"#,
        );
    }

    #[test]
    fn a_kind_from_a_later_version_keeps_its_word() {
        assert_round_trip(
            &json!({"kind": "poll", "options": ["tea", 2]}),
            "poll",
            r#"{"options":["tea",2]}"#,
        );
        assert_round_trip(&json!({"kind": "poll"}), "poll", "{}");
    }

    #[test]
    fn a_malformed_known_kind_is_unknown() {
        for body in [
            json!({"kind": "message", "text": 5}),
            json!({"kind": 5}),
            json!({"kind": "unknown"}),
            json!({"kind": "Quote\""}),
            json!({}),
        ] {
            assert_round_trip(&body, "unknown", &body.to_string());
        }
    }
}
