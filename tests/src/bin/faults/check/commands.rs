//! Every command that somebody saw accepted is there, once; what time brings about, too; each project is where its
//! dealership's way ends.

use std::collections::HashSet;

use journeys::Service;

use super::{Databases, lane_of};
use crate::run::Journey;

pub async fn findings(databases: &Databases<'_>, journeys: &[Journey]) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    let (mut recorded, mut kept) = (HashSet::new(), 0);
    for service in Service::ALL {
        let requests = "select distinct request from history where request is not null";
        recorded.extend(databases.column::<String>(service, requests).await?);
        // The endpoint of webhooks is made before anybody sets out.
        let of_journeys = "select count(*) from request where resource not like 'webhookEndpoints/%'";
        kept += databases.column::<i64>(service, of_journeys).await?[0];
        // One command is one transaction, whatever it records.
        let twice = "select request || ' ' || string_agg(kind, ', ') from history where request is not null \
                     group by request having count(distinct xmin::text) > 1";
        for request in databases.column::<String>(service, twice).await? {
            findings.push(format!("{}: twice in the history: {request}", service.name()));
        }
    }
    findings.extend(timers(databases).await?);
    let mut accepted = 0;
    for journey in journeys {
        accepted += journey.accepted.len();
        for request in journey.accepted.iter().filter(|request| !recorded.contains(*request)) {
            findings.push(format!("{}: accepted and not there: request {request}", journey.company));
        }
    }
    let ends = "select company || ' ' || label from project order by company";
    let ends: HashSet<String> = databases.column(Service::Scheduling, ends).await?.into_iter().collect();
    for journey in journeys.iter().filter(|journey| journey.outcome.is_ok()) {
        if !ends.contains(&format!("{} {}", lane_of(journey), journey.expected_end())) {
            let (company, way) = (&journey.company, journey.way);
            findings.push(format!("{company}, {way:?}: its project is not {}", journey.expected_end()));
        }
    }
    let all_answered = journeys.iter().all(|journey| journey.outcome.is_ok());
    if all_answered && kept != i64::try_from(accepted)? {
        findings.push(format!("{kept} request ids are kept, {accepted} commands were accepted"));
    }
    Ok(findings)
}

/// What time brought about, twice at one instant: two replicas' timers, both in effect.
async fn timers(databases: &Databases<'_>) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    let twice = "select kind || ' of ' || coalesce(project, company) || ' at ' || recorded_at from history \
                 where request is null group by company, project, kind, body, recorded_at having count(*) > 1";
    for service in Service::ALL {
        for what in databases.column::<String>(service, twice).await? {
            findings.push(format!("{}: twice by itself: {what}", service.name()));
        }
    }
    let twice = "select recipient || ' of ' || project || ' at ' || (body ->> 'created_at') from message \
                 where kind in ('reminder', 'dates_unanswered', 'dates_still_unanswered') group by project, recipient, part, body ->> 'created_at', \
                 body -> 'content' ->> 'subject' having count(*) > 1";
    for what in databases.column::<String>(Service::Notification, twice).await? {
        findings.push(format!("reminded twice: {what}"));
    }
    Ok(findings)
}
