//! The traces in `crates/protocol/vectors/session/` are what the session machine does.
//!
//! - every trace replays: each input gives exactly the effects that stand beside it
//! - every kind of input, effect, change and update occurs in a trace
//!
//! `UPDATE_VECTORS=1 cargo test -p ichat-client --test vectors` writes the effects anew: read the difference before committing it.

#![allow(clippy::unwrap_used, reason = "a test that can't go on says where")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ichat_client::session::{Effect, Input, Session};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Trace {
    name: String,
    about: String,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    now: u64,
    input: Input,
    #[serde(default)]
    effects: Vec<Effect>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/vectors/session")
}

fn traces() -> Vec<(PathBuf, Trace)> {
    let mut paths: Vec<_> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "json"));
    paths.sort();
    let read = |path: &PathBuf| {
        serde_json::from_str(&std::fs::read_to_string(path).unwrap())
            .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    };
    paths.iter().map(|path| (path.clone(), read(path))).collect()
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

/// One input or effect a line, so that a difference reads well.
fn written(trace: &Trace) -> String {
    let mut text = format!(
        "{{\n  \"name\": {},\n  \"about\": {},\n  \"steps\": [\n",
        line(&trace.name),
        line(&trace.about)
    );
    for (nth, step) in trace.steps.iter().enumerate() {
        let effects: Vec<_> = step
            .effects
            .iter()
            .map(|effect| format!("        {}", line(effect)))
            .collect();
        let effects = if effects.is_empty() {
            "[]".into()
        } else {
            format!("[\n{}\n      ]", effects.join(",\n"))
        };
        let comma = if nth + 1 < trace.steps.len() { "," } else { "" };
        write!(
            text,
            "    {{\n      \"now\": {},\n      \"input\": {},\n      \"effects\": {effects}\n    }}{comma}\n",
            step.now,
            line(&step.input)
        )
        .unwrap();
    }
    text + "  ]\n}\n"
}

#[test]
fn every_trace_replays() {
    let update = std::env::var_os("UPDATE_VECTORS").is_some();
    let traces = traces();
    assert!(traces.len() >= 20, "the traces are missing");
    for (path, mut trace) in traces {
        let mut session = Session::new();
        for (nth, step) in trace.steps.iter_mut().enumerate() {
            let effects = session.step(step.now, step.input.clone());
            if update {
                step.effects = effects;
                continue;
            }
            let (expected, given) = (&step.effects, &effects);
            let show = |effects: &[Effect]| effects.iter().map(line).collect::<Vec<_>>().join("\n  ");
            assert!(
                expected == given,
                "{}, step {nth} ({}):\nexpected\n  {}\ngot\n  {}",
                trace.name,
                line(&step.input),
                show(expected),
                show(given)
            );
        }
        if update {
            std::fs::write(&path, written(&trace)).unwrap();
        }
    }
}

#[test]
fn every_kind_occurs() {
    let mut seen = BTreeSet::new();
    for (_, trace) in traces() {
        for step in trace.steps {
            let input = serde_json::to_value(&step.input).unwrap();
            let effects = step.effects.iter().map(|effect| serde_json::to_value(effect).unwrap());
            for value in std::iter::once(input).chain(effects) {
                for key in ["input", "command", "effect", "change", "update"] {
                    if let Some(kind) = value.get(key).and_then(|kind| kind.as_str()) {
                        seen.insert(format!("{key} {kind}"));
                    }
                }
            }
        }
    }
    let expected = "input start, input opened, input event, input closed, input tick, input nudge, input refresh, input command, \
        input loaded, command send, command retry, command discard, command create, command browse, command join, \
        command leave, command open, command history, command typing, command read, command away, command set_name, \
        effect connect, effect close, effect emit, effect save, effect load, effect notify, effect wake, change outbox, \
        change outbox_state, change discarded, change entries, change reset, change room, change members, change read, \
        update connection, update hello, update rooms, update directory, update entries, update reset, update outbox, \
        update members, update presence, update typing, update refused";
    let missing: Vec<_> = expected
        .split(", ")
        .map(str::trim)
        .filter(|kind| !seen.contains(*kind))
        .collect();
    assert!(missing.is_empty(), "no trace has: {missing:?}");
}
