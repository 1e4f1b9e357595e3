//! Each lane is whole and in order, went out, and waits only behind what nobody can apply.

use std::collections::HashMap;

use journeys::Service;

use super::{
    Databases, hears,
    rest::{cursors, heads, poisoned},
};
use crate::{run::Journey, watch::Seen};

pub async fn findings(
    databases: &Databases<'_>,
    journeys: &[Journey],
    seen: &[Seen],
) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    let poisoned = poisoned(journeys);
    for service in Service::ALL {
        let name = service.name();
        findings.extend(broken(databases, service).await?);
        for subject in databases.column::<String>(service, "select subject from stray").await? {
            findings.push(format!("{name}: a stray {subject}"));
        }
        for source in hears(service) {
            for (lane, (seq, parked)) in cursors(databases, service, *source).await? {
                let expected = *source == Service::Scheduling && poisoned.contains_key(lane.as_str());
                if parked != expected {
                    findings.push(format!(
                        "{name}: {}'s lane {lane} is {}parked at {seq}",
                        source.name(),
                        if parked { "" } else { "not " }
                    ));
                }
            }
        }
        findings.extend(waiting(databases, service, &poisoned).await?);
        let sequenced = "select event_id::text from outbox where position is not null order by position";
        let sequenced = databases.column::<String>(service, sequenced).await?;
        let watched = seen[service as usize].events();
        if let Some(at) =
            (0..sequenced.len().max(watched.len())).find(|i| sequenced.get(*i) != watched.get(*i))
        {
            findings.push(format!(
                "{name}: a watcher saw {} of {} events, and the event at {} was {:?} instead of {:?}",
                watched.len(),
                sequenced.len(),
                at + 1,
                watched.get(at),
                sequenced.get(at)
            ));
        }
    }
    Ok(findings)
}

/// Gaps in a lane, or in the positions.
async fn broken(databases: &Databases<'_>, of: Service) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    let sql = "select lane, count(*) as n, min(seq) as first, max(seq) as last, \
               bool_and(position is not null and published_at is not null) as out from outbox group by lane";
    let heads = heads(databases, of).await?;
    let mut lanes = 0;
    for row in databases.rows(of, sql, vec![]).await? {
        lanes += 1;
        let lane: String = row.try_get("", "lane")?;
        let number = |name: &str| row.try_get::<i64>("", name);
        let (n, first, last) = (number("n")?, number("first")?, number("last")?);
        if first != 1 || last != n || heads.get(&lane) != Some(&last) || !row.try_get::<bool>("", "out")? {
            let head = heads.get(&lane);
            findings
                .push(format!("{}: lane {lane}: {n} events, {first} to {last}, head {head:?}", of.name()));
        }
    }
    if lanes != heads.len() {
        findings.push(format!(
            "{}: {} lanes have events, {lanes} have them in the outbox",
            of.name(),
            heads.len()
        ));
    }
    let disorder = "select lane from (select lane, seq, lag(seq) over (partition by lane order by position) as before \
                    from outbox) as o where before is not null and seq <> before + 1";
    for lane in databases.column::<String>(of, disorder).await? {
        findings.push(format!("{}: lane {lane} is not in order by position", of.name()));
    }
    let positions = "select count(*) - coalesce(max(position), 0) from outbox";
    if databases.column::<i64>(of, positions).await? != [0] {
        findings.push(format!("{}: positions have gaps", of.name()));
    }
    Ok(findings)
}

/// What lies in the inbox: behind each event that nobody can apply, all that followed it.
async fn waiting(
    databases: &Databases<'_>,
    at: Service,
    poisoned: &HashMap<&str, i64>,
) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    let mut waiting: HashMap<String, Vec<i64>> = HashMap::new();
    for row in databases.rows(at, "select source, lane, seq from inbox order by seq", vec![]).await? {
        let (source, lane): (String, String) = (row.try_get("", "source")?, row.try_get("", "lane")?);
        if source == Service::Scheduling.name() && poisoned.contains_key(lane.as_str()) {
            waiting.entry(lane).or_default().push(row.try_get("", "seq")?);
        } else {
            findings.push(format!("{}: an event of {source}'s lane {lane} waits", at.name()));
        }
    }
    if !hears(at).contains(&Service::Scheduling) {
        return Ok(findings);
    }
    let heads = heads(databases, Service::Scheduling).await?;
    for (lane, poison) in poisoned {
        let expected: Vec<i64> = (*poison..=heads.get(*lane).copied().unwrap_or_default()).collect();
        let found = waiting.get(*lane).cloned().unwrap_or_default();
        // The others are published again when their turn comes; see docs/ARCHITECTURE.md.
        if found.first() != Some(poison) || found.iter().any(|seq| !expected.contains(seq)) {
            findings.push(format!("{}: {found:?} wait in lane {lane}, not {expected:?}", at.name()));
        }
    }
    Ok(findings)
}
