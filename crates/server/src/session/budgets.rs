//! The budgets of people and addresses.

use std::net::IpAddr;

use ichat_protocol::MemberId;

use crate::Config;
use crate::net::client_address::ClientAddress;
use crate::net::rate_limiter::{Budget, RateLimiter};

/// The budgets of all people and addresses.
pub(crate) struct Budgets {
    people: RateLimiter<MemberId>,
    addresses: RateLimiter<IpAddr>,
}

impl Budgets {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            people: RateLimiter::new(config.max_rate_per_person),
            addresses: RateLimiter::new(config.max_rate_per_address),
        }
    }

    /// Returns the budget of a person. A guest has one connection.
    pub(crate) fn of_person(&self, member: &MemberId) -> Budget {
        if member.is_guest() {
            self.people.unshared_budget()
        } else {
            self.people.budget(member.clone())
        }
    }

    /// Returns the budget of the clients at an address. Those of this machine have none: see
    /// [`Config::max_connections_per_address`].
    pub(crate) fn of_address(&self, ClientAddress(address): ClientAddress) -> Budget {
        if address.is_loopback() {
            Budget::unlimited()
        } else {
            self.addresses.budget(address)
        }
    }
}
