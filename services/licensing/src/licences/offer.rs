//! The special offer of this project. How many are left is counted in [`crate::offers`].

use calendar::{day_bounds, local_day};
use jiff::{Timestamp, ToSpan as _, civil::Date};
use platform::{actor::Actor, fact::Fact};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};

use super::{Event, Licences, Phase, ReleaseReason, Reservation, checks};
use crate::catalogue::Offer;

impl Licences {
    /// Sets an offer aside until the end of the last of its days of grace; the caller sets one piece of its
    /// quantity aside in the same transaction. `client_since` is the company's, `left` what is left of the quantity.
    ///
    /// Refused with `PERMISSION_DENIED`, `PROJECT_CLOSED`, `LICENCE_REQUIRED` before a kind is chosen,
    /// `OFFER_FOR_CLIENTS_ONLY`, and `INVALID_ARGUMENT` where the offer is not for the chosen kind or
    /// another one is set aside already.
    pub fn reserve_offer(
        &mut self,
        actor: &Actor,
        offer: &Offer,
        client_since: Option<Date>,
        left: u32,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        checks::decision_or_softvig(actor)?;
        self.check_open()?;
        if self.has_offer(&offer.key) {
            return Ok(Vec::new());
        }
        Refusal::unless_empty(self.against_offer(offer, client_since, left, now))?;
        let last_day = local_day(now).saturating_add(i64::from(offer.reserved_for_days).days());
        let expires_at = Some(day_bounds(last_day).end);
        let made = Fact::new(actor, None, now);
        self.offer = Some(Reservation { offer: offer.key.clone(), made, expires_at, accepted: None });
        Ok(vec![Event::OfferReserved { offer: offer.key.clone(), expires_at }])
    }

    /// Accepts an offer, for good: one that is set aside, whatever has become of the others, or one of which
    /// a piece is left.
    ///
    /// Refused as [`Licences::reserve_offer`].
    pub fn accept_offer(
        &mut self,
        actor: &Actor,
        offer: &Offer,
        client_since: Option<Date>,
        left: u32,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        checks::decision(actor)?;
        self.check_open()?;
        let made = Fact::new(actor, None, now);
        let key = offer.key.clone();
        match &mut self.offer {
            Some(held) if held.offer == key && held.accepted.is_some() => Ok(Vec::new()),
            Some(held) if held.offer == key => {
                held.accepted = Some(made);
                held.expires_at = None;
                Ok(vec![Event::OfferAccepted { offer: key }])
            }
            _ => {
                Refusal::unless_empty(self.against_offer(offer, client_since, left, now))?;
                let accepted = Some(made.clone());
                self.offer = Some(Reservation { offer: key.clone(), made, expires_at: None, accepted });
                let reserved = Event::OfferReserved { offer: key.clone(), expires_at: None };
                Ok(vec![reserved, Event::OfferAccepted { offer: key }])
            }
        }
    }

    /// Takes back what nobody accepted in time; what time alone does to a project.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Event> {
        let mut events = Vec::new();
        let expires_at = self.offer.as_ref().and_then(|held| held.expires_at);
        if self.phase == Phase::Open && expires_at.is_some_and(|at| at <= now) {
            self.release(ReleaseReason::Expired, &mut events);
        }
        events
    }

    /// Gives the offer back that is set aside or accepted.
    ///
    /// Refused with `PERMISSION_DENIED`, `PROJECT_CLOSED`, `NOT_FOUND` where there is none.
    pub fn release_offer(&mut self, actor: &Actor) -> Result<Vec<Event>, Refusal> {
        checks::decision_or_softvig(actor)?;
        self.check_open()?;
        if self.offer.is_none() {
            return Err(Violation::new(ErrorReason::NotFound)
                .field("offer")
                .allowed(words(
                    "an offer that is set aside or accepted",
                    "oferta zarezerwowana albo przyjęta",
                ))
                .into());
        }
        let mut events = Vec::new();
        self.release(ReleaseReason::GivenBack, &mut events);
        Ok(events)
    }

    /// Whether the decision contact could accept this offer now.
    pub fn could_accept(&self, offer: &Offer, client_since: Option<Date>, left: u32, now: Timestamp) -> bool {
        self.check_open().is_ok() && self.against_offer(offer, client_since, left, now).is_empty()
    }

    fn against_offer(
        &self,
        offer: &Offer,
        client_since: Option<Date>,
        left: u32,
        now: Timestamp,
    ) -> Vec<Violation> {
        let mut violations = offer_for_clients_only(offer, client_since, left, local_day(now));
        match self.kind() {
            None => violations.push(
                Violation::new(ErrorReason::LicenceRequired)
                    .field("offer")
                    .allowed(words("once a licence kind is chosen", "gdy zostanie wybrany rodzaj licencji")),
            ),
            Some(kind) if !offer.kinds.contains(&kind) => violations.push(
                Violation::new(ErrorReason::InvalidArgument)
                    .field("offer")
                    .asked(words(format!("{} for {kind}", offer.key), format!("{} dla {kind}", offer.key)))
                    .allowed(join(&offer.kinds)),
            ),
            Some(_) => {}
        }
        if let Some(other) = self.offer.as_ref().filter(|reservation| reservation.offer != offer.key) {
            violations.push(
                Violation::new(ErrorReason::InvalidArgument).field("offer").asked(&offer.key).allowed(words(
                    format!("once {} is given back", other.offer),
                    format!("po zwrocie oferty {}", other.offer),
                )),
            );
        }
        violations
    }

    /// Whether this offer is set aside for the project.
    pub fn has_offer(&self, key: &str) -> bool {
        self.offer.as_ref().is_some_and(|reservation| reservation.offer == key)
    }

    /// Ends the reservation, if there is one.
    pub(super) fn release(&mut self, reason: ReleaseReason, events: &mut Vec<Event>) {
        if let Some(Reservation { offer, .. }) = self.offer.take() {
            events.push(Event::OfferReleased { offer, reason });
        }
    }
}

/// `OFFER_FOR_CLIENTS_ONLY`: no client, outside the dates, or none left.
fn offer_for_clients_only(
    offer: &Offer,
    client_since: Option<Date>,
    left: u32,
    today: Date,
) -> Vec<Violation> {
    let violation = || Violation::new(ErrorReason::OfferForClientsOnly).field("offer");
    let mut violations = Vec::new();
    let last_joining_day = match offer.client_before.map(|before| before.yesterday()) {
        Some(Ok(day)) => day.min(today),
        _ => today,
    };
    if client_since.is_none_or(|since| since > last_joining_day) {
        let asked = match client_since {
            Some(day) => words(format!("client since {day}"), format!("klient od {day}")),
            None => words("a company that is no client", "firma, która nie jest klientem"),
        };
        let allowed = words(
            format!("client since {last_joining_day} or earlier"),
            format!("klient od {last_joining_day} lub wcześniej"),
        );
        violations.push(violation().asked(asked).allowed(allowed));
    }
    if !(offer.valid_from..=offer.valid_until).contains(&today) {
        violations
            .push(violation().asked(today).allowed(format!("{}/{}", offer.valid_from, offer.valid_until)));
    }
    if left == 0 {
        let quantity = offer.quantity;
        let allowed =
            words(format!("{quantity} in all, none left"), format!("łącznie {quantity}, pula wyczerpana"));
        violations.push(violation().asked(&offer.key).allowed(allowed));
    }
    violations
}

fn join(items: &[impl ToString]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
