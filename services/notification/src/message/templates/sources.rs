//! The files that templates are: what is shipped, and the operator's folder.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::check::Problems;
use crate::kind::TEMPLATES;

/// Around every text, per language; and the HTML pages.
const FRAMES: [(&str, &str); 5] = [
    ("pl/frame.txt", include_str!("../../../data/templates/pl/frame.txt.j2")),
    ("en/frame.txt", include_str!("../../../data/templates/en/frame.txt.j2")),
    (super::PAGE, include_str!("../../../data/templates/page.html.j2")),
    ("pl/unsubscribe.html", include_str!("../../../data/templates/pl/unsubscribe.html.j2")),
    ("en/unsubscribe.html", include_str!("../../../data/templates/en/unsubscribe.html.j2")),
];

/// A template as it is written.
#[derive(Clone, Debug)]
pub struct Source {
    pub name: &'static str,
    pub text: Cow<'static, str>,
    /// The operator's; none for a shipped one.
    pub file: Option<PathBuf>,
}

impl Source {
    /// Where its author finds it.
    pub fn place(&self) -> String {
        match &self.file {
            Some(file) => file.display().to_string(),
            None => format!("{} (shipped)", file(self.name)),
        }
    }
}

/// One source for each name: a folder replaces, and never adds.
#[derive(Clone, Debug)]
pub struct Sources(BTreeMap<&'static str, Source>);

impl Sources {
    pub fn shipped() -> Self {
        let source = |(name, text): &(&'static str, &'static str)| {
            (*name, Source { name, text: Cow::Borrowed(text), file: None })
        };
        Self(TEMPLATES.iter().chain(&FRAMES).map(source).collect())
    }

    pub fn get(&self, name: &str) -> &Source {
        &self.0[name]
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Source)> {
        self.0.iter().map(|(name, source)| (*name, source))
    }

    /// Reads the folder and the folders in it, each file in the place of the template of its name.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn replace_from(&mut self, folder: &Path, problems: &mut Problems) -> anyhow::Result<()> {
        let files = files_below(folder);
        let files = files.with_context(|| format!("notification.templates: {}", folder.display()))?;
        for path in files {
            let name = path.strip_prefix(folder).ok().and_then(name);
            let Some(source) = name.and_then(|name| self.0.get_mut(name.as_str())) else {
                problems.add(format!("{}: no template has this name", path.display()));
                continue;
            };
            match fs::read_to_string(&path) {
                // Editors of Windows begin a file so.
                Ok(text) => source.text = Cow::Owned(text.trim_start_matches('\u{feff}').to_owned()),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    problems.add(format!("{}: not in UTF-8", path.display()));
                }
                Err(error) => problems.add(format!("{}: {error}", path.display())),
            }
            source.file = Some(path);
        }
        Ok(())
    }
}

/// The file of a template, within its folder.
pub fn file(name: &str) -> String {
    format!("{name}.j2")
}

/// The template that a file is for, by its path within the folder.
fn name(path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
    Some(parts?.join("/").strip_suffix(".j2")?.to_owned())
}

/// In the order of their names. What begins with a dot is left out: so Kubernetes keeps what the links of a mounted
/// ConfigMap point to.
fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
