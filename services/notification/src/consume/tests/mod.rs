mod integrations;
mod others;
mod scheduling;

use super::{Book, Outcome};
use crate::fixtures::messages;
use crate::kind::Kind;
use crate::message::Notice;

/// The kinds that an outcome is told as.
fn kinds(outcome: &Outcome) -> Vec<Kind> {
    match outcome {
        Outcome::Told(notices) => notices.iter().map(|n| n.kind).collect(),
        Outcome::Kept | Outcome::Ignored(_) => Vec::new(),
    }
}

/// The notices' texts read as a person would write them: whole sentences, and no key of the software.
fn assert_texts(book: &Book, notices: &[Notice]) {
    for message in messages(book, notices) {
        let content = &message.content;
        assert!(!content.subject.is_empty() && !content.subject.contains('\n'), "{content:?}");
        assert!(content.text.contains("Auto Łęcki sp. z o.o."), "{content:?}");
        let body_lines = content.text.trim().lines().count();
        assert!(body_lines > 4, "greeting, words and closing: {content:?}");
        assert!(!content.text.contains("\n\n\n") && !content.text.contains("{{"), "{content:?}");
        assert!(content.html.contains("</html>"));
        assert!(!format!("{}{}", content.subject, content.text).contains('_'), "a key: {content:?}");
        for line in content.text.lines().chain([content.subject.as_str()]) {
            assert!(!line.starts_with(char::is_lowercase), "{line:?} in {content:?}");
        }
    }
}
