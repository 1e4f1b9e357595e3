//! Verdicts, severities and states in words.

use proto::{
    audit::v1::{FindingState, Severity, Verdict},
    scheduling::v1::{Actor, Party},
};

use crate::{Language, breaks::divided};

impl Language {
    pub(crate) fn verdict(self, verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::Unspecified => "",
            Verdict::Missing => self.say("brak wartości", "no value"),
            Verdict::Waiting => self.say("nie można ocenić", "cannot be judged"),
            Verdict::Passed => self.say("spełnione", "met"),
            Verdict::FailedMinor => self.say("NIESPEŁNIONE, drobne", "NOT MET, minor"),
            Verdict::FailedBlocking => self.say("NIESPEŁNIONE, blokujące", "NOT MET, blocking"),
            Verdict::Waived => self.say("odstępstwo", "waived"),
            Verdict::NotApplicable => self.say("nie dotyczy", "not applicable"),
        }
    }

    pub(crate) fn severity(self, severity: Severity) -> &'static str {
        match severity {
            Severity::Unspecified => "",
            Severity::Minor => self.say("drobne", "minor"),
            Severity::Blocking => self.say("blokujące", "blocking"),
        }
    }

    pub(crate) fn finding(self, state: FindingState) -> &'static str {
        match state {
            FindingState::Unspecified => "",
            FindingState::Open => self.say("otwarte", "open"),
            FindingState::Answered => self.say("firma odpowiedziała", "answered by the company"),
            FindingState::Verified => self.say("poprawione, sprawdzone", "corrected and verified"),
            FindingState::Rejected => self.say("poprawka odrzucona", "correction rejected"),
        }
    }

    /// Who did something. Contacts have no names here: this service keeps no personal data.
    pub(crate) fn actor(self, actor: Option<&Actor>) -> String {
        match actor {
            None => self.say("automatycznie", "automatically").to_owned(),
            Some(actor) if actor.party() == Party::Company => {
                self.say("osoba kontaktowa firmy", "a contact of the company").to_owned()
            }
            Some(actor) => format!("{}\u{a0}(SOFTVIG)", divided(&actor.subject)),
        }
    }
}
