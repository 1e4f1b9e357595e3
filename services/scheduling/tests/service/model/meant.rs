//! What a step means in the state in which its turn comes.

use jiff::{SignedDuration, Timestamp};

use super::{
    dates::{Dates, Kind, plus},
    process::{Process, What, Who},
    step::{By, Step},
};

pub enum Meant {
    /// Time passes until then.
    Until(Timestamp),
    /// One command after the other.
    Commands(Vec<(What, Who)>),
}

impl Step {
    pub fn meant(&self, model: &Process) -> Meant {
        let (what, by) = match self {
            Self::Next | Self::Setback | Self::Possible(_) if model.ended => {
                return Meant::Commands(Vec::new());
            }
            Self::Next => {
                return match model.next() {
                    Ok(next) => Meant::Commands(vec![next]),
                    Err(later) => Meant::Until(later),
                };
            }
            Self::Setback => return Meant::Commands(model.setback()),
            Self::Possible(which) => {
                return Meant::Commands(model.possible(*which).into_iter().collect());
            }
            Self::Early { kind, days } => return Meant::Commands(early(*kind, plus(model.today(), *days))),
            Self::Wait { hours } => return Meant::Until(model.now + SignedDuration::from_hours(*hours)),
            Self::Do(what, by) => (what.clone(), by),
            Self::Contract { days_ago, by } => (What::Contract(plus(model.today(), -days_ago)), by),
            Self::Counter { behind, by } if !model.proposals.is_empty() => {
                (What::Counter(dates(model, behind)), by)
            }
            Self::Propose { behind, by } | Self::Counter { behind, by } => {
                (What::Propose(dates(model, behind)), by)
            }
            Self::Override { kind, rule, ahead, by } => {
                let earliest = model.ground().earliest_days(&model.agreed);
                (What::Override((*kind, plus(earliest[kind], -ahead), *rule)), by)
            }
            Self::CorrectReadiness { hours_ago, by } => {
                (What::CorrectReadiness(model.now - SignedDuration::from_hours(*hours_ago)), by)
            }
        };
        let sayable = match &what {
            What::Propose(dates) | What::Counter(dates) => !dates.is_empty(),
            What::Conclude(_) => model.audit_is_open(),
            What::LateResult => model.has_voided,
            What::LicencesInPlace(_) => model.can_need_licences(),
            _ => true,
        };
        let may = what.may();
        let who = match by {
            By::Anybody(who) => *who,
            By::Permitted(n) => may[n % may.len()],
        };
        Meant::Commands(if sayable { vec![(what, who)] } else { Vec::new() })
    }
}

fn dates(model: &Process, behind: &[Option<i64>; 4]) -> Dates {
    let earliest = model.ground().earliest_days(&model.agreed);
    let dates = Kind::ALL.into_iter().zip(behind);
    dates.filter_map(|(kind, behind)| Some((kind, plus(earliest[&kind], (*behind)?)))).collect()
}

fn early(kind: Kind, day: jiff::civil::Date) -> Vec<(What, Who)> {
    let begin = match kind {
        Kind::Readiness => (What::Declare, Who::Decision),
        Kind::Audit1 | Kind::Audit2 => (What::StartAudit(kind), Who::Auditor),
        Kind::Migration => (What::StartRun, Who::Operator),
    };
    vec![
        (What::Override((kind, day, kind.buffer())), Who::Operator),
        (What::Propose([(kind, day)].into()), Who::Crm),
        (What::Accept, Who::Decision),
        begin,
    ]
}
