//! Reads the catalogue: the built-in files, then those that operations supply.

use std::path::Path;

use jiff::civil::Date;
use platform::data::{Entry, LoadError, Place, RawEntry, Source, text_of};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    Catalogue, Price, PriceList,
    entries::{
        KindData, LicenceData, MetricData, Numbers, Offer, Product, Release, SqlNumbers, WindowsNumbers,
    },
};

const KINDS: (&str, &str) = ("kinds.toml", include_str!("../../data/kinds.toml"));
const PRODUCTS: (&str, &str) = ("products.toml", include_str!("../../data/products.toml"));
const PRICES: (&str, &str) = ("prices.toml", include_str!("../../data/prices.toml"));
const OFFERS: (&str, &str) = ("offers.toml", include_str!("../../data/offers.toml"));
const LICENCES: (&str, &str) = ("licences.toml", include_str!("../../data/licences.toml"));

/// In the order in which they are read.
pub(super) const SHIPPED: [(&str, &str); 5] = [KINDS, PRODUCTS, PRICES, OFFERS, LICENCES];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KindsFile {
    rules: String,
    warn_months: u32,
    #[serde(default)]
    kind: Vec<RawEntry>,
    #[serde(default)]
    metric: Vec<RawEntry>,
    sql_server: RawEntry,
    windows_server: RawEntry,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProductsFile {
    #[serde(default)]
    release: Vec<RawEntry>,
    #[serde(default)]
    product: Vec<RawEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PricesFile {
    #[serde(default)]
    version: String,
    #[serde(default)]
    price: Vec<RawEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OffersFile {
    offer: Vec<RawEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LicencesFile {
    licence: Vec<RawEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPrice {
    product: String,
    /// A text: a number would be floating point.
    net: String,
    from: Date,
    until: Option<Date>,
}

/// The catalogue with the place of each entry, to check it and to say where it is wrong.
#[derive(Default)]
pub(super) struct Draft {
    pub rules: String,
    pub numbers: Option<Placed>,
    pub kinds: Vec<Entry<KindData>>,
    pub metrics: Vec<Entry<MetricData>>,
    pub releases: Vec<Entry<Release>>,
    pub products: Vec<Entry<Product>>,
    pub price_list: Option<Entry<String>>,
    pub prices: Vec<Entry<Price>>,
    pub offers: Vec<Entry<Offer>>,
    pub licences: Vec<Entry<LicenceData>>,
}

/// The numbers, with the places of what they consist of.
pub(super) struct Placed {
    pub file: Place,
    pub warn_months: u32,
    pub sql: Entry<SqlNumbers>,
    pub windows: Entry<WindowsNumbers>,
}

impl Catalogue {
    /// The built-in catalogue with the entries of `folder`, where it holds files of the same names,
    /// in place of or beside its own.
    ///
    /// # Errors
    /// What is wrong first, with its file, line and key. A service with a wrong catalogue does not start.
    pub fn load(folder: Option<&Path>) -> Result<Self, LoadError> {
        let mut draft = Draft::default();
        for (file, text) in SHIPPED {
            draft.read(file, Source { file, text })?;
        }
        if let Some(folder) = folder {
            for (file, _) in SHIPPED {
                let path = folder.join(file);
                if let Some(text) = text_of(&path)? {
                    draft.read(file, Source { file: &path.display().to_string(), text: &text })?;
                }
            }
        }
        draft.check()?;
        Ok(draft.into_catalogue())
    }
}

impl Draft {
    /// Takes a file's entries over; `name` says which of the files it is.
    pub(super) fn read(&mut self, name: &str, source: Source) -> Result<(), LoadError> {
        if name == KINDS.0 {
            let file: KindsFile = source.read()?;
            self.rules = file.rules;
            self.numbers = Some(Placed {
                file: source.at(None, ""),
                warn_months: file.warn_months,
                sql: named(source, "sql_server", file.sql_server)?,
                windows: named(source, "windows_server", file.windows_server)?,
            });
            merge(&mut self.kinds, source.entries(file.kind)?)?;
            merge(&mut self.metrics, source.entries(file.metric)?)
        } else if name == PRODUCTS.0 {
            let file: ProductsFile = source.read()?;
            merge(&mut self.releases, source.entries(file.release)?)?;
            merge(&mut self.products, source.entries(file.product)?)
        } else if name == PRICES.0 {
            let file: PricesFile = source.read()?;
            self.price_list = Some(Entry { place: source.at(None, "version"), value: file.version });
            self.prices = file.price.into_iter().map(|raw| price(source, raw)).collect::<Result<_, _>>()?;
            Ok(())
        } else if name == OFFERS.0 {
            let file: OffersFile = source.read()?;
            merge(&mut self.offers, source.entries(file.offer)?)
        } else {
            let file: LicencesFile = source.read()?;
            merge(&mut self.licences, source.entries(file.licence)?)
        }
    }

    pub(super) fn into_catalogue(self) -> Catalogue {
        let numbers = self.numbers.expect("the built-in kinds.toml has them");
        let mut releases = values(self.releases);
        releases.sort_by(|a, b| (a.family, &a.version).cmp(&(b.family, &b.version)));
        Catalogue {
            rules: self.rules,
            numbers: Numbers {
                warn_months: numbers.warn_months,
                sql: numbers.sql.value,
                windows: numbers.windows.value,
            },
            kinds: values(self.kinds),
            metrics: values(self.metrics),
            releases,
            products: values(self.products),
            prices: PriceList {
                version: self.price_list.map(|list| list.value).unwrap_or_default(),
                prices: values(self.prices),
            },
            offers: values(self.offers),
            licences: values(self.licences),
        }
    }
}

fn values<T>(entries: Vec<Entry<T>>) -> Vec<T> {
    entries.into_iter().map(|entry| entry.value).collect()
}

/// A table that stands alone is known by its name.
fn named<T: DeserializeOwned>(source: Source, name: &str, raw: RawEntry) -> Result<Entry<T>, LoadError> {
    let key = |error: LoadError| LoadError { key: name.to_owned(), ..error };
    let Entry { place, value } = source.entry(raw).map_err(key)?;
    Ok(Entry { place: Place { key: name.to_owned(), ..place }, value })
}

fn price(source: Source, raw: RawEntry) -> Result<Entry<Price>, LoadError> {
    let product = raw.get_ref().get("product").and_then(toml::Value::as_str).unwrap_or("a price").to_owned();
    let Entry { place, value } = named::<RawPrice>(source, &product, raw)?;
    let RawPrice { product, net, from, until } = value;
    let net = net.parse().map_err(|e| place.error(format!("net: {e}")))?;
    Ok(Entry { place, value: Price { product, net, from, until } })
}

/// Replaces the entries of the same key and adds the others.
fn merge<T>(into: &mut Vec<Entry<T>>, from: Vec<Entry<T>>) -> Result<(), LoadError> {
    for (i, entry) in from.iter().enumerate() {
        if from[..i].iter().any(|earlier| earlier.place.key == entry.place.key) {
            return Err(entry.place.error("the key stands there twice"));
        }
    }
    for entry in from {
        match into.iter_mut().find(|known| known.place.key == entry.place.key) {
            Some(known) => *known = entry,
            None => into.push(entry),
        }
    }
    Ok(())
}
