//! Checklists: versioned data that says what an audit asks and how an answer is judged.

pub mod diff;
mod expression;
#[cfg(test)]
mod foreign;
pub mod judge;
mod load;
mod overrides;
mod registry;
mod unit;
mod value;
pub mod view;
pub mod words;

use std::collections::BTreeSet;

pub use platform::text::Text;
use serde::{Deserialize, Serialize};

pub use self::{
    expression::{Expression, Known, Unknown},
    judge::{Bound, Expect, Judgement},
    load::LoadError,
    overrides::VariantOverride,
    registry::{DATA_CROSSES_LINK, Registry, VARIANT, WINDOW_MIN},
    value::{Form, Value},
};

/// Which of the two technical audits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum AuditKind {
    One,
    Two,
}

impl From<AuditKind> for u8 {
    fn from(kind: AuditKind) -> Self {
        match kind {
            AuditKind::One => 1,
            AuditKind::Two => 2,
        }
    }
}

impl TryFrom<u8> for AuditKind {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        match number {
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            _ => Err(format!("there is no audit {number}, only 1 and 2")),
        }
    }
}

/// What a failed item does: `Minor` becomes a finding, `Blocking` fails the audit too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Minor,
    Blocking,
}

/// A group of items under one title.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    pub key: String,
    pub title: Text,
}

/// Something that is recorded and not judged; limits of items refer to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    pub key: String,
    pub section: String,
    pub question: Text,
    pub form: Form,
    /// Holds while nothing is recorded.
    pub default: Option<Value>,
}

/// Something that is measured and judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub key: String,
    pub section: String,
    pub question: Text,
    /// How to find the answer.
    pub help: Option<Text>,
    pub form: Form,
    /// The checklist computes the value; nobody records it.
    pub computed: Option<Expression>,
    pub expect: Expect,
    pub severity: Severity,
    /// Whether SOFTVIG may waive it (NOT_WAIVABLE).
    pub waivable: bool,
    /// When it applies; nothing means always.
    pub only: Option<Expression>,
    /// Local days after the measurement during which it is fresh (EVIDENCE_STALE); the last one counts.
    pub expires_after_days: Option<u16>,
    /// A value without a note or a reference to evidence is refused.
    pub note_required: bool,
    /// Where question and limit come from.
    pub source: String,
}

/// What the items `fix.{finding}` of audit 2 look like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixTemplate {
    pub section: String,
    /// `{question}` stands for the question that the finding came from.
    pub question: Text,
    pub source: String,
}

/// One version of one audit's checklist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checklist {
    pub audit: AuditKind,
    pub version: String,
    pub title: Text,
    pub sections: Vec<Section>,
    pub facts: Vec<Fact>,
    pub items: Vec<Item>,
    /// Only in audit 2.
    pub fix: Option<FixTemplate>,
}

impl Checklist {
    /// The same checklist without the items of which it is known that they do not apply.
    pub fn applying(&self, known: Known) -> Self {
        let mut list = self.clone();
        list.items.retain(|item| item.applies(known) != Ok(false));
        list
    }

    pub fn item(&self, key: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.key == key)
    }

    pub fn fact(&self, key: &str) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.key == key)
    }

    /// The form of whatever may be recorded under `key`; nothing for unknown and computed keys.
    pub fn recordable(&self, key: &str) -> Option<&Form> {
        match (self.item(key), self.fact(key)) {
            (Some(item), _) if item.computed.is_none() => Some(&item.form),
            (None, Some(fact)) => Some(&fact.form),
            _ => None,
        }
    }

    /// The keys of all facts and items, in the checklist's order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let items = self.items.iter().map(|item| item.key.as_str());
        self.facts.iter().map(|fact| fact.key.as_str()).chain(items)
    }
}

impl Item {
    /// Whether it applies, or what is needed to know it.
    pub fn applies(&self, known: Known) -> Result<bool, Unknown> {
        let Some(only) = &self.only else { return Ok(true) };
        Ok(only.evaluate(known)? == Value::Bool(true))
    }

    /// `NOT_WAIVABLE`, whatever the checklist says: link acceptance, the installed instance, the licence.
    pub fn is_never_waivable(&self) -> bool {
        let key = self.key.as_str();
        self.section == "link"
            || key.starts_with("link.")
            || ["inst.installed", "lic.assigned"].contains(&key)
    }

    /// Keys that a computed value is worked out from.
    pub fn inputs(&self) -> BTreeSet<String> {
        self.computed.as_ref().and_then(|computed| computed.references().ok()).unwrap_or_default()
    }
}
