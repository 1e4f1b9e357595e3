//! The service and the model, side by side.

use std::{collections::BTreeSet, fmt::Debug};

use jiff::Timestamp;
use platform::{Error, auth::Principal, clock};
use proptest::prelude::*;
use proto::{
    common::v1::ErrorReason,
    scheduling::v1::{self as pb, scheduling_event::Event},
};

use super::{
    coverage::Coverage,
    dates::{Dates, Kind, night},
    meant::Meant,
    process::{Process, What, Who},
    step::Step,
};
use crate::project::journey::Journey;

pub struct Both {
    pub journey: Journey,
    pub model: Process,
    /// The project as the service last answered with it.
    pub project: pb::Project,
    /// The decision contact that left last.
    pub former: Principal,
    /// Facts of other services so far, each with its service's name.
    pub heard: Vec<&'static str>,
    /// What was done, for whoever reads a failure.
    pub taken: Vec<String>,
    /// The agreed dates as `taken` names them last.
    pub shown: Dates,
}

impl Both {
    pub async fn take(&mut self, step: &Step, coverage: &mut Coverage) -> Result<(), TestCaseError> {
        match step.meant(&self.model) {
            Meant::Until(later) => self.wait_until(later).await?,
            Meant::Commands(commands) => {
                for (what, who) in commands {
                    self.carry_out(&what, who, coverage).await?;
                }
            }
        }
        Ok(())
    }

    async fn carry_out(
        &mut self,
        what: &What,
        who: Who,
        coverage: &mut Coverage,
    ) -> Result<(), TestCaseError> {
        let by = if what.is_fact() { String::new() } else { format!(" by {who:?}") };
        self.note(format!("{what:?}{by}"));
        let answered = self.ask(what, who).await;
        let expected = self.model.apply(what, who);
        coverage.asked(what, &expected);
        let answered = match answered {
            Ok(project) => {
                self.project = project;
                Ok(())
            }
            Err(refused) => Err(broken(&refused)),
        };
        same("the answer", &answered, &expected)?;
        if let Err(rules) = &expected {
            let rules: Vec<_> = rules.iter().map(|rule| rule.name()).collect();
            self.add(&format!("refused: {}", rules.join(", ")));
            return Ok(());
        }
        coverage.stands(&self.model);
        self.agree()
    }

    async fn wait_until(&mut self, later: Timestamp) -> Result<(), TestCaseError> {
        self.model.wait_until(later);
        self.note("time passes".to_owned());
        self.journey.at_time(&later.to_string()).await;
        self.project = self.journey.project().await;
        self.agree()
    }

    /// Whether both see the same state, as last answered.
    fn agree(&mut self) -> Result<(), TestCaseError> {
        let (project, model) = (&self.project, &self.model);
        let stages: Vec<_> = project.stages.iter().take(8).map(pb::StageStatus::state).collect();
        same("stages", &stages, &model.stages().to_vec())?;
        let agreed: Dates = project.dates.iter().filter_map(agreed).collect();
        same("agreed dates", &agreed, &model.agreed)?;
        let open: Vec<Dates> = project.proposals.iter().map(proposed).collect();
        let asked: Vec<Dates> = model.proposals.iter().map(|(_, dates)| dates.clone()).collect();
        same("proposals", &open, &asked)?;
        same("readiness is overdue", &project.dates[0].overdue, &model.is_overdue())?;
        same("the project is over", &project.end_time.is_some(), &model.ended)?;
        if !model.ended {
            let earliest: Dates = project.dates.iter().take(3).filter_map(earliest).collect();
            let expected = model.ground().earliest_now(&model.agreed);
            same("earliest days", &earliest, &expected)?;
        }
        if agreed != self.shown {
            let dates: Vec<_> = agreed.iter().map(|(kind, day)| format!("{kind:?} {day}")).collect();
            self.add(&format!("agreed: {}", dates.join(", ")));
            self.shown = agreed;
        }
        Ok(())
    }

    /// What the whole way left behind: the project as it is read, and which dates it withdrew and why.
    pub async fn agree_at_the_end(&mut self) -> Result<(), TestCaseError> {
        self.project = self.journey.project().await;
        self.note("read at the end".to_owned());
        self.agree()?;
        let told = self.journey.told().await.into_iter().filter_map(|(_, event)| match event {
            Event::DateWithdrawn(withdrawn) => Some(withdrawn),
            _ => None,
        });
        let told: Vec<_> = told.map(|told| (told.date.expect("a date").kind(), told.rule)).collect();
        let expected = &self.model.withdrawn;
        let alike = told.len() == expected.len()
            && told.iter().zip(expected).all(|((kind, rule), (expected, rules))| {
                let names: Vec<_> = rules.iter().map(|rule| rule.name()).collect();
                let because = if rule.is_empty() { rules.is_empty() } else { names.contains(&rule.as_str()) };
                kind.as_str_name() == name(*expected) && because
            });
        prop_assert!(alike, "withdrawn dates: the service {:?}, the model {:?}", told, expected);
        Ok(())
    }

    fn note(&mut self, what: String) {
        self.taken.push(format!("{:>3}. {} {what}", self.taken.len() + 1, local(self.model.now)));
    }

    fn add(&mut self, came: &str) {
        let last = self.taken.last_mut().expect("a step");
        last.push_str(" -> ");
        last.push_str(came);
    }
}

fn same<T: PartialEq + Debug>(what: &str, service: &T, model: &T) -> Result<(), TestCaseError> {
    prop_assert!(service == model, "{what}\n  the service: {service:?}\n  the model:   {model:?}");
    Ok(())
}

fn local(at: Timestamp) -> String {
    let day = super::dates::local_day(at);
    let hours = at.duration_since(super::dates::at_hour(day, 0)).as_hours();
    format!("{day} {hours:02}h")
}

fn broken(refused: &Error) -> BTreeSet<ErrorReason> {
    refused.violations().iter().map(|violation| violation.reason).collect()
}

pub fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Readiness => "DATE_KIND_READINESS",
        Kind::Audit1 => "DATE_KIND_AUDIT_1",
        Kind::Audit2 => "DATE_KIND_AUDIT_2",
        Kind::Migration => "DATE_KIND_MIGRATION",
    }
}

fn agreed(status: &pb::DateStatus) -> Option<(Kind, jiff::civil::Date)> {
    status.agreed.as_ref().map(day)
}

fn proposed(proposal: &pb::Proposal) -> Dates {
    proposal.dates.iter().map(day).collect()
}

fn earliest(status: &pb::DateStatus) -> Option<(Kind, jiff::civil::Date)> {
    Some((kind(status.kind()), status.earliest.parse().ok()?))
}

fn kind(kind: pb::DateKind) -> Kind {
    Kind::ALL.into_iter().find(|known| name(*known) == kind.as_str_name()).expect("a kind")
}

/// Which date, and its day.
fn day(date: &pb::StageDate) -> (Kind, jiff::civil::Date) {
    let starts_at = clock::from_wire(&date.starts_at.expect("a first instant")).expect("an instant");
    let (kind, day) = (kind(date.kind()), super::dates::local_day(starts_at));
    assert!(kind != Kind::Migration || starts_at == night(day).0, "a night that nobody proposed");
    (kind, day)
}
