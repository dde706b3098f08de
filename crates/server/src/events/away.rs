use ichat_protocol::Away;

use crate::asker::Asker;
use crate::house::Shared;

/// Notes that one is away on this device. A person is away when all their devices are.
pub(super) fn away(house: &Shared, asker: &Asker, Away { away }: Away) {
    house.people.set_away(&asker.seat, away);
}
