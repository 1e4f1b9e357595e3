use jiff::civil::{Date, date};

use super::*;

const DAY: Date = date(2026, 11, 16);

fn advice(catalogue: &Catalogue, needs: &Needs) -> Advice {
    advise(catalogue, needs, Some(&new_server()), DAY)
}

/// Only MS SQL: the variant demands no Windows.
fn sql_only() -> Variant {
    Variant { key: "same_server".to_owned(), kind_required: true, licences: vec!["sql_server".to_owned()] }
}

fn way(needs: &Needs, kind: LicenceKind, metric: Metric) -> Way {
    advise(&priced(), needs, Some(&sql_only()), DAY).way(kind, metric).unwrap().clone()
}

fn standard_per_core(needs: &Needs) -> Way {
    way(needs, LicenceKind::Standard, Metric::PerCore)
}

fn standard_cals(needs: &Needs) -> Way {
    way(needs, LicenceKind::Standard, Metric::ServerAndCal)
}

/// Product, needed, covered, to buy.
fn lines(way: &Way) -> Vec<(&str, u32, u32, u32)> {
    way.lines.iter().map(|l| (l.product.as_str(), l.needed, l.covered, l.to_buy)).collect()
}

fn rules(remarks: &[Remark]) -> Vec<&str> {
    remarks.iter().map(|remark| remark.rule.name()).collect()
}

#[test]
fn cores_per_processor_at_least_four_and_in_packs_of_two() {
    let cases =
        [((4, 1), 2), ((2, 1), 2), ((5, 1), 3), ((4, 2), 4), ((8, 2), 4), ((17, 2), 9), ((16, 16), 32)];
    for ((cores, processors), packs) in cases {
        let needs = Needs { cores: Some(cores), processors: Some(processors), ..server() };
        let way = standard_per_core(&needs);
        assert_eq!(lines(&way), [("sql_server_2025_core_pack", packs, 0, packs)], "{cores} in {processors}");
        assert_eq!(rules(&way.lines[0].steps), ["CORES_PER_PROCESSOR", "CORE_PACKS"]);
    }
}

#[test]
fn cores_per_virtual_machine_at_least_four_with_software_assurance() {
    for (cores, packs) in [(1, 2), (4, 2), (5, 3), (6, 3)] {
        let way = standard_per_core(&Needs { virtual_cores: Some(cores), ..machine() });
        let expected = [
            ("sql_server_2025_core_pack", packs, 0, packs),
            ("sql_server_2025_core_pack_assurance", packs, 0, packs),
        ];
        assert_eq!(lines(&way), expected, "{cores}");
        assert_eq!(rules(&way.conditions), ["VIRTUAL_MACHINE_ASSURANCE"]);
        assert_eq!(rules(&way.lines[0].steps), ["CORES_PER_VIRTUAL_MACHINE", "CORE_PACKS"]);
    }
    let server_and_cal = standard_cals(&machine());
    assert!(server_and_cal.conditions.is_empty(), "only for cores");
}

#[test]
fn windows_cores_at_least_eight_per_processor_and_sixteen_per_server() {
    let cases = [((8, 1), 8), ((16, 1), 8), ((17, 1), 9), ((16, 2), 8), ((8, 3), 12), ((64, 2), 32)];
    for ((cores, processors), packs) in cases {
        let physical = Needs { cores: Some(cores), processors: Some(processors), ..server() };
        let host = Needs { host_cores: Some(cores), host_processors: Some(processors), ..machine() };
        for needs in [physical, host] {
            let advice = advice(&catalogue(), &needs);
            for way in advice.ways.iter().filter(|way| way.counted()) {
                let windows = way.lines.iter().find(|line| line.product == "windows_server_2025_core_pack");
                let windows = windows.expect("the variant demands Windows");
                assert_eq!(windows.needed, packs, "{cores} in {processors}");
                assert_eq!(rules(&windows.steps), ["WINDOWS_CORES", "CORE_PACKS"]);
            }
        }
    }
}

#[test]
fn windows_is_counted_as_far_as_the_variant_demands_it() {
    let products = |licences: &[&str]| -> Vec<String> {
        let licences = licences.iter().map(|&key| key.to_owned()).collect();
        let variant = Variant { licences, ..new_server() };
        let advice = advise(&catalogue(), &server(), Some(&variant), DAY);
        let way = advice.way(LicenceKind::Standard, Metric::PerCore).unwrap();
        way.lines.iter().map(|line| line.product.clone()).collect()
    };
    let (sql, cores, cals) =
        ("sql_server_2025_core_pack", "windows_server_2025_core_pack", "windows_server_2025_user_cal");
    assert_eq!(products(&["sql_server"]), [sql]);
    assert_eq!(products(&["sql_server", "windows_server"]), [sql, cores, cals]);
    assert_eq!(products(&["windows_server_cal"]), [sql, cals]);
    let before_a_variant = advise(&catalogue(), &server(), None, DAY);
    assert_eq!(before_a_variant.way(LicenceKind::Standard, Metric::PerCore).unwrap().lines.len(), 1);
}

#[test]
fn cal_for_all_users_or_devices_or_a_stated_mix_whichever_is_cheapest() {
    let mixed = |users, devices| Needs {
        mixed_cals: Some(true),
        mix_users: Some(users),
        mix_devices: Some(devices),
        ..server()
    };
    let of = |users, devices| Needs { users: Some(users), devices: Some(devices), ..server() };
    let (user, device) = ("sql_server_2025_user_cal", "sql_server_2025_device_cal");
    // 4 users and 2 devices come indirectly. By the example a user CAL is 999.99 and a device CAL 950.00.
    let cases: [(Needs, &[(&str, u32)]); 5] = [
        (of(20, 28), &[(user, 24)]),
        (of(40, 10), &[(device, 12)]),
        // 40 × 999.99 = 39 999.60 is more than 42 × 950.00 = 39 900.00.
        (of(36, 40), &[(device, 42)]),
        (mixed(4, 6), &[(user, 4), (device, 6)]),
        (mixed(20, 20), &[(user, 24)]),
    ];
    for (needs, expected) in cases {
        let way = standard_cals(&needs);
        let cals: Vec<_> = way.lines[1..].iter().map(|line| (line.product.as_str(), line.needed)).collect();
        assert_eq!(cals, expected);
        let steps = rules(&way.lines[1].steps);
        assert_eq!(steps, ["CAL_FOR_ALL", "CAL_CHEAPEST"]);
        assert_eq!(lines(&way)[0], ("sql_server_2025_server", 1, 0, 1));
    }
    let without_prices = advise(&catalogue(), &of(36, 40), Some(&sql_only()), DAY);
    let way = without_prices.way(LicenceKind::Standard, Metric::ServerAndCal).unwrap();
    assert_eq!(lines(way)[1], (user, 40, 0, 40), "the fewest");
}

#[test]
fn one_side_known_is_enough_for_cals_and_an_unknown_indirect_part_is_not() {
    let users_only = Needs { devices: None, indirect_devices: None, ..server() };
    assert_eq!(lines(&standard_cals(&users_only))[1].0, "sql_server_2025_user_cal");
    let unknown = Needs { indirect_users: None, devices: None, ..server() };
    assert_eq!(standard_cals(&unknown).missing, ["indirect_users", "devices"]);
}

#[test]
fn existing_licences_count_where_they_are_of_the_same_or_a_newer_version() {
    let owned = |sql: &str, windows: &str| {
        owning(Existing {
            sql_version: version(sql),
            sql_cores: Some(5),
            sql_servers: Some(3),
            sql_user_cals: Some(10),
            sql_device_cals: Some(0),
            windows_version: version(windows),
            windows_cores: Some(100),
            windows_user_cals: Some(24),
            windows_device_cals: Some(0),
        })
    };
    let lines_of = |needs: &Needs, kind, metric| -> Vec<(String, u32, u32)> {
        let advice = advise(&priced(), needs, Some(&new_server()), DAY);
        let way = advice.way(kind, metric).unwrap();
        way.lines.iter().map(|line| (line.product.clone(), line.covered, line.to_buy)).collect()
    };
    let line = |product: &str, covered, to_buy| (product.to_owned(), covered, to_buy);
    let needs = owned("2025", "2025");
    let windows = [line("windows_server_2025_core_pack", 8, 0), line("windows_server_2025_user_cal", 24, 0)];
    // Half a pack does not count.
    let expected = [&[line("sql_server_2025_core_pack", 2, 2)], &windows[..]].concat();
    assert_eq!(lines_of(&needs, LicenceKind::Standard, Metric::PerCore), expected);
    let sql = [line("sql_server_2025_server", 1, 0), line("sql_server_2025_user_cal", 10, 14)];
    let expected = [&sql[..], &windows[..]].concat();
    assert_eq!(lines_of(&needs, LicenceKind::Standard, Metric::ServerAndCal), expected);
    // Runtime is not mixed with full licences.
    let sql = [line("sql_server_2025_runtime_server", 0, 1), line("sql_server_2025_runtime_user_cal", 0, 24)];
    let expected = [&sql[..], &windows[..]].concat();
    assert_eq!(lines_of(&needs, LicenceKind::Runtime, Metric::ServerAndCal), expected);
    // A newer version covers an older target; an older one covers nothing and says so.
    let needs = Needs { target_version: Some("2022".to_owned()), ..owned("2025", "2022") };
    assert_eq!(lines_of(&needs, LicenceKind::Standard, Metric::PerCore)[0].1, 2);
    let way = standard_per_core(&owned("2022", "2022"));
    assert_eq!(lines(&way), [("sql_server_2025_core_pack", 4, 0, 4)]);
    assert_eq!(rules(&way.lines[0].steps), ["CORES_PER_PROCESSOR", "CORE_PACKS", "EXISTING_LICENCES"]);
    assert!(way.lines[0].steps[2].text.en.contains("older than 2025"));
}

#[test]
fn ways_that_are_not_allowed_say_why() {
    let refusals = |needs: &Needs, variant: &Variant| -> Vec<String> {
        let advice = advise(&catalogue(), needs, Some(variant), DAY);
        let said = |way: &Way| {
            let (kind, metric) = (way.kind.unwrap(), way.metric.unwrap());
            format!("{kind} {metric}: {}", rules(&way.refusals).join(" "))
        };
        advice.ways.iter().filter(|way| !way.allowed()).map(said).collect()
    };
    let runtime_per_core = "runtime per_core: METRIC_NOT_SOLD";
    assert_eq!(refusals(&server(), &new_server()), [runtime_per_core]);
    let shared = Needs { other_applications: OtherApplications::Yes, ..server() };
    assert_eq!(
        refusals(&shared, &new_server()),
        [
            "runtime per_core: RUNTIME_ONLY_AUTOSTACJA METRIC_NOT_SOLD",
            "runtime server_and_cal: RUNTIME_ONLY_AUTOSTACJA"
        ]
    );
    assert_eq!(refusals(&server(), &hosted()).len(), 4);
    assert!(refusals(&server(), &hosted())[0].ends_with("KIND_NOT_DEMANDED"));
    let dropped = Needs { target_version: Some("2019".to_owned()), ..server() };
    assert_eq!(refusals(&dropped, &new_server())[0], "standard per_core: VERSION_NOT_OFFERED");
}

#[test]
fn the_price_of_each_way_and_the_cheapest_of_them() {
    let advice = advise(&priced(), &server(), Some(&sql_only()), DAY);
    let nets: Vec<_> = advice
        .ways
        .iter()
        .map(|way| (way.kind, way.metric, way.net.map(|net| net.to_string()), way.cheapest))
        .collect();
    let net = |text: &str| Some(text.to_owned());
    use LicenceKind::{Runtime, Standard};
    use Metric::{PerCore, ServerAndCal};
    let expected = [
        // 4 × 9000.00
        (Some(Standard), Some(PerCore), net("36000.00"), false),
        // 4200.00 + 24 × 999.99
        (Some(Standard), Some(ServerAndCal), net("28199.76"), false),
        (Some(Runtime), Some(PerCore), None, false),
        // 2100.00 + 24 × 400.00
        (Some(Runtime), Some(ServerAndCal), net("11700.00"), true),
    ];
    assert_eq!(nets, expected);
    assert_eq!(
        (advice.price_list.as_str(), advice.rules.as_str(), advice.day),
        ("example-1", "2026-11", DAY)
    );

    let shared = Needs { other_applications: OtherApplications::Yes, ..server() };
    let advice = advise(&priced(), &shared, Some(&sql_only()), DAY);
    assert!(advice.way(Standard, ServerAndCal).unwrap().cheapest, "of those that are allowed");
    // In 2027 the server costs 210.00 more.
    let later = advise(&priced(), &server(), Some(&sql_only()), date(2027, 1, 1));
    assert_eq!(later.way(Standard, ServerAndCal).unwrap().net.unwrap().to_string(), "28409.76");
}

#[test]
fn a_variant_that_demands_windows_and_no_kind_is_advised_of_windows_alone() {
    let windows_only = Variant {
        key: "windows_only".to_owned(),
        kind_required: false,
        licences: vec!["windows_server".to_owned()],
    };
    let advice = |needs: &Needs| advise(&priced(), needs, Some(&windows_only), DAY);
    // Nothing of MS SQL is asked or known.
    let needs = Needs {
        target_version: None,
        memory_gb: None,
        other_applications: OtherApplications::Unknown,
        existing: Existing { windows_version: Some(Owned::None), ..Existing::default() },
        ..server()
    };
    let all = advice(&needs);
    assert!(all.missing.is_empty() && all.warnings.is_empty(), "{:?}", all.missing);
    let (windows, ways) = all.ways.split_last().unwrap();
    assert_eq!((windows.kind, windows.metric), (None, None));
    assert!(ways.iter().all(|way| rules(&way.refusals).contains(&"KIND_NOT_DEMANDED")));
    let bought =
        |way: &Way| -> Vec<_> { way.lines.iter().map(|line| (line.product.clone(), line.to_buy)).collect() };
    let with_sql = advise(&priced(), &server(), Some(&new_server()), DAY);
    let with_sql = with_sql.way(LicenceKind::Standard, Metric::PerCore).unwrap().clone();
    assert_eq!(bought(windows), bought(&with_sql)[1..], "as beside MS SQL");
    assert_eq!(
        bought(windows),
        [("windows_server_2025_core_pack".to_owned(), 8), ("windows_server_2025_user_cal".to_owned(), 24)]
    );
    assert!(windows.cheapest, "nothing else is allowed");

    let unknown = advice(&Needs { windows_version: None, cores: None, ..needs });
    assert_eq!(unknown.ways.last().unwrap().missing, ["windows_version", "cores"]);
    assert_eq!(advise(&priced(), &server(), Some(&hosted()), DAY).ways.len(), 4, "nothing is demanded");
    assert_eq!(advise(&priced(), &server(), Some(&new_server()), DAY).ways.len(), 4, "Windows is in each");
}

#[test]
fn without_prices_there_are_quantities_and_no_cheapest() {
    let advice = advise(&catalogue(), &server(), Some(&sql_only()), DAY);
    let allowed: Vec<_> = advice.ways.iter().filter(|way| way.allowed()).collect();
    assert_eq!(allowed.len(), 3);
    for way in &allowed {
        assert!(way.net.is_none() && !way.cheapest && !way.lines.is_empty());
    }
    assert_eq!(
        allowed[1].missing_prices,
        ["sql_server_2025_server", "sql_server_2025_user_cal", "sql_server_2025_device_cal"],
        "device CALs could be bought instead"
    );

    // One price that is missing is enough, as that way could be the cheapest.
    let mut catalogue = priced();
    catalogue.prices.prices.retain(|price| price.product != "sql_server_2025_core_pack");
    let advice = advise(&catalogue, &server(), Some(&sql_only()), DAY);
    assert!(advice.ways.iter().all(|way| !way.cheapest));
    let per_core = advice.way(LicenceKind::Standard, Metric::PerCore).unwrap();
    assert_eq!(per_core.missing_prices, ["sql_server_2025_core_pack"]);
    // What need not be bought needs no price.
    let owned = Existing { sql_version: version("2025"), sql_cores: Some(8), ..Existing::default() };
    let advice = advise(&catalogue, &owning(owned), Some(&sql_only()), DAY);
    let per_core = advice.way(LicenceKind::Standard, Metric::PerCore).unwrap();
    assert!(per_core.cheapest && per_core.missing_prices.is_empty());
    assert_eq!(per_core.net.unwrap().to_string(), "0.00");
}

#[test]
fn no_way_is_the_cheapest_while_cals_that_could_be_bought_instead_have_no_price() {
    let server_and_cal = |catalogue: &Catalogue, needs: &Needs| {
        let advice = advise(catalogue, needs, Some(&sql_only()), DAY);
        let cheapest = advice.ways.iter().any(|way| way.cheapest);
        let way = advice.way(LicenceKind::Standard, Metric::ServerAndCal).unwrap();
        (cheapest, way.net.map(|net| net.to_string()), way.missing_prices.clone())
    };
    let mut catalogue = priced();
    let net = Some("28199.76".to_owned());
    assert_eq!(server_and_cal(&catalogue, &server()), (true, net.clone(), vec![]));

    // 24 users, 30 devices: user CALs are the fewest, device CALs may be cheaper.
    let device_cal = "sql_server_2025_device_cal";
    catalogue.prices.prices.retain(|price| price.product != device_cal);
    assert_eq!(server_and_cal(&catalogue, &server()), (false, net, vec![device_cal.to_owned()]));

    // Nothing is cheaper than nothing.
    let owned = Existing {
        sql_version: version("2025"),
        sql_servers: Some(1),
        sql_user_cals: Some(24),
        ..Existing::default()
    };
    let (_, net, missing) = server_and_cal(&catalogue, &owning(owned));
    assert_eq!((net, missing), (Some("0.00".to_owned()), vec![]));
}

#[test]
fn no_way_is_the_cheapest_before_it_is_said_whether_cals_can_be_mixed() {
    let cheapest = |needs: Needs| {
        let advice = advise(&priced(), &needs, Some(&sql_only()), DAY);
        advice.ways.iter().any(|way| way.cheapest)
    };
    assert!(cheapest(server()));
    assert!(!cheapest(Needs { mixed_cals: None, ..server() }));
    let mixed = Needs { mixed_cals: Some(true), mix_users: Some(4), ..server() };
    assert!(!cheapest(mixed.clone()));
    assert!(cheapest(Needs { mix_devices: Some(6), ..mixed }));
}

#[test]
fn a_way_whose_needs_are_missing_names_them_and_marks_no_cheapest() {
    let needs = Needs { cores: None, ..server() };
    let advice = advise(&priced(), &needs, Some(&sql_only()), DAY);
    assert_eq!(advice.way(LicenceKind::Standard, Metric::PerCore).unwrap().missing, ["cores"]);
    assert!(advice.way(LicenceKind::Standard, Metric::ServerAndCal).unwrap().net.is_some());
    assert!(advice.ways.iter().all(|way| !way.cheapest));
    assert_eq!(advice.missing, ["cores"]);

    let nothing = advice_of_nothing();
    let per_core = nothing.way(LicenceKind::Standard, Metric::PerCore).unwrap();
    assert_eq!(
        per_core.missing,
        [
            "target_version",
            "virtual_machine",
            "windows_version",
            "users",
            "indirect_users",
            "devices",
            "indirect_devices"
        ]
    );
    assert!(nothing.ways.iter().all(|way| way.lines.is_empty()));
}

fn advice_of_nothing() -> Advice {
    advice(&catalogue(), &Needs::default())
}

#[test]
fn support_that_ends_within_24_months_is_warned_of() {
    let warnings = |sql: &str, day: Date| -> Vec<&'static str> {
        let needs = Needs { target_version: Some(sql.to_owned()), ..server() };
        let advice = advise(&catalogue(), &needs, Some(&sql_only()), day);
        advice.warnings.iter().map(|warning| warning.rule.name()).collect()
    };
    let (mainstream, all) = ("MAINSTREAM_SUPPORT_ENDS", "SUPPORT_ENDS");
    // 2022: mainstream until 2028-01-11, extended until 2033-01-11.
    assert!(warnings("2022", date(2026, 1, 10)).is_empty());
    assert_eq!(warnings("2022", date(2026, 1, 11)), [mainstream]);
    assert_eq!(warnings("2022", date(2031, 1, 10)), [mainstream]);
    assert_eq!(warnings("2022", date(2031, 1, 11)), [mainstream, all]);
    assert_eq!(warnings("2022", date(2040, 1, 1)), [mainstream, all]);
    assert!(warnings("2025", DAY).is_empty());

    // Windows, where the variant demands it. MS SQL 2025 has mainstream support until 2031-01-06.
    let needs = Needs { windows_version: Some("2022".to_owned()), ..server() };
    for (variant, expected) in [(new_server(), &[mainstream, all][..]), (sql_only(), &[mainstream])] {
        let advice = advise(&catalogue(), &needs, Some(&variant), date(2029, 10, 14));
        assert_eq!(rules(&advice.warnings), expected, "{}", variant.key);
    }
}

#[test]
fn what_the_edition_leaves_idle_is_warned_of() {
    let warnings = |sql: &str, cores, memory| -> Vec<&'static str> {
        let needs = Needs {
            target_version: Some(sql.to_owned()),
            cores: Some(cores),
            memory_gb: Some(memory),
            ..server()
        };
        let advice = advise(&catalogue(), &needs, Some(&sql_only()), date(2025, 12, 1));
        advice.warnings.iter().map(|warning| warning.rule.name()).collect()
    };
    assert!(warnings("2025", 32, 256).is_empty());
    assert_eq!(warnings("2025", 33, 257), ["EDITION_CORES", "EDITION_MEMORY"]);
    assert!(warnings("2022", 24, 128).is_empty());
    assert_eq!(warnings("2022", 25, 129), ["EDITION_CORES", "EDITION_MEMORY"]);
    let machine = Needs { virtual_cores: Some(40), ..machine() };
    let advice = advise(&catalogue(), &machine, Some(&sql_only()), DAY);
    assert_eq!(rules(&advice.warnings), ["EDITION_CORES"]);
}

#[test]
fn every_text_is_there_in_both_languages() {
    let mixed = Needs { mixed_cals: Some(true), mix_users: Some(4), mix_devices: Some(6), ..server() };
    for needs in [mixed, machine(), Needs { cores: Some(40), memory_gb: Some(999), ..server() }] {
        let advice = advice(&priced(), &needs);
        let in_ways = advice.ways.iter().flat_map(|way| {
            let steps = way.lines.iter().flat_map(|line| &line.steps);
            way.refusals.iter().chain(&way.conditions).chain(steps)
        });
        for remark in advice.warnings.iter().chain(in_ways) {
            assert!(!remark.text.pl.is_empty() && !remark.text.en.is_empty());
            assert_ne!(remark.text.pl, remark.text.en);
        }
    }
}

#[test]
fn a_mix_of_cals_counts_only_where_all_people_and_devices_are_known() {
    let nobody =
        Needs { users: None, indirect_users: None, devices: None, indirect_devices: None, ..server() };
    let mix = Needs { mixed_cals: Some(true), mix_users: Some(0), mix_devices: Some(0), ..nobody };
    let way = standard_cals(&mix);
    assert!(way.lines.is_empty() && way.net.is_none());
    assert_eq!(way.missing, ["users", "indirect_users", "devices", "indirect_devices"]);
}

#[test]
fn no_way_is_the_cheapest_while_devices_could_make_another_cheaper() {
    let needs = Needs { devices: None, indirect_devices: None, ..server() };
    let advice = advise(&priced(), &needs, Some(&sql_only()), DAY);
    assert!(advice.way(LicenceKind::Standard, Metric::ServerAndCal).unwrap().net.is_some());
    assert!(advice.ways.iter().all(|way| !way.cheapest));
}

#[test]
fn a_version_that_is_offered_no_more_cannot_be_chosen() {
    let mut catalogue = priced();
    let mut licensing = opened();
    licensing.set_needs(&catalogue, &technical(), server()).unwrap();
    for release in catalogue.releases.iter_mut().filter(|release| release.version == "2025") {
        release.offered = false;
    }
    let refusal =
        refused(&licensing, |l| l.choose(&catalogue, &decision(), LicenceKind::Standard, None, now()));
    let violation = &refusal.violations()[0];
    assert_eq!(
        (violation.field.as_str(), violation.allowed.to_string().as_str()),
        ("needs.target_version", "2022")
    );
}
