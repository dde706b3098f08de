//! The fields of a room that follow from its log: the one implementation in Rust, used by the store for live commits,
//! replicas and rebuilds, and by a client's session. `ui/src/backend/session/projection.ts` has the one in TypeScript.

use crate::{Body, Name, RoomChange};

/// The name, topic and number of members of a room, as of some entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomProjection {
    /// The name; `None` before the entry `created`.
    pub name: Option<Name>,
    /// The topic; may be empty.
    pub topic: String,
    /// The number of members.
    pub members: u32,
}

/// A person's membership in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The name of the last `joined` or `member_renamed` entry.
    pub name: Name,
    /// `false` after the person has left; old entries still need the name.
    pub joined: bool,
}

impl RoomProjection {
    /// Applies the next entry of the log. `author` is its author's membership so far, `None` if there is none or it is not
    /// known. Returns the author's membership from now on if the entry changes it.
    pub fn apply(&mut self, body: &Body, author: Option<&Membership>) -> Option<Membership> {
        match body.room_change()? {
            RoomChange::Name(name) => {
                self.name = Some(name.clone());
                None
            }
            RoomChange::Topic(topic) => {
                topic.clone_into(&mut self.topic);
                None
            }
            RoomChange::Join(name) => {
                if author.is_none_or(|member| !member.joined) {
                    self.members = self.members.saturating_add(1);
                }
                Some(Membership {
                    name: name.clone(),
                    joined: true,
                })
            }
            RoomChange::Leave => {
                if author.is_none_or(|member| member.joined) {
                    self.members = self.members.saturating_sub(1);
                }
                author.map(|member| Membership {
                    joined: false,
                    ..member.clone()
                })
            }
            // Only members are renamed, so an unknown author is one.
            RoomChange::RenameMember(name) => Some(Membership {
                name: name.clone(),
                joined: author.is_none_or(|member| member.joined),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    //! - members are counted once
    //! - the last name and topic count

    use super::*;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    #[test]
    fn members_are_counted_once() {
        let mut room = RoomProjection::default();
        let joined = Body::Joined { name: name("Ada") };
        let ada = room.apply(&joined, None);
        assert_eq!(room.members, 1);
        let ada = room.apply(&joined, ada.as_ref());
        assert_eq!(room.members, 1);
        let renamed = Body::MemberRenamed {
            name: name("Ada L."),
            from: None,
        };
        let ada = room.apply(&renamed, ada.as_ref());
        let ada = room.apply(&Body::Left, ada.as_ref());
        assert_eq!(room.members, 0);
        let gone = Membership {
            name: name("Ada L."),
            joined: false,
        };
        assert_eq!(ada, Some(gone));
        room.apply(&Body::Left, ada.as_ref());
        assert_eq!(room.members, 0);
    }

    #[test]
    fn the_last_name_and_topic_count() {
        let mut room = RoomProjection::default();
        room.apply(&Body::Created { name: name("Lunch") }, None);
        room.apply(&Body::RoomRenamed { name: name("Dinner") }, None);
        room.apply(&Body::Topic { text: "Soup".into() }, None);
        assert_eq!((room.name, room.topic.as_str()), (Some(name("Dinner")), "Soup"));
    }
}
