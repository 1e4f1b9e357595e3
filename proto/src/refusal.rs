//! A refusal: which rules were broken, what was asked and what would be allowed.

use std::fmt;

use crate::common::v1::ErrorReason;

/// One broken rule or bad field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub reason: ErrorReason,
    /// Path of the request's field in the contract's snake_case, empty where no single field is at fault.
    pub field: String,
    /// What the caller asked for, as text.
    pub asked: String,
    /// What would be allowed, as text; for a date the earliest possible one (ISO 8601).
    pub allowed: String,
}

impl Violation {
    pub fn new(reason: ErrorReason) -> Self {
        Self { reason, field: String::new(), asked: String::new(), allowed: String::new() }
    }

    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = field.into();
        self
    }

    pub fn asked(mut self, asked: impl fmt::Display) -> Self {
        self.asked = asked.to_string();
        self
    }

    pub fn allowed(mut self, allowed: impl fmt::Display) -> Self {
        self.allowed = allowed.to_string();
        self
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
