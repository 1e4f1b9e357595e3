use proto::common::v1::ErrorReason;
use rstest::rstest;

use super::*;
use crate::actor::SoftvigRole;

const NOW: &str = "2026-11-20T12:00:00Z";

fn fact(occurred_at: Option<&str>, now: &str) -> Fact {
    let by = Actor::Softvig { subject: "crm".into(), role: SoftvigRole::Crm };
    Fact::new(&by, occurred_at.map(at), at(now))
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

#[rstest]
#[case::at_the_step_before("2026-11-20T10:00:00Z", true)]
#[case::a_microsecond_before_it("2026-11-20T09:59:59.999999Z", false)]
#[case::between("2026-11-20T11:00:00Z", true)]
#[case::now(NOW, true)]
#[case::a_microsecond_in_the_future("2026-11-20T12:00:00.000001Z", false)]
fn occurred_at_invalid_says_the_range(#[case] occurred_at: &str, #[case] fine: bool) {
    let fact = fact(Some(occurred_at), NOW);
    let violation = fact.out_of_range(Some(at("2026-11-20T10:00:00Z")));
    assert_eq!(violation.is_none(), fine, "{violation:?}");
    if let Some(violation) = violation {
        assert_eq!(violation.reason, ErrorReason::OccurredAtInvalid);
        assert_eq!(violation.allowed, "2026-11-20T11:00:00+01:00/2026-11-20T13:00:00+01:00");
    }
}

#[test]
fn occurred_at_invalid_without_a_step_before_refuses_only_the_future() {
    let long_ago = fact(Some("2001-01-01T00:00:00Z"), NOW);
    assert_eq!(long_ago.out_of_range(None), None);
    let tomorrow = fact(Some("2026-11-21T12:00:00Z"), NOW);
    assert_eq!(tomorrow.out_of_range(None).expect("refused").allowed, "../2026-11-20T13:00:00+01:00");
}

#[test]
fn occurred_at_is_now_where_not_said_and_kept_in_microseconds() {
    let fact = fact(None, "2026-11-20T12:00:00.123456789Z");
    assert_eq!(fact.occurred_at, at("2026-11-20T12:00:00.123456Z"));
    assert_eq!(fact.recorded_at, fact.occurred_at);
}

#[test]
fn local_days_come_from_occurred_at_in_warsaw() {
    let fact = fact(Some("2026-11-20T23:30:00Z"), "2026-11-23T08:00:00Z");
    assert_eq!(fact.local_day().to_string(), "2026-11-21");
}
