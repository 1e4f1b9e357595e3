//! The manufacturer brands whose integrations can be restored, as data.

use serde::Deserialize;

use crate::data::{DataError, is_key};

const FILE: &str = "brands.toml";

/// A manufacturer's brand.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brand {
    /// Stable, lower case.
    pub key: String,
    /// For people; the same in both languages.
    pub name: String,
}

/// All brands, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brands(Vec<Brand>);

impl Brands {
    /// The list built into the program.
    pub fn shipped() -> Self {
        Self(Vec::new()).with(include_str!("../data/brands.toml")).expect("the embedded brands are valid")
    }

    /// The same with an operator's brands added, or replaced where the key is known.
    pub fn with(mut self, toml: &str) -> Result<Self, DataError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            brand: Vec<Brand>,
        }
        let file: File = toml::from_str(toml).map_err(|e| DataError::new(FILE, e))?;
        for brand in file.brand {
            if !is_key(&brand.key) || brand.name.is_empty() {
                return Err(DataError::new(FILE, format!("brand {:?} has no proper key or name", brand.key)));
            }
            match self.0.iter_mut().find(|known| known.key == brand.key) {
                Some(known) => *known = brand,
                None => self.0.push(brand),
            }
        }
        Ok(self)
    }

    /// The brand of that key.
    pub fn get(&self, key: &str) -> Option<&Brand> {
        self.0.iter().find(|brand| brand.key == key)
    }

    /// All brands, in order.
    pub fn all(&self) -> &[Brand] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_brands_are_those_of_the_page_and_an_operator_adds_more() {
        let keys = |brands: &Brands| brands.all().iter().map(|b| b.key.clone()).collect::<Vec<_>>();
        let shipped = Brands::shipped();
        assert_eq!(keys(&shipped), ["vw", "audi", "skoda", "seat", "ford", "hyundai", "kia", "volvo"]);
        let more = shipped.with("[[brand]]\nkey = \"cupra\"\nname = \"Cupra\"").expect("valid");
        assert_eq!(more.get("cupra").map(|b| b.name.as_str()), Some("Cupra"));
        assert_eq!(more.all().len(), 9);
        assert!(more.with("[[brand]]\nkey = \"No Key\"\nname = \"x\"").is_err());
    }
}
