use super::*;

#[test]
fn runtime_only_autostacja_when_others_use_the_instance() {
    let cases = [
        (OtherApplications::Unknown, LicenceKind::Runtime, true),
        (OtherApplications::No, LicenceKind::Runtime, true),
        (OtherApplications::Yes, LicenceKind::Runtime, false),
        (OtherApplications::Yes, LicenceKind::Standard, true),
    ];
    for (needs, kind, allowed) in cases {
        let mut licensing = opened();
        licensing.set_needs(&catalogue(), &technical(), others(needs)).unwrap();
        if allowed {
            licensing.choose(&catalogue(), &decision(), kind, None, now()).unwrap();
            licensing.recommend(&catalogue(), &crm(), kind, "fits".to_owned(), now()).unwrap();
            assert_eq!(licensing.kind(), Some(kind));
            continue;
        }
        for refusal in [
            refused(&licensing, |l| l.choose(&catalogue(), &decision(), kind, None, now())),
            refused(&licensing, |l| l.recommend(&catalogue(), &crm(), kind, "fits".to_owned(), now())),
        ] {
            assert_eq!(refusal.reason(), ErrorReason::RuntimeOnlyAutostacja);
            assert_eq!(refusal.violations()[0].allowed, "standard");
        }
    }
}

#[test]
fn runtime_only_autostacja_ends_the_choice_when_the_needs_change() {
    let mut licensing = with_kind(LicenceKind::Runtime);
    licensing.record(&catalogue(), &technical(), "sql_server", invoice("FV 1"), now()).unwrap();
    licensing.record(&catalogue(), &technical(), "windows_server", invoice("FV 2"), now()).unwrap();
    assert!(licensing.status(&catalogue()).unwrap().complete());

    let events = licensing.set_needs(&catalogue(), &technical(), others(OtherApplications::Yes)).unwrap();
    assert!(events.contains(&Event::ChoiceEnded { kind: LicenceKind::Runtime }));
    assert_eq!(missing(&events), Some(vec!["licence_kind".to_owned(), "sql_server".to_owned()]));
    assert_eq!(licensing.kind(), None);
}

#[test]
fn standard_survives_a_change_of_needs() {
    let mut licensing = with_kind(LicenceKind::Standard);
    let events = licensing.set_needs(&catalogue(), &technical(), others(OtherApplications::Yes)).unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(licensing.kind(), Some(LicenceKind::Standard));
}

#[test]
fn no_kind_is_chosen_where_the_variant_demands_none() {
    let mut licensing = opened();
    licensing.variant_chosen(&catalogue(), hosted());
    let refusal =
        refused(&licensing, |l| l.choose(&catalogue(), &decision(), LicenceKind::Standard, None, now()));
    assert_eq!(refusal.reason(), ErrorReason::InvalidArgument);
    assert_eq!(refusal.violations()[0].field, "kind");
}

#[test]
fn a_kind_can_be_chosen_before_the_variant() {
    let mut licensing = Licences::open(at(OPENED));
    let events = licensing.choose(&catalogue(), &decision(), LicenceKind::Standard, None, now()).unwrap();
    assert_eq!(missing(&events), None, "no variant, no status");
    assert_eq!(licensing.kind(), Some(LicenceKind::Standard));
}

#[test]
fn the_same_choice_again_is_no_news() {
    let mut licensing = with_kind(LicenceKind::Standard);
    let before = licensing.clone();
    assert_eq!(
        licensing.choose(&catalogue(), &decision(), LicenceKind::Standard, None, now()),
        Ok(Vec::new())
    );
    assert_eq!(licensing, before);
}

#[test]
fn a_recommendation_chooses_nothing_and_says_why() {
    let mut licensing = opened();
    licensing
        .recommend(&catalogue(), &crm(), LicenceKind::Runtime, "only AutoStacja".to_owned(), now())
        .unwrap();
    assert_eq!(licensing.kind(), None);
    for note in ["", "  ", &"x".repeat(2001)] {
        let refusal = refused(&licensing, |l| {
            l.recommend(&catalogue(), &crm(), LicenceKind::Runtime, note.to_owned(), now())
        });
        assert_eq!(
            (refusal.reason(), refusal.violations()[0].field.as_str()),
            (ErrorReason::InvalidArgument, "note")
        );
    }
}

#[test]
fn a_kind_is_chosen_with_a_metric_by_which_it_is_sold() {
    let mut licensing = opened();
    let choose = |l: &mut Licences, kind, metric| l.choose(&catalogue(), &decision(), kind, metric, now());
    let refusal = refused(&licensing, |l| choose(l, LicenceKind::Runtime, Some(Metric::PerCore)));
    let violation = &refusal.violations()[0];
    assert_eq!((violation.field.as_str(), violation.allowed.as_str()), ("metric", "server_and_cal"));

    choose(&mut licensing, LicenceKind::Runtime, None).unwrap();
    assert_eq!(licensing.choice.as_ref().unwrap().metric, Some(Metric::ServerAndCal), "the only one");
    choose(&mut licensing, LicenceKind::Standard, None).unwrap();
    assert_eq!(licensing.choice.as_ref().unwrap().metric, None, "left open");
    let events = choose(&mut licensing, LicenceKind::Standard, Some(Metric::PerCore)).unwrap();
    let (kind, metric) = (LicenceKind::Standard, Some(Metric::PerCore));
    let advice = licensing.choice.as_ref().unwrap().advice.digest();
    assert_eq!(events[0], Event::LicenceChosen { kind, previous: Some(kind), metric, advice });
}

#[test]
fn the_advice_of_the_moment_is_kept_with_the_choice() {
    let mut licensing = opened();
    licensing.set_needs(&catalogue(), &technical(), server()).unwrap();
    let advice = licensing.advice(&catalogue(), now());
    licensing.choose(&catalogue(), &decision(), LicenceKind::Standard, None, now()).unwrap();
    assert_eq!(licensing.choice.as_ref().unwrap().advice, advice);

    // Another day is no news; another price list is.
    let again = |l: &mut Licences, catalogue: &Catalogue, at| {
        l.choose(catalogue, &decision(), LicenceKind::Standard, None, at)
    };
    let before = licensing.clone();
    let later = at("2026-12-16T10:00:00Z");
    assert_eq!(again(&mut licensing, &catalogue(), later), Ok(Vec::new()));
    assert_eq!(licensing, before);
    assert_eq!(again(&mut licensing, &priced(), later).unwrap().len(), 1);
    assert_eq!(licensing.choice.as_ref().unwrap().advice.price_list, "example-1");
}

#[test]
fn the_history_keeps_the_advice_of_every_choice_without_its_words() {
    let mut licensing = opened();
    let mut kept = Vec::new();
    for needs in [server(), Needs { users: Some(22), ..server() }] {
        licensing.set_needs(&priced(), &technical(), needs).unwrap();
        let events = licensing.choose(&priced(), &decision(), LicenceKind::Standard, None, now()).unwrap();
        kept.push(serde_json::to_value(&events[0]).unwrap());
    }
    for (event, user_cals) in kept.iter().zip([24, 26]) {
        let advice = &event["advice"];
        assert_eq!(
            (&advice["rules"], &advice["price_list"], &advice["day"]),
            (&"2026-11".into(), &"example-1".into(), &"2026-11-16".into())
        );
        let way = &advice["ways"][1];
        assert_eq!((&way["kind"], &way["metric"]), (&"standard".into(), &"server_and_cal".into()));
        let line = &way["lines"][1];
        assert_eq!((&line["needed"], &line["unit_price"]), (&user_cals.into(), &99_999.into()));
        assert_eq!(advice["ways"][2]["refusals"], serde_json::json!(["METRIC_NOT_SOLD"]));
        let size = event.to_string().len();
        assert!(size < 2500, "compact: {size}");
    }
    let full = serde_json::to_string(&licensing.choice).unwrap().len();
    assert!(kept[1].to_string().len() * 4 < full, "of {full}");
}
