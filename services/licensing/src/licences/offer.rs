//! The special offer of this project. How many are left is counted in [`crate::offers`].

use calendar::{day_bounds, local_day};
use jiff::{Timestamp, ToSpan as _, civil::Date};
use platform::{actor::Actor, fact::Fact};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};

use super::{Event, Licences, Phase, ReleaseReason, Reservation, checks};
use crate::catalogue::{LicenceKind, Offer};

/// An offer as it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct AskedOffer<'a> {
    pub key: &'a str,
    /// The catalogue's; nothing where it is not, or no more, in it.
    pub known: Option<&'a Offer>,
    /// Since when the company is a client.
    pub client_since: Option<Date>,
    /// What is left of the offer's quantity.
    pub left: u32,
}

impl<'a> AskedOffer<'a> {
    fn offer(&self) -> Result<&'a Offer, Refusal> {
        self.known.ok_or_else(|| {
            Violation::new(ErrorReason::NotFound).field("offer").asked(format!("offers/{}", self.key)).into()
        })
    }
}

impl Licences {
    /// Sets an offer aside until the end of the last of its days of grace; the caller sets one piece of its
    /// quantity aside in the same transaction. `client_since` is the company's, `left` what is left of the quantity.
    ///
    /// Refused with `PERMISSION_DENIED`, `PROJECT_CLOSED`, `NOT_FOUND` where it is not in the catalogue,
    /// `LICENCE_REQUIRED` before a kind is chosen, `OFFER_FOR_CLIENTS_ONLY`, and `INVALID_ARGUMENT` where it is not for
    /// the chosen kind, the variant demands no kind, or another one is set aside already.
    pub fn reserve_offer(
        &mut self,
        actor: &Actor,
        asked: &AskedOffer,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        checks::decision_or_softvig(actor)?;
        self.check_open()?;
        self.judged_at(now, asked, |licences, left, mut events| {
            if licences.has_offer(asked.key) {
                return Ok(events);
            }
            let offer = asked.offer()?;
            Refusal::unless_empty(licences.against_offer(offer, asked.client_since, left, now))?;
            let last_day = local_day(now).saturating_add(i64::from(offer.reserved_for_days).days());
            let expires_at = Some(day_bounds(last_day).end);
            let made = Fact::new(actor, None, now);
            let offer = asked.key.to_owned();
            licences.offer = Some(Reservation { offer: offer.clone(), made, expires_at, accepted: None });
            events.push(Event::OfferReserved { offer, expires_at });
            Ok(events)
        })
    }

    /// Accepts an offer, for good: one that is set aside, whatever has become of the others and of the catalogue, or
    /// one of which a piece is left.
    ///
    /// Refused as [`Licences::reserve_offer`].
    pub fn accept_offer(
        &mut self,
        actor: &Actor,
        asked: &AskedOffer,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        checks::decision(actor)?;
        self.check_open()?;
        self.judged_at(now, asked, |licences, left, mut events| {
            let kind = licences.kind();
            let made = Fact::new(actor, None, now);
            let offer = asked.key.to_owned();
            match &mut licences.offer {
                Some(held) if held.offer == offer && held.accepted.is_some() => {}
                Some(held) if held.offer == offer => {
                    Refusal::unless_empty(kind_required(kind).into_iter().collect())?;
                    held.accepted = Some(made);
                    held.expires_at = None;
                    events.push(Event::OfferAccepted { offer });
                }
                _ => {
                    let known = asked.offer()?;
                    Refusal::unless_empty(licences.against_offer(known, asked.client_since, left, now))?;
                    let accepted = Some(made.clone());
                    licences.offer =
                        Some(Reservation { offer: offer.clone(), made, expires_at: None, accepted });
                    events.push(Event::OfferReserved { offer: offer.clone(), expires_at: None });
                    events.push(Event::OfferAccepted { offer });
                }
            }
            Ok(events)
        })
    }

    /// Judges as of now: what expired is free, whether or not the timer has come to it. Changes nothing where refused.
    fn judged_at(
        &mut self,
        now: Timestamp,
        asked: &AskedOffer,
        judge: impl FnOnce(&mut Self, u32, Vec<Event>) -> Result<Vec<Event>, Refusal>,
    ) -> Result<Vec<Event>, Refusal> {
        let mut next = self.clone();
        let own = u32::from(self.has_offer(asked.key));
        let expired = next.tick(now);
        let left = asked.left + if expired.is_empty() { 0 } else { own };
        let events = judge(&mut next, left, expired)?;
        *self = next;
        Ok(events)
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
        let held = self.offer.as_ref().filter(|held| held.offer == offer.key);
        let holds =
            held.is_some_and(|held| held.expires_at.is_none_or(|at| at > now)) && self.kind().is_some();
        self.check_open().is_ok() && (holds || self.against_offer(offer, client_since, left, now).is_empty())
    }

    fn against_offer(
        &self,
        offer: &Offer,
        client_since: Option<Date>,
        left: u32,
        now: Timestamp,
    ) -> Vec<Violation> {
        let mut violations = offer_for_clients_only(offer, client_since, left, local_day(now));
        if self.variant.as_ref().is_some_and(|variant| !variant.kind_required) {
            violations.push(
                Violation::new(ErrorReason::InvalidArgument).field("offer").asked(&offer.key).allowed(words(
                    "none: the variant demands no licence kind",
                    "żadna: wariant nie wymaga rodzaju licencji",
                )),
            );
        }
        violations.extend(kind_required(self.kind()));
        match self.kind() {
            Some(kind) if !offer.kinds.contains(&kind) => violations.push(
                Violation::new(ErrorReason::InvalidArgument)
                    .field("offer")
                    .asked(words(format!("{} for {kind}", offer.key), format!("{} dla {kind}", offer.key)))
                    .allowed(join(&offer.kinds)),
            ),
            _ => {}
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

/// `LICENCE_REQUIRED` before a kind is chosen.
fn kind_required(kind: Option<LicenceKind>) -> Option<Violation> {
    kind.is_none().then(|| {
        Violation::new(ErrorReason::LicenceRequired)
            .field("offer")
            .allowed(words("once a licence kind is chosen", "gdy zostanie wybrany rodzaj licencji"))
    })
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
