//! Reads the catalogue: the built-in files, then those that operations supply.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, de::DeserializeOwned};

use super::{
    Catalogue,
    entries::{Calculation, KindData, LicenceData, LicenceKind, Offer, PerCore, ServerAndCal},
};

const KINDS: &str = include_str!("../../data/kinds.toml");
const OFFERS: &str = include_str!("../../data/offers.toml");
const LICENCES: &str = include_str!("../../data/licences.toml");

/// Why a catalogue is not used. A service with a wrong catalogue does not start.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("{file}: {error}")]
    Read { file: PathBuf, error: io::Error },
    #[error("{file}: {error}")]
    Parse { file: PathBuf, error: toml::de::Error },
    #[error("licensing catalogue: {0}")]
    Wrong(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KindsFile {
    rules: String,
    kind: Vec<KindData>,
    per_core: PerCore,
    server_and_cal: ServerAndCal,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OffersFile {
    offer: Vec<Offer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LicencesFile {
    licence: Vec<LicenceData>,
}

impl Catalogue {
    /// The built-in catalogue with the entries of `folder`, where it holds files of the same names,
    /// in place of or beside its own.
    pub fn load(folder: Option<&Path>) -> Result<Self, LoadError> {
        let kinds: KindsFile = parse(Path::new("kinds.toml"), KINDS)?;
        let offers: OffersFile = parse(Path::new("offers.toml"), OFFERS)?;
        let licences: LicencesFile = parse(Path::new("licences.toml"), LICENCES)?;
        let mut catalogue = Self {
            rules: kinds.rules,
            calculation: Calculation { per_core: kinds.per_core, server_and_cal: kinds.server_and_cal },
            kinds: kinds.kind,
            offers: offers.offer,
            licences: licences.licence,
        };
        if let Some(folder) = folder {
            catalogue.extend(folder)?;
        }
        catalogue.check()?;
        Ok(catalogue)
    }

    fn extend(&mut self, folder: &Path) -> Result<(), LoadError> {
        if let Some(file) = read::<KindsFile>(&folder.join("kinds.toml"))? {
            self.rules = file.rules;
            self.calculation = Calculation { per_core: file.per_core, server_and_cal: file.server_and_cal };
            merge(&mut self.kinds, file.kind, |kind| kind.key.to_string());
        }
        if let Some(file) = read::<OffersFile>(&folder.join("offers.toml"))? {
            merge(&mut self.offers, file.offer, |offer| offer.key.clone());
        }
        if let Some(file) = read::<LicencesFile>(&folder.join("licences.toml"))? {
            merge(&mut self.licences, file.licence, |licence| licence.key.clone());
        }
        Ok(())
    }

    fn check(&self) -> Result<(), LoadError> {
        let wrong = |what: String| Err(LoadError::Wrong(what));
        unique("kind", self.kinds.iter().map(|kind| kind.key.to_string()))?;
        unique("offer", self.offers.iter().map(|offer| offer.key.clone()))?;
        unique("licence", self.licences.iter().map(|licence| licence.key.clone()))?;
        for kind in LicenceKind::ALL {
            match self.kinds.iter().find(|data| data.key == kind) {
                None => return wrong(format!("kind {kind} is missing")),
                Some(data) if data.models.is_empty() => return wrong(format!("kind {kind} has no model")),
                Some(_) => {}
            }
        }
        // RUNTIME_ONLY_AUTOSTACJA is a rule of the process, not a choice of operations.
        if !self.kind(LicenceKind::Runtime).only_autostacja {
            return wrong("runtime must be for AutoStacja only".to_owned());
        }
        let per_core = &self.calculation.per_core;
        if per_core.pack == 0 || per_core.least_per_processor == 0 || per_core.most == 0 {
            return wrong("the numbers of per_core must be above 0".to_owned());
        }
        for offer in &self.offers {
            if offer.valid_until < offer.valid_from {
                return wrong(format!("offer {} ends before it begins", offer.key));
            }
            if offer.kinds.is_empty() {
                return wrong(format!("offer {} is for no kind", offer.key));
            }
            if !is_key(&offer.key) {
                return wrong(format!("offer {:?}: a key has a-z, 0-9, - and _ only", offer.key));
            }
        }
        Ok(())
    }
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
}

fn unique(what: &str, keys: impl Iterator<Item = String>) -> Result<(), LoadError> {
    let mut seen = std::collections::BTreeSet::new();
    for key in keys {
        if !seen.insert(key.clone()) {
            return Err(LoadError::Wrong(format!("{what} {key} stands there twice")));
        }
    }
    Ok(())
}

/// Replaces the entries of the same key and adds the others.
fn merge<T>(into: &mut Vec<T>, from: Vec<T>, key: impl Fn(&T) -> String) {
    into.retain(|old| from.iter().all(|new| key(new) != key(old)));
    into.extend(from);
}

/// The file, or nothing where there is none.
fn read<T: DeserializeOwned>(file: &Path) -> Result<Option<T>, LoadError> {
    match fs::read_to_string(file) {
        Ok(text) => parse(file, &text).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(LoadError::Read { file: file.to_owned(), error }),
    }
}

fn parse<T: DeserializeOwned>(file: &Path, text: &str) -> Result<T, LoadError> {
    toml::from_str(text).map_err(|error| LoadError::Parse { file: file.to_owned(), error })
}
