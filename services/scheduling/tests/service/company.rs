use platform::{Error, auth::Principal, harness::request_id};
use proto::{common::v1::ErrorReason, scheduling::v1 as pb};
use rstest::rstest;
use scheduling::Scheduling;
use testkit::Backend::{self, Postgres, Sqlite};

use crate::world::{
    Dealer, World, auditor, company, contact, create_company, create_contact, crm, fields, open, operator,
    reason,
};

/// A command on a company, by its name.
#[derive(Clone, Copy, Debug)]
enum Command {
    Update,
    Hours,
    Closure,
    Reopening,
    Systems,
    AddContact,
}

impl Command {
    /// Carries it out with an etag, empty for none.
    async fn run(self, world: &World, caller: &Principal, of: &Dealer, etag: &str) -> Result<(), Error> {
        let (name, etag, request_id) = (of.name.clone(), etag.to_owned(), request_id());
        let harness = &world.harness;
        match self {
            Self::Update => {
                let company = pb::Company { name, display_name: "Auto Nowak 2".into(), ..company() };
                let request = pb::UpdateCompanyRequest {
                    company: Some(company),
                    etag,
                    request_id,
                    validate_only: false,
                };
                harness.call(caller, Scheduling::update_company, request).await.map(drop)
            }
            Self::Hours => {
                let sites = vec![pb::Site {
                    display_name: "Salon".into(),
                    hours: vec![open(6, "09:00", "13:00")],
                    exceptions: Vec::new(),
                }];
                let request =
                    pb::SetWorkingHoursRequest { name, sites, etag, request_id, validate_only: false };
                harness.call(caller, Scheduling::set_working_hours, request).await.map(drop)
            }
            Self::Closure => {
                let request = closure(of, "2026-12-28", "2026-12-31");
                harness.call(caller, Scheduling::enter_closure, request).await.map(drop)
            }
            Self::Reopening => {
                let request = withdraw_closure(of, "2026-12-28", "2026-12-31");
                harness.call(caller, Scheduling::withdraw_closure, request).await.map(drop)
            }
            Self::Systems => {
                let request = pb::SetSystemsRequest { name, etag, request_id, ..Default::default() };
                harness.call(caller, Scheduling::set_systems, request).await.map(drop)
            }
            Self::AddContact => {
                let request = create_contact(&name, contact("Ewa", &[pb::ContactRole::Technical]));
                harness.call(caller, Scheduling::create_contact, request).await.map(drop)
            }
        }
    }
}

fn closure(dealer: &Dealer, first: &str, last: &str) -> pb::EnterClosureRequest {
    pb::EnterClosureRequest {
        name: dealer.name.clone(),
        first_day: first.to_owned(),
        last_day: last.to_owned(),
        note: "Stocktaking".to_owned(),
        request_id: request_id(),
        validate_only: false,
    }
}

fn withdraw_closure(dealer: &Dealer, first: &str, last: &str) -> pb::WithdrawClosureRequest {
    pb::WithdrawClosureRequest {
        name: dealer.name.clone(),
        first_day: first.to_owned(),
        last_day: last.to_owned(),
        request_id: request_id(),
        validate_only: false,
    }
}

#[rstest]
#[tokio::test]
async fn a_company_is_added_as_it_was_given(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let added = world.get(&world.dealer).await;
    assert_eq!(added.tax_id, "5260250274", "ten digits");
    assert_eq!(added.brands, ["vw", "skoda"]);
    assert_eq!(added.client_since, "2019-05-01");
    assert_eq!(added.sites, company().sites, "the hours read back as they were written");
    assert!(!added.systems_stated);
    assert!(!added.etag.is_empty());

    let told = world.told().await;
    let Some(pb::scheduling_event::Event::CompanyChanged(changed)) = told.first() else {
        panic!("{told:?}");
    };
    assert_eq!((changed.display_name.as_str(), changed.brands.len()), ("Auto Nowak", 2));
    assert_eq!(changed.client_since, "2019-05-01");
}

#[rstest]
#[tokio::test]
async fn only_the_crm_adds_companies(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let Dealer { technical, decision, .. } = world.dealer.clone();
    for caller in [operator(), auditor(), technical, decision] {
        let refused = world.harness.call(&caller, Scheduling::create_company, create_company()).await;
        assert_eq!(reason(refused), ErrorReason::PermissionDenied);
    }
}

#[rstest]
#[tokio::test]
async fn what_of_a_company_cannot_be_used_is_named(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let create = async |company| {
        let request = pb::CreateCompanyRequest { company, ..create_company() };
        world.harness.call(&crm(), Scheduling::create_company, request).await
    };
    assert_eq!(fields(create(None).await), ["company"]);
    let unreadable = pb::Company {
        tax_id: "5260250275".into(), // wrong check digit
        client_since: "2026-02-30".into(),
        ..company()
    };
    assert_eq!(fields(create(Some(unreadable)).await), ["company.tax_id", "company.client_since"]);
    let unknown = pb::Company { display_name: " ".into(), brands: vec!["trabant".into()], ..company() };
    assert_eq!(fields(create(Some(unknown)).await), ["company.display_name", "company.brands"]);
    let mut closed_before_open = company();
    closed_before_open.sites[0].hours = vec![open(1, "08:00", "8:60"), open(8, "08:00", "16:00")];
    closed_before_open.sites[0].exceptions[0].day = "2026-02-30".into();
    let mut named = fields(create(Some(closed_before_open)).await);
    named.sort();
    let site = "company.sites[0]";
    let expected = ["exceptions[0].day", "hours", "hours[1].weekday"].map(|field| format!("{site}.{field}"));
    assert_eq!(named, expected);
}

#[rstest]
#[tokio::test]
async fn who_may_change_a_company(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[values(
        Command::Update,
        Command::Hours,
        Command::Closure,
        Command::Reopening,
        Command::Systems,
        Command::AddContact
    )]
    command: Command,
) {
    let world = World::new(backend).await;
    let dealer = world.dealer.clone();
    // crm, operator, auditor, technical, decision
    let may = match command {
        Command::Update => [true, false, false, false, false],
        Command::Hours => [true, true, false, false, true],
        Command::Closure | Command::Reopening => [false, false, false, false, true],
        Command::Systems => [true, true, false, true, false],
        Command::AddContact => [true, false, false, false, true],
    };
    let callers = [crm(), operator(), auditor(), dealer.technical.clone(), dealer.decision.clone()];
    let entered = world.harness.call(
        &dealer.decision,
        Scheduling::enter_closure,
        closure(&dealer, "2026-12-28", "2026-12-31"),
    );
    entered.await.expect("what can be taken back");
    for (caller, may) in callers.iter().zip(may) {
        let outcome = command.run(&world, caller, &dealer, "").await;
        match may {
            true => outcome.expect("allowed"),
            false => assert_eq!(reason(outcome), ErrorReason::PermissionDenied, "{:?}", caller.roles),
        }
    }
}

#[rstest]
#[tokio::test]
async fn another_company_does_not_exist_for_a_contact(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[values(
        Command::Update,
        Command::Hours,
        Command::Closure,
        Command::Reopening,
        Command::Systems,
        Command::AddContact
    )]
    command: Command,
) {
    let world = World::new(backend).await;
    let other = world.another_dealer().await;
    let before = (world.get(&other).await, world.told().await.len());
    for caller in [&world.dealer.technical, &world.dealer.decision] {
        let outcome = command.run(&world, caller, &other, "").await;
        assert_eq!(reason(outcome), ErrorReason::NotFound);
    }
    assert_eq!((world.get(&other).await, world.told().await.len()), before);
}

#[rstest]
#[tokio::test]
async fn a_stale_etag_is_refused_and_a_fresh_one_is_not(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[values(Command::Update, Command::Hours, Command::Systems)] command: Command,
) {
    let world = World::new(backend).await;
    let seen = world.get(&world.dealer).await.etag;
    // Somebody else's change in between.
    Command::Closure.run(&world, &world.dealer.decision, &world.dealer, "").await.expect("allowed");
    let stale = command.run(&world, &crm(), &world.dealer, &seen).await;
    assert_eq!(reason(stale), ErrorReason::EtagMismatch);
    let fresh = world.get(&world.dealer).await.etag;
    command.run(&world, &crm(), &world.dealer, &fresh).await.expect("allowed");
}

#[rstest]
#[tokio::test]
async fn a_new_contact_does_not_spoil_the_companys_etag(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let seen = world.get(&world.dealer).await.etag;
    world.add_contact(&world.dealer, "Ewa", &[pb::ContactRole::Technical]).await;
    Command::Update.run(&world, &crm(), &world.dealer, &seen).await.expect("allowed");
}

#[rstest]
#[tokio::test]
async fn the_same_request_twice_adds_one_company(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let request = create_company();
    let create = async |request| world.harness.call(&crm(), Scheduling::create_company, request).await;
    let first = create(request.clone()).await.expect("added");
    assert_eq!(create(request.clone()).await.expect("answered again"), first);
    let other = pb::Company { display_name: "Another".into(), ..request.company.clone().expect("a company") };
    let refused = create(pb::CreateCompanyRequest { company: Some(other), ..request }).await;
    assert_eq!(reason(refused), ErrorReason::RequestIdReused);
    let added = world.harness.outbox_kinds().await.iter().filter(|kind| *kind == "company_changed").count();
    assert_eq!(added, 2, "the dealer of the world, and this one");
}

#[rstest]
#[tokio::test]
async fn the_same_request_twice_at_once_adds_one_company(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let request = create_company();
    let create = async || world.harness.call(&crm(), Scheduling::create_company, request.clone()).await;
    let (first, second) = futures::join!(create(), create());
    assert_eq!(first.expect("added"), second.expect("the first's answer"));
}

#[rstest]
#[tokio::test]
async fn validate_only_answers_and_keeps_nothing(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let before = (world.get(&world.dealer).await, world.harness.history().await);
    let request =
        pb::EnterClosureRequest { validate_only: true, ..closure(&world.dealer, "2026-12-28", "2026-12-31") };
    let judged = world.harness.call(&world.dealer.decision, Scheduling::enter_closure, request).await;
    assert_eq!(judged.expect("allowed").closures.len(), 1);
    assert_eq!((world.get(&world.dealer).await, world.harness.history().await), before);
}

#[rstest]
#[case::past("2026-11-13", "2026-11-20", ErrorReason::DateInPast)]
#[case::no_day("2026-11-31", "2026-12-01", ErrorReason::InvalidArgument)]
#[case::backwards("2026-12-31", "2026-12-28", ErrorReason::InvalidArgument)]
#[tokio::test]
async fn a_closure_lies_ahead_on_days_that_exist(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[case] first: &str,
    #[case] last: &str,
    #[case] expected: ErrorReason,
) {
    let world = World::new(backend).await;
    let request = closure(&world.dealer, first, last);
    let outcome = world.harness.call(&world.dealer.decision, Scheduling::enter_closure, request).await;
    assert_eq!(reason(outcome), expected);
}

#[rstest]
#[tokio::test]
async fn none_is_stated_for_both_lists(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    Command::Systems.run(&world, &world.dealer.technical, &world.dealer, "").await.expect("allowed");
    let company = world.get(&world.dealer).await;
    assert!(company.systems_stated && company.systems.is_empty() && company.applications.is_empty());
}

#[rstest]
#[tokio::test]
async fn what_changes_nothing_tells_nothing(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    Command::Update.run(&world, &crm(), &world.dealer, "").await.expect("allowed");
    let before = (world.told().await.len(), world.harness.history().await.len());
    Command::Update.run(&world, &crm(), &world.dealer, "").await.expect("the same again");
    assert_eq!((world.told().await.len(), world.harness.history().await.len()), before);
}
