//! How much one caller may ask: so many requests at once, and so many a second after that.

use std::{
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    state::keyed::HashMapStateStore,
};

use crate::{
    auth::Principal,
    error::{Error, TooMany},
};

/// Issuer and subject.
pub(crate) type Key = (String, String);

/// Callers whose buckets are full again are forgotten after so many requests.
const FORGET_EVERY: u32 = 10_000;

/// One caller's share; none of both is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub per_second: NonZeroU32,
    pub burst: NonZeroU32,
}

/// Every caller's bucket.
pub(crate) struct Rates {
    contacts: Option<Buckets>,
    softvig: Option<Buckets>,
}

struct Buckets {
    rate: Rate,
    limiter: RateLimiter<Key, HashMapStateStore<Key>, DefaultClock>,
    asked: AtomicU32,
}

impl Principal {
    /// Whose requests and streams are counted together.
    pub(crate) fn key(&self) -> Key {
        (self.issuer.clone(), self.subject.clone())
    }
}

impl Rates {
    /// None is no limit.
    pub fn new(contacts: Option<Rate>, softvig: Option<Rate>) -> Self {
        Self { contacts: contacts.map(Buckets::new), softvig: softvig.map(Buckets::new) }
    }

    /// # Errors
    /// RATE_LIMITED, with how long to wait.
    pub fn admit(&self, principal: &Principal) -> Result<(), Error> {
        let buckets = if principal.is_softvig() { &self.softvig } else { &self.contacts };
        buckets.as_ref().map_or(Ok(()), |buckets| buckets.take(&principal.key()))
    }
}

impl Buckets {
    fn new(rate: Rate) -> Self {
        let quota = Quota::per_second(rate.per_second).allow_burst(rate.burst);
        Self { rate, limiter: RateLimiter::hashmap(quota), asked: AtomicU32::new(0) }
    }

    fn take(&self, caller: &Key) -> Result<(), Error> {
        if self.asked.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.limiter.retain_recent();
        }
        // Read before the decision: afterwards the wait may be over already, and a refusal names one.
        let now = self.limiter.clock().now();
        self.limiter
            .check_key(caller)
            .map_err(|not_until| TooMany::requests(self.rate, not_until.wait_time_from(now)).into())
    }
}

#[cfg(test)]
mod tests {
    use proto::common::v1::ErrorReason;
    use tonic_types::StatusExt as _;

    use super::*;
    use crate::auth::{Role, RoleSet};

    fn caller(subject: &str, role: Role) -> Principal {
        let (company, contact) = if role.is_softvig() {
            (None, None)
        } else {
            (Some(uuid::Uuid::from_u128(1).into()), Some(uuid::Uuid::from_u128(2).into()))
        };
        let roles = RoleSet::from([role]);
        Principal { issuer: "issuer".to_owned(), subject: subject.to_owned(), roles, company, contact }
    }

    #[test]
    fn each_caller_has_a_bucket_of_its_own_and_softvig_another_size() {
        let rate = |burst| {
            let [per_second, burst] = [1, burst].map(|n| NonZeroU32::new(n).expect("not 0"));
            Some(Rate { per_second, burst })
        };
        let rates = Rates::new(rate(2), None);
        let (anna, jan) = (caller("anna", Role::Decision), caller("jan", Role::Technical));
        for _ in 0..2 {
            rates.admit(&anna).expect("within the burst");
        }
        let error = rates.admit(&anna).expect_err("the third");
        assert_eq!(error.reason(), ErrorReason::RateLimited);
        rates.admit(&jan).expect("somebody else");
        for _ in 0..100 {
            rates.admit(&caller("crm", Role::Crm)).expect("no limit");
        }
    }

    #[test]
    fn every_refusal_names_a_wait_also_when_the_next_place_is_free_at_once() {
        let [per_second, burst] = [100_000, 1].map(|n| NonZeroU32::new(n).expect("not 0"));
        let rates = Rates::new(Some(Rate { per_second, burst }), None);
        let anna = caller("anna", Role::Decision);
        let refusals = std::iter::repeat_with(|| rates.admit(&anna).err()).flatten().take(10_000);
        for refusal in refusals {
            let wait = refusal.to_status().get_details_retry_info().and_then(|info| info.retry_delay);
            assert!(wait.is_some_and(|wait| !wait.is_zero()), "{wait:?}");
        }
    }
}
