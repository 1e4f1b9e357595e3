//! The questions about the needs: in order, and which of them are asked depends on the answers.

mod texts;

use std::ops::RangeInclusive;

use platform::text::Text;

use super::{Needs, OtherApplications, Variant, needs::NOTHING_OWNED, needs::Owned};
use crate::catalogue::{Catalogue, Family, Metric, WindowsPart};

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Path of the field of the contract's `Needs`.
    pub key: &'static str,
    pub text: Text,
    pub help: Text,
    pub form: Form,
    /// The present answer as text.
    pub answer: Option<String>,
    /// Whether it is asked now.
    pub asked: bool,
}

/// How a question is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    Bool,
    Number(RangeInclusive<u32>),
    /// What the contract takes, and its words.
    Choice(Vec<(String, Text)>),
}

/// The names of the contract's `OtherApplications`.
pub const NO_OTHERS: &str = "OTHER_APPLICATIONS_NO";
pub const OTHERS: &str = "OTHER_APPLICATIONS_YES";

/// All questions in their order. `variant` is none before one is chosen.
pub fn questions(catalogue: &Catalogue, needs: &Needs, variant: Option<&Variant>) -> Vec<Question> {
    let demands = Demands::of(catalogue, needs, variant);
    let question = |(key, text, help): (&'static str, Text, Text)| Question {
        key,
        text,
        help,
        form: form(catalogue, needs, key),
        answer: answer(needs, key),
        asked: demands.asks(needs, key),
    };
    texts::texts().into_iter().map(question).collect()
}

/// A question in words.
pub fn words(key: &str) -> Option<Text> {
    texts::texts().into_iter().find(|(known, _, _)| *known == key).map(|(_, question, _)| question)
}

/// Keys of the questions that are asked and have no answer.
pub fn unanswered(catalogue: &Catalogue, needs: &Needs, variant: Option<&Variant>) -> Vec<String> {
    let questions = questions(catalogue, needs, variant);
    let open = questions.into_iter().filter(|question| question.asked && question.answer.is_none());
    open.map(|question| question.key.to_owned()).collect()
}

/// What has to be licensed, as far as it decides on questions.
struct Demands {
    kind: bool,
    /// CALs of MS SQL or of Windows.
    cals: bool,
    windows_cores: bool,
    windows_cals: bool,
}

impl Demands {
    fn of(catalogue: &Catalogue, needs: &Needs, variant: Option<&Variant>) -> Self {
        let demanded = variant.map_or(&[][..], |variant| &variant.licences);
        let kind = variant.is_none_or(|variant| variant.kind_required);
        let shared = needs.other_applications == OtherApplications::Yes;
        let possible = catalogue.kinds.iter().filter(|kind| !(kind.only_autostacja && shared));
        let with_cals = possible.flat_map(|kind| &kind.metrics).any(|m| *m == Metric::ServerAndCal);
        let windows_cals = catalogue.stand_for(demanded, WindowsPart::Cals);
        Self {
            kind,
            cals: kind && with_cals || windows_cals,
            windows_cores: catalogue.stand_for(demanded, WindowsPart::Cores),
            windows_cals,
        }
    }

    fn asks(&self, needs: &Needs, key: &str) -> bool {
        let owned = &needs.existing;
        let of = |version: &Option<Owned>| matches!(version, Some(Owned::Version(_)));
        let virtual_machine = needs.virtual_machine;
        let many = |number: Option<u32>| number.is_some_and(|number| number > 0);
        let can_mix = self.cals && many(needs.all_users()) && many(needs.all_devices());
        match key {
            "virtual_machine" => self.kind || self.windows_cores,
            "cores" | "processors" => (self.kind || self.windows_cores) && virtual_machine == Some(false),
            "virtual_cores" => self.kind && virtual_machine == Some(true),
            "host_cores" | "host_processors" => self.windows_cores && virtual_machine == Some(true),
            "users" | "indirect_users" | "devices" | "indirect_devices" => self.cals,
            "mixed_cals" => can_mix,
            "mix_users" | "mix_devices" => can_mix && needs.mixed_cals == Some(true),
            "windows_version" | "existing.windows_version" => self.windows_cores || self.windows_cals,
            "existing.windows_cores" => self.windows_cores && of(&owned.windows_version),
            "existing.windows_user_cals" | "existing.windows_device_cals" => {
                self.windows_cals && of(&owned.windows_version)
            }
            "existing.sql_cores" | "existing.sql_servers" => self.kind && of(&owned.sql_version),
            "existing.sql_user_cals" | "existing.sql_device_cals" => {
                self.kind && self.cals && of(&owned.sql_version)
            }
            // Other applications, the version, memory, and whether licences of MS SQL are owned.
            _ => self.kind,
        }
    }
}

fn form(catalogue: &Catalogue, needs: &Needs, key: &str) -> Form {
    let version = |release: &crate::catalogue::Release| (release.version.clone(), release.name.clone());
    let owned = |family| {
        let none = (NOTHING_OWNED.to_owned(), texts::nothing_owned());
        let known = catalogue.releases.iter().filter(|release| release.family == family).map(version);
        Form::Choice([none].into_iter().chain(known).collect())
    };
    match key {
        "other_applications" => {
            let (no, yes) = texts::no_and_yes();
            Form::Choice(vec![(NO_OTHERS.to_owned(), no), (OTHERS.to_owned(), yes)])
        }
        "target_version" => Form::Choice(catalogue.offered(Family::SqlServer).map(version).collect()),
        "windows_version" => Form::Choice(catalogue.offered(Family::WindowsServer).map(version).collect()),
        "existing.sql_version" => owned(Family::SqlServer),
        "existing.windows_version" => owned(Family::WindowsServer),
        _ => match needs.numbers().into_iter().find(|(path, _, _)| *path == key) {
            Some((_, _, range)) => Form::Number(range),
            None => Form::Bool,
        },
    }
}

fn answer(needs: &Needs, key: &str) -> Option<String> {
    match key {
        "other_applications" => match needs.other_applications {
            OtherApplications::Unknown => None,
            OtherApplications::No => Some(NO_OTHERS.to_owned()),
            OtherApplications::Yes => Some(OTHERS.to_owned()),
        },
        "target_version" => needs.target_version.clone(),
        "windows_version" => needs.windows_version.clone(),
        "existing.sql_version" => needs.existing.sql_version.as_ref().map(|owned| owned.as_str().to_owned()),
        "existing.windows_version" => {
            needs.existing.windows_version.as_ref().map(|owned| owned.as_str().to_owned())
        }
        "virtual_machine" => needs.virtual_machine.map(|answer| answer.to_string()),
        "mixed_cals" => needs.mixed_cals.map(|answer| answer.to_string()),
        _ => {
            let numbers = needs.numbers();
            let (_, number, _) = numbers.into_iter().find(|(path, _, _)| *path == key)?;
            number.map(|number| number.to_string())
        }
    }
}
