//! The acceptance protocol: issued, signed by both parties, or voided before both have signed.

use jiff::Timestamp;
use platform::{fact::Fact, text};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};
use serde::{Deserialize, Serialize};

use super::audits::MinorFinding;
use crate::actor::{Actor, Party};

/// How far an issue of the protocol is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProtocolState {
    /// At most one party has signed.
    Issued {
        signed: Option<(Party, Fact)>,
    },
    Signed {
        company: Fact,
        softvig: Fact,
    },
    Voided {
        signed: Option<(Party, Fact)>,
        voided: Fact,
        reason: String,
    },
}

/// One issue of the protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// From 1; a voided one is followed by the next number.
    pub number: u32,
    pub issued_at: Timestamp,
    /// Minor findings that audit 2 left open.
    pub open_minor: Vec<MinorFinding>,
    pub state: ProtocolState,
}

/// What changed; `number` is the issue's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProtocolEvent {
    Issued {
        number: u32,
        open_minor: Vec<MinorFinding>,
    },
    Signed {
        number: u32,
        party: Party,
        occurred_at: Timestamp,
    },
    /// Both have signed: the project is completed.
    Completed {
        number: u32,
    },
    Declined {
        number: u32,
        party: Party,
        reason: String,
    },
    Voided {
        number: u32,
        reason: String,
    },
}

impl ProtocolEvent {
    /// See [`ProjectEvent::name`](super::ProjectEvent::name).
    pub fn name(&self) -> &'static str {
        match self {
            Self::Issued { .. } => "protocol_issued",
            Self::Signed { .. } => "protocol_signed",
            Self::Completed { .. } => "project_completed",
            Self::Declined { .. } => "protocol_declined",
            Self::Voided { .. } => "protocol_voided",
        }
    }
}

/// The acceptance stage of one project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Protocol {
    issues: Vec<Issue>,
}

impl Protocol {
    /// In order of their numbers; at most the last is not voided.
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    /// The issue that waits for a signature.
    pub fn open(&self) -> Option<&Issue> {
        self.issues.last().filter(|i| matches!(i.state, ProtocolState::Issued { .. }))
    }

    /// Whether both have signed.
    pub fn is_signed(&self) -> bool {
        self.issues.last().is_some_and(|i| matches!(i.state, ProtocolState::Signed { .. }))
    }

    /// Issues the protocol after a good verification. While one is open or signed nothing happens.
    pub fn issue(&mut self, open_minor: &[MinorFinding], now: Timestamp) -> Vec<ProtocolEvent> {
        if self.open().is_some() || self.is_signed() {
            return Vec::new();
        }
        let number = self.issues.last().map_or(1, |last| last.number + 1);
        let open_minor = open_minor.to_vec();
        let event = ProtocolEvent::Issued { number, open_minor: open_minor.clone() };
        let state = ProtocolState::Issued { signed: None };
        self.issues.push(Issue { number, issued_at: now, open_minor, state });
        vec![event]
    }

    /// `PROTOCOL_SIGNED_BY_BOTH`: a decision contact signs for the company, or SOFTVIG signs.
    /// `number`: the issue that the signer has read.
    pub fn sign(
        &mut self,
        number: u32,
        occurred_at: Option<Timestamp>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<ProtocolEvent>, Refusal> {
        let party = signing_party(by)?;
        let signature = Fact::new(by, occurred_at, now);
        let waiting = self.waiting(number);
        let Some(issue) = self.issues.last_mut().filter(|i| i.number == number) else {
            return Err(waiting.into());
        };
        let ProtocolState::Issued { signed } = &issue.state else {
            return Err(waiting.into());
        };
        let occurred_at = signature.occurred_at;
        let mut violations = Vec::from_iter(signature.out_of_range(Some(issue.issued_at)));
        let other = match signed {
            Some((signed_by, _)) if *signed_by == party => {
                let (own, missing) = (party.words(), party.other().words());
                violations.push(
                    Violation::new(ErrorReason::ProtocolSignedByBoth)
                        .asked(words(
                            format!("a second signature for {}", own.en),
                            format!("drugi podpis za: {}", own.polish()),
                        ))
                        .allowed(words(
                            format!("the signature of {}", missing.en),
                            format!("podpis drugiej strony: {}", missing.polish()),
                        )),
                );
                None
            }
            other => other.clone(),
        };
        Refusal::unless_empty(violations)?;
        let mut events = vec![ProtocolEvent::Signed { number, party, occurred_at }];
        issue.state = match (other, party) {
            (None, _) => ProtocolState::Issued { signed: Some((party, signature)) },
            (Some((_, company)), Party::Softvig) => ProtocolState::Signed { company, softvig: signature },
            (Some((_, softvig)), Party::Company) => ProtocolState::Signed { company: signature, softvig },
        };
        if matches!(issue.state, ProtocolState::Signed { .. }) {
            events.push(ProtocolEvent::Completed { number });
        }
        Ok(events)
    }

    /// A party that may sign declines instead: void, back to verification.
    pub fn decline(
        &mut self,
        number: u32,
        reason: &str,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<ProtocolEvent>, Refusal> {
        let party = signing_party(by)?;
        self.open().filter(|issue| issue.number == number).ok_or_else(|| self.waiting(number))?;
        Refusal::unless_empty(Vec::from_iter(text::note("reason", reason)))?;
        let mut events = vec![ProtocolEvent::Declined { number, party, reason: reason.trim().to_owned() }];
        events.extend(self.void(reason, by, now));
        Ok(events)
    }

    /// The refusal of a signature under anything but the issue that waits for one.
    fn waiting(&self, asked: u32) -> Violation {
        let violation = Violation::new(ErrorReason::ProtocolSignedByBoth).field("number").asked(asked);
        match self.open() {
            Some(open) => violation.allowed(open.number),
            None => violation.allowed(words(
                "after a good verification, until both have signed",
                "po udanej weryfikacji, dopóki obie strony nie podpiszą",
            )),
        }
    }

    /// Voids the issue that waits for a signature, if there is one: a new problem was reported, or a stage
    /// reopened. What both have signed stays.
    pub fn void(&mut self, reason: &str, by: &Actor, now: Timestamp) -> Vec<ProtocolEvent> {
        let Some(issue) = self.issues.last_mut() else {
            return Vec::new();
        };
        let ProtocolState::Issued { signed } = &issue.state else {
            return Vec::new();
        };
        let reason = reason.trim().to_owned();
        let event = ProtocolEvent::Voided { number: issue.number, reason: reason.clone() };
        let voided = Fact::new(by, None, now);
        issue.state = ProtocolState::Voided { signed: signed.clone(), voided, reason };
        vec![event]
    }
}

/// Who signs on which side: a decision contact for the company, anybody at SOFTVIG for SOFTVIG.
fn signing_party(by: &Actor) -> Result<Party, Violation> {
    let party = by.party().filter(|_| by.decides() || by.is_softvig());
    party.ok_or_else(|| {
        Violation::new(ErrorReason::PermissionDenied)
            .allowed(words("a decision contact or SOFTVIG", "osoba decyzyjna albo SOFTVIG"))
    })
}

#[cfg(test)]
mod tests;
