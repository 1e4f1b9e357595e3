//! One step of a random walk. What depends on the state is filled in when its turn comes.

use proptest::prelude::*;
use proto::common::v1::ErrorReason as Rule;

use super::{
    dates::Kind,
    process::{What, Who},
};

#[derive(Clone, Copy, Debug)]
pub enum By {
    /// One of those who may.
    Permitted(usize),
    Anybody(Who),
}

#[derive(Clone, Debug)]
pub enum Step {
    /// What the model says would bring the process on.
    Next,
    /// The same, and it goes wrong where it can.
    Setback,
    /// Something that the model says is allowed.
    Possible(usize),
    Wait {
        hours: i64,
    },
    Do(What, By),
    Contract {
        days_ago: i64,
        by: By,
    },
    /// Of each of the four dates that is meant, by how many days it lies behind the earliest.
    Propose {
        behind: [Option<i64>; 4],
        by: By,
    },
    /// Another set instead of an open proposal, where there is one.
    Counter {
        behind: [Option<i64>; 4],
        by: By,
    },
    /// Permits a day so many days before the earliest.
    Override {
        kind: Kind,
        rule: Rule,
        ahead: i64,
        by: By,
    },
    /// Permits a day long before the earliest, agrees on it and tries to begin: no override opens a gate.
    Early {
        kind: Kind,
        days: i64,
    },
    CorrectReadiness {
        hours_ago: i64,
        by: By,
    },
}

pub fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        44 => Just(Step::Next),
        10 => Just(Step::Setback),
        14 => (0..1000_usize).prop_map(Step::Possible),
        5 => prop_oneof![3 => 1..72_i64, 1 => 72..800_i64].prop_map(|hours| Step::Wait { hours }),
        2 => (-1..20_i64, by()).prop_map(|(days_ago, by)| Step::Contract { days_ago, by }),
        8 => (behind(), by()).prop_map(|(behind, by)| Step::Propose { behind, by }),
        2 => (behind(), by()).prop_map(|(behind, by)| Step::Counter { behind, by }),
        4 => permitted(),
        2 => (kind(), 0..3_i64).prop_map(|(kind, days)| Step::Early { kind, days }),
        2 => (0..40_i64, by()).prop_map(|(hours_ago, by)| Step::CorrectReadiness { hours_ago, by }),
        8 => fact().prop_map(|what| Step::Do(what, By::Anybody(Who::Crm))),
        16 => (prop::sample::select(What::without_days()), by()).prop_map(|(what, by)| Step::Do(what, by)),
    ]
}

fn by() -> impl Strategy<Value = By> {
    prop_oneof![
        3 => (0..12_usize).prop_map(By::Permitted),
        1 => prop::sample::select(Who::ALL.to_vec()).prop_map(By::Anybody),
    ]
}

/// Just where the buffers end.
fn behind() -> impl Strategy<Value = [Option<i64>; 4]> {
    prop::array::uniform4(prop::option::of(-2..6_i64))
}

/// Half of them permit the rule that most likely stands against the day.
fn permitted() -> impl Strategy<Value = Step> {
    let rules = [
        Rule::ReadinessBuffer,
        Rule::Audit1Buffer,
        Rule::Audit2Buffer,
        Rule::MigrationBuffer,
        Rule::RepeatBuffer,
        Rule::AuditOnBusinessDay,
        Rule::OutsideWorkingHours,
    ];
    let rule = prop::option::of(prop::sample::select(rules.to_vec()));
    (kind(), rule, -3..3_i64, by()).prop_map(|(kind, rule, ahead, by)| {
        let rule = rule.unwrap_or(kind.buffer());
        Step::Override { kind, rule, ahead, by }
    })
}

fn kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(Kind::ALL.to_vec())
}

fn fact() -> impl Strategy<Value = What> {
    prop_oneof![
        2 => any::<bool>().prop_map(What::LicencesInPlace),
        4 => any::<bool>().prop_map(What::Conclude),
        2 => Just(What::LateResult),
        2 => (0..6_i64).prop_map(What::Measured),
        2 => any::<bool>().prop_map(What::Unreachable),
        1 => Just(What::Replaced),
        2 => any::<bool>().prop_map(What::OpenLate),
    ]
}
