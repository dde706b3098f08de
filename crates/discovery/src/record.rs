//! The TXT record of a server: what it says about itself, and how a hostile record is read.

use unicode_segmentation::UnicodeSegmentation as _;
use uuid::Uuid;

/// Longest name in a record, in bytes: a TXT string holds 255, of which `name=` takes 5.
pub(crate) const MAX_NAME_BYTES: usize = 250;

/// Highest number of people that is believed.
pub(crate) const MAX_PEOPLE: u32 = 99_999;

/// Longest path in a record that is believed, in bytes.
const MAX_PATH_BYTES: usize = 100;

/// The version of the record. It changes only if a key changes its meaning; new keys don't need a new version.
const RECORD_VERSION: &str = "1";

/// A server's TXT record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) protocol: u32,
    pub(crate) people: u32,
    /// The path below which the server serves everything, with a slash at its beginning and at its end.
    pub(crate) path: String,
}

/// The reason why a TXT record is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("the version of the record is not 1")]
    Version,
    #[error("the record has no valid server id")]
    Id,
}

impl Record {
    /// Returns the keys and values to announce. `revision` makes each change a different record: a record that equals
    /// one still cached by a listener would not be noticed there.
    pub(crate) fn properties(&self, revision: u64) -> [(&'static str, String); 7] {
        [
            ("v", RECORD_VERSION.to_owned()),
            ("id", self.id.to_string()),
            ("name", clean_name(&self.name)),
            ("proto", self.protocol.to_string()),
            ("people", self.people.min(MAX_PEOPLE).to_string()),
            ("path", self.path.clone()),
            ("rev", revision.to_string()),
        ]
    }

    /// Parses the keys and values of a TXT record. Keys ignore case, and the first of two equal keys counts (RFC 6763
    /// §6.4). Fails only if the version or the id is wrong; every other field has a value that means "unknown".
    pub(crate) fn parse<'a>(properties: impl Iterator<Item = (&'a str, &'a [u8])>) -> Result<Self, Malformed> {
        let [mut version, mut id, mut name, mut proto, mut people, mut path] = [None::<&[u8]>; 6];
        for (key, value) in properties {
            let field = match key.to_ascii_lowercase().as_str() {
                "v" => &mut version,
                "id" => &mut id,
                "name" => &mut name,
                "proto" => &mut proto,
                "people" => &mut people,
                "path" => &mut path,
                _ => continue,
            };
            field.get_or_insert(value);
        }
        if version != Some(RECORD_VERSION.as_bytes()) {
            return Err(Malformed::Version);
        }
        let id = id
            .and_then(|id| Uuid::try_parse_ascii(id).ok())
            .filter(|id| !id.is_nil())
            .ok_or(Malformed::Id)?;
        let name = name.unwrap_or_default();
        Ok(Self {
            id,
            name: clean_name(&String::from_utf8_lossy(&name[..name.len().min(MAX_NAME_BYTES)])),
            protocol: text(proto)
                .split(',')
                .filter_map(|version| version.trim().parse().ok())
                .max()
                .unwrap_or(0),
            people: parse_people(text(people)),
            path: parse_path(text(path)),
        })
    }
}

fn text(value: Option<&[u8]>) -> &str {
    value
        .and_then(|value| std::str::from_utf8(value).ok())
        .unwrap_or_default()
}

/// Parses a number of people. A number too large for any server is capped, anything else than digits counts as 0.
fn parse_people(text: &str) -> u32 {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    text.parse().unwrap_or(MAX_PEOPLE).min(MAX_PEOPLE)
}

/// Parses a path. Anything else than the path of a folder in plain characters counts as `/`.
fn parse_path(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let is_segment = |segment: &str| !["", ".", ".."].contains(&segment) && segment.bytes().all(is_plain);
    let inner = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
    let is_path = text.len() <= MAX_PATH_BYTES && inner.is_some_and(|inner| inner.split('/').all(is_segment));
    if is_path { text.to_owned() } else { "/".to_owned() }
}

/// Returns a name that is safe to display in a list: one line, no control characters, no bidirectional or invisible
/// ones, at most [`MAX_NAME_BYTES`] bytes. Whether it is a name that a server may have is for the application to check.
fn clean_name(name: &str) -> String {
    let shown: String = name
        .chars()
        .filter(|c| c.is_whitespace() || !(c.is_control() || is_invisible(*c)))
        .collect();
    let line = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    // A flag or a family that is cut is another one.
    let fitting = line
        .grapheme_indices(true)
        .map(|(start, cluster)| start + cluster.len())
        .take_while(|end| *end <= MAX_NAME_BYTES);
    let end = fitting.last().unwrap_or_default();
    line[..end].trim_end().to_owned()
}

/// Returns whether a character can make a name look like another: bidirectional controls, zero-width spaces. Joiners,
/// variation selectors and the tags of a flag are allowed, since scripts and emoji need them.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{061C}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
        | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
        | '\u{E0000}'..='\u{E001F}')
}

#[cfg(test)]
mod tests {
    //! - an announced record is parsed unchanged
    //! - a long name is cut between characters
    //! - a record without a valid version or id is ignored; other fields may be missing or malformed
    //! - the first of two equal keys counts, and the highest protocol version
    //! - an absurd number of people is capped
    //! - a path is that of a folder, in plain characters; anything else is `/`
    //! - a name loses its control, bidirectional and invisible characters
    //! - every name that a server may have is announced unchanged, if it fits
    //! - any bytes: no panic, and the bounds hold

    use super::*;
    use proptest::prelude::*;

    const ID: &str = "6f3f7f0e-93a4-4d0f-9f6e-2b8f0f3b1c55";

    fn record(name: &str) -> Record {
        Record {
            id: ID.parse().unwrap(),
            name: name.into(),
            protocol: 3,
            people: 4,
            path: "/chat/".into(),
        }
    }

    fn parse(properties: &[(&str, &[u8])]) -> Result<Record, Malformed> {
        Record::parse(properties.iter().copied())
    }

    fn parse_name(name: &[u8]) -> String {
        parse(&[("v", b"1"), ("id", ID.as_bytes()), ("name", name)])
            .unwrap()
            .name
    }

    #[test]
    fn an_announced_record_is_parsed_unchanged() {
        let announced = record("Zoë’s 教室");
        let properties = announced.properties(7);
        let parsed = Record::parse(properties.iter().map(|(key, value)| (*key, value.as_bytes())));
        assert_eq!(parsed, Ok(announced));
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let mut long = record(&"ü".repeat(5_000));
        long.people = u32::MAX;
        for (key, value) in long.properties(u64::MAX) {
            assert!(key.len() + 1 + value.len() <= 255, "{key} takes {} bytes", value.len());
        }
        assert_eq!(clean_name(&"ü".repeat(5_000)), "ü".repeat(125));
        assert_eq!(
            clean_name(&format!("a{}", "ü".repeat(5_000))),
            format!("a{}", "ü".repeat(124)),
            "half a character is dropped"
        );
        let family = "👨‍👩‍👧";
        assert_eq!(
            clean_name(&format!("{}{family}", "x".repeat(MAX_NAME_BYTES - 10))),
            "x".repeat(MAX_NAME_BYTES - 10),
            "a family stays together"
        );
    }

    #[test]
    fn a_record_without_a_valid_version_or_id_is_ignored() {
        assert_eq!(parse(&[("v", b"1")]), Err(Malformed::Id));
        assert_eq!(parse(&[("v", b"1"), ("id", b"")]), Err(Malformed::Id));
        assert_eq!(parse(&[("v", b"1"), ("id", b"\xff\xfe")]), Err(Malformed::Id));
        assert_eq!(
            parse(&[("v", b"1"), ("id", b"00000000-0000-0000-0000-000000000000")]),
            Err(Malformed::Id)
        );
        assert_eq!(parse(&[]), Err(Malformed::Version));
        assert_eq!(parse(&[("v", b"2"), ("id", ID.as_bytes())]), Err(Malformed::Version));
    }

    #[test]
    fn missing_fields_are_unknown_and_the_first_of_two_equal_keys_counts() {
        let record = parse(&[
            ("V", b"1"),
            ("ID", ID.as_bytes()),
            ("people", b"7"),
            ("people", b"9"),
            ("later", b"x"),
        ]);
        assert_eq!(
            record,
            Ok(Record {
                id: ID.parse().unwrap(),
                name: String::new(),
                protocol: 0,
                people: 7,
                path: "/".into(),
            })
        );
    }

    #[test]
    fn the_highest_protocol_version_counts() {
        let protocol = |proto: &[u8]| {
            parse(&[("v", b"1"), ("id", ID.as_bytes()), ("proto", proto)])
                .unwrap()
                .protocol
        };
        assert_eq!(protocol(b"1"), 1);
        assert_eq!(protocol(b"1, 2,x,-4"), 2);
        assert_eq!(protocol(b"99999999999"), 0);
    }

    #[test]
    fn an_absurd_number_of_people_is_capped() {
        let people = |people: &[u8]| {
            parse(&[("v", b"1"), ("id", ID.as_bytes()), ("people", people)])
                .unwrap()
                .people
        };
        assert_eq!(people(b"12"), 12);
        assert_eq!(people(b"4294967295"), MAX_PEOPLE);
        assert_eq!(people(b"99999999999999999999"), MAX_PEOPLE);
        assert_eq!(people(b"-1"), 0);
        assert_eq!(people(b"many"), 0);
    }

    #[test]
    fn a_path_is_that_of_a_folder_in_plain_characters() {
        let path = |path: &str| {
            parse(&[("v", b"1"), ("id", ID.as_bytes()), ("path", path.as_bytes())])
                .unwrap()
                .path
        };
        for plain in ["/", "/chat/", "/apps/I-Chat_2.0~x/"] {
            assert_eq!(path(plain), plain);
        }
        let long = format!("/{}/", "x".repeat(99));
        for other in [
            "",
            "chat/",
            "/chat",
            "//evil.example/",
            "/a/../b/",
            "/./",
            "/a?b/",
            "/%2e/",
            "/ä/",
            &long,
        ] {
            assert_eq!(path(other), "/", "{other}");
        }
    }

    #[test]
    fn a_name_loses_deceptive_characters() {
        assert_eq!(parse_name("  Room\n\u{7}1\t ".as_bytes()), "Room 1");
        assert_eq!(parse_name("evil\u{202E}gpj.exe\u{2066}".as_bytes()), "evilgpj.exe");
        assert_eq!(parse_name("\u{200B}\u{FEFF}\u{E0001}".as_bytes()), "");
        assert_eq!(parse_name(b"bad \xff byte"), "bad \u{FFFD} byte");
        assert!(parse_name(&b"x".repeat(10_000)).len() <= MAX_NAME_BYTES);
    }

    #[test]
    fn every_name_that_fits_is_announced_unchanged() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../protocol/vectors/names.json")).unwrap();
        let names: Vec<&str> = vectors
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|case| case["name"].as_str())
            .collect();
        assert!(names.len() > 50);
        for name in names.into_iter().filter(|name| name.len() <= MAX_NAME_BYTES) {
            let [_, _, (_, announced), ..] = record(name).properties(1);
            assert_eq!(announced, name);
            assert_eq!(parse_name(announced.as_bytes()), name);
        }
    }

    proptest! {
        #[test]
        fn any_record_keeps_the_bounds(properties in prop::collection::vec(
            (prop_oneof!["v|id|name|proto|people|path", "\\PC{0,8}"],
             prop_oneof![Just(b"1".to_vec()), Just(ID.as_bytes().to_vec()), prop::collection::vec(any::<u8>(), 0..400)]),
            0..12,
        )) {
            if let Ok(record) = Record::parse(properties.iter().map(|(key, value)| (key.as_str(), value.as_slice()))) {
                prop_assert!(record.name.len() <= MAX_NAME_BYTES);
                prop_assert!(record.people <= MAX_PEOPLE);
                prop_assert!(record.path.len() <= MAX_PATH_BYTES);
                prop_assert!(!record.name.chars().any(|c| c.is_control() || is_invisible(c)));
            }
        }

        #[test]
        fn cleaning_a_clean_name_changes_nothing(name in "\\PC{0,300}") {
            let clean = clean_name(&name);
            prop_assert!(clean.len() <= MAX_NAME_BYTES);
            prop_assert_eq!(clean_name(&clean), clean);
        }
    }
}
