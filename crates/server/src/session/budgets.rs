//! The budgets of people and addresses.

use std::net::IpAddr;

use ichat_protocol::MemberId;

use crate::Config;
use crate::metrics::BudgetReadings;
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

    pub(crate) fn people_readings(&self) -> BudgetReadings {
        self.people.readings()
    }

    pub(crate) fn address_readings(&self) -> BudgetReadings {
        self.addresses.readings()
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

#[cfg(test)]
mod tests {
    //! - the programs of this machine have no budget together, and the clients that its proxies don't name have one

    use std::net::Ipv4Addr;

    use super::*;
    use crate::net::client_address::UNKNOWN_CLIENT;

    #[tokio::test(start_paused = true)]
    async fn the_clients_that_proxies_do_not_name_share_a_budget() {
        let budgets = Budgets::new(&Config::default());
        let of = |address| budgets.of_address(ClientAddress::of(address));
        assert_eq!(of(Ipv4Addr::LOCALHOST.into()).try_take(u32::MAX), Ok(()));
        assert_eq!(of(Ipv4Addr::LOCALHOST.into()).try_take(1), Ok(()));
        assert_eq!(of(UNKNOWN_CLIENT).try_take(u32::MAX), Ok(()));
        assert!(of(UNKNOWN_CLIENT).try_take(1).is_err());
    }
}
