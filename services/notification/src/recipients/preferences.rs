use std::collections::BTreeSet;

use jiff::Timestamp;
use proto::{
    common::v1::ErrorReason,
    notification::v1 as pb,
    refusal::{Refusal, Violation, Words, words},
};
use serde::{Deserialize, Serialize};

use super::Language;
use crate::kind::Kind;

/// What a contact wants to be told, and how; by default everything, in the language of its card.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// Instead of the card's.
    pub language: Option<Language>,
    /// Nothing of these is written; a kind that is not optional is all the same.
    pub muted: BTreeSet<Kind>,
    /// The last change; none before the first.
    pub changed_at: Option<Timestamp>,
}

impl Preferences {
    /// What a request asks for, from `now` on. Refused with all that is unknown or cannot be muted.
    pub fn read(asked: &pb::ContactPreferences, now: Timestamp) -> Result<Self, Refusal> {
        let mut violations = Vec::new();
        if pb::Channel::try_from(asked.channel).is_err() {
            violations.push(invalid("channel", asked.channel, "CHANNEL_EMAIL"));
        }
        let language = Language::ALL.into_iter().find(|language| language.key() == asked.language);
        if language.is_none() && !asked.language.is_empty() {
            let allowed =
                words("pl, en, or empty for the card's language", "pl, en albo puste: język z karty");
            violations.push(invalid("language", &asked.language, allowed));
        }
        let mut muted = BTreeSet::new();
        for (i, topic) in asked.muted_topics.iter().enumerate() {
            match mutable(topic) {
                Ok(kind) => _ = muted.insert(kind),
                Err(asked) => violations.push(invalid(format!("muted_topics[{i}]"), asked, names())),
            }
        }
        Refusal::unless_empty(violations)?;
        Ok(Self { language, muted, changed_at: Some(now) })
    }

    /// Whether both ask for the same.
    pub fn agrees_with(&self, other: &Self) -> bool {
        (self.language, &self.muted) == (other.language, &other.muted)
    }
}

/// The kind that a topic names, or what is asked that cannot be.
fn mutable(topic: &str) -> Result<Kind, Words> {
    match Kind::from_name(topic) {
        Some(kind) if kind.is_optional() => Ok(kind),
        Some(_) => Err(words(
            format!("{topic}, which is always told"),
            format!("{topic}, o czym informujemy zawsze"),
        )),
        None => Err(topic.into()),
    }
}

fn names() -> String {
    Kind::optional().map(Kind::name).collect::<Vec<_>>().join(", ")
}

fn invalid(field: impl Into<String>, asked: impl Into<Words>, allowed: impl Into<Words>) -> Violation {
    let field = format!("preferences.{}", field.into());
    Violation::new(ErrorReason::InvalidArgument).field(field).asked(asked).allowed(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::now;

    fn asked(language: &str, topics: &[&str]) -> pb::ContactPreferences {
        pb::ContactPreferences {
            language: language.into(),
            muted_topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
            ..Default::default()
        }
    }

    #[test]
    fn a_topic_that_is_asked_for_twice_is_muted_once() {
        let read = Preferences::read(&asked("en", &["reminder", "stage_unlocked", "reminder"]), now());
        let read = read.expect("optional");
        assert_eq!(read.muted, BTreeSet::from([Kind::Reminder, Kind::StageUnlocked]));
        assert_eq!(read.language, Some(Language::En));
    }

    #[test]
    fn everything_that_is_unknown_or_always_told_is_named_with_what_is_allowed() {
        let asked =
            pb::ContactPreferences { channel: 7, ..asked("de", &["reminder", "date_agreed", "pogoda"]) };
        let refusal = Preferences::read(&asked, now()).expect_err("all but one");
        let said: Vec<_> = refusal
            .violations()
            .iter()
            .map(|v| (v.field.as_str(), v.asked.as_str(), v.allowed.as_str()))
            .collect();
        let topics = "reminder, variant_help_asked, variant_chosen, licence_chosen, finding_answered, stage_unlocked, \
                      integration_restored, contact_replaced, question_asked";
        assert_eq!(
            said,
            [
                ("preferences.channel", "7", "CHANNEL_EMAIL"),
                ("preferences.language", "de", "pl, en, or empty for the card's language"),
                ("preferences.muted_topics[1]", "date_agreed, which is always told", topics),
                ("preferences.muted_topics[2]", "pogoda", topics),
            ]
        );
        assert!(refusal.violations().iter().all(|v| v.untranslated().is_none()));
    }
}
