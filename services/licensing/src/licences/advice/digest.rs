//! Advice as the history keeps it for each choice: numbers and rules without their words, which follow from
//! them and from the needs, of which the history has every state.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Advice, Line, Remark, Rule, Way};
use crate::{
    catalogue::{LicenceKind, Metric},
    money::Money,
};

/// What was advised at a choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    pub rules: String,
    pub price_list: String,
    pub day: Date,
    pub ways: Vec<WayDigest>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Rule>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// One way to license. What is empty is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WayDigest {
    pub kind: Option<LicenceKind>,
    pub metric: Option<Metric>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<Rule>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Rule>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LineDigest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub net: Option<Money>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_prices: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cheapest: bool,
}

/// So many of one product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineDigest {
    pub product: String,
    pub needed: u32,
    pub covered: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<Money>,
}

impl Advice {
    /// For the history.
    pub fn digest(&self) -> Digest {
        Digest {
            rules: self.rules.clone(),
            price_list: self.price_list.clone(),
            day: self.day,
            ways: self.ways.iter().map(way).collect(),
            warnings: rules(&self.warnings),
            missing: self.missing.clone(),
        }
    }
}

fn way(way: &Way) -> WayDigest {
    WayDigest {
        kind: way.kind,
        metric: way.metric,
        refusals: rules(&way.refusals),
        conditions: rules(&way.conditions),
        lines: way.lines.iter().map(line).collect(),
        net: way.net,
        missing: way.missing.clone(),
        missing_prices: way.missing_prices.clone(),
        cheapest: way.cheapest,
    }
}

fn line(line: &Line) -> LineDigest {
    let Line { product, needed, covered, unit_price, .. } = line;
    LineDigest { product: product.clone(), needed: *needed, covered: *covered, unit_price: *unit_price }
}

fn rules(remarks: &[Remark]) -> Vec<Rule> {
    remarks.iter().map(|remark| remark.rule).collect()
}
