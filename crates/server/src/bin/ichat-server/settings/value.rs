//! The values of settings: how each is parsed from text, and shown.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use ichat_protocol::Name;
use ichat_server::{BasePath, InvalidBasePath};

/// Parses texts to a value, and shows it as in the file.
pub(crate) trait Value: Sized {
    /// Parses the texts. The error says what the setting takes, and completes the sentence "It …".
    fn parse(texts: &[String]) -> Result<Self, String>;
    fn to_toml(&self) -> toml::Value;
}

/// The path of a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Folder(pub(crate) PathBuf);

/// Something that is on or off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Switch(pub(crate) bool);

/// A number of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Connections(pub(crate) usize);

/// A limit on something that is counted; 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) u32);

/// An amount of memory, in MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mebibytes(pub(crate) usize);

/// A short time, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seconds(pub(crate) u64);

/// The lowest level that is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    Off,
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// One object per line.
    Json,
}

/// Larger numbers are meant to be no limit, which is 0.
const MAX_LIMIT: u32 = 1_000_000;
/// More connections than any machine has files for.
const MAX_CONNECTIONS: usize = 1_000_000;
/// Less would close connections that only load a page of history.
const MIN_MEBIBYTES: usize = 16;
/// 16 TiB.
const MAX_MEBIBYTES: usize = 16 * 1024 * 1024;
const MAX_SECONDS: u64 = 3_600;

impl Value for Folder {
    fn parse(texts: &[String]) -> Result<Self, String> {
        let text = one(texts)?;
        if text == "~" || text.starts_with("~/") {
            return Err("takes a whole path: ~ means the home folder only to a shell".to_owned());
        }
        if text.contains('\0') {
            return Err("takes the path of a folder".to_owned());
        }
        Ok(Self(text.into()))
    }

    fn to_toml(&self) -> toml::Value {
        self.0.to_string_lossy().into_owned().into()
    }
}

impl Value for Name {
    fn parse(texts: &[String]) -> Result<Self, String> {
        Name::parse(one(texts)?).map_err(|error| format!("takes a name that people can read: {error}"))
    }

    fn to_toml(&self) -> toml::Value {
        self.as_str().into()
    }
}

impl Value for Switch {
    fn parse(texts: &[String]) -> Result<Self, String> {
        match one(texts)?.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "y" | "on" => Ok(Self(true)),
            "false" | "0" | "no" | "n" | "off" => Ok(Self(false)),
            _ => Err("takes true or false (also yes or no, on or off, 1 or 0)".to_owned()),
        }
    }

    fn to_toml(&self) -> toml::Value {
        self.0.into()
    }
}

impl Value for BasePath {
    fn parse(texts: &[String]) -> Result<Self, String> {
        let parsed = one(texts)?.parse();
        parsed.map_err(|error: InvalidBasePath| format!("takes a path such as /chat/: {error}"))
    }

    fn to_toml(&self) -> toml::Value {
        self.as_str().into()
    }
}

impl Value for Connections {
    fn parse(texts: &[String]) -> Result<Self, String> {
        number(texts, &(1..=MAX_CONNECTIONS), "a number of connections").map(Self)
    }

    fn to_toml(&self) -> toml::Value {
        integer(self.0)
    }
}

impl Value for Limit {
    fn parse(texts: &[String]) -> Result<Self, String> {
        number(texts, &(0..=MAX_LIMIT), "a number, 0 is no limit").map(Self)
    }

    fn to_toml(&self) -> toml::Value {
        integer(self.0)
    }
}

impl Value for Mebibytes {
    fn parse(texts: &[String]) -> Result<Self, String> {
        number(
            texts,
            &(MIN_MEBIBYTES..=MAX_MEBIBYTES),
            "a number of MiB without a unit",
        )
        .map(Self)
    }

    fn to_toml(&self) -> toml::Value {
        integer(self.0)
    }
}

impl Mebibytes {
    pub(crate) fn of_bytes(bytes: usize) -> Self {
        Self(bytes / 1024 / 1024)
    }

    pub(crate) fn bytes(self) -> usize {
        self.0.saturating_mul(1024 * 1024)
    }
}

impl Value for Seconds {
    fn parse(texts: &[String]) -> Result<Self, String> {
        number(texts, &(0..=MAX_SECONDS), "a number of seconds without a unit").map(Self)
    }

    fn to_toml(&self) -> toml::Value {
        integer(self.0)
    }
}

impl Seconds {
    pub(crate) fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl Value for Level {
    fn parse(texts: &[String]) -> Result<Self, String> {
        one_of(texts)
    }

    fn to_toml(&self) -> toml::Value {
        name_of(self)
    }
}

impl Value for Format {
    fn parse(texts: &[String]) -> Result<Self, String> {
        one_of(texts)
    }

    fn to_toml(&self) -> toml::Value {
        name_of(self)
    }
}

/// Returns the only text, without white space around it.
pub(super) fn one(texts: &[String]) -> Result<&str, String> {
    match texts {
        [text] if !text.trim().is_empty() => Ok(text.trim()),
        [_] => Err("must not be empty: leave it out for the default".to_owned()),
        _ => Err("takes one value".to_owned()),
    }
}

/// Returns the items of a list, which are separated by commas, semicolons or white space.
pub(super) fn items(texts: &[String]) -> impl Iterator<Item = &str> {
    let is_separator = |c: char| c.is_whitespace() || [',', ';'].contains(&c);
    texts
        .iter()
        .flat_map(move |text| text.split(is_separator))
        .filter(|item| !item.is_empty())
}

fn number<N>(texts: &[String], range: &RangeInclusive<N>, what: &str) -> Result<N, String>
where
    N: std::str::FromStr + PartialOrd + std::fmt::Display,
{
    let parsed = one(texts)?.parse().ok();
    let in_range = parsed.filter(|number| range.contains(number));
    in_range.ok_or_else(|| format!("takes {what}, from {} to {}", range.start(), range.end()))
}

fn integer(number: impl TryInto<i64>) -> toml::Value {
    number.try_into().unwrap_or(i64::MAX).into()
}

fn one_of<T: ValueEnum>(texts: &[String]) -> Result<T, String> {
    T::from_str(one(texts)?, true).map_err(|_| {
        let names: Vec<_> = T::value_variants()
            .iter()
            .filter_map(|value| Some(value.to_possible_value()?.get_name().to_owned()))
            .collect();
        format!("takes one of: {}", names.join(", "))
    })
}

fn name_of<T: ValueEnum>(value: &T) -> toml::Value {
    let name = value.to_possible_value().map(|value| value.get_name().to_owned());
    name.unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    //! - switches as people and tools write them
    //! - numbers have bounds, and no unit

    use super::*;

    fn parse<T: Value>(text: &str) -> Result<T, String> {
        T::parse(&[text.to_owned()])
    }

    #[test]
    fn switches_are_as_people_write_them() {
        for text in ["1", "yes", "on", "true", "TRUE", " Yes\n"] {
            assert_eq!(parse(text), Ok(Switch(true)), "{text}");
        }
        for text in ["0", "no", "off", "false", "False"] {
            assert_eq!(parse(text), Ok(Switch(false)), "{text}");
        }
        for text in ["2", "ja", ""] {
            assert!(parse::<Switch>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_have_bounds() {
        assert_eq!(parse("7"), Ok(Connections(7)));
        assert_eq!(parse("64"), Ok(Mebibytes(64)));
        assert_eq!(parse("0"), Ok(Seconds(0)));
        assert_eq!(parse("0"), Ok(Limit(0)));
        assert!(parse::<Limit>("-1").is_err());
        for text in ["0", "-1", "1e4", "2000000", "ten"] {
            let reason = parse::<Connections>(text).unwrap_err();
            assert_eq!(reason, "takes a number of connections, from 1 to 1000000", "{text}");
        }
        for text in ["0", "15", "512M"] {
            let reason = parse::<Mebibytes>(text).unwrap_err();
            assert!(reason.contains("from 16 "), "{text}: {reason}");
        }
        assert!(parse::<Seconds>("10s").is_err());
    }
}
