mod integrations;
mod others;
mod scheduling;

use std::collections::BTreeSet;

use super::{Book, Outcome};
use crate::fixtures::messages;
use crate::kind::Kind;
use crate::message::{Fact, Facts, Notice, samples};

/// The kinds that an outcome is told as.
fn kinds(outcome: &Outcome) -> Vec<Kind> {
    match outcome {
        Outcome::Told(notices) => notices.iter().map(|n| n.kind).collect(),
        Outcome::Kept | Outcome::Ignored(_) => Vec::new(),
    }
}

/// The notices' texts read as a person would write them: whole sentences, and no key of the software.
fn assert_texts(book: &Book, notices: &[Notice]) {
    notices.iter().for_each(assert_like_its_samples);
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

/// Whoever writes a template by the samples has the facts of the real notices, and no others.
fn assert_like_its_samples(notice: &Notice) {
    let samples = samples(notice.kind);
    let top = |facts: &Facts| facts.keys().copied().collect::<Vec<_>>();
    for sample in &samples {
        assert_eq!(top(&notice.facts), top(&sample.notice.facts), "{:?} {}", notice.kind, sample.name);
    }
    let sampled: BTreeSet<String> = samples.iter().flat_map(|sample| names(&sample.notice.facts)).collect();
    let unknown: Vec<String> = names(&notice.facts).into_iter().filter(|n| !sampled.contains(n)).collect();
    assert!(unknown.is_empty(), "no sample of {:?} has {unknown:?}", notice.kind);
}

/// Of the facts, and of those in lists and groups.
fn names(facts: &Facts) -> Vec<String> {
    fn inner(fact: &Fact) -> Vec<String> {
        match fact {
            Fact::Group(facts) => names(facts),
            Fact::List(facts) => facts.iter().flat_map(inner).collect(),
            _ => Vec::new(),
        }
    }
    let below = |(name, fact): (&&str, &Fact)| {
        let inner = inner(fact).into_iter().map(|inner| format!("{name}.{inner}")).collect::<Vec<_>>();
        [vec![(*name).to_owned()], inner].concat()
    };
    facts.iter().flat_map(below).collect()
}
