//! CALs: for every user, for every device, or for a stated mix of both.

use serde::{Deserialize, Serialize};

use super::{Line, Remark, Rule};
use crate::{catalogue::Unit, licences::Needs, money::Money};

/// How CALs cover everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cover {
    Users,
    Devices,
    Mix,
}

impl Cover {
    /// In Polish and English.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Users => ("użytkownicy", "users"),
            Self::Devices => ("urządzenia", "devices"),
            Self::Mix => ("użytkownicy i urządzenia", "users and devices"),
        }
    }
}

/// A unit, how many of it, and how that came about.
type Part = (Unit, u32, Remark);

/// `CAL_FOR_ALL`: the ways to cover everybody for which enough is known.
pub(super) fn covers(needs: &Needs) -> Vec<(Cover, Vec<Part>)> {
    let mut covers = Vec::new();
    let all = |unit, direct: Option<u32>, indirect: Option<u32>, pl: &str, en: &str| {
        let (direct, indirect) = (direct?, indirect?);
        let all = direct.saturating_add(indirect);
        let step = Remark::new(
            Rule::CalForAll,
            format!("{pl}: {direct}, pośrednio: {indirect}; razem: {all}"),
            format!("{en}: {direct}, indirectly: {indirect}; together: {all}"),
        );
        Some((unit, all, step))
    };
    let users = all(Unit::UserCal, needs.users, needs.indirect_users, "użytkownicy", "users");
    let devices = all(Unit::DeviceCal, needs.devices, needs.indirect_devices, "urządzenia", "devices");
    covers.extend(users.map(|part| (Cover::Users, vec![part])));
    covers.extend(devices.map(|part| (Cover::Devices, vec![part])));
    let all_known = needs.all_users().is_some() && needs.all_devices().is_some();
    let mix = (needs.mixed_cals.filter(|_| all_known), needs.mix_users, needs.mix_devices);
    if let (Some(true), Some(users), Some(devices)) = mix {
        let part = |unit, number: u32, pl: &str, en: &str| {
            (unit, number, Remark::new(Rule::CalForAll, format!("{pl}: {number}"), format!("{en}: {number}")))
        };
        let users = part(Unit::UserCal, users, "użytkownicy z własnym CAL", "users with a CAL of their own");
        let devices = part(Unit::DeviceCal, devices, "urządzenia pozostałych", "devices of all the others");
        covers.push((Cover::Mix, vec![users, devices]));
    }
    covers
}

/// Whether every way to cover everybody is known: people, devices, and whether some of both.
pub(super) fn all_known(needs: &Needs) -> bool {
    let mix_known = match needs.mixed_cals {
        Some(true) => needs.mix_users.is_some() && needs.mix_devices.is_some(),
        mixed => mixed.is_some(),
    };
    mix_known && needs.all_users().is_some() && needs.all_devices().is_some()
}

/// Paths of the needs of which some must be known to cover everybody.
pub(super) fn missing(needs: &Needs) -> Vec<String> {
    let paths = [
        ("users", needs.users),
        ("indirect_users", needs.indirect_users),
        ("devices", needs.devices),
        ("indirect_devices", needs.indirect_devices),
    ];
    paths.into_iter().filter(|(_, known)| known.is_none()).map(|(path, _)| path.to_owned()).collect()
}

/// `CAL_CHEAPEST`: the cheapest way to cover everybody; where a price is not known, that with the
/// fewest CALs to buy; of equals the first. `kept` is taken where it is among the ways.
pub(super) fn best(ways: Vec<(Cover, Vec<Line>)>, kept: Option<Cover>) -> Vec<Line> {
    let nets: Option<Vec<Money>> = ways.iter().map(|(_, lines)| net(lines)).collect();
    let fewest = |lines: &[Line]| lines.iter().map(|line| u64::from(line.to_buy)).sum::<u64>();
    let least = match &nets {
        Some(nets) => (0..ways.len()).min_by_key(|i| nets[*i]),
        None => (0..ways.len()).min_by_key(|i| fewest(&ways[*i].1)),
    };
    let kept = kept.and_then(|kept| ways.iter().position(|(cover, _)| *cover == kept));
    let Some(best) = kept.or(least) else { return Vec::new() };
    let step = (ways.len() > 1).then(|| {
        let said = |i: usize| match &nets {
            Some(nets) => (nets[i].in_polish(), format!("PLN {}", nets[i])),
            None => (fewest(&ways[i].1).to_string(), fewest(&ways[i].1).to_string()),
        };
        let list = |polish: bool| {
            let one = |(i, (cover, _)): (usize, &(Cover, Vec<Line>))| {
                let ((pl, en), (pl_said, en_said)) = (cover.words(), said(i));
                if polish { format!("{pl}: {pl_said}") } else { format!("{en}: {en_said}") }
            };
            ways.iter().enumerate().map(one).collect::<Vec<_>>().join("; ")
        };
        let (pl, en) = ways[best].0.words();
        let by = if nets.is_some() { ("najtaniej", "cheapest") } else { ("najmniej CAL", "fewest CALs") };
        Remark::new(
            Rule::CalCheapest,
            format!("{}; {}: {pl}", list(true), by.0),
            format!("{}; {}: {en}", list(false), by.1),
        )
    });
    let mut lines = ways.into_iter().nth(best).map(|(_, lines)| lines).unwrap_or_default();
    if let Some(line) = lines.first_mut() {
        line.steps.extend(step);
    }
    lines
}

/// Keys of products to buy that have no price, in whichever way: nothing is the cheapest while they have
/// none. Nobody needs their prices where one way has nothing to buy.
pub(super) fn unpriced(ways: &[(Cover, Vec<Line>)]) -> Vec<String> {
    if ways.iter().any(|(_, lines)| net(lines) == Some(Money::ZERO)) {
        return Vec::new();
    }
    let lines = ways.iter().flat_map(|(_, lines)| lines);
    lines.filter(|line| line.net.is_none()).map(|line| line.product.clone()).collect()
}

fn net(lines: &[Line]) -> Option<Money> {
    lines.iter().try_fold(Money::ZERO, |sum, line| sum.plus(line.net?))
}
