//! The TXT record: what a server tells about itself, and how it is read when somebody hostile wrote it.

use uuid::Uuid;

use crate::Announcement;

/// Longest name on the wire, in bytes: a TXT string holds 255, of which `name=` takes 5.
pub(crate) const NAME_BYTES: usize = 250;

/// Most people that are believed to be on one server.
pub(crate) const PEOPLE_MAX: u32 = 99_999;

/// The version of the record itself. It grows only when a key changes its meaning; keys may be added without.
const RECORD_VERSION: &str = "1";

/// A server's TXT record, read and cleaned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) protocol: u32,
    pub(crate) people: u32,
}

/// Why a TXT record is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("the record is of another version than 1")]
    Version,
    #[error("the record names no server id")]
    Id,
}

impl Record {
    /// The keys and values to announce.
    pub(crate) fn properties(announcement: &Announcement) -> [(&'static str, String); 5] {
        [
            ("v", RECORD_VERSION.to_owned()),
            ("id", announcement.server.to_string()),
            ("name", clean_name(&announcement.name)),
            ("proto", announcement.protocol.to_string()),
            ("people", announcement.people.min(PEOPLE_MAX).to_string()),
        ]
    }

    /// Reads the keys and values of a TXT record. Keys ignore case, and the first of two alike counts (RFC 6763 §6.4).
    /// Only a record without version or id is refused; every other field has a value that stands for "unknown".
    pub(crate) fn parse<'a>(properties: impl Iterator<Item = (&'a str, &'a [u8])>) -> Result<Self, Malformed> {
        let [mut version, mut id, mut name, mut proto, mut people] = [None::<&[u8]>; 5];
        for (key, value) in properties {
            let field = match key.to_ascii_lowercase().as_str() {
                "v" => &mut version,
                "id" => &mut id,
                "name" => &mut name,
                "proto" => &mut proto,
                "people" => &mut people,
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
        Ok(Self {
            id,
            name: clean_name(&String::from_utf8_lossy(
                name.map_or(&[], |name| &name[..name.len().min(NAME_BYTES)]),
            )),
            protocol: text(proto)
                .split(',')
                .filter_map(|version| version.trim().parse().ok())
                .max()
                .unwrap_or(0),
            people: count(text(people)),
        })
    }
}

fn text(value: Option<&[u8]>) -> &str {
    value
        .and_then(|value| std::str::from_utf8(value).ok())
        .unwrap_or_default()
}

/// A number of people; one too large for any server means that somebody plays, and is cut.
fn count(text: &str) -> u32 {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    text.parse().unwrap_or(PEOPLE_MAX).min(PEOPLE_MAX)
}

/// A name that is safe to draw in a list: one line, no control characters, nothing that turns the direction of the text
/// around it or that is invisible, at most [`NAME_BYTES`] bytes.
pub(crate) fn clean_name(name: &str) -> String {
    let mut clean = String::new();
    let mut gap = false;
    for c in name.chars() {
        if c.is_whitespace() {
            gap = !clean.is_empty();
            continue;
        }
        if c.is_control() || is_invisible(c) {
            continue;
        }
        if clean.len() + usize::from(gap) + c.len_utf8() > NAME_BYTES {
            break;
        }
        if gap {
            clean.push(' ');
            gap = false;
        }
        clean.push(c);
    }
    clean
}

/// Characters that deceive: bidirectional controls, spaces of no width, tags. The joiners U+200C and U+200D stay, for
/// Persian and family emoji are written with them.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
        | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
        | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    //! - what is announced is read back
    //! - a record without id or version is refused, any other flaw is not
    //! - long names are cut between characters, control and bidirectional characters go
    //! - absurd numbers of people are cut
    //! - any bytes at all: no panic, and the bounds hold

    use super::*;
    use proptest::prelude::*;

    const ID: &str = "6f3f7f0e-93a4-4d0f-9f6e-2b8f0f3b1c55";

    fn announcement(name: &str) -> Announcement {
        Announcement {
            server: ID.parse().unwrap(),
            name: name.into(),
            protocol: 3,
            port: 7300,
            people: 4,
        }
    }

    fn parse(properties: &[(&str, &[u8])]) -> Result<Record, Malformed> {
        Record::parse(properties.iter().copied())
    }

    fn named(name: &[u8]) -> Record {
        parse(&[("v", b"1"), ("id", ID.as_bytes()), ("name", name)]).unwrap()
    }

    #[test]
    fn what_is_announced_is_read_back() {
        let properties = Record::properties(&announcement("Zoë’s 教室"));
        let record = Record::parse(properties.iter().map(|(key, value)| (*key, value.as_bytes()))).unwrap();
        assert_eq!(
            record,
            Record {
                id: ID.parse().unwrap(),
                name: "Zoë’s 教室".into(),
                protocol: 3,
                people: 4
            }
        );
    }

    #[test]
    fn every_string_fits_into_a_txt_record() {
        let mut long = announcement(&"ü".repeat(5_000));
        long.people = u32::MAX;
        for (key, value) in Record::properties(&long) {
            assert!(key.len() + 1 + value.len() <= 255, "{key} takes {} bytes", value.len());
        }
        assert_eq!(clean_name(&"ü".repeat(5_000)), "ü".repeat(125));
        assert_eq!(
            clean_name(&format!("a{}", "ü".repeat(5_000))),
            format!("a{}", "ü".repeat(124)),
            "no half character"
        );
    }

    #[test]
    fn a_record_without_a_valid_id_is_refused() {
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
    fn missing_fields_are_unknown_and_the_first_of_two_counts() {
        let record = parse(&[
            ("V", b"1"),
            ("ID", ID.as_bytes()),
            ("people", b"7"),
            ("people", b"9"),
            ("later", b"x"),
        ])
        .unwrap();
        assert_eq!(
            record,
            Record {
                id: ID.parse().unwrap(),
                name: String::new(),
                protocol: 0,
                people: 7
            }
        );
    }

    #[test]
    fn the_highest_protocol_version_is_taken() {
        let spoken = |proto: &[u8]| {
            parse(&[("v", b"1"), ("id", ID.as_bytes()), ("proto", proto)])
                .unwrap()
                .protocol
        };
        assert_eq!(spoken(b"1"), 1);
        assert_eq!(spoken(b"1, 2,x,-4"), 2);
        assert_eq!(spoken(b"99999999999"), 0);
    }

    #[test]
    fn absurd_numbers_of_people_are_cut() {
        let people = |people: &[u8]| {
            parse(&[("v", b"1"), ("id", ID.as_bytes()), ("people", people)])
                .unwrap()
                .people
        };
        assert_eq!(people(b"12"), 12);
        assert_eq!(people(b"4294967295"), PEOPLE_MAX);
        assert_eq!(people(b"99999999999999999999"), PEOPLE_MAX);
        assert_eq!(people(b"-1"), 0);
        assert_eq!(people(b"many"), 0);
    }

    #[test]
    fn names_lose_what_could_deceive() {
        assert_eq!(named("  Room\n\u{7}1\t ".as_bytes()).name, "Room 1");
        assert_eq!(named("evil\u{202E}gpj.exe\u{2066}".as_bytes()).name, "evilgpj.exe");
        assert_eq!(named("\u{200B}\u{FEFF}\u{E0041}".as_bytes()).name, "");
        assert_eq!(named("👨‍👩‍👧 خانه‌ها".as_bytes()).name, "👨‍👩‍👧 خانه‌ها", "joiners stay");
        assert_eq!(named(b"bad \xff byte").name, "bad \u{FFFD} byte");
        assert!(named(&b"x".repeat(10_000)).name.len() <= NAME_BYTES);
    }

    proptest! {
        #[test]
        fn no_record_does_harm(properties in prop::collection::vec(
            (prop_oneof!["v|id|name|proto|people", "\\PC{0,8}"],
             prop_oneof![Just(b"1".to_vec()), Just(ID.as_bytes().to_vec()), prop::collection::vec(any::<u8>(), 0..400)]),
            0..12,
        )) {
            if let Ok(record) = Record::parse(properties.iter().map(|(key, value)| (key.as_str(), value.as_slice()))) {
                prop_assert!(record.name.len() <= NAME_BYTES);
                prop_assert!(record.people <= PEOPLE_MAX);
                prop_assert!(!record.name.chars().any(|c| c.is_control() || is_invisible(c)));
            }
        }

        #[test]
        fn clean_names_stay_as_they_are(name in "\\PC{0,300}") {
            let clean = clean_name(&name);
            prop_assert!(clean.len() <= NAME_BYTES);
            prop_assert_eq!(clean_name(&clean), clean);
        }
    }
}
