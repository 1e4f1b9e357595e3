//! What SOFTVIG offers, as data: licence kinds, products and their prices, special offers and the
//! licences that variants demand.

mod check;
mod entries;
mod load;

#[cfg(test)]
mod foreign;
#[cfg(test)]
mod tests;

use jiff::civil::Date;

pub use entries::{
    Family, KindData, LicenceData, LicenceKind, Metric, MetricData, Numbers, Offer, Price, Product, Release,
    SqlNumbers, Unit, WindowsNumbers, WindowsPart,
};
pub use platform::data::LoadError;

/// The whole catalogue, checked when it is loaded.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// Version of the calculation's rules.
    pub rules: String,
    pub numbers: Numbers,
    pub kinds: Vec<KindData>,
    pub metrics: Vec<MetricData>,
    pub releases: Vec<Release>,
    pub products: Vec<Product>,
    pub prices: PriceList,
    pub offers: Vec<Offer>,
    pub licences: Vec<LicenceData>,
}

/// What products cost.
#[derive(Clone, Debug, Default)]
pub struct PriceList {
    /// Its name; empty where there is none.
    pub version: String,
    pub prices: Vec<Price>,
}

impl PriceList {
    /// The price of a product that holds on that day; two never do.
    pub fn of(&self, product: &str, day: Date) -> Option<&Price> {
        self.prices.iter().find(|price| price.product == product && price.holds_on(day))
    }
}

impl Catalogue {
    /// The data of a kind; every kind has some, see [`Catalogue::load`].
    pub fn kind(&self, kind: LicenceKind) -> &KindData {
        self.kinds.iter().find(|k| k.key == kind).expect("loading refuses a catalogue that lacks a kind")
    }

    /// The data of a metric; every metric has some.
    pub fn metric(&self, metric: Metric) -> &MetricData {
        self.metrics
            .iter()
            .find(|m| m.key == metric)
            .expect("loading refuses a catalogue that lacks a metric")
    }

    /// A version that is known, offered or not.
    pub fn release(&self, family: Family, version: &str) -> Option<&Release> {
        self.releases.iter().find(|release| release.family == family && release.version == version)
    }

    /// Versions of which the new one can be, the oldest first.
    pub fn offered(&self, family: Family) -> impl Iterator<Item = &Release> {
        self.releases.iter().filter(move |release| release.family == family && release.offered)
    }

    /// What is sold of a version; loading refuses an offered one that lacks what its ways need.
    pub fn product(&self, release: &Release, kind: Option<LicenceKind>, unit: Unit) -> Option<&Product> {
        self.products.iter().find(|product| {
            product.family == release.family
                && product.version == release.version
                && product.kind == kind
                && product.unit == unit
        })
    }

    /// A product by its key.
    pub fn product_by_key(&self, key: &str) -> Option<&Product> {
        self.products.iter().find(|product| product.key == key)
    }

    pub fn offer(&self, key: &str) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.key == key)
    }

    /// What is known of a licence that a variant demands.
    pub fn licence(&self, key: &str) -> Option<&LicenceData> {
        self.licences.iter().find(|licence| licence.key == key)
    }

    /// Whether a proof of this licence counts only for the kind under which it was recorded.
    pub fn depends_on_kind(&self, key: &str) -> bool {
        self.licence(key).is_some_and(|licence| licence.depends_on_kind)
    }

    /// Whether one of these licences stands for that part of Windows.
    pub fn stand_for(&self, licences: &[String], part: WindowsPart) -> bool {
        licences.iter().filter_map(|key| self.licence(key)).any(|licence| licence.windows.contains(&part))
    }
}
