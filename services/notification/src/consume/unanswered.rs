use jiff::Timestamp;
use platform::actor::Party;
use uuid::Uuid;

use crate::kind::Kind;
use crate::message::{Fact, Notice};
use crate::project::{Project, Step, Unanswered, UnansweredPolicy};

/// A proposal that waits too long: what is told, or why nothing is. `event_id` is this step's own.
pub fn unanswered(
    due: &Unanswered,
    project: &Project,
    policy: &UnansweredPolicy,
    event_id: Uuid,
    now: Timestamp,
) -> Result<Notice, &'static str> {
    let proposal = due.judge(project, policy, now)?;
    let kind = match due.step {
        Step::Remind => Kind::DatesUnanswered,
        Step::Escalate => Kind::DatesStillUnanswered,
    };
    let asked = proposal.asked;
    let notice = Notice::new(kind, event_id, Some(project.id), now)
        .word("by", "party", asked.other().to_string())
        .word("owes", "owes", asked.to_string())
        .fact("company", Fact::Flag(asked == Party::Company))
        .fact("since", Fact::Day(calendar::local_day(proposal.proposed_at)))
        .about_dates(&proposal.dates);
    // By its part it is judged again when it is sent.
    Ok(Notice { asked: Some(asked), part: due.to_string(), ..notice })
}
