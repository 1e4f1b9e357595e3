//! What holds of every advice.

use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::*;
use crate::catalogue::Unit;

const DAY: Date = date(2026, 11, 16);

fn number(range: std::ops::RangeInclusive<u32>) -> impl Strategy<Value = u32> {
    range
}

/// Needs that are all known and do not contradict each other.
fn complete() -> impl Strategy<Value = Needs> {
    let machine = (any::<bool>(), number(1..=1024), number(1..=16), number(1..=1024));
    let people =
        (number(1..=400), number(0..=40), number(1..=400), number(0..=40), any::<bool>(), any::<bool>());
    let owned = (0..3_usize, number(0..=64), number(0..=300), number(0..=300), number(0..=2));
    (machine, people, owned, any::<bool>(), any::<bool>()).prop_map(
        |(machine, people, owned, older, shared)| {
            let (is_virtual, cores, processors, virtual_cores) = machine;
            let (users, indirect_users, devices, indirect_devices, mixed, half) = people;
            let (of, cores_owned, user_cals, device_cals, servers) = owned;
            let existing = [Some(Owned::None), version("2022"), version("2025")][of].clone();
            let own = |n: u32| (of > 0).then_some(n);
            let physical = |n: u32| (!is_virtual).then_some(n);
            let host = |n: u32| is_virtual.then_some(n);
            let processors = processors.min(cores);
            let part = |all: u32| mixed.then_some(if half { all.div_ceil(2) } else { all });
            Needs {
                other_applications: if shared { OtherApplications::Yes } else { OtherApplications::No },
                target_version: Some(if older { "2022" } else { "2025" }.to_owned()),
                virtual_machine: Some(is_virtual),
                cores: physical(cores),
                processors: physical(processors),
                virtual_cores: host(virtual_cores),
                memory_gb: Some(64),
                users: Some(users),
                indirect_users: Some(indirect_users),
                devices: Some(devices),
                indirect_devices: Some(indirect_devices),
                mixed_cals: Some(mixed),
                mix_users: part(users),
                mix_devices: part(devices),
                windows_version: Some("2025".to_owned()),
                host_cores: host(cores),
                host_processors: host(processors),
                existing: Existing {
                    sql_version: existing.clone(),
                    sql_cores: own(cores_owned),
                    sql_servers: own(servers),
                    sql_user_cals: own(user_cals),
                    sql_device_cals: own(device_cals),
                    windows_version: existing,
                    windows_cores: own(cores_owned),
                    windows_user_cals: own(user_cals),
                    windows_device_cals: own(device_cals),
                },
            }
        },
    )
}

/// The same needs with one number raised.
fn raised(needs: &Needs, which: usize, by: u32) -> Needs {
    let mut more = needs.clone();
    let number = match which {
        0 => &mut more.cores,
        1 => &mut more.processors,
        2 => &mut more.virtual_cores,
        3 => &mut more.users,
        4 => &mut more.indirect_users,
        5 => &mut more.devices,
        6 => &mut more.indirect_devices,
        7 => &mut more.mix_users,
        8 => &mut more.mix_devices,
        9 => &mut more.host_cores,
        _ => &mut more.host_processors,
    };
    *number = number.map(|number| number + by);
    more
}

/// The same needs with more of one licence owned, if any is.
fn owning_more(needs: &Needs, which: usize, by: u32) -> Needs {
    let mut more = needs.clone();
    let owned = &mut more.existing;
    let number = match which {
        0 => &mut owned.sql_cores,
        1 => &mut owned.sql_servers,
        2 => &mut owned.sql_user_cals,
        3 => &mut owned.sql_device_cals,
        4 => &mut owned.windows_cores,
        5 => &mut owned.windows_user_cals,
        _ => &mut owned.windows_device_cals,
    };
    *number = number.map(|number| number + by);
    more
}

fn of(catalogue: &Catalogue, needs: &Needs) -> Advice {
    advise(catalogue, needs, Some(&new_server()), DAY)
}

fn packs(catalogue: &Catalogue, line: &Line) -> Option<u32> {
    let product = catalogue.product_by_key(&line.product).expect("a product of the catalogue");
    (product.unit == Unit::CorePack).then_some(line.needed)
}

/// What a way takes in all: CALs and the rest apart, and the price.
fn totals(way: &Way) -> (Vec<u32>, u32, Option<crate::money::Money>) {
    let others = way.lines.iter().filter(|line| line.cover.is_none()).map(|line| line.to_buy).collect();
    let cals = way.lines.iter().filter(|line| line.cover.is_some()).map(|line| line.to_buy).sum();
    (others, cals, way.net)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_needs_generated_are_accepted(needs in complete()) {
        prop_assert!(opened().set_needs(&catalogue(), &technical(), needs).is_ok());
    }

    #[test]
    fn never_fewer_cores_than_the_machine_has_and_whole_packs(needs in complete()) {
        let catalogue = catalogue();
        let advice = of(&catalogue, &needs);
        for way in advice.ways.iter().filter(|way| way.counted()) {
            for line in &way.lines {
                prop_assert_eq!(line.covered + line.to_buy, line.needed);
                let Some(packs) = packs(&catalogue, line) else { continue };
                let licensed = packs * 2;
                let windows = line.family == crate::catalogue::Family::WindowsServer;
                let cores = match needs.virtual_machine {
                    Some(true) if windows => needs.host_cores,
                    Some(true) => needs.virtual_cores,
                    _ => needs.cores,
                };
                prop_assert!(licensed >= cores.unwrap(), "{} for {:?}", licensed, cores);
                let processors = needs.processors.or(needs.host_processors).unwrap();
                let least = match (windows, needs.virtual_machine) {
                    (true, _) => (8 * processors).max(16),
                    (false, Some(true)) => 4,
                    (false, _) => 4 * processors,
                };
                prop_assert!(licensed >= least);
                prop_assert!(licensed <= cores.unwrap().max(least) + 1, "no pack too many");
            }
        }
    }

    #[test]
    fn everybody_is_covered_by_a_cal(needs in complete()) {
        let catalogue = catalogue();
        let advice = of(&catalogue, &needs);
        for way in advice.ways.iter().filter(|way| way.counted()) {
            for line in way.lines.iter().filter(|line| line.cover.is_some()) {
                let unit = catalogue.product_by_key(&line.product).unwrap().unit;
                let all = match (line.cover.unwrap(), unit) {
                    (Cover::Users, Unit::UserCal) => needs.all_users(),
                    (Cover::Devices, Unit::DeviceCal) => needs.all_devices(),
                    (Cover::Mix, Unit::UserCal) => needs.mix_users,
                    (Cover::Mix, Unit::DeviceCal) => needs.mix_devices,
                    other => panic!("{other:?}"),
                };
                prop_assert_eq!(Some(line.needed), all);
            }
        }
    }

    #[test]
    fn more_needs_never_take_less(needs in complete(), which in 0..11_usize, by in 1..50_u32) {
        for catalogue in [catalogue(), priced()] {
            let (before, after) = (of(&catalogue, &needs), of(&catalogue, &raised(&needs, which, by)));
            for (before, after) in before.ways.iter().zip(&after.ways).filter(|(way, _)| way.counted()) {
                let ((others, cals, net), (more_others, more_cals, more_net)) = (totals(before), totals(after));
                prop_assert!(others.iter().zip(&more_others).all(|(less, more)| less <= more));
                // What need not be bought costs nothing, with or without a price; more of it may have none.
                prop_assert!(net.zip(more_net).is_none_or(|(less, more)| less <= more));
                // With prices fewer of a dearer kind may be the cheapest.
                prop_assert!(net.is_some() || cals <= more_cals);
            }
        }
    }

    #[test]
    fn more_that_is_owned_never_takes_more(needs in complete(), which in 0..7_usize, by in 1..50_u32) {
        for catalogue in [catalogue(), priced()] {
            let (before, after) = (of(&catalogue, &needs), of(&catalogue, &owning_more(&needs, which, by)));
            for (before, after) in before.ways.iter().zip(&after.ways).filter(|(way, _)| way.counted()) {
                let ((others, cals, net), (less_others, less_cals, less_net)) = (totals(before), totals(after));
                prop_assert!(less_others.iter().zip(&others).all(|(less, more)| less <= more));
                prop_assert!(less_net.zip(net).is_none_or(|(less, more)| less <= more));
                prop_assert!(net.is_some() || less_cals <= cals);
            }
        }
    }

    #[test]
    fn the_same_needs_always_give_the_same_advice(needs in complete()) {
        let advice = of(&priced(), &needs);
        prop_assert_eq!(&of(&priced(), &needs), &advice);
        let kept = serde_json::to_string(&advice).unwrap();
        prop_assert_eq!(serde_json::from_str::<Advice>(&kept).unwrap(), advice);
    }

    #[test]
    fn the_cheapest_is_the_least_of_all_that_is_allowed(needs in complete()) {
        let advice = of(&priced(), &needs);
        let marked: Vec<_> = advice.ways.iter().filter(|way| way.cheapest).collect();
        prop_assert_eq!(marked.len(), 1);
        let nets = || advice.ways.iter().filter(|way| way.allowed()).map(|way| way.net.unwrap());
        prop_assert_eq!(marked[0].net, nets().min());
        for way in advice.ways.iter().filter(|way| way.allowed()) {
            let sum = way.lines.iter().try_fold(crate::money::Money::ZERO, |sum, line| sum.plus(line.net?));
            prop_assert_eq!(sum, way.net);
        }
    }

    #[test]
    fn a_choice_fits_the_needs_for_which_it_is_made(needs in complete()) {
        let mut licensing = opened();
        licensing.set_needs(&priced(), &technical(), needs).unwrap();
        licensing.choose(&priced(), &decision(), LicenceKind::Standard, None, now()).unwrap();
        prop_assert_eq!(licensing.misfits(&priced()), Vec::new());
    }
}
