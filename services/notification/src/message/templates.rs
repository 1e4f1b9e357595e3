use std::sync::LazyLock;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context, syntax::SyntaxConfig};

use crate::kind::{Kind, TEMPLATES};
use crate::recipients::Language;

/// Around every text, per language; and the HTML pages.
const FRAMES: [(&str, &str); 5] = [
    ("pl/frame.txt", include_str!("../../data/templates/pl/frame.txt.j2")),
    ("en/frame.txt", include_str!("../../data/templates/en/frame.txt.j2")),
    ("page.html", include_str!("../../data/templates/page.html.j2")),
    ("pl/unsubscribe.html", include_str!("../../data/templates/pl/unsubscribe.html.j2")),
    ("en/unsubscribe.html", include_str!("../../data/templates/en/unsubscribe.html.j2")),
];

static SHIPPED: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut env = Environment::new();
    // A name that is missing from the facts is a fault, not an empty place in a letter.
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(
        |name| if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None },
    );
    env.set_syntax(
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().expect("the syntax is valid"),
    );
    for (name, source) in TEMPLATES.iter().chain(&FRAMES) {
        env.add_template(name, source).expect("the shipped templates parse");
    }
    env
});

/// A text as a template gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The first line.
    pub subject: String,
    pub body: String,
}

/// A message's own words.
pub fn text(kind: Kind, language: Language, facts: &Value) -> Result<Text, minijinja::Error> {
    let whole = SHIPPED.get_template(&format!("{}/{}.txt", language.key(), kind.name()))?.render(facts)?;
    let (subject, body) = whole.split_once('\n').unwrap_or((&whole, ""));
    Ok(Text { subject: subject.trim().to_owned(), body: tidy(body) })
}

/// The words with greeting and closing.
pub fn plain(language: Language, frame: &Value, body: &str) -> Result<String, minijinja::Error> {
    let name = format!("{}/frame.txt", language.key());
    let whole = SHIPPED.get_template(&name)?.render(context! { body, ..frame.clone() })?;
    Ok(tidy(&whole) + "\n")
}

/// The same words as an HTML page: paragraphs, and lists where lines begin with a dash. Below them where to switch
/// such messages off; empty where that cannot be.
pub fn html(
    language: Language,
    subject: &str,
    plain: &str,
    unsubscribe: &str,
) -> Result<String, minijinja::Error> {
    let blocks: Vec<Value> = plain
        .split("\n\n")
        .map(str::trim)
        .filter(|block| !block.is_empty())
        .map(|block| {
            let (items, lines): (Vec<&str>, Vec<&str>) = block.lines().partition(|l| l.starts_with("- "));
            let items: Value = items.iter().map(|item| Value::from(&item[2..])).collect();
            let lines: Value = lines.into_iter().map(Value::from).collect();
            context! { lines, items }
        })
        .collect();
    SHIPPED
        .get_template("page.html")?
        .render(context! { language => language.key(), subject, blocks, unsubscribe })
}

/// What a page about switching a kind off says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnsubscribePage {
    /// Whether to switch it off.
    Question,
    /// That it is.
    Done,
}

/// The page; `topic` is what people call the kind.
pub fn unsubscribe_page(
    language: Language,
    page: UnsubscribePage,
    topic: &str,
) -> Result<String, minijinja::Error> {
    let name = format!("{}/unsubscribe.html", language.key());
    SHIPPED.get_template(&name)?.render(context! { done => page == UnsubscribePage::Done, topic })
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
