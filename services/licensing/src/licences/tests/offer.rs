use jiff::civil::date;

use super::*;

fn offer() -> Offer {
    catalogue().offer("migration-2026").unwrap().clone()
}

fn accept(
    licensing: &mut Licences,
    since: Option<Date>,
    left: u32,
    now: &str,
) -> Result<Vec<Event>, Refusal> {
    licensing.accept_offer(&decision(), &asked(&offer(), since, left), at(now))
}

#[test]
fn offer_for_clients_only() {
    let client = Some(date(2019, 5, 1));
    // The offer runs from 2026-09-01 to 2027-06-30 in Poland, for clients from before it began.
    let cases = [
        ("a client", client, 1, NOW, true),
        ("a client since the last day that counts", Some(date(2026, 8, 31)), 1, NOW, true),
        ("a client from the first day of the offer", Some(date(2026, 9, 1)), 1, NOW, false),
        ("no client", None, 1, NOW, false),
        ("none left", client, 0, NOW, false),
        ("the last minute of the day before", client, 1, "2026-08-31T21:59:59Z", false),
        ("the first minute", client, 1, "2026-08-31T22:00:00Z", true),
        ("the last minute", client, 1, "2027-06-30T21:59:59Z", true),
        ("the first minute after", client, 1, "2027-06-30T22:00:00Z", false),
    ];
    for (name, since, left, now, allowed) in cases {
        let mut licensing = with_kind(LicenceKind::Standard);
        if allowed {
            let events = accept(&mut licensing, since, left, now).unwrap_or_else(|e| panic!("{name}: {e}"));
            let offer = || "migration-2026".to_owned();
            let expected = [
                Event::OfferReserved { offer: offer(), expires_at: None },
                Event::OfferAccepted { offer: offer() },
            ];
            assert_eq!(events, expected, "{name}");
        } else {
            let refusal = refused(&licensing, |l| accept(l, since, left, now));
            assert_eq!(reasons(&refusal), [ErrorReason::OfferForClientsOnly], "{name}");
            assert!(!refusal.violations()[0].allowed.is_empty(), "{name}");
        }
    }
}

#[test]
fn offer_for_clients_only_names_all_that_is_wrong() {
    let refusal = refused(&with_kind(LicenceKind::Standard), |l| accept(l, None, 0, "2027-07-01T10:00:00Z"));
    assert_eq!(reasons(&refusal), [ErrorReason::OfferForClientsOnly; 3]);
}

#[test]
fn an_offer_needs_a_kind_that_it_is_for() {
    let refusal = refused(&opened(), |l| accept(l, Some(date(2019, 5, 1)), 1, NOW));
    assert_eq!(reasons(&refusal), [ErrorReason::LicenceRequired]);

    let runtime_start = catalogue().offer("runtime-start").unwrap().clone();
    let refusal = refused(&with_kind(LicenceKind::Standard), |l| {
        l.accept_offer(&decision(), &asked(&runtime_start, Some(date(2019, 5, 1)), 1), now())
    });
    assert_eq!(reasons(&refusal), [ErrorReason::InvalidArgument]);
    assert_eq!(refusal.violations()[0].allowed, "runtime");
}

#[test]
fn one_offer_at_a_time_and_the_same_again_is_no_news() {
    let mut licensing = with_kind(LicenceKind::Runtime);
    accept(&mut licensing, Some(date(2019, 5, 1)), 1, NOW).unwrap();
    assert_eq!(accept(&mut licensing, Some(date(2019, 5, 1)), 0, NOW), Ok(Vec::new()));

    let other = catalogue().offer("runtime-start").unwrap().clone();
    let refusal = refused(&licensing, |l| {
        l.accept_offer(&decision(), &asked(&other, Some(date(2019, 5, 1)), 1), now())
    });
    assert_eq!(reasons(&refusal), [ErrorReason::InvalidArgument]);
}

#[test]
fn an_offer_goes_back_with_the_kind_the_project_or_on_request() {
    let released = |reason| Event::OfferReleased { offer: "runtime-start".to_owned(), reason };
    let reserved = || {
        let mut licensing = with_kind(LicenceKind::Runtime);
        let offer = catalogue().offer("runtime-start").unwrap().clone();
        licensing.accept_offer(&decision(), &asked(&offer, Some(date(2019, 5, 1)), 1), now()).unwrap();
        licensing
    };
    type Change = fn(&mut Licences) -> Vec<Event>;
    let cases: [(Change, ReleaseReason); 4] = [
        (|l| l.release_offer(&decision()).unwrap(), ReleaseReason::GivenBack),
        (
            |l| l.choose(&catalogue(), &decision(), LicenceKind::Standard, None, now()).unwrap(),
            ReleaseReason::KindChanged,
        ),
        (
            |l| l.set_needs(&catalogue(), &technical(), others(OtherApplications::Yes)).unwrap(),
            ReleaseReason::KindChanged,
        ),
        (Licences::project_cancelled, ReleaseReason::ProjectCancelled),
    ];
    for (change, reason) in cases {
        let mut licensing = reserved();
        assert!(change(&mut licensing).contains(&released(reason)), "{reason:?}");
        assert_eq!(licensing.offer, None, "{reason:?}");
    }

    let mut completed = reserved();
    completed.project_completed();
    assert!(completed.has_offer("runtime-start"), "an offer that was used is not free again");
}

#[test]
fn an_offer_for_both_kinds_survives_the_change_of_kind() {
    let mut licensing = everything_possible();
    licensing.choose(&catalogue(), &decision(), LicenceKind::Runtime, None, now()).unwrap();
    assert!(licensing.has_offer("migration-2026"));
}

#[test]
fn nothing_is_given_back_where_nothing_is_accepted() {
    let refusal = refused(&opened(), |l| l.release_offer(&decision()));
    assert_eq!(refusal.reason(), ErrorReason::NotFound);
}

fn reserve(licensing: &mut Licences, actor: &Actor) -> Result<Vec<Event>, Refusal> {
    licensing.reserve_offer(actor, &asked(&offer(), Some(date(2019, 5, 1)), 1), now())
}

/// Midnight in Poland after the fourteenth day after NOW.
const EXPIRES: &str = "2026-11-30T23:00:00Z";

#[test]
fn what_is_set_aside_is_free_again_when_nobody_accepts_it_in_time() {
    let mut licensing = with_kind(LicenceKind::Standard);
    let events = reserve(&mut licensing, &crm()).unwrap();
    let expires_at = Some(at(EXPIRES));
    assert_eq!(events, [Event::OfferReserved { offer: "migration-2026".to_owned(), expires_at }]);
    assert_eq!(reserve(&mut licensing, &crm()), Ok(Vec::new()), "the same again is no news");

    assert_eq!(licensing.tick(at("2026-11-30T22:59:59Z")), []);
    let expired = Event::OfferReleased { offer: "migration-2026".to_owned(), reason: ReleaseReason::Expired };
    assert_eq!(licensing.tick(at(EXPIRES)), [expired]);
    assert_eq!(licensing.offer, None);
    assert_eq!(licensing.tick(at(EXPIRES)), []);
}

#[test]
fn what_is_set_aside_is_accepted_though_none_is_left_for_others_and_expires_no_more() {
    let mut licensing = with_kind(LicenceKind::Standard);
    reserve(&mut licensing, &decision()).unwrap();
    let events = accept(&mut licensing, None, 0, "2026-11-30T10:00:00Z").unwrap();
    assert_eq!(events, [Event::OfferAccepted { offer: "migration-2026".to_owned() }]);
    assert_eq!(licensing.tick(at("2027-11-30T23:00:00Z")), []);
    assert_eq!(accept(&mut licensing, None, 0, NOW), Ok(Vec::new()));
    assert!(licensing.has_offer("migration-2026"));
}

#[test]
fn only_who_decides_accepts_and_the_technical_contact_sets_nothing_aside() {
    let mut licensing = with_kind(LicenceKind::Standard);
    assert_eq!(refused(&licensing, |l| reserve(l, &technical())).reason(), ErrorReason::PermissionDenied);
    reserve(&mut licensing, &crm()).unwrap();
    let by_crm =
        |l: &mut Licences| l.accept_offer(&crm(), &asked(&offer(), Some(date(2019, 5, 1)), 1), now());
    assert_eq!(refused(&licensing, by_crm).reason(), ErrorReason::PermissionDenied);
}

#[test]
fn a_project_that_ends_uses_up_only_what_was_accepted() {
    let mut licensing = with_kind(LicenceKind::Standard);
    reserve(&mut licensing, &crm()).unwrap();
    assert_eq!(licensing.project_completed().len(), 1);
    assert_eq!(licensing.offer, None);
}

#[test]
fn an_expired_reservation_is_judged_as_none_though_the_timer_is_late() {
    let mut licensing = with_kind(LicenceKind::Standard);
    reserve(&mut licensing, &crm()).unwrap();
    let late = "2026-12-10T10:00:00Z";
    let refusal = refused(&licensing, |l| accept(l, None, 0, late));
    assert_eq!(reasons(&refusal), [ErrorReason::OfferForClientsOnly], "no client; the own piece is left");

    let events = accept(&mut licensing, Some(date(2019, 5, 1)), 0, late).unwrap();
    let expired = Event::OfferReleased { offer: "migration-2026".to_owned(), reason: ReleaseReason::Expired };
    assert_eq!((events.len(), &events[0]), (3, &expired), "{events:?}");
    assert!(licensing.could_accept(&offer(), None, 0, at(late)));
}

#[test]
fn what_is_set_aside_can_be_accepted_after_it_left_the_catalogue() {
    let mut licensing = with_kind(LicenceKind::Standard);
    let gone = AskedOffer { key: "migration-2026", known: None, client_since: None, left: 0 };
    let refusal = refused(&licensing, |l| l.accept_offer(&decision(), &gone, now()));
    assert_eq!(refusal.reason(), ErrorReason::NotFound);
    reserve(&mut licensing, &crm()).unwrap();
    let events = licensing.accept_offer(&decision(), &gone, now()).unwrap();
    assert_eq!(events, [Event::OfferAccepted { offer: "migration-2026".to_owned() }]);
}

#[test]
fn an_offer_for_both_kinds_stays_when_one_of_them_is_chosen_no_more() {
    let mut licensing = with_kind(LicenceKind::Runtime);
    accept(&mut licensing, Some(date(2019, 5, 1)), 1, NOW).unwrap();
    licensing.set_needs(&catalogue(), &technical(), others(OtherApplications::Yes)).unwrap();
    assert_eq!(licensing.kind(), None);
    assert!(licensing.has_offer("migration-2026"), "Standard can still be chosen");
}

#[test]
fn a_variant_that_demands_no_kind_gives_the_offer_back() {
    for by_whom in ["set aside", "accepted"] {
        let mut licensing = with_kind(LicenceKind::Standard);
        match by_whom {
            "accepted" => accept(&mut licensing, Some(date(2019, 5, 1)), 1, NOW).unwrap(),
            _ => reserve(&mut licensing, &crm()).unwrap(),
        };
        let same_server = Variant { key: "same_server".to_owned(), ..new_server() };
        licensing.variant_chosen(&catalogue(), same_server);
        assert!(licensing.has_offer("migration-2026"), "{by_whom}: a kind is demanded still");

        let events = licensing.variant_chosen(&catalogue(), hosted());
        let offer = "migration-2026".to_owned();
        let released = Event::OfferReleased { offer, reason: ReleaseReason::NoKindDemanded };
        assert_eq!(events[0], released, "{by_whom}");
        assert_eq!(licensing.offer, None, "{by_whom}");
        licensing.variant_chosen(&catalogue(), new_server());
        assert_eq!(licensing.kind(), Some(LicenceKind::Standard), "the choice is kept, the offer is not");
        assert_eq!(licensing.offer, None);
    }
}

#[test]
fn a_variant_without_licences_has_no_offers() {
    let mut licensing = with_kind(LicenceKind::Standard);
    let hosted = Variant { key: "hosted".to_owned(), kind_required: false, licences: Vec::new() };
    licensing.variant_chosen(&catalogue(), hosted);
    let refusal = refused(&licensing, |l| accept(l, Some(date(2019, 5, 1)), 1, NOW));
    assert_eq!(reasons(&refusal), [ErrorReason::InvalidArgument]);
    assert!(!licensing.could_accept(&offer(), Some(date(2019, 5, 1)), 1, now()));
}
