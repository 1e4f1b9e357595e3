//! What is ordered: on its way, and still missing.

use jiff::{Timestamp, civil::Date};
use platform::{actor::Actor, fact::Fact, files::FileInfo, text};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};

use super::{DemandState, Event, Licences, Order, OrderState, Withdrawal, checks, proofs::LONGEST_NUMBER};
use crate::catalogue::Catalogue;

/// Longest name of a supplier, in characters.
const LONGEST_SUPPLIER: usize = 200;

/// What is recorded of an order.
#[derive(Clone, Debug)]
pub struct NewOrder {
    pub number: String,
    pub supplier: String,
    pub expected_on: Option<Date>,
    pub occurred_at: Option<Timestamp>,
    /// What shows it.
    pub files: Vec<FileInfo>,
}

impl Licences {
    /// Records that a licence that the variant demands is ordered. A second order of the same licence is a
    /// correction: the later counts, both are kept. Nothing is in place by it.
    ///
    /// Refused with `PERMISSION_DENIED`, `PROJECT_CLOSED`, `VARIANT_REQUIRED`, `OCCURRED_AT_INVALID`,
    /// `LICENCE_REQUIRED` where the licence depends on a kind that is not chosen, and `INVALID_ARGUMENT`,
    /// also where it is in place already.
    pub fn order_licence(
        &mut self,
        catalogue: &Catalogue,
        actor: &Actor,
        demand: &str,
        order: NewOrder,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        checks::contact_or_softvig(actor)?;
        self.check_open()?;
        let NewOrder { number, supplier, expected_on, occurred_at, files } = order;
        let recorded = Fact::new(actor, occurred_at, now);
        let mut violations = self.against_recording(catalogue, demand);
        if violations.is_empty() && self.demand_state(catalogue, demand) == DemandState::InPlace {
            violations.push(checks::wrong_demand(
                demand,
                "a licence that is not in place",
                "licencja, która nie została jeszcze potwierdzona",
            ));
        }
        violations.extend(recorded.out_of_range(Some(self.opened_at)));
        violations.extend(text::line("number", &number, 1..=LONGEST_NUMBER));
        violations.extend(text::line("supplier", &supplier, 1..=LONGEST_SUPPLIER));
        violations.extend(expected_on.and_then(|day| before_the_order(day, recorded.local_day())));
        Refusal::unless_empty(violations)?;
        let kind = self.bound_to(catalogue, demand);
        let event = Event::LicenceOrdered {
            demand: demand.to_owned(),
            number: number.trim().to_owned(),
            supplier: supplier.trim().to_owned(),
            expected_on,
            files: files.iter().map(|file| file.id).collect(),
            occurred_at: recorded.occurred_at,
        };
        self.orders.push(Order {
            demand: demand.to_owned(),
            kind,
            number: number.trim().to_owned(),
            supplier: supplier.trim().to_owned(),
            expected_on,
            recorded,
            files,
            state: OrderState::Open,
        });
        Ok(vec![event])
    }

    /// Cancels the order that counts for a licence.
    ///
    /// Refused with `PERMISSION_DENIED`, `PROJECT_CLOSED`, `VARIANT_REQUIRED`, `OCCURRED_AT_INVALID`,
    /// `INVALID_ARGUMENT` where no order is open.
    pub fn cancel_order(
        &mut self,
        catalogue: &Catalogue,
        actor: &Actor,
        demand: &str,
        reason: String,
        occurred_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        checks::contact_or_softvig(actor)?;
        self.check_open()?;
        let made = Fact::new(actor, occurred_at, now);
        let mut violations = self.against_demand(demand);
        let open = self.open_order(catalogue, demand);
        match open {
            Some(i) => violations.extend(made.out_of_range(Some(self.orders[i].recorded.occurred_at))),
            None if violations.is_empty() => violations.push(checks::wrong_demand(
                demand,
                "a licence that is ordered, of the kind that is chosen",
                "zamówiona licencja wybranego rodzaju",
            )),
            None => {}
        }
        violations.extend(text::note("reason", &reason));
        Refusal::unless_empty(violations)?;
        let order = &mut self.orders[open.expect("judged above")];
        let (number, occurred_at) = (order.number.clone(), made.occurred_at);
        order.state = OrderState::Cancelled(Withdrawal { reason: reason.clone(), made });
        Ok(vec![Event::LicenceOrderCancelled { demand: demand.to_owned(), number, reason, occurred_at }])
    }

    /// The order that waits for its delivery.
    pub(super) fn open_order(&self, catalogue: &Catalogue, demand: &str) -> Option<usize> {
        self.order_index(catalogue, demand).filter(|i| self.orders[*i].state == OrderState::Open)
    }
}

fn before_the_order(expected_on: Date, ordered_on: Date) -> Option<Violation> {
    (expected_on < ordered_on).then(|| {
        Violation::new(ErrorReason::InvalidArgument).field("expected_on").asked(expected_on).allowed(words(
            format!("{ordered_on}, the day of the order, or later"),
            format!("{ordered_on}, dzień zamówienia, lub później"),
        ))
    })
}
