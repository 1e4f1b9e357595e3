//! Licences that the company owns already.

use super::{Remark, Rule};
use crate::{catalogue::Release, licences::needs::Owned};

/// Licences that are owned, and whether they count.
pub(super) enum Existing {
    None,
    Counts { version: String, quantity: u32 },
    TooOld { version: String, quantity: u32 },
}

impl Existing {
    /// `EXISTING_LICENCES`: the same version or a newer one counts.
    pub fn of(version: &Option<Owned>, quantity: Option<u32>, release: &Release) -> Self {
        match (version, quantity) {
            (Some(Owned::Version(version)), Some(quantity @ 1..)) => {
                let version = version.clone();
                if *version >= *release.version {
                    Self::Counts { version, quantity }
                } else {
                    Self::TooOld { version, quantity }
                }
            }
            _ => Self::None,
        }
    }

    /// The same in packs: a pack that is not whole does not count.
    pub fn in_packs(self, pack: u32) -> Self {
        match self {
            Self::Counts { version, quantity } => Self::Counts { version, quantity: quantity / pack.max(1) },
            other => other,
        }
    }

    /// How many of those needed are owned, and how that came about.
    pub fn cover(&self, needed: u32, release: &Release) -> (u32, Option<Remark>) {
        let name = &release.version;
        match self {
            Self::None => (0, None),
            Self::Counts { version, quantity } => {
                let covered = needed.min(*quantity);
                let left = needed - covered;
                let step = Remark::new(
                    Rule::ExistingLicences,
                    format!("posiadane w wersji {version}: {quantity}; do kupienia: {left}"),
                    format!("owned of version {version}: {quantity}; to buy: {left}"),
                );
                (covered, Some(step))
            }
            Self::TooOld { version, quantity } => {
                let step = Remark::new(
                    Rule::ExistingLicences,
                    format!(
                        "posiadane: {quantity}, ale wersja {version} jest starsza niż {name}, \
                         więc się nie liczą"
                    ),
                    format!(
                        "owned: {quantity}, but version {version} is older than {name}, \
                         so they do not count"
                    ),
                );
                (0, Some(step))
            }
        }
    }
}
