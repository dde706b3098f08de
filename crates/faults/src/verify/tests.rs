//! A round in which nothing is wrong breaks no rule, and each rule is broken by what it forbids.

use ichat_protocol::Epoch;

use super::*;
use crate::order::RoomView;
use crate::record::Place;

/// Ada has said two things, and everybody has them.
fn sound() -> Evidence {
    let (room, epoch) = (RoomId::fresh(), Epoch::fresh());
    let (me, device) = (MemberId::guest(uuid::Uuid::now_v7()), DeviceId::fresh());
    let mut entries = Vec::new();
    let mut life = vec![Line::Opened { me: me.clone(), device }];
    for seq in [Seq(1), Seq(2)] {
        let (id, body) = (EntryId::fresh(), said(&format!("message {seq}")));
        life.push(Line::Sent {
            room,
            id,
            body: body.clone(),
        });
        life.push(Line::Kept { id });
        let at = Some(Place { room, epoch, seq });
        life.push(Line::Acknowledged { id, at });
        entries.push(Entry {
            seq,
            id,
            author: me.clone(),
            device,
            at: 0,
            body,
        });
    }
    life.push(Line::Shown {
        room,
        epoch,
        entries: entries.clone(),
    });
    let log = Log { room, epoch, entries };
    let view = View {
        me,
        device,
        rooms: vec![RoomView {
            room,
            epoch,
            entries: log.entries.clone(),
        }],
        waiting: Vec::new(),
        refused: Vec::new(),
        contradictions: Vec::new(),
    };
    Evidence {
        logs: vec![log.clone()],
        witness: Some(view.clone()),
        people: vec![Testimony {
            name: "ada".into(),
            lives: vec![life],
            view: Some(view),
            replica: Some(vec![log]),
            is_whole: true,
        }],
        restored: false,
    }
}

fn said(text: &str) -> Body {
    Body::Message {
        text: text.into(),
        reply_to: None,
    }
}

/// The rule is among those that are broken by this.
#[track_caller]
fn breaks(rule: Rule, wrong: impl FnOnce(&mut Evidence)) {
    let mut evidence = sound();
    wrong(&mut evidence);
    let found = verify(&evidence);
    assert!(found.iter().any(|violation| violation.rule == rule), "{found:?}");
}

/// The lines about the second message.
fn second(evidence: &Evidence) -> EntryId {
    evidence.logs[0].entries[1].id
}

#[test]
fn a_sound_round_breaks_nothing() {
    assert_eq!(verify(&sound()), []);
}

#[test]
fn what_was_acknowledged_must_stand() {
    breaks(Rule::AcknowledgedIsInHistory, |e| drop(e.logs[0].entries.pop()));
}

#[test]
fn an_id_stands_once() {
    breaks(Rule::NoIdTwice, |e| {
        let again = e.logs[0].entries[1].clone();
        e.logs[0].entries.push(Entry { seq: Seq(3), ..again });
    });
}

#[test]
fn places_have_no_gap() {
    breaks(Rule::PlacesWithoutGap, |e| e.logs[0].entries[1].seq = Seq(3));
}

#[test]
fn what_was_shown_stands_where_it_was_shown() {
    breaks(Rule::OneOrderForAll, |e| {
        let entries = &mut e.logs[0].entries;
        entries.swap(0, 1);
        (entries[0].seq, entries[1].seq) = (Seq(1), Seq(2));
    });
}

#[test]
fn a_device_keeps_its_order() {
    breaks(Rule::OrderOfTheDevice, |e| {
        let life = &mut e.people[0].lives[0];
        let sent = |line: &Line| matches!(line, Line::Sent { .. });
        let places: Vec<_> = (0..life.len()).filter(|at| sent(&life[*at])).collect();
        life.swap(places[0], places[1]);
    });
}

#[test]
fn bodies_stay_as_they_were_sent() {
    breaks(Rule::BodiesUnaltered, |e| {
        e.logs[0].entries[1].body = said("something else");
    });
    // A wiped message has its deletion beside it, or it was lost.
    breaks(Rule::BodiesUnaltered, |e| e.logs[0].entries[1].body = Body::Wiped);
}

#[test]
fn what_was_refused_does_not_stand() {
    breaks(Rule::RefusedIsNotInHistory, |e| {
        let id = second(e);
        let life = &mut e.people[0].lives[0];
        life.retain(|line| !matches!(line, Line::Acknowledged { id: of, .. } if *of == id));
        life.push(Line::Refused {
            id,
            why: "not_joined".into(),
        });
    });
}

#[test]
fn what_was_taken_has_an_answer() {
    breaks(Rule::NothingIsForgotten, |e| {
        let id = EntryId::fresh();
        e.people[0].lives[0].push(Line::Kept { id });
    });
}

#[test]
fn what_stands_was_sent() {
    breaks(Rule::NothingFromNowhere, |e| {
        let id = second(e);
        e.people[0].lives[0].retain(|line| !matches!(line, Line::Sent { id: of, .. } if *of == id));
    });
}

#[test]
fn everybody_ends_in_step() {
    let view = |e: &mut Evidence, change: fn(&mut View)| change(e.people[0].view.as_mut().unwrap());
    breaks(Rule::InStep, |e| view(e, |view| drop(view.rooms[0].entries.pop())));
    breaks(Rule::InStep, |e| view(e, |view| view.waiting.push(EntryId::fresh())));
    breaks(Rule::InStep, |e| {
        view(e, |view| view.contradictions.push("a place twice".into()));
    });
    breaks(Rule::InStep, |e| {
        let replica = e.people[0].replica.as_mut().unwrap();
        replica[0].entries[1].body = said("something else");
    });
}

#[test]
fn the_wire_tells_what_the_disk_holds() {
    breaks(Rule::WireIsDisk, |e| {
        let witness = e.witness.as_mut().unwrap();
        witness.rooms[0].entries.pop();
    });
}
