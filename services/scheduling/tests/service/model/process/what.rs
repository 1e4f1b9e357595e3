//! Who acts, what they ask for and what happens.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Crm,
    Operator,
    Auditor,
    Technical,
    Decision,
    /// Was the decision contact until a successor took over.
    Former,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    Company,
    Softvig,
}

impl Who {
    pub const ALL: [Self; 6] =
        [Self::Crm, Self::Operator, Self::Auditor, Self::Technical, Self::Decision, Self::Former];

    pub fn party(self) -> Party {
        match self {
            Self::Crm | Self::Operator | Self::Auditor => Party::Softvig,
            Self::Technical | Self::Decision | Self::Former => Party::Company,
        }
    }
}

/// The conditions of readiness, with the variant that demands it where not all do.
pub const CONDITIONS: [(Option<Variant>, &str); 7] = [
    (None, "it_environment"),
    (None, "server_prepared"),
    (Some(Variant::NewServer), "purchase.server_hardware"),
    (Some(Variant::NewServer), "purchase.backup_storage"),
    (Some(Variant::SameServer), "purchase.disk_space"),
    (Some(Variant::Hosted), "purchase.hosting_contract"),
    (Some(Variant::Hosted), "purchase.vpn_router"),
];

/// What an answer to a problem opens again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reopen {
    Nothing,
    Brand(usize),
    Migration,
}

/// A command, or a fact that nobody can refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Licensing: whether all licences of the chosen variant are in place.
    LicencesInPlace(bool),
    /// The audit service's result for the open attempt.
    Conclude(bool),
    /// The audit service's pass for an attempt that was voided.
    LateResult,
    /// The audit service: what was measured expires after so many days.
    Measured(i64),
    /// No mail comes to the decision contact's address; or SOFTVIG says that it does again.
    Unreachable(bool),
    /// The decision contact leaves and a successor takes over.
    Replaced,
    /// The company opens until 20:00 on weekdays, or until 17:00 again.
    OpenLate(bool),

    Contract(Date),
    AskHelp,
    Recommend(Variant),
    Choose(Variant),
    Propose(Dates),
    /// Another set instead of the oldest proposal.
    Counter(Dates),
    Accept,
    Decline,
    Withdraw(Kind),
    Override(Exception),
    /// One of [`CONDITIONS`].
    Confirm(usize),
    Retract(usize),
    Declare,
    CorrectReadiness(Timestamp),
    WithdrawReadiness,
    StartAudit(Kind),
    VoidAudit(Kind),
    Stop,
    RetractStop,
    StartRun,
    Restored,
    Finish,
    RollBack,
    /// One of the two brands.
    Integrate(usize),
    AskDrop(usize),
    AnswerDrop(usize, bool),
    Works,
    Problem,
    /// To the oldest problem.
    Answer(Reopen),
    Sign,
    DeclineProtocol,
    Cancel,
}

use What::*;

impl What {
    /// Every command that names no day.
    pub fn without_days() -> Vec<Self> {
        let audits = [Kind::Audit1, Kind::Audit2];
        let mut all = vec![AskHelp, Accept, Decline, Declare, WithdrawReadiness, Stop, RetractStop, StartRun];
        all.extend([Restored, Finish, RollBack, Works, Problem, Sign, DeclineProtocol, Cancel]);
        all.extend(Variant::ALL.into_iter().flat_map(|variant| [Recommend(variant), Choose(variant)]));
        all.extend(Kind::ALL.map(Withdraw));
        all.extend((0..CONDITIONS.len()).flat_map(|which| [Confirm(which), Retract(which)]));
        all.extend(audits.into_iter().flat_map(|audit| [StartAudit(audit), VoidAudit(audit)]));
        all.extend([Answer(Reopen::Nothing), Answer(Reopen::Migration)]);
        all.extend((0..2).flat_map(|brand| {
            let answers = [AnswerDrop(brand, true), AnswerDrop(brand, false)];
            [Integrate(brand), AskDrop(brand), Answer(Reopen::Brand(brand))].into_iter().chain(answers)
        }));
        all
    }

    /// What only happens and is never refused.
    pub fn is_fact(&self) -> bool {
        matches!(
            self,
            LicencesInPlace(_)
                | Conclude(_)
                | LateResult
                | Measured(_)
                | Unreachable(_)
                | Replaced
                | OpenLate(_)
        )
    }

    /// Who may, as the domain says it; anybody lets a fact happen.
    pub fn may(&self) -> &'static [Who] {
        use Who::*;
        match self {
            LicencesInPlace(_) | Conclude(_) | LateResult | Measured(_) | Unreachable(_) | Replaced
            | OpenLate(_) => &Who::ALL,
            Contract(_) => &[Crm],
            Override(_) => &[Operator],
            AskHelp | Works | AnswerDrop(..) => &[Decision],
            // SOFTVIG after the declaration, see `judge`.
            Choose(_) => &[Decision, Crm, Operator],
            Propose(_) | Counter(_) => &[Crm, Operator, Technical, Decision],
            Accept | Decline | Withdraw(_) | Sign | DeclineProtocol => &[Crm, Operator, Decision],
            Confirm(_) | Retract(_) | Declare | Problem => &[Technical, Decision],
            Recommend(_) | CorrectReadiness(_) | WithdrawReadiness | StartRun | Restored | Finish
            | RollBack | Integrate(_) | AskDrop(_) | Answer(_) | Cancel => &[Crm, Operator],
            StartAudit(_) | VoidAudit(_) => &[Crm, Operator, Auditor],
            Stop | RetractStop => &[Crm, Operator, Technical],
        }
    }

    /// Its name alone.
    pub fn name(&self) -> String {
        let text = format!("{self:?}");
        text.chars().take_while(char::is_ascii_alphanumeric).collect()
    }
}
