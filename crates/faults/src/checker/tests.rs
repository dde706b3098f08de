//! A round in which nothing is wrong breaks no rule:
//!
//! - every client and file has every entry; a replica begins later; a message was deleted after it had been shown
//! - messages were edited, also twice, and deleted before they were sent
//! - an older log was restored; the id of a refused post is another post's
//!
//! Each rule has something that breaks it:
//!
//! - an acknowledged post is missing, an id occurs twice, sequence numbers have a gap, entries change their order
//! - a device's posts change their order, a body is altered, an edit of a message that waited is lost, a refused or a
//!   withdrawn post is in the log, a post has no outcome
//! - no client sent an entry, a client is out of sync or shows nothing, the wire differs from the disk
//! - a client was shown another entry, another position, or a log that does not exist

use ichat_protocol::{Body, DeviceId, Entry, EntryId, Epoch, MemberId, RoomId, Seq};

use super::rule::Rule;
use super::{ClientHistory, Observations, check};
use crate::client_protocol::{RoomView, View};
use crate::history::{Event, Position};
use crate::room_log::RoomLog;

/// Returns a round in which Ada posted two messages, and every client and file has them.
fn sound_round() -> Observations {
    let (room, epoch) = (RoomId::fresh(), Epoch::fresh());
    let (me, device) = (MemberId::guest(uuid::Uuid::now_v7()), DeviceId::fresh());
    let mut entries = Vec::new();
    let mut events = vec![Event::Started { me: me.clone(), device }];
    for seq in [Seq(1), Seq(2)] {
        let (id, body) = (EntryId::fresh(), message(&format!("message {seq}")));
        events.push(Event::Invoked {
            room,
            id,
            body: body.clone(),
        });
        events.push(Event::Queued { id });
        let at = Some(Position { room, epoch, seq });
        events.push(Event::Acknowledged { id, at });
        entries.push(Entry {
            seq,
            id,
            author: me.clone(),
            device,
            at: 0,
            body,
        });
    }
    events.push(Event::Shown {
        room,
        epoch,
        entries: entries.clone(),
    });
    let log = RoomLog { room, epoch, entries };
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
    Observations {
        logs: vec![log.clone()],
        witness: Some(view.clone()),
        clients: vec![ClientHistory {
            name: "ada".into(),
            incarnations: vec![events],
            view: Some(view),
            replica: Some(vec![log]),
            is_complete: true,
        }],
        is_restored: false,
    }
}

fn message(text: &str) -> Body {
    Body::Message {
        text: text.into(),
        reply_to: None,
        mentions: Vec::new(),
    }
}

/// Checks that this change of a sound round breaks the rule.
#[track_caller]
fn breaks(rule: Rule, change: impl FnOnce(&mut Observations)) {
    let mut observations = sound_round();
    change(&mut observations);
    let violations = check(&observations);
    assert!(
        violations.iter().any(|violation| violation.rule == rule),
        "{violations:?}"
    );
}

/// Checks that this change of a sound round breaks the rule and no other.
#[track_caller]
fn breaks_only(rule: Rule, change: impl FnOnce(&mut Observations)) {
    let mut observations = sound_round();
    change(&mut observations);
    let violations = check(&observations);
    let breaks_rule = !violations.is_empty() && violations.iter().all(|violation| violation.rule == rule);
    assert!(breaks_rule, "{violations:?}");
}

fn second_entry(observations: &Observations) -> EntryId {
    observations.logs[0].entries[1].id
}

fn events(observations: &mut Observations) -> &mut Vec<Event> {
    &mut observations.clients[0].incarnations[0]
}

#[test]
fn a_sound_round_breaks_no_rule() {
    assert_eq!(check(&sound_round()), []);
}

#[test]
fn a_replica_may_begin_later() {
    let mut o = sound_round();
    o.clients[0].replica.as_mut().unwrap()[0].entries.remove(0);
    assert_eq!(check(&o), []);
}

#[test]
fn a_message_may_be_erased_after_it_was_shown() {
    let mut o = sound_round();
    let Entry { author, device, .. } = o.logs[0].entries[1].clone();
    let (id, body) = (EntryId::fresh(), Body::Delete { of: second_entry(&o) });
    let room = o.logs[0].room;
    events(&mut o).push(Event::Invoked {
        room,
        id,
        body: body.clone(),
    });
    let seq = Seq(3);
    let deletion = Entry {
        seq,
        id,
        author,
        device,
        at: 0,
        body,
    };
    // Everyone has the remains at the end.
    let ClientHistory { view, replica, .. } = &mut o.clients[0];
    let view = &mut view.as_mut().unwrap().rooms[0].entries;
    let witness = &mut o.witness.as_mut().unwrap().rooms[0].entries;
    for entries in [
        view,
        witness,
        &mut replica.as_mut().unwrap()[0].entries,
        &mut o.logs[0].entries,
    ] {
        entries[1].body = Body::Wiped;
        entries.push(deletion.clone());
    }
    assert_eq!(check(&o), []);
}

#[test]
fn what_was_acknowledged_and_shown_of_an_earlier_log_may_be_gone() {
    let mut o = sound_round();
    let (room, epoch) = (o.logs[0].room, Epoch::fresh());
    let id = EntryId::fresh();
    let lost = Entry {
        seq: Seq(3),
        id,
        ..o.logs[0].entries[1].clone()
    };
    let at = Some(Position {
        room,
        epoch,
        seq: lost.seq,
    });
    events(&mut o).push(Event::Acknowledged { id, at });
    let entries = vec![lost];
    events(&mut o).push(Event::Shown { room, epoch, entries });
    o.is_restored = true;
    assert_eq!(check(&o), []);
    o.is_restored = false;
    let rules: Vec<Rule> = check(&o).iter().map(|violation| violation.rule).collect();
    assert_eq!(rules, [Rule::AcknowledgedIsInLog, Rule::OneOrderForAll]);
}

#[test]
fn the_id_of_a_refused_post_may_be_that_of_another_post() {
    let mut o = sound_round();
    let (room, id) = (o.logs[0].room, second_entry(&o));
    let body = message("the same id, another text");
    o.clients.push(ClientHistory {
        name: "ben".into(),
        incarnations: vec![vec![
            Event::Invoked { room, id, body },
            Event::Queued { id },
            Event::Refused {
                id,
                reason: "conflict".into(),
            },
        ]],
        view: None,
        replica: None,
        is_complete: true,
    });
    assert_eq!(check(&o), []);
}

#[test]
fn an_entry_that_was_shown_otherwise_is_found() {
    let shown = |o: &mut Observations, change: fn(&mut RoomId, &mut Epoch, &mut Vec<Entry>)| {
        for event in events(o) {
            if let Event::Shown { room, epoch, entries } = event {
                change(room, epoch, entries);
            }
        }
    };
    breaks_only(Rule::OneOrderForAll, |o| {
        shown(o, |_, _, entries| entries[1].body = message("something else"));
    });
    breaks_only(Rule::OneOrderForAll, |o| {
        shown(o, |_, _, entries| entries[1].seq = Seq(3));
    });
    breaks_only(Rule::OneOrderForAll, |o| {
        shown(o, |_, epoch, _| *epoch = Epoch::fresh());
    });
    breaks_only(Rule::OneOrderForAll, |o| shown(o, |room, _, _| *room = RoomId::fresh()));
}

#[test]
fn a_post_that_was_acknowledged_at_another_position_is_found() {
    breaks_only(Rule::OneOrderForAll, |o| {
        for event in events(o) {
            if let Event::Acknowledged { at: Some(at), .. } = event {
                at.seq = at.seq.next();
            }
        }
    });
}

#[test]
fn a_missing_acknowledged_post_is_found() {
    breaks(Rule::AcknowledgedIsInLog, |o| drop(o.logs[0].entries.pop()));
}

#[test]
fn a_missing_post_of_the_current_history_is_found_after_a_restore() {
    breaks(Rule::AcknowledgedIsInLog, |o| {
        o.is_restored = true;
        o.logs[0].entries.pop();
    });
}

#[test]
fn an_id_that_occurs_twice_is_found() {
    breaks(Rule::IdsAreUnique, |o| {
        let again = o.logs[0].entries[1].clone();
        o.logs[0].entries.push(Entry { seq: Seq(3), ..again });
    });
}

#[test]
fn a_gap_is_found() {
    breaks(Rule::NoGapInSequence, |o| o.logs[0].entries[1].seq = Seq(3));
}

#[test]
fn entries_that_change_their_order_are_found() {
    breaks(Rule::OneOrderForAll, |o| {
        let entries = &mut o.logs[0].entries;
        entries.swap(0, 1);
        (entries[0].seq, entries[1].seq) = (Seq(1), Seq(2));
    });
}

#[test]
fn posts_of_a_device_that_change_their_order_are_found() {
    breaks(Rule::DeviceOrderIsKept, |o| {
        let events = events(o);
        let is_invoked = |event: &Event| matches!(event, Event::Invoked { .. });
        let invoked: Vec<_> = (0..events.len()).filter(|at| is_invoked(&events[*at])).collect();
        events.swap(invoked[0], invoked[1]);
    });
}

#[test]
fn an_altered_body_is_found() {
    breaks(Rule::BodiesAreUnaltered, |o| {
        o.logs[0].entries[1].body = message("something else");
    });
    // An erased message needs its deletion in the log.
    breaks(Rule::BodiesAreUnaltered, |o| o.logs[0].entries[1].body = Body::Wiped);
}

#[test]
fn a_refused_post_in_the_log_is_found() {
    breaks(Rule::RefusedIsNotInLog, |o| {
        let id = second_entry(o);
        let events = events(o);
        events.retain(|event| !matches!(event, Event::Acknowledged { id: of, .. } if *of == id));
        events.push(Event::Refused {
            id,
            reason: "not_joined".into(),
        });
    });
}

#[test]
fn a_post_without_an_outcome_is_found() {
    breaks(Rule::EveryPostHasAnOutcome, |o| {
        let id = EntryId::fresh();
        events(o).push(Event::Queued { id });
    });
}

#[test]
fn a_withdrawn_post_in_the_log_is_found() {
    breaks(Rule::UnsentIsNotInLog, |o| {
        let id = second_entry(o);
        let events = events(o);
        events.retain(|event| !matches!(event, Event::Acknowledged { id: of, .. } if *of == id));
        events.push(Event::Withdrawn { id });
    });
}

/// Adds edits of the second message, and shows everywhere that it was sent with this text. Returns the edits' ids.
fn edit_before_sending<const N: usize>(o: &mut Observations, edits: [&str; N], sent: &str) -> [EntryId; N] {
    let (of, room) = (second_entry(o), o.logs[0].room);
    let ids = edits.map(|text| {
        let body = Body::Edit {
            of,
            text: text.into(),
            mentions: Vec::new(),
        };
        (EntryId::fresh(), body)
    });
    for (id, body) in ids.clone() {
        events(o).extend([Event::Invoked { room, id, body }, Event::Queued { id }]);
    }
    for event in events(o).iter_mut() {
        if let Event::Shown { entries, .. } = event {
            entries[1].body = message(sent);
        }
    }
    let client = &mut o.clients[0];
    let views = [&mut o.witness, &mut client.view].into_iter().flatten();
    let shown = views.map(|view| &mut view.rooms[0].entries);
    let logs = o.logs.iter_mut().chain(client.replica.iter_mut().flatten());
    for entries in logs.map(|log| &mut log.entries).chain(shown) {
        entries[1].body = message(sent);
    }
    ids.map(|(id, _)| id)
}

/// Ada edits a message that waits, and deletes another one: the log has the result of both.
#[test]
fn changes_of_messages_that_waited_are_no_violation() {
    let mut o = sound_round();
    let [edit] = edit_before_sending(&mut o, ["the edited text"], "the edited text");
    let (room, deleted, deletion) = (o.logs[0].room, EntryId::fresh(), EntryId::fresh());
    let posts = [
        (deleted, message("never sent")),
        (deletion, Body::Delete { of: deleted }),
    ];
    for (id, body) in posts {
        events(&mut o).extend([Event::Invoked { room, id, body }, Event::Queued { id }]);
    }
    assert_eq!(check(&o), [], "a client that was killed has not shown the outcomes");
    events(&mut o).extend([
        Event::Merged { id: edit },
        Event::Merged { id: deletion },
        Event::Withdrawn { id: deleted },
    ]);
    assert_eq!(check(&o), []);
}

#[test]
fn of_two_edits_of_a_message_that_waited_the_last_one_counts() {
    let mut o = sound_round();
    let edits = edit_before_sending(&mut o, ["first", "second"], "second");
    assert_eq!(check(&o), []);
    events(&mut o).extend(edits.map(|id| Event::Merged { id }));
    assert_eq!(check(&o), []);

    // The refused one was not applied.
    let mut o = sound_round();
    let [first, second] = edit_before_sending(&mut o, ["first", "second"], "first");
    let reason = "too_large".into();
    events(&mut o).extend([Event::Merged { id: first }, Event::Refused { id: second, reason }]);
    assert_eq!(check(&o), []);
}

#[test]
fn a_lost_edit_of_a_message_that_waited_is_found() {
    for sent in ["first", "message 2"] {
        for are_shown in [false, true] {
            breaks(Rule::BodiesAreUnaltered, |o| {
                let edits = edit_before_sending(o, ["first", "second"], sent);
                if are_shown {
                    events(o).extend(edits.map(|id| Event::Merged { id }));
                }
            });
        }
    }
    breaks(Rule::BodiesAreUnaltered, |o| {
        let [id] = edit_before_sending(o, ["refused"], "refused");
        let reason = "too_large".into();
        events(o).push(Event::Refused { id, reason });
    });
}

#[test]
fn an_invented_entry_is_found() {
    breaks(Rule::NothingIsInvented, |o| {
        let id = second_entry(o);
        events(o).retain(|event| !matches!(event, Event::Invoked { id: of, .. } if *of == id));
    });
    // The server must not take such a message, which makes it no less invented.
    breaks(Rule::NothingIsInvented, |o| {
        let entry = o.logs[0].entries[1].clone();
        let (seq, id, body) = (Seq(3), EntryId::fresh(), message(""));
        o.logs[0].entries.push(Entry { seq, id, body, ..entry });
    });
}

#[test]
fn a_client_out_of_sync_is_found() {
    let view = |o: &mut Observations, change: fn(&mut View)| change(o.clients[0].view.as_mut().unwrap());
    breaks(Rule::ClientsAreInSync, |o| {
        view(o, |view| drop(view.rooms[0].entries.pop()));
    });
    breaks(Rule::ClientsAreInSync, |o| {
        view(o, |view| view.waiting.push(EntryId::fresh()));
    });
    breaks(Rule::ClientsAreInSync, |o| {
        view(o, |view| view.contradictions.push("one number, two entries".into()));
    });
    breaks(Rule::ClientsAreInSync, |o| {
        let replica = o.clients[0].replica.as_mut().unwrap();
        replica[0].entries[1].body = message("something else");
    });
    breaks(Rule::ClientsAreInSync, |o| view(o, |view| view.rooms.clear()));
    breaks(Rule::ClientsAreInSync, |o| {
        o.clients[0].replica.as_mut().unwrap().clear();
    });
    breaks(Rule::ClientsAreInSync, |o| {
        o.clients[0].replica.as_mut().unwrap()[0].entries.clear();
    });
    breaks(Rule::ClientsAreInSync, |o| {
        o.clients[0].replica.as_mut().unwrap()[0].epoch = Epoch::fresh();
    });
}

#[test]
fn a_difference_between_wire_and_disk_is_found() {
    breaks(Rule::WireEqualsDisk, |o| {
        let witness = o.witness.as_mut().unwrap();
        witness.rooms[0].entries.pop();
    });
    breaks(Rule::WireEqualsDisk, |o| o.witness.as_mut().unwrap().rooms.clear());
}
