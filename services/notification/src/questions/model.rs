use jiff::Timestamp;
use platform::{
    documents::Document,
    id::{CompanyId, ContactId, ProjectId},
    text,
};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, Words, words},
};
use serde::{Deserialize, Serialize};

platform::id! {
    /// A question.
    pub QuestionId
}

/// Longest subject and longest text, in characters.
const SUBJECT: usize = 200;
const TEXT: usize = 4000;

/// A contact's question with SOFTVIG's answers. It is open as long as it has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub id: QuestionId,
    pub company: CompanyId,
    pub project: Option<ProjectId>,
    pub asker: ContactId,
    /// Who gets the answer: the asker, or after a replacement the successor.
    pub answer_to: ContactId,
    pub subject: String,
    pub text: String,
    pub asked_at: Timestamp,
    /// In their order; a further one corrects or adds to those before.
    pub answers: Vec<Answer>,
}

/// SOFTVIG's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub text: String,
    /// Subject of the token.
    pub by: String,
    pub at: Timestamp,
}

impl Question {
    /// Asks. Refused when subject or text is empty or too long, or the subject has a line break.
    pub fn ask(
        id: QuestionId,
        company: CompanyId,
        project: Option<ProjectId>,
        asker: ContactId,
        subject: &str,
        text: &str,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let mut violations = Vec::new();
        let (subject, text) = (subject.trim(), text.trim());
        violations.extend(text::length("subject", subject, 1..=SUBJECT));
        if subject.chars().any(char::is_control) {
            violations.push(invalid(
                "subject",
                words("a line break", "podział wiersza"),
                words("one line", "jeden wiersz"),
            ));
        }
        violations.extend(text::length("text", text, 1..=TEXT));
        Refusal::unless_empty(violations)?;
        Ok(Self {
            id,
            company,
            project,
            asker,
            answer_to: asker,
            subject: subject.into(),
            text: text.into(),
            asked_at: now,
            answers: Vec::new(),
        })
    }

    /// Answers, or adds to earlier answers. Refused when the text is empty or too long.
    pub fn answer(&mut self, text: &str, by: &str, now: Timestamp) -> Result<(), Refusal> {
        let mut violations = Vec::new();
        let text = text.trim();
        violations.extend(text::length("text", text, 1..=TEXT));
        Refusal::unless_empty(violations)?;
        self.answers.push(Answer { text: text.into(), by: by.into(), at: now });
        Ok(())
    }

    /// The contact was replaced: an open question passes to the successor. Whether it did.
    pub fn pass_on(&mut self, from: ContactId, successor: ContactId) -> bool {
        let passes = self.is_open() && self.answer_to == from;
        if passes {
            self.answer_to = successor;
        }
        passes
    }

    /// The contact was anonymised: the words of a question that it asked, or was answered, are gone. Whether there
    /// were any.
    pub fn scrub(&mut self, contact: ContactId) -> bool {
        let concerned = self.asker == contact || self.answer_to == contact;
        if concerned {
            self.subject.clear();
            self.text.clear();
            self.answers.iter_mut().for_each(|answer| answer.text.clear());
        }
        concerned
    }

    pub fn is_open(&self) -> bool {
        self.answers.is_empty()
    }
}

fn invalid(field: &str, asked: Words, allowed: Words) -> Violation {
    Violation::new(ErrorReason::InvalidArgument).field(field).asked(asked).allowed(allowed)
}

impl Document for Question {
    const TABLE: &'static str = "question";

    fn label(&self) -> String {
        if self.is_open() { "open" } else { "answered" }.into()
    }
}
