//! What the needs come to: which ways to license are allowed, what each takes and costs, and why. Pure:
//! the same needs, catalogue, variant and day always give the same advice.

mod cals;
mod cores;
mod count;
mod digest;
mod existing;
mod misfits;
mod pricing;
mod rule;
mod view;
mod warnings;

use jiff::civil::Date;
use platform::text::Text;
use serde::{Deserialize, Serialize};

pub use cals::Cover;
pub use digest::{Digest, LineDigest, WayDigest};
pub use rule::Rule;
pub(super) use view::advice as to_proto;
pub(crate) use view::remark as remark_to_proto;

use super::{Needs, OtherApplications, Variant, questionnaire};
use crate::{
    catalogue::{Catalogue, Family, LicenceKind, Metric, WindowsPart},
    money::Money,
};
use count::{Counted, Counting};

/// What is advised for the needs on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice {
    /// Version of the rules.
    pub rules: String,
    /// Version of the price list; empty where there is none.
    pub price_list: String,
    /// The day whose prices were taken.
    pub day: Date,
    /// Every kind by every metric, and Windows alone where it is demanded without a kind.
    pub ways: Vec<Way>,
    pub warnings: Vec<Remark>,
    /// Paths of needs that are asked for and not known.
    pub missing: Vec<String>,
}

/// One way to license: a kind, counted by a metric; or Windows alone, where the variant demands no kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// None for Windows alone, as the metric.
    pub kind: Option<LicenceKind>,
    pub metric: Option<Metric>,
    /// Why it is not allowed; empty where it is.
    pub refusals: Vec<Remark>,
    /// What has to be kept to.
    pub conditions: Vec<Remark>,
    pub lines: Vec<Line>,
    /// Price of all that is to buy, PLN net.
    pub net: Option<Money>,
    /// Paths of needs without which nothing can be counted.
    pub missing: Vec<String>,
    /// Keys of products that are to buy, or that would cover everybody otherwise, and have no price.
    pub missing_prices: Vec<String>,
    /// The least of all allowed ways, where all of them have all their prices.
    pub cheapest: bool,
}

/// So many of one product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Key of the product.
    pub product: String,
    pub name: Text,
    pub family: Family,
    /// For CALs: how they cover everybody.
    pub cover: Option<Cover>,
    pub needed: u32,
    /// Owned already.
    pub covered: u32,
    /// Needed less covered.
    pub to_buy: u32,
    /// PLN net, for one.
    pub unit_price: Option<Money>,
    /// PLN net, for those to buy.
    pub net: Option<Money>,
    pub steps: Vec<Remark>,
}

/// Something to know, by the name of its rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    pub rule: Rule,
    pub text: Text,
}

impl Remark {
    fn new(rule: Rule, pl: impl Into<String>, en: impl Into<String>) -> Self {
        Self { rule, text: Text { pl: pl.into(), en: en.into() } }
    }
}

impl Way {
    pub fn allowed(&self) -> bool {
        self.refusals.is_empty()
    }

    /// Whether its quantities are known.
    pub fn counted(&self) -> bool {
        self.allowed() && self.missing.is_empty()
    }
}

impl Advice {
    pub fn way(&self, kind: LicenceKind, metric: Metric) -> Option<&Way> {
        self.ways.iter().find(|way| (way.kind, way.metric) == (Some(kind), Some(metric)))
    }

    /// Whether both say the same, on whatever day.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        *self == Self { day: self.day, ..other.clone() }
    }
}

/// Advises on the needs at the prices of one day. `variant` is none before one is chosen.
pub fn advise(catalogue: &Catalogue, needs: &Needs, variant: Option<&Variant>, day: Date) -> Advice {
    let counting = Counting { catalogue, needs, variant, prices_of: Some(day), kept: None };
    let mut ways: Vec<_> = every_way(catalogue).map(|(kind, metric)| way(&counting, kind, metric)).collect();
    ways.extend(windows_alone(&counting));
    pricing::mark_cheapest(&mut ways, needs);
    Advice {
        rules: catalogue.rules.clone(),
        price_list: catalogue.prices.version.clone(),
        day,
        ways,
        warnings: warnings::warnings(&counting, day),
        missing: questionnaire::unanswered(catalogue, needs, variant),
    }
}

/// Every kind by every metric, those that are not sold included: they are refused with the reason.
fn every_way(catalogue: &Catalogue) -> impl Iterator<Item = (LicenceKind, Metric)> {
    catalogue.kinds.iter().flat_map(|kind| Metric::ALL.iter().map(|metric| (kind.key, *metric)))
}

fn way(counting: &Counting, kind: LicenceKind, metric: Metric) -> Way {
    let refusals = refusals(counting, kind, metric);
    let way = Way { kind: Some(kind), metric: Some(metric), refusals, ..Way::default() };
    if way.allowed() { taking(way, counting.lines(kind, metric)) } else { way }
}

/// What the variant demands of Windows, where it demands no kind of MS SQL.
fn windows_alone(counting: &Counting) -> Option<Way> {
    let variant = counting.variant.filter(|variant| !variant.kind_required)?;
    let demanded = |part| counting.catalogue.stand_for(&variant.licences, part);
    let windows = demanded(WindowsPart::Cores) || demanded(WindowsPart::Cals);
    windows.then(|| taking(Way::default(), counting.windows()))
}

fn taking(mut way: Way, counted: Counted) -> Way {
    match counted {
        Ok(takes) => pricing::total(&mut way, takes),
        Err(missing) => way.missing = missing,
    }
    way
}

/// Why a way is not allowed.
fn refusals(counting: &Counting, kind: LicenceKind, metric: Metric) -> Vec<Remark> {
    let Counting { catalogue, needs, variant, .. } = counting;
    let data = catalogue.kind(kind);
    let mut refusals = Vec::new();
    if data.only_autostacja && needs.other_applications == OtherApplications::Yes {
        refusals.push(Remark::new(
            Rule::RuntimeOnlyAutostacja,
            format!(
                "Licencja {} jest tylko dla AutoStacji, a z instancji korzystają inne aplikacje.",
                data.name.pl
            ),
            format!(
                "The {} licence is for AutoStacja only, and other applications use the instance.",
                data.name.en
            ),
        ));
    }
    if variant.is_some_and(|variant| !variant.kind_required) {
        refusals.push(Remark::new(
            Rule::KindNotDemanded,
            "Wariant nie wymaga rodzaju licencji.",
            "The variant demands no licence kind.",
        ));
    }
    if !data.metrics.contains(&metric) {
        let metric = &catalogue.metric(metric).name;
        refusals.push(Remark::new(
            Rule::MetricNotSold,
            format!("Licencja {} nie jest sprzedawana w modelu: {}.", data.name.pl, metric.pl),
            format!("The {} licence is not sold {}.", data.name.en, metric.en),
        ));
    }
    if let Some(version) = &needs.target_version
        && !catalogue.offered(Family::SqlServer).any(|release| release.version == *version)
    {
        refusals.push(Remark::new(
            Rule::VersionNotOffered,
            format!("Wersja {version} nie jest oferowana."),
            format!("Version {version} is not offered."),
        ));
    }
    refusals
}
