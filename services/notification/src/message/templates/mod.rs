//! The words of messages. Templates are files: the shipped ones, and the operator's in their places.

mod check;
mod sources;
#[cfg(test)]
mod tests;

use std::{path::Path, sync::Arc};

use aws_lc_rs::digest::{Context, SHA256};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context, syntax::SyntaxConfig};

use crate::kind::Kind;
use crate::recipients::Language;
use check::Problems;
use sources::Sources;

/// What one text may cost: a hundred times a long message with long lists. Who exceeds it loops.
const FUEL: u64 = 1_000_000;
/// Macros within macros.
const DEEPEST: usize = 30;
/// Around every text: an HTML page for all languages.
const PAGE: &str = "page.html";

/// The templates in force. Cloned freely; clones share them.
#[derive(Clone, Debug)]
pub struct Templates(Arc<Set>);

#[derive(Debug)]
struct Set {
    env: Environment<'static>,
    sources: Sources,
}

/// What stands around a message's own words.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Who is greeted; empty for SOFTVIG.
    pub name: &'a str,
    /// Empty where it is about none in particular.
    pub company: &'a str,
    /// The method of the entry for calendars; empty if none goes with it.
    pub calendar: &'a str,
    /// Whether the recipient can ask in the portal.
    pub portal: bool,
    /// Where the recipient switches such messages off; empty where that cannot be.
    pub unsubscribe: &'a str,
}

/// What a page about switching a kind off says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnsubscribePage {
    /// Whether to switch it off.
    Question,
    /// That it is.
    Done,
}

/// A text as a template gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The first line.
    pub subject: String,
    pub body: String,
}

impl Templates {
    /// The shipped templates, and in their places those of the folder. All are tried with all samples.
    ///
    /// # Errors
    /// A folder that cannot be read; every file that is no template's, does not parse, names what is no fact, does
    /// not end, or leaves a place empty.
    pub fn load(folder: Option<&Path>) -> anyhow::Result<Self> {
        let mut problems = Problems::default();
        let mut sources = Sources::shipped();
        if let Some(folder) = folder {
            sources.replace_from(folder, &mut problems)?;
        }
        let mut env = environment();
        for (name, source) in sources.iter() {
            if let Err(error) = env.add_template_owned(name, source.text.clone()) {
                problems.failed(source, &error);
            }
        }
        let templates = Self(Arc::new(Set { env, sources }));
        check::all(&templates, &mut problems);
        problems.none_or_refused()?;
        Ok(templates)
    }

    /// A message's own words.
    pub fn text(&self, kind: Kind, language: Language, facts: &Value) -> Result<Text, minijinja::Error> {
        let whole = self.0.env.get_template(&text_name(kind, language))?.render(facts)?;
        let (subject, body) = whole.split_once('\n').unwrap_or((&whole, ""));
        Ok(Text { subject: subject.trim().to_owned(), body: tidy(body) })
    }

    /// The words with greeting and closing.
    pub fn plain(
        &self,
        language: Language,
        frame: Frame<'_>,
        body: &str,
    ) -> Result<String, minijinja::Error> {
        let Frame { name, company, calendar, portal, unsubscribe } = frame;
        let template = self.0.env.get_template(&frame_name(language))?;
        Ok(tidy(&template.render(context! { name, company, calendar, portal, unsubscribe, body })?) + "\n")
    }

    /// The same words as an HTML page: paragraphs, and lists where lines begin with a dash. Below them where to switch
    /// such messages off; empty where that cannot be.
    pub fn html(
        &self,
        language: Language,
        subject: &str,
        plain: &str,
        unsubscribe: &str,
    ) -> Result<String, minijinja::Error> {
        let blocks = blocks(plain);
        let page = self.0.env.get_template(PAGE)?;
        page.render(context! { language => language.key(), subject, blocks, unsubscribe })
    }

    /// The page behind the link that switches a kind off; `topic` is what people call the kind.
    pub fn unsubscribe_page(
        &self,
        language: Language,
        page: UnsubscribePage,
        topic: &str,
    ) -> Result<String, minijinja::Error> {
        let template = self.0.env.get_template(&unsubscribe_name(language))?;
        template.render(context! { done => page == UnsubscribePage::Done, topic })
    }

    /// Twelve hexadecimal digits that differ where one of the files of a message's words does. The same files give
    /// the same everywhere.
    pub fn version(&self, kind: Kind, language: Language) -> String {
        let mut digest = Context::new(&SHA256);
        for name in names(kind, language) {
            let text = self.0.sources.get(&name).text.as_bytes();
            // Its length first, so that no line counts the same in the next file.
            digest.update(&(text.len() as u64).to_be_bytes());
            digest.update(text);
        }
        digest.finish().as_ref()[..6].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Which files of a message's words are the operator's, as they lie in the folder.
    pub fn overridden(&self, kind: Kind, language: Language) -> Vec<String> {
        let names = names(kind, language);
        names
            .iter()
            .filter(|name| self.0.sources.get(name).file.is_some())
            .map(|n| sources::file(n))
            .collect()
    }
}

fn environment() -> Environment<'static> {
    let mut env = Environment::new();
    // A name that is missing from the facts is a fault, not an empty place in a letter.
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(
        |name| if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None },
    );
    env.set_syntax(
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().expect("the syntax is valid"),
    );
    env.set_fuel(Some(FUEL));
    env.set_recursion_limit(DEEPEST);
    env
}

fn text_name(kind: Kind, language: Language) -> String {
    format!("{}/{}.txt", language.key(), kind.name())
}

fn frame_name(language: Language) -> String {
    format!("{}/frame.txt", language.key())
}

fn unsubscribe_name(language: Language) -> String {
    format!("{}/unsubscribe.html", language.key())
}

/// All that a message is written from.
fn names(kind: Kind, language: Language) -> [String; 3] {
    [text_name(kind, language), frame_name(language), PAGE.to_owned()]
}

/// Paragraphs and lists in their order: each has `lines`, or the `points` of a list.
fn blocks(plain: &str) -> Vec<Value> {
    let point = |line: &String| line.strip_prefix("- ").map(str::to_owned);
    let mut blocks = Vec::new();
    for paragraph in plain.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()) {
        let lines: Vec<String> = paragraph.lines().map(str::to_owned).collect();
        for some in lines.chunk_by(|a, b| point(a).is_some() == point(b).is_some()) {
            let points: Vec<String> = some.iter().filter_map(point).collect();
            let lines = if points.is_empty() { some.to_vec() } else { Vec::new() };
            blocks.push(context! { lines, points });
        }
    }
    blocks
}

/// One empty line between paragraphs, none at the ends; left by conditions in the templates.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() && (out.is_empty() || out.ends_with("\n\n")) {
            continue;
        }
        out.push_str(line);
        out.push('\n');
    }
    out.trim_end().to_owned()
}
