use proto::common::v1::ErrorReason;

use super::{Question, QuestionId};
use crate::fixtures::{COMPANY, PROJECT, TADEK, now};

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
