//! The layers of the settings: flags over variables over the file.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::ArgMatches;

use crate::settings::setting::{FILE_FLAG, FILE_VARIABLE, Setting};

/// The origin of a setting's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Flag(Setting),
    Variable(Setting),
    File(Setting, PathBuf),
    Default,
}

/// The texts of a setting that was given, and their origin.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    /// More than one only in the file and for flags that are repeated.
    pub(crate) texts: Vec<String>,
    pub(crate) source: Source,
}

/// All layers.
pub(crate) struct Layers<'a> {
    flags: &'a [&'a ArgMatches],
    variables: &'a dyn Fn(&str) -> Option<OsString>,
    file: Option<(PathBuf, toml::Table)>,
}

/// A source that can't be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    #[error("The file {} can't be read: {cause}.", path.display())]
    Unreadable { path: PathBuf, cause: std::io::Error },
    /// Reading it might wait without limit.
    #[error("{} is not a file. --config and {FILE_VARIABLE} take the path of a TOML file.", path.display())]
    NoFile { path: PathBuf },
    #[error("The file {} is wrong: {cause}", path.display())]
    Invalid { path: PathBuf, cause: Box<toml::de::Error> },
    #[error("The file {} has the key {key:?}, which is not a setting. The settings are: {known}.", path.display())]
    UnknownKey { path: PathBuf, key: String, known: String },
    #[error("{0} takes a text, a number, true or false, or a list of these.")]
    Type(Source),
    #[error("{0} is not valid UTF-8.")]
    Encoding(Source),
}

impl<'a> Layers<'a> {
    /// Reads the file, if a flag or a variable names one. Of the flags, later matches override earlier ones.
    pub(crate) fn read(
        flags: &'a [&'a ArgMatches],
        variables: &'a dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Self, SourceError> {
        let by_flag = texts_of_flag(flags, FILE_FLAG).map(|texts| texts.concat());
        let by_variable = || variables(FILE_VARIABLE).filter(|path| !path.is_empty());
        let path = by_flag.map(PathBuf::from).or_else(|| by_variable().map(PathBuf::from));
        let file = match path {
            Some(path) => Some((path.clone(), read_file(&path)?)),
            None => None,
        };
        Ok(Self { flags, variables, file })
    }

    /// Returns a setting from the highest layer that has it. An empty variable counts as unset, as docker compose passes a
    /// variable that is not set.
    pub(crate) fn get(&self, setting: Setting) -> Result<Option<Given>, SourceError> {
        if let Some(texts) = texts_of_flag(self.flags, setting.name()) {
            let source = Source::Flag(setting);
            return Ok(Some(Given { texts, source }));
        }
        if let Some(text) = (self.variables)(&setting.variable()) {
            let source = Source::Variable(setting);
            let Ok(text) = text.into_string() else {
                return Err(SourceError::Encoding(source));
            };
            if !text.trim().is_empty() {
                let texts = vec![text];
                return Ok(Some(Given { texts, source }));
            }
        }
        let Some((path, value)) = self
            .file
            .as_ref()
            .and_then(|(path, keys)| Some((path, keys.get(setting.name())?)))
        else {
            return Ok(None);
        };
        let source = Source::File(setting, path.clone());
        match texts_of(value) {
            Some(texts) => Ok(Some(Given { texts, source })),
            None => Err(SourceError::Type(source)),
        }
    }
}

/// Returns the texts of a flag in the last matches that have it. A command without the flag has none.
fn texts_of_flag(flags: &[&ArgMatches], name: &str) -> Option<Vec<String>> {
    let mut found = flags
        .iter()
        .rev()
        .filter_map(|flags| flags.try_get_many::<String>(name).ok()?);
    Some(found.next()?.cloned().collect())
}

fn read_file(path: &Path) -> Result<toml::Table, SourceError> {
    let path = || path.to_owned();
    let unreadable = |cause| SourceError::Unreadable { path: path(), cause };
    if !std::fs::metadata(path()).map_err(unreadable)?.is_file() {
        return Err(SourceError::NoFile { path: path() });
    }
    let text = std::fs::read_to_string(path()).map_err(unreadable)?;
    let table: toml::Table = toml::from_str(&text).map_err(|cause| SourceError::Invalid {
        path: path(),
        cause: Box::new(cause),
    })?;
    match table.keys().find(|key| Setting::of_key(key).is_none()) {
        None => Ok(table),
        Some(key) => Err(SourceError::UnknownKey {
            path: path(),
            key: key.clone(),
            known: <Setting as strum::VariantArray>::VARIANTS
                .iter()
                .map(|setting| setting.name())
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

/// Returns the texts of a value in the file, as a variable would have them.
fn texts_of(value: &toml::Value) -> Option<Vec<String>> {
    match value {
        toml::Value::String(text) => Some(vec![text.clone()]),
        toml::Value::Integer(number) => Some(vec![number.to_string()]),
        toml::Value::Boolean(is_on) => Some(vec![is_on.to_string()]),
        toml::Value::Array(values) => {
            let texts: Option<Vec<_>> = values.iter().map(texts_of).collect();
            Some(texts?.concat())
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(setting) => write!(f, "--{}", setting.name()),
            Self::Variable(setting) => write!(f, "{}", setting.variable()),
            Self::File(setting, path) => write!(f, "{} in {}", setting.name(), path.display()),
            Self::Default => write!(f, "default"),
        }
    }
}
