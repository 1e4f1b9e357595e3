//! What makes a catalogue sound, beyond the form of its entries.

use std::collections::BTreeSet;

use platform::data::{Entry, LoadError};

use super::{
    entries::{Family, LicenceKind, Metric, Release, Unit},
    load::Draft,
};
use crate::money::DEAREST;

/// Numbers of the rules lie between 1 and this; a greater one is a slip.
const MOST: u32 = 1000;

impl Draft {
    pub(super) fn check(&self) -> Result<(), LoadError> {
        self.check_kinds()?;
        self.check_numbers()?;
        self.check_releases()?;
        self.check_products()?;
        self.check_prices()?;
        self.check_offers()
    }

    fn check_kinds(&self) -> Result<(), LoadError> {
        let file = &self.numbers.as_ref().expect("the built-in kinds.toml has them").file;
        if self.rules.trim().is_empty() {
            return Err(file.error("rules is empty"));
        }
        for kind in LicenceKind::ALL {
            if !self.kinds.iter().any(|entry| entry.value.key == *kind) {
                return Err(file.error(format!("kind {kind} is missing")));
            }
        }
        for metric in Metric::ALL {
            if !self.metrics.iter().any(|entry| entry.value.key == *metric) {
                return Err(file.error(format!("metric {metric} is missing")));
            }
        }
        for Entry { place, value } in &self.kinds {
            if value.metrics.is_empty() {
                return Err(place.error("it has no metric"));
            }
            // RUNTIME_ONLY_AUTOSTACJA is a rule of the process, not a choice of operations.
            if value.key == LicenceKind::Runtime && !value.only_autostacja {
                return Err(place.error("runtime must be for AutoStacja only"));
            }
        }
        Ok(())
    }

    fn check_numbers(&self) -> Result<(), LoadError> {
        let numbers = self.numbers.as_ref().expect("the built-in kinds.toml has them");
        let (sql, windows) = (&numbers.sql, &numbers.windows);
        let all = [
            (&numbers.file, "warn_months", numbers.warn_months),
            (&sql.place, "pack", sql.value.pack),
            (&sql.place, "least_per_processor", sql.value.least_per_processor),
            (&sql.place, "least_per_virtual_machine", sql.value.least_per_virtual_machine),
            (&windows.place, "pack", windows.value.pack),
            (&windows.place, "least_per_processor", windows.value.least_per_processor),
            (&windows.place, "least_per_server", windows.value.least_per_server),
        ];
        match all.into_iter().find(|(_, _, number)| !(1..=MOST).contains(number)) {
            Some((place, name, number)) => Err(place.error(format!("{name} = {number} is not 1 to {MOST}"))),
            None => Ok(()),
        }
    }

    fn check_releases(&self) -> Result<(), LoadError> {
        for Entry { place, value } in &self.releases {
            let year = value.version.bytes().take_while(u8::is_ascii_digit).count();
            if year != 4 {
                return Err(place.error(format!("version {:?} does not begin with its year", value.version)));
            }
            let same = |other: &&Entry<Release>| {
                (other.value.family, &other.value.version) == (value.family, &value.version)
            };
            if self.releases.iter().filter(same).count() > 1 {
                return Err(place.error("another release has the same version"));
            }
            if value.mainstream_until.is_some_and(|day| day > value.supported_until) {
                return Err(place.error("mainstream support ends after the extended one"));
            }
            if let Some((kind, unit)) = self.lacks(value) {
                let kind = kind.map(|kind| format!("{kind} ")).unwrap_or_default();
                return Err(place.error(format!("there is no product for its {kind}{unit}")));
            }
        }
        for family in Family::ALL {
            if !self.releases.iter().any(|entry| entry.value.family == *family && entry.value.offered) {
                let file = &self.numbers.as_ref().expect("checked").file;
                return Err(file.error(format!("no release of {family} is offered")));
            }
        }
        Ok(())
    }

    /// What an offered release must be sold in, and is not.
    fn lacks(&self, release: &Release) -> Option<(Option<LicenceKind>, Unit)> {
        let cals = [Unit::UserCal, Unit::DeviceCal];
        let mut needed: Vec<(Option<LicenceKind>, Unit)> = Vec::new();
        match release.family {
            _ if !release.offered => {}
            Family::WindowsServer => needed.extend([Unit::CorePack].iter().chain(&cals).map(|u| (None, *u))),
            Family::SqlServer => {
                for Entry { value: kind, .. } in &self.kinds {
                    let of_kind = |unit: &Unit| (Some(kind.key), *unit);
                    if kind.metrics.contains(&Metric::ServerAndCal) {
                        needed.extend([Unit::Server].iter().chain(&cals).map(of_kind));
                    }
                    if kind.metrics.contains(&Metric::PerCore) {
                        needed.push(of_kind(&Unit::CorePack));
                        if release.virtual_machine_needs_assurance {
                            needed.push(of_kind(&Unit::SoftwareAssurance));
                        }
                    }
                }
            }
        }
        needed.into_iter().find(|(kind, unit)| {
            !self.products.iter().map(|entry| &entry.value).any(|product| {
                product.family == release.family
                    && product.version == release.version
                    && product.kind == *kind
                    && product.unit == *unit
            })
        })
    }

    fn check_products(&self) -> Result<(), LoadError> {
        let mut seen = BTreeSet::new();
        for Entry { place, value } in &self.products {
            if !is_key(&value.key) {
                return Err(place.error("a key has a-z, 0-9, - and _ only"));
            }
            let release = |release: &&Entry<Release>| {
                (release.value.family, &release.value.version) == (value.family, &value.version)
            };
            if !self.releases.iter().any(|entry| release(&entry)) {
                return Err(place.error(format!("there is no release {} {}", value.family, value.version)));
            }
            if value.kind.is_some() != (value.family == Family::SqlServer) {
                return Err(place.error("kind belongs to MS SQL, and only there"));
            }
            if !seen.insert((value.family, &value.version, value.kind, value.unit)) {
                return Err(place.error("another product is the same unit of the same release and kind"));
            }
        }
        Ok(())
    }

    fn check_prices(&self) -> Result<(), LoadError> {
        if let Some(list) = &self.price_list
            && list.value.trim().is_empty()
            && !self.prices.is_empty()
        {
            return Err(list.place.error("a price list needs a version"));
        }
        for (i, Entry { place, value }) in self.prices.iter().enumerate() {
            if !self.products.iter().any(|product| product.value.key == value.product) {
                return Err(place.error("there is no such product"));
            }
            if value.net > DEAREST {
                return Err(place.error(format!("net: {} is more than {DEAREST}", value.net)));
            }
            if value.until.is_some_and(|until| until < value.from) {
                return Err(place.error("it ends before it begins"));
            }
            let same = self.prices[..i].iter().filter(|other| other.value.product == value.product);
            for other in same {
                let ends_before = |a: &super::Price, b: &super::Price| a.until.is_some_and(|u| u < b.from);
                if !ends_before(&other.value, value) && !ends_before(value, &other.value) {
                    let line = other.place.line.unwrap_or_default();
                    return Err(place.error(format!("on some days the price of line {line} holds, too")));
                }
            }
        }
        Ok(())
    }

    fn check_offers(&self) -> Result<(), LoadError> {
        for Entry { place, value } in &self.offers {
            if value.valid_until < value.valid_from {
                return Err(place.error("it ends before it begins"));
            }
            if value.kinds.is_empty() {
                return Err(place.error("it is for no kind"));
            }
            if !is_key(&value.key) {
                return Err(place.error("a key has a-z, 0-9, - and _ only"));
            }
        }
        Ok(())
    }
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
}
