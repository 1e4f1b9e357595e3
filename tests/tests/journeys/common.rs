//! A dealership on an installation that runs.

use journeys::{Installation, Layout};
use platform::clock::from_wire;
use proto::{
    common::v1::ErrorReason,
    notification::v1::{ListMessagesRequest, Message, MessageState},
    scheduling::v1::{DateKind, Project, Stage, StageState},
};
use story::{Dealership, Facts, World};

/// A Monday in November: Christmas and the new year fall into the buffers.
pub const NOW: &str = "2026-11-09T08:00:00Z";

/// An installation and how callers see it.
pub struct Theatre {
    pub world: World,
    /// Dropped last: it ends the processes.
    _installation: Installation,
}

impl Theatre {
    pub async fn open(layout: Layout) -> Self {
        let installation = Installation::start(layout, NOW).await;
        Self { world: installation.world(), _installation: installation }
    }

    /// A dealership with an open project.
    pub async fn dealership(&self, facts: &Facts) -> Dealership<'_> {
        Dealership::open(&self.world, facts).await.expect("a company with a project")
    }
}

/// The rule that a step was refused by.
pub fn refused<T: std::fmt::Debug>(outcome: Result<T, client::Error>) -> ErrorReason {
    match outcome {
        Err(client::Error::Refused(refused)) => refused.reason,
        other => panic!("not refused: {other:?}"),
    }
}

pub fn stage(project: &Project, stage: Stage) -> StageState {
    let status = project.stages.iter().find(|status| status.stage() == stage);
    status.unwrap_or_else(|| panic!("{project:?} has no {stage:?}")).state()
}

/// The local day of an agreed date; none if it is not agreed.
pub fn agreed_day(project: &Project, kind: DateKind) -> Option<jiff::civil::Date> {
    let status = project.dates.iter().find(|status| status.kind() == kind)?;
    let starts_at = status.agreed.as_ref()?.starts_at.as_ref().and_then(from_wire)?;
    Some(calendar::local_day(starts_at))
}

/// What the technical contact, the decision contact and SOFTVIG were told, once nothing is held any more: topics, in no
/// order.
pub async fn told(dealership: &Dealership<'_>) -> [Vec<String>; 3] {
    let mut told = [const { Vec::new() }; 3];
    // What joins others tells nothing more, and what was overtaken nothing at all.
    let overtaken = |message: &Message| {
        let by_time =
            ["reminder", "integrations_today", "date_agreed", "date_moved"].contains(&message.topic.as_str());
        by_time && message.state() == MessageState::Dropped
    };
    let all = written(dealership).await;
    for message in all.into_iter().filter(|message| message.joins.is_empty() && !overtaken(message)) {
        let out = [MessageState::Sent, MessageState::Joined].contains(&message.state());
        assert!(out, "{message:?}");
        let contacts = [&dealership.technical.contact, &dealership.decision.contact];
        let who = contacts.iter().position(|contact| **contact == message.contact).unwrap_or(2);
        told[who].push(message.topic);
    }
    told
}

/// All messages about the company, newest first, once nothing is held any more.
pub async fn written(dealership: &Dealership<'_>) -> Vec<Message> {
    loop {
        dealership.world.settled().await.expect("at rest");
        let messages = messages(dealership).await;
        let held = messages.iter().filter_map(|message| from_wire(message.held_until.as_ref()?)).max();
        let Some(until) = held else { return messages };
        dealership.world.set_clock(until).expect("the clock's file");
    }
}

async fn messages(dealership: &Dealership<'_>) -> Vec<Message> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListMessagesRequest {
            parent: dealership.company.clone(),
            page_size: 200,
            page_token,
            ..Default::default()
        };
        let page = dealership.world.crm.call(request).await.expect("messages");
        all.extend(page.messages);
        if page.next_page_token.is_empty() {
            return all;
        }
        page_token = page.next_page_token;
    }
}
