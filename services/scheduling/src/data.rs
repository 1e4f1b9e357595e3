//! The data files: those shipped with the program, and those that an operator puts beside or over them.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use calendar::{Calendar, parse_dated};

use crate::{brands::Brands, policy, project::DatePolicy, variants::Catalogue};

/// A data file, shipped or an operator's, that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct DataError {
    file: &'static str,
    problem: String,
}

impl DataError {
    /// Names the file by the name under which it is shipped.
    pub fn new(file: &'static str, problem: impl fmt::Display) -> Self {
        Self { file, problem: problem.to_string() }
    }
}

/// Why the service does not start with an operator's folder.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("{file}: {error}", file = file.display())]
    Read { file: PathBuf, error: io::Error },
    #[error("{folder}/{error}", folder = folder.display())]
    Wrong { folder: PathBuf, error: DataError },
}

/// What the service knows besides its database.
#[derive(Clone, Debug)]
pub struct Data {
    pub catalogue: Catalogue,
    pub brands: Brands,
    /// Poland's holidays with the operator's single days.
    pub calendar: Calendar,
    pub policy: DatePolicy,
}

impl Data {
    /// What the program is shipped with.
    pub fn shipped() -> Self {
        Self {
            catalogue: Catalogue::shipped(),
            brands: Brands::shipped(),
            calendar: Calendar::poland(),
            policy: policy::shipped(),
        }
    }

    /// The shipped data with an operator's folder of `variants.toml`, `brands.toml`, `policy.toml` and
    /// `holidays.toml`, none of which has to be there.
    ///
    /// # Errors
    /// A folder or file that cannot be read, or says what cannot be used.
    pub fn load(folder: Option<&Path>) -> Result<Self, LoadError> {
        let mut data = Self::shipped();
        let Some(folder) = folder else { return Ok(data) };
        // A wrong path must not pass for an empty folder.
        fs::read_dir(folder).map_err(|error| LoadError::Read { file: folder.to_owned(), error })?;
        let wrong = |error| LoadError::Wrong { folder: folder.to_owned(), error };
        if let Some(text) = read(folder, "variants.toml")? {
            data.catalogue = data.catalogue.with(&text).map_err(wrong)?;
        }
        if let Some(text) = read(folder, "brands.toml")? {
            data.brands = data.brands.with(&text).map_err(wrong)?;
        }
        if let Some(text) = read(folder, "policy.toml")? {
            data.policy = policy::with(&text).map_err(wrong)?;
        }
        if let Some(text) = read(folder, "holidays.toml")? {
            let days = parse_dated(&text).map_err(|e| wrong(DataError::new("holidays.toml", e)))?;
            data.calendar = data.calendar.with_dated(&days);
        }
        Ok(data)
    }
}

/// The file's text; none if there is no such file.
fn read(folder: &Path, name: &str) -> Result<Option<String>, LoadError> {
    let file = folder.join(name);
    match fs::read_to_string(&file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(LoadError::Read { file, error }),
    }
}

/// Whether a text can be a key: lower-case letters, digits and underscores, a letter first.
pub fn is_key(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn load(name: &str, text: &str) -> Result<Data, LoadError> {
        let folder = std::env::temp_dir().join(format!("przesiadka-data-{}", uuid::Uuid::now_v7()));
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(name), text).expect("a file");
        let data = Data::load(Some(&folder));
        fs::remove_dir_all(&folder).expect("removed");
        data
    }

    #[test]
    fn an_operators_folder_lies_over_what_is_shipped() {
        let data = load("policy.toml", "readiness_buffer_days = 21").expect("valid");
        assert_eq!(data.policy.readiness_buffer_days, 21);
        assert_eq!(data.catalogue, Catalogue::shipped());

        let removed = "[[dated]]\nchange = \"removed\"\ndate = \"2027-01-06\"\n";
        let data = load("holidays.toml", removed).expect("valid");
        let day = "2027-01-06".parse().expect("a day");
        assert!(data.calendar.is_business_day(day) && !Calendar::poland().is_business_day(day));
    }

    #[rstest]
    #[case("policy.toml", "readiness = 21")]
    #[case("brands.toml", "[[brand]]\nkey = \"No Key\"\nname = \"x\"")]
    #[case("variants.toml", "[[variant]]\nkey = \"cluster\"")]
    #[case("holidays.toml", "[[dated]]\nchange = \"removed\"")]
    fn a_mistake_stops_the_start_and_is_named_with_its_file(#[case] name: &str, #[case] text: &str) {
        let error = load(name, text).expect_err("wrong").to_string();
        assert!(error.contains(name), "{error}");
    }

    #[test]
    fn a_folder_that_is_not_there_stops_the_start() {
        assert!(Data::load(Some(Path::new("/no/such/folder"))).is_err());
    }
}
