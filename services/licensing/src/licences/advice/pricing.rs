//! Prices: of a line, of a way, and which way is the cheapest.

use jiff::civil::Date;

use super::{Line, Way, cals, count::Takes};
use crate::{catalogue::PriceList, licences::Needs, money::Money};

/// The line with its price on that day; what need not be bought costs nothing.
pub(super) fn priced(prices: &PriceList, day: Date, mut line: Line) -> Line {
    line.unit_price = prices.of(&line.product, day).map(|price| price.net);
    line.net = match line.unit_price {
        _ if line.to_buy == 0 => Some(Money::ZERO),
        Some(price) => price.times(line.to_buy),
        None => None,
    };
    line
}

/// What a way takes and, where all prices are known, costs.
pub(super) fn total(way: &mut Way, takes: Takes) {
    let Takes { lines, conditions, unpriced } = takes;
    let to_buy = lines.iter().filter(|line| line.net.is_none()).map(|line| line.product.clone());
    for product in to_buy.chain(unpriced) {
        if !way.missing_prices.contains(&product) {
            way.missing_prices.push(product);
        }
    }
    way.net = lines.iter().try_fold(Money::ZERO, |sum, line| sum.plus(line.net?));
    (way.lines, way.conditions) = (lines, conditions);
}

/// Marks the cheapest of the allowed ways; of equals the first; none while one lacks a price or could cover
/// everybody otherwise, since that one could be cheaper.
pub(super) fn mark_cheapest(ways: &mut [Way], needs: &Needs) {
    let has_cals = |way: &Way| way.lines.iter().any(|line| line.cover.is_some());
    if !cals::all_known(needs) && ways.iter().any(has_cals) {
        return;
    }
    let allowed = || ways.iter().enumerate().filter(|(_, way)| way.allowed());
    let priced = |way: &Way| way.net.filter(|_| way.missing_prices.is_empty());
    let nets: Option<Vec<_>> = allowed().map(|(i, way)| Some((priced(way)?, i))).collect();
    if let Some((_, cheapest)) = nets.and_then(|nets| nets.into_iter().min()) {
        ways[cheapest].cheapest = true;
    }
}
