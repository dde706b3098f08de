//! The file format of traces.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use ichat_client::session::{Effect, Input};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub(crate) struct Trace {
    #[serde(skip)]
    path: PathBuf,
    pub(crate) name: String,
    about: String,
    pub(crate) steps: Vec<Step>,
}

#[derive(Deserialize)]
pub(crate) struct Step {
    pub(crate) now: u64,
    /// The input as the file has it: with repetitions, which stay when the effects are recorded again.
    #[serde(rename = "input")]
    pub(crate) source: Box<RawValue>,
    #[serde(default)]
    pub(crate) effects: Vec<Effect>,
}

impl Trace {
    pub(crate) fn load_all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/vectors/session");
        let mut paths: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .collect();
        paths.sort();
        paths.into_iter().map(Self::load).collect()
    }

    fn load(path: PathBuf) -> Self {
        let trace: Self = serde_json::from_str(&fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { path, ..trace }
    }

    /// Writes the trace with each input and effect on a line of its own, which makes differences readable.
    pub(crate) fn save(&self) {
        let (name, about) = (line(&self.name), line(&self.about));
        let mut text = format!("{{\n  \"name\": {name},\n  \"about\": {about},\n  \"steps\": [\n");
        for (number, step) in self.steps.iter().enumerate() {
            let effects = if step.effects.is_empty() {
                "[]".into()
            } else {
                format!("[\n{}\n      ]", lines(&step.effects))
            };
            let comma = if number + 1 < self.steps.len() { "," } else { "" };
            let Step { now, source, .. } = step;
            write!(
                text,
                "    {{\n      \"now\": {now},\n      \"input\": {source},\n      \"effects\": {effects}\n    }}{comma}\n",
            )
            .unwrap();
        }
        fs::write(&self.path, text + "  ]\n}\n").unwrap();
    }
}

impl Step {
    pub(crate) fn input(&self) -> Input {
        let input = expand(serde_json::from_str(self.source.get()).unwrap());
        serde_json::from_value(input).unwrap_or_else(|error| panic!("{}: {error}", self.source))
    }
}

pub(crate) fn lines(effects: &[Effect]) -> String {
    let lines: Vec<_> = effects
        .iter()
        .map(|effect| format!("        {}", line(effect)))
        .collect();
    lines.join(",\n")
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

/// Expands repetitions: an element `{"repeat": [first, last], "of": template}` of an array stands for a copy of the
/// template for each number. In the template `"{n}"` is the number, and `{n}` and `{n:12}` in a text are its digits and
/// its twelve digits.
fn expand(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().flat_map(expand_item).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, field)| (name, expand(field))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn expand_item(item: Value) -> Vec<Value> {
    let Some(range) = item.get("repeat") else {
        return vec![expand(item)];
    };
    let [first, last]: [u64; 2] = serde_json::from_value(range.clone()).unwrap();
    let template = item["of"].to_string();
    let copy = |n: u64| {
        let text = template
            .replace("\"{n}\"", &n.to_string())
            .replace("{n:12}", &format!("{n:012}"))
            .replace("{n}", &n.to_string());
        serde_json::from_str(&text).unwrap()
    };
    (first..=last).map(copy).collect()
}
