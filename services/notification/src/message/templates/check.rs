//! Tries every template before anybody gets a message from it.

use std::collections::BTreeSet;

use anyhow::ensure;
use minijinja::{Error, Template};

use super::sources::Source;
use super::{Frame, PAGE, Templates, Text, UnsubscribePage, frame_name, text_name, unsubscribe_name};
use crate::kind::Kind;
use crate::message::samples::samples;
use crate::message::words::values;
use crate::message::{Fact, Facts};
use crate::recipients::Language;

/// What is wrong with templates, a line each.
#[derive(Debug, Default)]
pub struct Problems(BTreeSet<String>);

impl Problems {
    pub fn add(&mut self, line: String) {
        self.0.insert(line);
    }

    /// What the template engine says, with its line of the file.
    pub fn failed(&mut self, source: &Source, error: &Error) {
        let line = error.line().map(|line| format!(":{line}")).unwrap_or_default();
        let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
        self.add(format!("{}{line}: {}{detail}", source.place(), error.kind()));
    }

    /// # Errors
    /// All of them.
    pub fn none_or_refused(self) -> anyhow::Result<()> {
        let lines: Vec<String> = self.0.into_iter().collect();
        ensure!(lines.is_empty(), "notification.templates: these cannot be used\n  {}", lines.join("\n  "));
        Ok(())
    }
}

/// Tries those that parse.
pub fn all(templates: &Templates, problems: &mut Problems) {
    let check = &mut Check { templates, problems };
    for language in Language::ALL {
        check.frame(language);
        check.unsubscribe_page(language);
        for kind in Kind::ALL {
            check.text(*kind, language);
        }
    }
    check.page();
}

/// No letter has these words, so that they are found again. They would be markup in HTML.
const WORDS: &str = "Tak <b>&";
const LINK: &str = "https://przesiadka.example/x";
const SUBJECT: &str = "Temat <b>&";
const ESCAPED: &str = "Tak &lt;b&gt;&amp;";

struct Check<'a> {
    templates: &'a Templates,
    problems: &'a mut Problems,
}

impl<'a> Check<'a> {
    fn text(&mut self, kind: Kind, language: Language) {
        let name = text_name(kind, language);
        let samples = samples(kind);
        let known = samples.iter().flat_map(|sample| fact_names(&sample.notice.facts)).collect();
        if !self.knows(&name, &known) {
            return;
        }
        for sample in samples {
            let facts = values(language, &sample.notice.facts);
            let Some(Text { subject, body }) = self.rendered(&name, |t| t.text(kind, language, &facts))
            else {
                continue;
            };
            let with = format!("with the sample {}", sample.name);
            if subject.is_empty() {
                self.wrong(&name, &format!("the first line, which is the subject, is empty {with}"));
            }
            if body.is_empty() {
                self.wrong(&name, &format!("there is nothing below the subject {with}"));
            }
        }
    }

    fn frame(&mut self, language: Language) {
        let name = frame_name(language);
        let known = ["name", "company", "calendar", "portal", "unsubscribe", "body"];
        if !self.knows(&name, &known.map(str::to_owned).into()) {
            return;
        }
        for calendar in ["", "REQUEST", "CANCEL"] {
            for (person, company, portal) in
                [("Anna", "Auto", true), ("Anna", "Auto", false), ("", "Auto", false), ("", "", false)]
            {
                for unsubscribe in ["", LINK] {
                    let frame = Frame { name: person, company, calendar, portal, unsubscribe };
                    let Some(plain) = self.rendered(&name, |t| t.plain(language, frame, WORDS)) else {
                        return;
                    };
                    if !plain.contains(WORDS) {
                        self.wrong(&name, "it leaves out {{ body }}, which is the message");
                    }
                }
            }
        }
    }

    fn page(&mut self) {
        let known = ["language", "subject", "blocks", "unsubscribe"];
        if !self.knows(PAGE, &known.map(str::to_owned).into()) {
            return;
        }
        for language in Language::ALL {
            for plain in [format!("{WORDS}\n\n{WORDS}\n{WORDS}"), format!("- {WORDS}\n- {WORDS}")] {
                let html = self.rendered(PAGE, |t| t.html(language, SUBJECT, &plain, LINK));
                let Some(html) = html else { return };
                if html.contains(WORDS) || html.contains(SUBJECT) {
                    self.wrong(PAGE, "it does not escape what people write");
                }
                if html.matches(ESCAPED).count() < plain.matches(WORDS).count() {
                    self.wrong(PAGE, "it leaves out some of the blocks' lines or points");
                }
            }
        }
    }

    fn unsubscribe_page(&mut self, language: Language) {
        let name = unsubscribe_name(language);
        if !self.knows(&name, &["done", "topic"].map(str::to_owned).into()) {
            return;
        }
        for page in [UnsubscribePage::Question, UnsubscribePage::Done] {
            let rendered = self.rendered(&name, |t| t.unsubscribe_page(language, page, WORDS));
            let Some(html) = rendered else { return };
            if page == UnsubscribePage::Question && !html.contains("method=\"post\"") {
                self.wrong(&name, "it has no form that posts, without which nothing is switched off");
            }
        }
    }

    /// Nothing if it does not render.
    fn rendered<T>(&mut self, name: &str, render: impl FnOnce(&Templates) -> Result<T, Error>) -> Option<T> {
        let source = self.source(name);
        render(self.templates).map_err(|error| self.problems.failed(source, &error)).ok()
    }

    /// Whether the template parses and has no other names, also in branches that no sample takes.
    fn knows(&mut self, name: &str, known: &BTreeSet<String>) -> bool {
        let Some(template) = self.parsed(name) else { return false };
        let functions: BTreeSet<&str> = self.templates.0.env.globals().map(|(name, _)| name).collect();
        let is_known = |name: &String| known.contains(name) || functions.contains(name.as_str());
        let unknown: Vec<String> =
            template.undeclared_variables(true).into_iter().filter(|name| !is_known(name)).collect();
        for unknown in &unknown {
            let line = line_of(unknown, &self.source(name).text).map(|line| format!(":{line}"));
            let place = self.source(name).place() + &line.unwrap_or_default();
            self.problems.add(format!("{place}: {unknown} is not among what there is ({})", list(known)));
        }
        unknown.is_empty()
    }

    fn parsed(&self, name: &str) -> Option<Template<'a, 'a>> {
        self.templates.0.env.get_template(name).ok()
    }

    fn source(&self, name: &str) -> &'a Source {
        self.templates.0.sources.get(name)
    }

    fn wrong(&mut self, name: &str, what: &str) {
        self.problems.add(format!("{}: {what}", self.source(name).place()));
    }
}

fn list(names: &BTreeSet<String>) -> String {
    match names.iter().map(String::as_str).collect::<Vec<_>>().join(", ") {
        names if names.is_empty() => "no facts".to_owned(),
        names => names,
    }
}

/// As templates name them: "note", "group.fact".
fn fact_names(facts: &Facts) -> Vec<String> {
    let mut names = Vec::new();
    for (name, fact) in facts {
        names.push((*name).to_owned());
        if let Fact::Group(facts) = fact {
            names.extend(fact_names(facts).iter().map(|inner| format!("{name}.{inner}")));
        }
    }
    names
}

/// The line on which a name stands within a tag.
fn line_of(name: &str, text: &str) -> Option<usize> {
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let has = |line: &str| {
        let tags = line.split_once('{').map_or("", |(_, tags)| tags);
        tags.split(|c| !is_of_name(c)).any(|word| word == name)
    };
    text.lines().position(has).map(|line| line + 1)
}
