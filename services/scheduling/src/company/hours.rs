//! When the company works: its sites' hours and the days on which it is closed.

use jiff::civil::Date;
use platform::{actor::Actor, text};
use proto::common::v1::ErrorReason;
use proto::refusal::{Refusal, Violation, Words, words};

use super::{Closure, Company, CompanyEvent, Site, permit};
use crate::project::checks::{denied, is_short_line, not_found};

/// A year: what is longer is a mistake in writing.
const LONGEST_CLOSURE_DAYS: usize = 366;

impl Closure {
    /// The days, in order.
    pub fn days(&self) -> impl Iterator<Item = Date> + use<> {
        let last = self.last;
        std::iter::successors(Some(self.first), |day| day.tomorrow().ok()).take_while(move |day| *day <= last)
    }
}

impl Company {
    /// Replaces all sites with their hours. By the CRM, an operator or a decision contact.
    pub fn set_working_hours(
        &mut self,
        sites: Vec<Site>,
        actor: &Actor,
    ) -> Result<Vec<CompanyEvent>, Refusal> {
        permit::softvig_or_decision(actor)?;
        let mut violations = site_violations(&sites);
        if sites.is_empty() {
            violations.push(
                Violation::new(ErrorReason::InvalidArgument)
                    .field("sites")
                    .allowed(words("at least one site", "co najmniej jedna lokalizacja")),
            );
        }
        Refusal::unless_empty(violations)?;
        if self.sites == sites {
            return Ok(Vec::new());
        }
        self.sites = sites;
        Ok(vec![CompanyEvent::HoursChanged])
    }

    /// Closes the whole company from one day to another, both included. By a decision contact.
    pub fn enter_closure(
        &mut self,
        first: Date,
        last: Date,
        note: &str,
        today: Date,
        actor: &Actor,
    ) -> Result<Vec<CompanyEvent>, Refusal> {
        let Actor::Contact { id, .. } = actor else {
            return Err(not_decision());
        };
        permit_decision(actor)?;
        let closure = Closure { first, last, note: note.trim().to_owned(), entered_by: *id };
        let invalid = |field: &str, asked: Words, allowed: Words| {
            Violation::new(ErrorReason::InvalidArgument).field(field).asked(asked).allowed(allowed)
        };
        let mut violations = Vec::new();
        if first < today {
            violations
                .push(Violation::new(ErrorReason::DateInPast).field("first_day").asked(first).allowed(today));
        }
        if last < first {
            violations.push(invalid(
                "last_day",
                last.into(),
                words("first_day or a day after it", "first_day lub dzień po nim"),
            ));
        }
        if closure.days().nth(LONGEST_CLOSURE_DAYS).is_some() {
            violations.push(invalid("last_day", last.into(), words("at most 366 days", "najwyżej 366 dni")));
        }
        violations.extend(text::optional_note("note", note));
        Refusal::unless_empty(violations)?;
        if self.closures.contains(&closure) {
            return Ok(Vec::new());
        }
        self.closures.push(closure);
        Ok(vec![CompanyEvent::ClosureEntered { first, last }])
    }

    /// The company is open on these days after all: takes back what was entered for exactly them. By a
    /// decision contact.
    pub fn withdraw_closure(
        &mut self,
        first: Date,
        last: Date,
        actor: &Actor,
    ) -> Result<Vec<CompanyEvent>, Refusal> {
        permit_decision(actor)?;
        let before = self.closures.len();
        self.closures.retain(|closure| (closure.first, closure.last) != (first, last));
        if self.closures.len() == before {
            return Err(not_found("closure", format!("{first}/{last}")));
        }
        Ok(vec![CompanyEvent::ClosureWithdrawn { first, last }])
    }
}

/// What of the sites cannot be used; none at all is left to the caller.
pub(super) fn site_violations(sites: &[Site]) -> Vec<Violation> {
    let names = sites.iter().enumerate().map(|(i, site)| (i, site.name.trim()));
    names
        .filter(|(i, name)| {
            name.is_empty()
                || !is_short_line(name)
                || sites[..*i].iter().any(|before| before.name.trim() == *name)
        })
        .map(|(i, name)| {
            Violation::new(ErrorReason::InvalidArgument)
                .field(format!("sites[{i}].display_name"))
                .asked(name)
                .allowed(words(
                    "a name that no other site has, up to 200 characters",
                    "nazwa, której nie ma inna lokalizacja, do 200 znaków",
                ))
        })
        .collect()
}

fn permit_decision(actor: &Actor) -> Result<(), Refusal> {
    if actor.decides() { Ok(()) } else { Err(not_decision()) }
}

fn not_decision() -> Refusal {
    denied(false, words("a decision contact", "osoba decyzyjna")).expect("denied").into()
}
