//! From the contract to the signed protocol, with and without brands.

use journeys::Layout::{self, Embedded, Spread};
use proto::{
    licensing::v1::{GetLicensingRequest, LicensingState},
    scheduling::v1::{GetProjectRequest, IntegrationState, ListHistoryRequest, Stage, StageState},
};
use rstest::rstest;
use story::{Facts, Through};

use crate::common::{Theatre, stage, told};

#[rstest]
#[tokio::test]
async fn a_dealership_goes_from_contract_to_signed_protocol(#[values(Embedded, Spread)] layout: Layout) {
    let theatre = Theatre::open(layout).await;
    let d = theatre.dealership(&Facts::AUTODOM).await;
    let project = d.go_through(Through::Acceptance).await.expect("goes through");

    assert_eq!(project.stage(), Stage::Completed, "{project:?}");
    assert!(project.stages.iter().all(|status| status.state() == StageState::Done), "{project:?}");
    let restored = project.integrations.iter().filter(|i| i.state() == IntegrationState::Restored);
    assert_eq!(restored.count(), 3, "{project:?}");
    let protocol = project.protocols.last().expect("a protocol");
    assert!(protocol.company_signature.is_some() && protocol.softvig_signature.is_some());

    let [technical, decision, softvig] = told(&d).await;
    for (who, topics) in [("technical", technical), ("decision", decision), ("SOFTVIG", softvig)] {
        for topic in
            ["date_agreed", "readiness_declared", "audit_passed", "run_finished", "project_completed"]
        {
            assert!(topics.iter().any(|t| t == topic), "{who} was not told {topic}: {topics:?}");
        }
        let times = |topic: &str| topics.iter().filter(|t| *t == topic).count();
        assert_eq!(times("integration_restored"), 3, "{who}");
        assert_eq!(times("integrations_summary"), 1, "{who}");
    }
    let name = format!("{}/licensing", d.project);
    let licensing = d.decision.portal.call(GetLicensingRequest { name }).await.expect("licensing");
    assert_eq!(licensing.state(), LicensingState::Closed);

    // The company sees what SOFTVIG sees, and every change is kept.
    let seen = d.technical.portal.call(GetProjectRequest { name: d.project.clone() }).await.expect("read");
    assert_eq!(seen, d.read().await.expect("read"));
    let history = ListHistoryRequest { parent: d.project.clone(), page_size: 200, ..Default::default() };
    let history = d.decision.portal.call(history).await.expect("history").entries;
    let kinds: Vec<_> = history.iter().map(|entry| entry.kind.as_str()).collect();
    for kind in [
        "project_opened",
        "contract_recorded",
        "variant_chosen",
        "date_agreed",
        "readiness_declared",
        "audit_passed",
        "run_started",
        "databases_restored",
        "protocol_signed",
    ] {
        assert!(kinds.contains(&kind), "{kind} is not in {kinds:?}");
    }
}

#[rstest]
#[tokio::test]
async fn without_brands_verification_follows_the_migration(#[values(Embedded, Spread)] layout: Layout) {
    let theatre = Theatre::open(layout).await;
    let d = theatre.dealership(&Facts::NO_BRANDS).await;
    let project = d.go_through(Through::Migration).await.expect("migrated");
    assert_eq!(stage(&project, Stage::Integrations), StageState::Skipped);
    assert_eq!(stage(&project, Stage::Verification), StageState::Unlocked);
    let [technical, ..] = told(&d).await;
    assert!(technical.iter().all(|topic| !topic.starts_with("integration")), "{technical:?}");

    for last in [Through::Verification, Through::Acceptance] {
        d.stage(last).await.expect("the end");
    }
    assert_eq!(d.read().await.expect("read").stage(), Stage::Completed);
}
