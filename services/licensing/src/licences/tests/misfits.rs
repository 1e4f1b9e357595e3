use super::*;

/// Needs, then a choice for them.
fn chosen(needs: Needs, kind: LicenceKind, metric: Option<Metric>) -> Licences {
    let mut licensing = opened();
    licensing.set_needs(&catalogue(), &technical(), needs).unwrap();
    licensing.choose(&catalogue(), &decision(), kind, metric, now()).unwrap();
    licensing
}

fn change(licensing: &mut Licences, needs: Needs) -> Vec<Event> {
    licensing.set_needs(&catalogue(), &technical(), needs).unwrap()
}

fn misfits(licensing: &Licences) -> Vec<String> {
    let said = |misfit: Remark| format!("{}: {}", misfit.rule, misfit.text.en);
    licensing.misfits(&catalogue()).into_iter().map(said).collect()
}

fn outdated(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event, Event::ChoiceOutdated { .. })).count()
}

#[test]
fn quantities_that_fit_no_more_are_named_and_told_once_for_each_change() {
    let mut licensing = chosen(server(), LicenceKind::Standard, Some(Metric::PerCore));
    assert_eq!(misfits(&licensing), Vec::<String>::new());

    let more = Needs { cores: Some(24), ..server() };
    let events = change(&mut licensing, more.clone());
    assert_eq!(outdated(&events), 1);
    let expected = [
        "CORES_PER_PROCESSOR: MS SQL Server 2025 Standard, pack of 2 cores: chosen to buy 4, needed 12.",
        "WINDOWS_CORES: Windows Server 2025 Standard, pack of 2 cores: chosen to buy 8, needed 12.",
    ];
    assert_eq!(misfits(&licensing), expected);
    assert_eq!(licensing.kind(), Some(LicenceKind::Standard), "the choice stays");

    let events = change(&mut licensing, Needs { memory_gb: Some(128), ..more.clone() });
    assert_eq!(outdated(&events), 0, "what fits no more is the same");
    let events = change(&mut licensing, Needs { cores: Some(32), ..more });
    assert_eq!(outdated(&events), 1);
    let events = change(&mut licensing, server());
    assert_eq!((outdated(&events), misfits(&licensing).len()), (0, 0), "all fits again");
    let events = change(&mut licensing, Needs { cores: Some(24), ..server() });
    assert_eq!(outdated(&events), 1, "and then no more");
}

#[test]
fn choosing_again_settles_it() {
    let mut licensing = chosen(server(), LicenceKind::Standard, Some(Metric::PerCore));
    change(&mut licensing, Needs { cores: Some(24), ..server() });
    let again = |l: &mut Licences| {
        l.choose(&catalogue(), &decision(), LicenceKind::Standard, Some(Metric::PerCore), now())
    };
    let events = again(&mut licensing).unwrap();
    assert!(matches!(events[..], [Event::LicenceChosen { previous: Some(LicenceKind::Standard), .. }]));
    assert!(misfits(&licensing).is_empty());
    assert_eq!(again(&mut licensing), Ok(Vec::new()), "and then it is no news");
}

#[test]
fn only_what_was_chosen_is_compared() {
    // More users: nothing to one who licenses cores, but for the CALs of Windows.
    let more_users = Needs { users: Some(21), ..server() };
    let mut licensing = chosen(server(), LicenceKind::Standard, Some(Metric::PerCore));
    change(&mut licensing, more_users.clone());
    assert_eq!(
        misfits(&licensing),
        ["CAL_FOR_ALL: Windows Server 2025, user CAL: chosen to buy 24, needed 25."]
    );
    // A metric left open stands for all.
    let mut licensing = chosen(server(), LicenceKind::Standard, None);
    change(&mut licensing, more_users);
    assert_eq!(misfits(&licensing).len(), 2);
    // The user CALs chosen stay user CALs, whatever is cheaper now.
    let mut licensing = chosen(server(), LicenceKind::Runtime, None);
    change(&mut licensing, Needs { devices: Some(5), ..server() });
    assert_eq!(misfits(&licensing), Vec::<String>::new());
    let dearer = |price: &str| {
        let mut catalogue = priced();
        for entry in &mut catalogue.prices.prices {
            if entry.product.ends_with("user_cal") {
                entry.net = price.parse().unwrap();
            }
        }
        catalogue
    };
    assert_eq!(licensing.misfits(&dearer("9999.00")), Vec::new(), "prices are no quantities");
}

#[test]
fn a_way_that_is_no_longer_allowed_is_a_misfit_by_its_rule() {
    let licensing = chosen(server(), LicenceKind::Standard, Some(Metric::PerCore));
    let mut catalogue = catalogue();
    for release in catalogue.releases.iter_mut().filter(|release| release.version == "2025") {
        release.offered = false;
    }
    let rules: Vec<_> = licensing.misfits(&catalogue).iter().map(|misfit| misfit.rule).collect();
    assert_eq!(rules, [Rule::VersionNotOffered]);
}

#[test]
fn what_a_changed_catalogue_spoils_is_told_at_the_next_change() {
    let mut licensing = chosen(server(), LicenceKind::Standard, Some(Metric::PerCore));
    let mut larger_packs = catalogue();
    larger_packs.numbers.sql.pack = 4;
    assert_eq!(licensing.misfits(&larger_packs).len(), 1);
    let needs = Needs { memory_gb: Some(128), ..server() };
    let events = licensing.set_needs(&larger_packs, &technical(), needs.clone()).unwrap();
    assert_eq!(outdated(&events), 1);
    let needs = Needs { memory_gb: Some(256), ..needs };
    let events = licensing.set_needs(&larger_packs, &technical(), needs).unwrap();
    assert_eq!(outdated(&events), 0, "told already");
}

#[test]
fn another_version_or_needs_that_are_not_known_any_more_fit_no_more() {
    let mut licensing = chosen(server(), LicenceKind::Runtime, None);
    change(&mut licensing, Needs { target_version: Some("2022".to_owned()), ..server() });
    assert_eq!(misfits(&licensing).len(), 4, "server and CALs of both versions");
    let events = change(&mut licensing, Needs { users: None, devices: None, ..server() });
    assert_eq!(outdated(&events), 1);
    assert_eq!(
        misfits(&licensing),
        ["NEEDS_INCOMPLETE: Chosen for needs that were known; not answered now: \
          How many named users will use the database? From how many devices will it be used?"]
    );
}

#[test]
fn a_choice_without_quantities_has_nothing_to_misfit() {
    let mut licensing = with_kind(LicenceKind::Standard);
    let events = change(&mut licensing, server());
    assert_eq!((outdated(&events), misfits(&licensing).len()), (0, 0));
}

#[test]
fn a_changed_variant_tells_what_it_spoils() {
    let mut licensing = chosen(server(), LicenceKind::Standard, Some(Metric::PerCore));
    let same_server =
        Variant { key: "same_server".to_owned(), licences: vec!["sql_server".to_owned()], ..new_server() };
    let events = licensing.variant_chosen(&catalogue(), same_server);
    assert_eq!(outdated(&events), 1);
    assert_eq!(misfits(&licensing).len(), 2, "Windows and its CALs");
    let events = licensing.variant_chosen(&catalogue(), hosted());
    assert_eq!((outdated(&events), misfits(&licensing).len()), (0, 0), "no kind can be chosen for it");
}

#[test]
fn a_choice_that_ends_has_no_misfits() {
    let mut licensing = chosen(server(), LicenceKind::Runtime, None);
    let events = change(
        &mut licensing,
        Needs { other_applications: OtherApplications::Yes, users: Some(99), ..server() },
    );
    assert!(events.contains(&Event::ChoiceEnded { kind: LicenceKind::Runtime }));
    assert_eq!((outdated(&events), misfits(&licensing).len()), (0, 0));
}

#[test]
fn nothing_fits_ill_in_a_project_that_is_over() {
    let mut licensing = chosen(server(), LicenceKind::Standard, Some(Metric::PerCore));
    change(&mut licensing, Needs { cores: Some(24), ..server() });
    licensing.project_completed();
    assert!(misfits(&licensing).is_empty());
}
