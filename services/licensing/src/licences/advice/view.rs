//! Advice as the contract shows it.

use proto::licensing::v1 as pb;

use super::{Advice, Line, Remark, Way};
use crate::{
    events::{kind_to_proto, metric_to_proto},
    licences::view::int,
};

pub fn advice(advice: &Advice) -> pb::Advice {
    pb::Advice {
        rules: advice.rules.clone(),
        price_list: advice.price_list.clone(),
        day: advice.day.to_string(),
        options: advice.ways.iter().map(|way| option(way, &advice.rules)).collect(),
        warnings: advice.warnings.iter().map(remark).collect(),
        missing: advice.missing.clone(),
    }
}

pub fn remark(remark: &Remark) -> pb::AdviceRemark {
    pb::AdviceRemark { rule: remark.rule.to_string(), text: Some(remark.text.clone().into()) }
}

fn option(way: &Way, rules: &str) -> pb::AdviceOption {
    pb::AdviceOption {
        kind: kind_to_proto(way.kind),
        metric: metric_to_proto(way.metric),
        allowed: way.allowed(),
        refusals: way.refusals.iter().map(remark).collect(),
        conditions: way.conditions.iter().map(remark).collect(),
        lines: way.lines.iter().map(|l| line(l, rules)).collect(),
        net: way.net.map(Into::into),
        missing: way.missing.clone(),
        missing_prices: way.missing_prices.clone(),
        cheapest: way.cheapest,
    }
}

fn line(line: &Line, rules: &str) -> pb::AdviceLine {
    let step = |step: &Remark| pb::AdviceStep {
        rule: step.rule.to_string(),
        rules: rules.to_owned(),
        text: Some(step.text.clone().into()),
    };
    pb::AdviceLine {
        product: line.product.clone(),
        display_name: Some(line.name.clone().into()),
        needed: int(line.needed),
        covered: int(line.covered),
        to_buy: int(line.to_buy),
        unit_price: line.unit_price.map(Into::into),
        net: line.net.map(Into::into),
        steps: line.steps.iter().map(step).collect(),
    }
}
