//! Every command that somebody saw accepted is there, once.

use std::collections::HashSet;

use journeys::Service;

use super::Databases;
use crate::run::Journey;

pub async fn findings(databases: &Databases<'_>, journeys: &[Journey]) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    let (mut recorded, mut kept) = (HashSet::new(), 0);
    for service in Service::ALL {
        let requests = "select distinct request from history where request is not null";
        recorded.extend(databases.column::<String>(service, requests).await?);
        kept += databases.column::<i64>(service, "select count(*) from request").await?[0];
        let twice = "select request || ' ' || kind from history where request is not null \
                     group by request, kind, body having count(*) > 1";
        for request in databases.column::<String>(service, twice).await? {
            findings.push(format!("{}: twice in the history: {request}", service.name()));
        }
    }
    let mut accepted = 0;
    for journey in journeys {
        accepted += journey.accepted.len();
        for request in journey.accepted.iter().filter(|request| !recorded.contains(*request)) {
            findings.push(format!("{}: accepted and not there: request {request}", journey.company));
        }
    }
    let all_answered = journeys.iter().all(|journey| journey.outcome.is_ok());
    if all_answered && kept != i64::try_from(accepted)? {
        findings.push(format!("{kept} request ids are kept, {accepted} commands were accepted"));
    }
    Ok(findings)
}
