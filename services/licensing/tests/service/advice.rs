use licensing::Licensing;
use proto::{
    common::v1::{ErrorReason, Money},
    licensing::v1::{self as pb, licensing_event::Event},
};
use rstest::rstest;
use testkit::Backend::{self, Postgres, Sqlite};

use crate::world::{Dealer, World, complete_needs, crm, example_catalogue, reason};

fn option(advice: &pb::Advice, kind: pb::LicenceKind, metric: pb::LicenceMetric) -> &pb::AdviceOption {
    advice
        .options
        .iter()
        .find(|option| (option.kind(), option.metric()) == (kind, metric))
        .expect("every way")
}

fn chosen_for(dealer: &Dealer, kind: pb::LicenceKind, metric: pb::LicenceMetric) -> pb::ChooseLicenceRequest {
    pb::ChooseLicenceRequest { metric: metric.into(), ..dealer.choose(kind) }
}

/// Misfits of the last `licence_choice_outdated`, and how many were told.
async fn outdated(world: &World) -> (usize, Vec<String>) {
    let events = world.harness.outbox::<pb::LicensingEvent>().await;
    let told: Vec<_> = events
        .into_iter()
        .filter_map(|(_, event)| match event.event {
            Some(Event::LicenceChoiceOutdated(outdated)) => Some(outdated.misfits),
            _ => None,
        })
        .collect();
    let last = told.last().into_iter().flatten().map(|misfit| misfit.rule.clone()).collect();
    (told.len(), last)
}

#[rstest]
#[tokio::test]
async fn the_advice_says_what_each_way_takes_and_costs(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::with_catalogue(backend, Some(example_catalogue())).await;
    let dealer = &world.dealer;
    let licensing = world.set_needs(dealer, complete_needs()).await.unwrap();
    let advice = licensing.advice.expect("always there");
    assert_eq!((advice.rules.as_str(), advice.price_list.as_str()), ("2026-11", "example-1"));
    assert_eq!((advice.day.as_str(), advice.missing.len()), ("2026-11-16", 0));

    let per_core = option(&advice, pb::LicenceKind::Standard, pb::LicenceMetric::PerCore);
    // 4 × 9000.00, and for Windows 8 × 600.00 and 25 × 180.00.
    let money = |units, nanos| Some(Money { currency_code: "PLN".to_owned(), units, nanos });
    assert_eq!(per_core.net, money(45_300, 0));
    let line = &per_core.lines[0];
    assert_eq!(line.product, "sql_server_2025_core_pack");
    assert_eq!((line.needed, line.covered, line.to_buy), (4, 0, 4));
    assert_eq!(line.unit_price, money(9_000, 0));
    let steps: Vec<_> = line.steps.iter().map(|step| (step.rule.as_str(), step.rules.as_str())).collect();
    assert_eq!(steps, [("CORES_PER_PROCESSOR", "2026-11"), ("CORE_PACKS", "2026-11")]);
    assert!(line.steps[0].text.as_ref().is_some_and(|text| text.pl.contains("procesory: 1")));

    let refused = option(&advice, pb::LicenceKind::Runtime, pb::LicenceMetric::PerCore);
    assert_eq!((refused.allowed, refused.refusals[0].rule.as_str()), (false, "METRIC_NOT_SOLD"));
    let runtime = option(&advice, pb::LicenceKind::Runtime, pb::LicenceMetric::ServerAndCal);
    assert!(runtime.allowed && runtime.cheapest);
    let cals = option(&advice, pb::LicenceKind::Standard, pb::LicenceMetric::ServerAndCal);
    // 4200.00 + 25 × 999.99, and Windows as above.
    assert_eq!(cals.net, money(38_499, 750_000_000));

    // From 2027 on the server costs 4410.00.
    world.clock.set("2026-12-31T23:00:00Z");
    let advice = world.get(dealer).await.advice.expect("always there");
    assert_eq!(advice.day, "2027-01-01", "in Poland");
    let cals = option(&advice, pb::LicenceKind::Standard, pb::LicenceMetric::ServerAndCal);
    assert_eq!(cals.net, money(38_709, 750_000_000));
}

#[rstest]
#[tokio::test]
async fn a_choice_keeps_its_advice_and_shows_what_fits_no_more(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let dealer = &world.dealer;
    let (standard, per_core) = (pb::LicenceKind::Standard, pb::LicenceMetric::PerCore);
    world.set_needs(dealer, complete_needs()).await.unwrap();
    let request = chosen_for(dealer, standard, per_core);
    let licensing = world.harness.call(&dealer.decision, Licensing::choose_licence, request).await.unwrap();
    let choice = licensing.choice.expect("always there");
    assert_eq!((choice.kind(), choice.metric()), (standard, per_core));
    assert_eq!(choice.advice, licensing.advice, "of that moment");
    assert!(choice.misfits.is_empty());
    let before = choice.advice.clone();

    let more = pb::Needs { cores: Some(24), ..complete_needs() };
    let licensing = world.set_needs(dealer, more.clone()).await.unwrap();
    let choice = licensing.choice.clone().expect("always there");
    assert_eq!(choice.advice, before, "what it was chosen for is kept");
    let rules: Vec<_> = choice.misfits.iter().map(|misfit| misfit.rule.as_str()).collect();
    assert_eq!(rules, ["CORES_PER_PROCESSOR", "WINDOWS_CORES"]);
    assert_eq!(outdated(&world).await, (1, rules.iter().map(|&rule| rule.to_owned()).collect()));
    assert_eq!(licensing, world.get(dealer).await);

    // The same needs again, and needs that change nothing of it, are not told again.
    world.set_needs(dealer, more.clone()).await.unwrap();
    world.set_needs(dealer, pb::Needs { memory_gb: Some(128), ..more }).await.unwrap();
    assert_eq!(outdated(&world).await.0, 1);

    let request = chosen_for(dealer, standard, per_core);
    let licensing = world.harness.call(&dealer.decision, Licensing::choose_licence, request).await.unwrap();
    let choice = licensing.choice.expect("always there");
    assert!(choice.misfits.is_empty());
    assert_eq!(choice.advice, licensing.advice);

    // A variant that demands no Windows leaves its licences over.
    world.variant(dealer, "same_server", true, &["sql_server"]).await;
    assert_eq!(outdated(&world).await, (2, vec!["WINDOWS_CORES".to_owned(), "CAL_FOR_ALL".to_owned()]));
}

#[rstest]
#[tokio::test]
async fn the_questionnaire_asks_one_question_after_another(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let dealer = &world.dealer;
    let next = async |needs: pb::Needs| {
        let licensing = world.set_needs(dealer, needs).await.unwrap();
        let questionnaire = world.questionnaire(&dealer.technical, dealer).await.unwrap();
        assert_eq!(questionnaire.etag, licensing.needs.unwrap().etag);
        questionnaire.next
    };
    let first = world.questionnaire(&dealer.decision, dealer).await.unwrap();
    assert_eq!((first.next.as_str(), first.questions.len()), ("other_applications", 26));

    let only = pb::OtherApplications::No.into();
    let needs =
        pb::Needs { other_applications: only, target_version: "2025".to_owned(), ..Default::default() };
    assert_eq!(next(needs.clone()).await, "virtual_machine");
    assert_eq!(next(pb::Needs { virtual_machine: Some(true), ..needs.clone() }).await, "virtual_cores");
    assert_eq!(next(pb::Needs { virtual_machine: Some(false), ..needs }).await, "cores");
    assert_eq!(next(pb::Needs { mixed_cals: None, ..complete_needs() }).await, "mixed_cals");
    assert_eq!(next(complete_needs()).await, "");

    let done = world.questionnaire(&crm(), dealer).await.unwrap();
    let cores = done.questions.iter().find(|question| question.key == "cores").expect("asked");
    assert_eq!((cores.answer.as_str(), cores.asked, cores.kind()), ("8", true, pb::AnswerKind::Number));
    assert_eq!((cores.minimum, cores.maximum), (Some(1), Some(1024)));

    let stranger = Dealer::new();
    world.open(&stranger, "").await;
    assert_eq!(reason(world.questionnaire(&stranger.technical, dealer).await), ErrorReason::NotFound);
}

#[rstest]
#[tokio::test]
async fn bad_needs_are_refused_by_field_with_what_is_allowed(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let dealer = &world.dealer;
    let existing =
        |existing: pb::ExistingLicences| pb::Needs { existing: Some(existing), ..complete_needs() };
    let good = complete_needs;
    let cases = [
        (pb::Needs { users: Some(-1), ..good() }, "needs.users", "0 to 100000"),
        (pb::Needs { users: Some(i32::MAX), ..good() }, "needs.users", "0 to 100000"),
        (pb::Needs { cores: Some(i32::MIN), ..good() }, "needs.cores", "1 to 1024"),
        (pb::Needs { processors: Some(9), ..good() }, "needs.processors", "at most 8"),
        (pb::Needs { virtual_cores: Some(4), ..good() }, "needs.virtual_cores", "cores and processors"),
        (
            pb::Needs { virtual_machine: Some(true), cores: None, ..good() },
            "needs.processors",
            "virtual_cores",
        ),
        (pb::Needs { target_version: "2012".to_owned(), ..good() }, "needs.target_version", "2022, 2025"),
        (pb::Needs { mix_users: Some(3), ..good() }, "needs.mix_users", "mixed_cals"),
        (
            existing(pb::ExistingLicences {
                sql_version: "2025".to_owned(),
                sql_user_cals: Some(-5),
                ..Default::default()
            }),
            "needs.existing.sql_user_cals",
            "0 to 100000",
        ),
        (
            existing(pb::ExistingLicences { sql_user_cals: Some(100_001), ..Default::default() }),
            "needs.existing.sql_user_cals",
            "0 to 100000",
        ),
        (
            existing(pb::ExistingLicences { sql_user_cals: Some(5), ..Default::default() }),
            "needs.existing.sql_user_cals",
            "existing.sql_version",
        ),
    ];
    let before = (world.get(dealer).await, world.harness.history().await);
    for (needs, field, allowed) in cases {
        let refused = world.set_needs(dealer, needs).await.expect_err(field);
        assert_eq!(refused.reason(), ErrorReason::InvalidArgument, "{field}");
        let text = refused.to_string();
        assert!(text.contains(field) && text.contains(allowed), "{text}");
    }
    assert_eq!((world.get(dealer).await, world.harness.history().await), before);

    let request = chosen_for(dealer, pb::LicenceKind::Runtime, pb::LicenceMetric::PerCore);
    let refused = world.harness.call(&dealer.decision, Licensing::choose_licence, request).await;
    assert_eq!(reason(refused), ErrorReason::InvalidArgument);
    let request = pb::ChooseLicenceRequest { metric: 9, ..dealer.choose(pb::LicenceKind::Standard) };
    let refused = world.harness.call(&dealer.decision, Licensing::choose_licence, request).await;
    assert_eq!(reason(refused), ErrorReason::InvalidArgument);
}

#[rstest]
#[tokio::test]
async fn a_repeated_request_and_one_that_only_judges_tell_nothing_twice(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let dealer = &world.dealer;
    world.set_needs(dealer, complete_needs()).await.unwrap();
    world.choose(dealer, pb::LicenceKind::Standard).await.unwrap();
    let needs = pb::Needs { cores: Some(24), ..complete_needs() };
    let request = pb::SetNeedsRequest { needs: Some(needs), ..dealer.needs(pb::OtherApplications::No) };
    let judged = pb::SetNeedsRequest { validate_only: true, ..request.clone() };
    let licensing = world.harness.call(&dealer.technical, Licensing::set_needs, judged).await.unwrap();
    assert!(!licensing.choice.unwrap().misfits.is_empty(), "what would be");
    assert_eq!(outdated(&world).await.0, 0);
    for _ in 0..2 {
        let request = request.clone();
        let licensing = world.harness.call(&dealer.technical, Licensing::set_needs, request).await.unwrap();
        assert!(!licensing.choice.unwrap().misfits.is_empty());
        assert_eq!(outdated(&world).await.0, 1);
    }
}
