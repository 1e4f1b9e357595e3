//! `message preview`: what e-mails look like, from sample data. No database is asked.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::Args;
use notification::{
    Notification,
    message::{Content, Preview, PreviewOf},
    recipients::Language,
};
use platform::config::Loaded;

use crate::cli::print;

#[derive(Debug, Args)]
pub struct PreviewArgs {
    /// Such as date_agreed. Without one all are listed, or with --out written.
    topic: Option<String>,
    /// Of one topic Polish and of all both if absent.
    #[arg(long, value_parser = ["pl", "en"])]
    language: Option<String>,
    /// One of the topic's samples; the first if absent.
    #[arg(long, requires = "topic")]
    sample: Option<String>,
    /// Templates to try, instead of `notification.templates`.
    #[arg(long, value_name = "FOLDER")]
    templates: Option<PathBuf>,
    /// Writes <language>/<topic>.<sample> as .txt, .html and, where an entry for calendars goes with it, .ics.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// # Errors
/// Templates that cannot be used, all of them; a topic or a sample that there is not, with those that there are; a
/// folder that cannot be written.
pub fn run(loaded: &Loaded, args: PreviewArgs) -> anyhow::Result<()> {
    let mut config: notification::Config = loaded.section(Notification::NAME)?;
    config.templates = args.templates.or(config.templates);
    let renderer = config.renderer()?;
    let language = args.language.as_deref().unwrap_or_default();
    let wanted: Vec<PreviewOf> = match &args.topic {
        Some(topic) => vec![PreviewOf::find(topic, language, args.sample.as_deref().unwrap_or_default())?],
        None => {
            let languages = Language::ALL.into_iter().filter(|l| language.is_empty() || l.key() == language);
            languages.flat_map(PreviewOf::all).collect()
        }
    };
    for of in &wanted {
        let preview = renderer.preview(of)?;
        match &args.out {
            Some(folder) => write(folder, of, &preview.content)?,
            None if args.topic.is_some() => print(&in_full(&preview.content))?,
            None => print(&in_one_line(of, &preview))?,
        }
    }
    Ok(())
}

/// Subject and text, and the entry for calendars.
fn in_full(content: &Content) -> String {
    let calendar = content.invitation.as_ref().map(|i| format!("\n{}", i.ics.replace("\r\n", "\n")));
    format!("{}\n\n{}{}", content.subject, content.text, calendar.unwrap_or_default()).trim_end().to_owned()
}

fn in_one_line(of: &PreviewOf, preview: &Preview) -> String {
    let (version, subject) = (&preview.template_version, &preview.content.subject);
    format!("{}  {version}  {:<24} {:<12} {subject}", of.language.key(), of.kind.name(), of.sample())
}

fn write(folder: &Path, of: &PreviewOf, content: &Content) -> anyhow::Result<()> {
    let folder = folder.join(of.language.key());
    let write = |ending: &str, text: &str| {
        fs::write(folder.join(format!("{}.{}.{ending}", of.kind.name(), of.sample())), text)
    };
    let text = format!("{}\n\n{}", content.subject, content.text);
    fs::create_dir_all(&folder)
        .and_then(|()| write("txt", &text))
        .and_then(|()| write("html", &content.html))
        .and_then(|()| content.invitation.as_ref().map_or(Ok(()), |i| write("ics", &i.ics)))
        .with_context(|| format!("cannot write to {}", folder.display()))
}
