use proto::common::v1::ErrorReason;

use super::{Question, QuestionId};
use crate::fixtures::at;
use crate::fixtures::{COMPANY, PROJECT, TADEK, now};
use crate::project::ReminderPolicy;

fn ask(subject: &str, text: &str) -> Result<Question, proto::refusal::Refusal> {
    Question::ask(QuestionId::new(), COMPANY, Some(PROJECT), TADEK, subject, text, now())
}

#[test]
fn a_question_has_a_subject_on_one_line_and_a_text_of_reasonable_length() {
    let long = "ą".repeat(4001);
    let cases: [(&str, &str, &[&str]); 6] = [
        ("Licencja", "Która będzie lepsza?", &[]),
        (" ", "", &["subject", "text"]),
        ("a\nb", "x", &["subject"]),
        ("x", &long, &["text"]),
        (&long[..402], "x", &["subject"]),
        (&long[..400], &long[..8000], &[]),
    ];
    for (subject, text, fields) in cases {
        let refused: Vec<String> = match ask(subject, text) {
            Ok(_) => Vec::new(),
            Err(refusal) => {
                assert_eq!(refusal.reason(), ErrorReason::InvalidArgument);
                refusal.violations().iter().map(|v| v.field.clone()).collect()
            }
        };
        assert_eq!(refused, fields, "{subject:?}");
    }
}

#[test]
fn a_further_answer_adds_to_the_earlier_ones() {
    let mut question = ask("Licencja", "Która?").expect("well-formed");
    assert!(question.is_open());
    assert!(question.answer("  ", "crm-1", now()).is_err());
    assert!(question.is_open(), "a refusal changes nothing");
    for text in ["Standardowa.", "Jednak Runtime."] {
        question.answer(text, "crm-1", now()).expect("well-formed");
    }
    let texts: Vec<&str> = question.answers.iter().map(|a| a.text.as_str()).collect();
    assert_eq!(texts, ["Standardowa.", "Jednak Runtime."]);
    assert!(!question.is_open());
}

#[test]
fn an_answer_is_awaited_until_three_on_the_next_business_day() {
    let policy = ReminderPolicy::shipped().questions;
    for (case, asked_at, expected) in [
        ("Tuesday morning", "2026-12-01T08:00:00Z", "2026-12-02T14:00:00Z"),
        ("Tuesday, half past eleven at night", "2026-12-01T22:30:00Z", "2026-12-02T14:00:00Z"),
        ("Wednesday, half past midnight", "2026-12-01T23:30:00Z", "2026-12-03T14:00:00Z"),
        ("Friday afternoon", "2026-12-04T15:00:00Z", "2026-12-07T14:00:00Z"),
        ("Saturday", "2026-12-05T09:00:00Z", "2026-12-07T14:00:00Z"),
        ("before Christmas Eve, Christmas and a weekend", "2026-12-23T09:00:00Z", "2026-12-28T14:00:00Z"),
        ("Epiphany, a Wednesday", "2027-01-06T09:00:00Z", "2027-01-07T14:00:00Z"),
        ("Friday before the clock change", "2027-03-26T09:00:00Z", "2027-03-30T13:00:00Z"),
    ] {
        let question =
            Question { asked_at: at(asked_at), ..ask("Licencja", "Która?").expect("well-formed") };
        assert_eq!(policy.due_at(&question), Some(at(expected)), "{case}");
    }
}
