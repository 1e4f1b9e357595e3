//! Prices: of a line, of a way, and which way is the cheapest.

use jiff::civil::Date;

use super::{Line, Way};
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

/// The price of a way, where its quantities and all prices are known.
pub(super) fn total(way: &mut Way) {
    if !way.counted() {
        return;
    }
    let unpriced = way.lines.iter().filter(|line| line.net.is_none());
    way.missing_prices = unpriced.map(|line| line.product.clone()).collect();
    way.net = way.lines.iter().try_fold(Money::ZERO, |sum, line| sum.plus(line.net?));
}

/// Marks the cheapest of the allowed ways; of equals the first; none while one has no price or could cover
/// everybody otherwise, since that one could be cheaper.
pub(super) fn mark_cheapest(ways: &mut [Way], needs: &Needs) {
    let covers_known = needs.all_users().is_some() && needs.all_devices().is_some();
    let has_cals = |way: &Way| way.lines.iter().any(|line| line.cover.is_some());
    if !covers_known && ways.iter().any(has_cals) {
        return;
    }
    let allowed = || ways.iter().enumerate().filter(|(_, way)| way.allowed());
    let nets: Option<Vec<_>> = allowed().map(|(i, way)| Some((way.net?, i))).collect();
    if let Some((_, cheapest)) = nets.and_then(|nets| nets.into_iter().min()) {
        ways[cheapest].cheapest = true;
    }
}
