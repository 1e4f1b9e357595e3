//! Data files of operations and those built in: what is wrong with one is said by file, line and key.

use std::{fmt, fs, io, path::Path};

use serde::de::DeserializeOwned;
use toml::Spanned;

/// A data file that cannot be used: which file, which line and key in it, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    pub file: String,
    /// From 1; none for the file as a whole.
    pub line: Option<usize>,
    /// Empty for the file as a whole.
    pub key: String,
    pub problem: String,
}

impl std::error::Error for LoadError {}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.problem)
    }
}

/// Where something stands in a data file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub file: String,
    pub line: Option<usize>,
    pub key: String,
}

impl Place {
    pub fn error(&self, problem: impl Into<String>) -> LoadError {
        LoadError { file: self.file.clone(), line: self.line, key: self.key.clone(), problem: problem.into() }
    }
}

/// An entry of a data file, with where it stands.
#[derive(Clone, Debug)]
pub struct Entry<T> {
    pub place: Place,
    pub value: T,
}

/// A table of a file as it is read first: its content is looked at entry by entry.
pub type RawEntry = Spanned<toml::Table>;

/// A data file's name and text.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    pub file: &'a str,
    pub text: &'a str,
}

impl Source<'_> {
    /// The file as a whole; its tables best as [`RawEntry`].
    ///
    /// # Errors
    /// What is no TOML or has another shape, with the line.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, LoadError> {
        toml::from_str(self.text).map_err(|e| {
            let line = e.span().map(|span| self.line_at(span.start));
            self.at(line, "").error(e.message())
        })
    }

    /// One entry, with its line and its `key`.
    ///
    /// # Errors
    /// What has another shape.
    pub fn entry<T: DeserializeOwned>(&self, raw: RawEntry) -> Result<Entry<T>, LoadError> {
        let place = self.place_of(&raw);
        match toml::Value::Table(raw.into_inner()).try_into() {
            Ok(value) => Ok(Entry { place, value }),
            Err(e) => {
                let e: toml::de::Error = e;
                Err(place.error(e.message()))
            }
        }
    }

    /// The entries of one table.
    ///
    /// # Errors
    /// The first that has another shape.
    pub fn entries<T: DeserializeOwned>(&self, raw: Vec<RawEntry>) -> Result<Vec<Entry<T>>, LoadError> {
        raw.into_iter().map(|raw| self.entry(raw)).collect()
    }

    /// Where an entry begins.
    pub fn place_of(&self, raw: &RawEntry) -> Place {
        let key = raw.get_ref().get("key").and_then(toml::Value::as_str);
        self.at(Some(self.line_at(raw.span().start)), key.unwrap_or("an entry without a key"))
    }

    /// A place in this file.
    pub fn at(&self, line: Option<usize>, key: &str) -> Place {
        Place { file: self.file.to_owned(), line, key: key.to_owned() }
    }

    fn line_at(&self, at: usize) -> usize {
        self.text[..at.min(self.text.len())].matches('\n').count() + 1
    }
}

/// The text of a file, or nothing where there is none.
///
/// # Errors
/// A file that is there and cannot be read.
pub fn text_of(path: &Path) -> Result<Option<String>, LoadError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => {
            Err(Place { file: path.display().to_string(), line: None, key: String::new() }
                .error(e.to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        thing: Vec<RawEntry>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Thing {
        #[serde(rename = "key")]
        _key: String,
        size: u32,
    }

    fn things(text: &str) -> Result<Vec<Entry<Thing>>, LoadError> {
        let source = Source { file: "things.toml", text };
        source.entries(source.read::<File>()?.thing)
    }

    #[test]
    fn a_mistake_is_said_by_file_line_and_key() {
        let good = "# things\n\n[[thing]]\nkey = \"a\"\nsize = 1\n\n[[thing]]\nkey = \"b\"\nsize = 2\n";
        let read = things(good).expect("good");
        assert_eq!(read.iter().map(|entry| entry.value.size).sum::<u32>(), 3);
        assert_eq!(read[1].place.error("too large").to_string(), "things.toml:7: b: too large");

        let cases = [
            ("size = 2", "size = \"two\"", "things.toml:7: b: invalid type"),
            ("size = 2", "size = 2\ncolour = 1", "things.toml:7: b: unknown field `colour`"),
            ("key = \"b\"", "", "things.toml:7: an entry without a key: missing field `key`"),
            ("size = 2", "size = ", "things.toml:9: "),
            ("# things", "colour = 1", "things.toml:1: unknown field"),
        ];
        for (from, to, expected) in cases {
            let error = things(&good.replace(from, to)).expect_err(to).to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_no_mistake() {
        assert_eq!(text_of(Path::new("/no/such/file.toml")), Ok(None));
        let error = text_of(Path::new("/")).expect_err("a folder").to_string();
        assert!(error.starts_with("/: "), "{error}");
    }
}
