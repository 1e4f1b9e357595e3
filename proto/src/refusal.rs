//! A refusal: which rules were broken, what was asked and what would be allowed.

use std::fmt;

use crate::common::v1::ErrorReason;

/// What a person reads of an asked or allowed thing: a value, the same in every language, or prose in
/// both. Anything that is displayed becomes a value; see [`words`] for prose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    pub en: String,
    /// None where the English text is a value: a date, a number, a name, an id.
    pub pl: Option<Box<str>>,
}

/// Prose in English and in Polish.
pub fn words(en: impl Into<String>, pl: impl Into<String>) -> Words {
    Words { en: en.into(), pl: Some(pl.into().into()) }
}

impl Words {
    /// In Polish; a value as it is.
    pub fn polish(&self) -> &str {
        self.pl.as_deref().unwrap_or(&self.en)
    }
}

impl<T: fmt::Display> From<T> for Words {
    fn from(value: T) -> Self {
        Self { en: value.to_string(), pl: None }
    }
}

/// One broken rule or bad field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub reason: ErrorReason,
    /// Path of the request's field in the contract's snake_case, empty where no single field is at fault.
    pub field: String,
    /// What the caller asked for, as text.
    pub asked: String,
    /// The same in Polish; None for a value.
    pub asked_pl: Option<Box<str>>,
    /// What would be allowed, as text; for a date the earliest possible one (ISO 8601).
    pub allowed: String,
    /// The same in Polish; None for a value.
    pub allowed_pl: Option<Box<str>>,
}

impl Violation {
    pub fn new(reason: ErrorReason) -> Self {
        Self {
            reason,
            field: String::new(),
            asked: String::new(),
            asked_pl: None,
            allowed: String::new(),
            allowed_pl: None,
        }
    }

    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = field.into();
        self
    }

    pub fn asked(mut self, asked: impl Into<Words>) -> Self {
        Words { en: self.asked, pl: self.asked_pl } = asked.into();
        self
    }

    pub fn allowed(mut self, allowed: impl Into<Words>) -> Self {
        Words { en: self.allowed, pl: self.allowed_pl } = allowed.into();
        self
    }

    /// What would be allowed, where it is prose without a Polish text: a phrase of several words that
    /// is no list of keys. The test harness fails on it: it would be English amid a Polish sentence.
    pub fn untranslated(&self) -> Option<&str> {
        let phrase = |part: &str| part.trim().contains(' ') && part.contains(char::is_alphabetic);
        let prose = self.allowed == "none" || self.allowed.split(',').any(phrase);
        (prose && self.allowed_pl.is_none()).then_some(&self.allowed)
    }
}

/// A command that was judged and not carried out. Never empty; the first violation is the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(Vec<Violation>);

impl Refusal {
    /// Refuses if there is anything to refuse; violations are put in the order of the domain's page.
    pub fn unless_empty(mut violations: Vec<Violation>) -> Result<(), Self> {
        if violations.is_empty() {
            return Ok(());
        }
        violations.sort_by_key(|v| v.reason as i32);
        Err(Self(violations))
    }

    /// Names the fields as parts of a field: what a model calls `email` is `contact.email` in a request.
    #[must_use]
    pub fn within(mut self, part: &str) -> Self {
        for violation in self.0.iter_mut().filter(|violation| !violation.field.is_empty()) {
            violation.field = format!("{part}.{}", violation.field);
        }
        self
    }

    /// Names fields as the request does; `None` keeps a field's name.
    #[must_use]
    pub fn rename(mut self, name: impl Fn(&str) -> Option<String>) -> Self {
        for violation in &mut self.0 {
            if let Some(name) = name(&violation.field) {
                violation.field = name;
            }
        }
        self
    }

    pub fn reason(&self) -> ErrorReason {
        self.0[0].reason
    }

    pub fn violations(&self) -> &[Violation] {
        &self.0
    }
}

impl From<Violation> for Refusal {
    fn from(violation: Violation) -> Self {
        Self(vec![violation])
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, v) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{}", v.reason.name())?;
            if !v.field.is_empty() {
                write!(f, " ({})", v.field)?;
            }
            if !v.asked.is_empty() {
                write!(f, ", asked: {}", v.asked)?;
            }
            if !v.allowed.is_empty() {
                write!(f, ", allowed: {}", v.allowed)?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_needs_polish_and_values_do_not() {
        let allowed = |allowed: Words| Violation::new(ErrorReason::DateInvalid).allowed(allowed);
        for value in ["", "2027-01-15", "crm, operator", "2026-11-20T11:00/2026-11-20T13:00"] {
            assert_eq!(allowed(value.into()).untranslated(), None, "{value}");
        }
        for prose in ["a day that exists", "64 bytes", "crm, or an auditor", "none"] {
            assert_eq!(allowed(prose.into()).untranslated(), Some(prose));
            assert_eq!(allowed(words(prose, "po polsku")).untranslated(), None, "{prose}");
        }
    }
}
