//! The session machine reproduces the traces in `crates/protocol/vectors/session/`.
//!
//! - every input of every trace leads to exactly the recorded effects
//! - the traces contain every kind of input, command, effect, change, update, event and entry
//!
//! `UPDATE_VECTORS=1 cargo test -p ichat-client --test vectors` records the effects again. Review the difference before
//! committing it.

#![allow(clippy::unwrap_used, reason = "unwrap in tests is a failed precondition")]

mod trace;

use std::collections::BTreeSet;

use ichat_client::session::{Change, Command, ConnectionStatus, Effect, Input, Session, Update};
use ichat_protocol::{ClientEvent, Kind, ServerEvent};
use serde_json::Value;
use strum::{VariantArray as _, VariantNames as _};

use trace::Trace;

#[test]
fn every_trace_replays() {
    let update = std::env::var_os("UPDATE_VECTORS").is_some();
    let traces = Trace::load_all();
    assert!(!traces.is_empty(), "the traces are missing");
    for mut trace in traces {
        let mut session = Session::new();
        for (number, step) in trace.steps.iter_mut().enumerate() {
            let effects = session.step(step.now, step.input());
            if update {
                step.effects = effects;
                continue;
            }
            assert!(
                step.effects == effects,
                "{}, step {number} ({}):\nexpected\n{}\ngot\n{}",
                trace.name,
                step.source,
                trace::lines(&step.effects),
                trace::lines(&effects)
            );
        }
        if update {
            trace.save();
        }
    }
}

#[test]
fn every_kind_occurs() {
    let mut found = BTreeSet::new();
    for step in Trace::load_all().iter().flat_map(|trace| &trace.steps) {
        let input = serde_json::to_value(step.input()).unwrap();
        note(&mut found, &input, &["input", "command"]);
        if input["input"] == "event" {
            found.insert(("server event", input["event"].as_str().unwrap().to_owned()));
        }
        note_entry_kinds(&mut found, &input);
        for effect in &step.effects {
            let effect = serde_json::to_value(effect).unwrap();
            note(&mut found, &effect, &["effect", "change", "update"]);
            if effect["effect"] == "emit" {
                found.insert(("client event", effect["event"].as_str().unwrap().to_owned()));
            }
            if effect["update"] == "connection" {
                note(&mut found, &effect, &["state"]);
            }
        }
    }
    let kinds: Vec<_> = Kind::VARIANTS.iter().map(|kind| kind.as_str()).collect();
    let required = [
        ("input", Input::VARIANTS),
        ("command", Command::VARIANTS),
        ("effect", Effect::VARIANTS),
        ("change", Change::VARIANTS),
        ("update", Update::VARIANTS),
        ("state", ConnectionStatus::VARIANTS),
        ("client event", ClientEvent::VARIANTS),
        ("server event", ServerEvent::VARIANTS),
        ("kind", &kinds),
    ];
    let required = required
        .into_iter()
        .flat_map(|(what, names)| names.iter().map(move |name| (what, (*name).to_owned())));
    // A trace can't contain the stand-ins for events and kinds of later versions.
    let missing: Vec<_> = required
        .filter(|(_, name)| name != "unknown")
        .filter(|kind| !found.contains(kind))
        .collect();
    assert!(missing.is_empty(), "no trace contains: {missing:?}");
}

/// Notes the values of these fields.
fn note(found: &mut BTreeSet<(&'static str, String)>, value: &Value, fields: &[&'static str]) {
    for field in fields {
        if let Some(kind) = value.get(field).and_then(Value::as_str) {
            found.insert((field, kind.to_owned()));
        }
    }
}

/// Notes the kinds of all entries in an input.
fn note_entry_kinds(found: &mut BTreeSet<(&'static str, String)>, value: &Value) {
    note(found, value, &["kind"]);
    match value {
        Value::Array(items) => items.iter().for_each(|item| note_entry_kinds(found, item)),
        Value::Object(fields) => fields.values().for_each(|field| note_entry_kinds(found, field)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
