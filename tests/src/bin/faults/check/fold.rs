//! Each consumer's projections against what is folded from the producers' committed events.

use std::collections::BTreeMap;

use journeys::Service;
use platform::clock;
use prost::Message as _;
use proto::{
    audit::v1::AuditEvent,
    licensing::v1::LicensingEvent,
    scheduling::v1::{ContactRole, SchedulingEvent},
};
use sea_orm::QueryResult;
use serde_json::{Value, json};

use super::{
    Databases, hears,
    known::{Integration, Known, Person, Project, id},
    lane_of,
    rest::cursors,
};
use crate::run::Journey;

/// An event of one of the services that others hear.
pub enum Heard {
    Scheduling(SchedulingEvent),
    Audit(AuditEvent),
    Licensing(LicensingEvent),
}

impl Known {
    pub fn hear(&mut self, heard: &Heard) {
        match heard {
            Heard::Scheduling(event) => self.scheduling(event),
            Heard::Audit(event) => self.audit(event),
            Heard::Licensing(event) => self.licensing(event),
        }
    }
}

/// What a consumer has applied of a company's lanes: each in its order, and together in the order in which
/// they got their positions.
///
/// # Errors
/// Those of the databases, and what cannot be read.
pub async fn heard_by(at: Service, databases: &Databases<'_>, lane: &str) -> anyhow::Result<Vec<Heard>> {
    let mut heard = Vec::new();
    for producer in hears(at).iter().filter(|producer| **producer != Service::Notification) {
        let cursors = cursors(databases, at, *producer).await?;
        let applied = cursors.get(lane).map_or(0, |cursor| cursor.0);
        let sql = "select payload, sequenced_at from outbox where lane = $1 and seq <= $2 order by seq";
        for row in databases.rows(*producer, sql, vec![lane.into(), applied.into()]).await? {
            let payload: Vec<u8> = row.try_get("", "payload")?;
            let event = match producer {
                Service::Audit => Heard::Audit(AuditEvent::decode(&*payload)?),
                Service::Licensing => Heard::Licensing(LicensingEvent::decode(&*payload)?),
                Service::Scheduling | Service::Notification => {
                    Heard::Scheduling(SchedulingEvent::decode(&*payload)?)
                }
            };
            heard.push((clock::from_db(row.try_get("", "sequenced_at")?), event));
        }
    }
    heard.sort_by_key(|(sequenced_at, _)| *sequenced_at);
    Ok(heard.into_iter().map(|(_, event)| event).collect())
}

/// By what and whose it is, what the row says.
type Sketch = BTreeMap<String, Value>;

pub async fn findings(databases: &Databases<'_>, journey: &Journey) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    let lane = lane_of(journey);
    for service in Service::ALL {
        let mut known = Known::default();
        for heard in heard_by(service, databases, lane).await? {
            known.hear(&heard);
        }
        let expected = expected(service, &known, lane);
        let found = found(service, databases, lane).await?;
        for key in expected.keys().chain(found.keys().filter(|key| !expected.contains_key(*key))) {
            let (expected, found) = (expected.get(key), found.get(key));
            if expected != found {
                let none = Value::Null;
                findings.push(format!(
                    "{} knows of {lane}, {:?}: {key}: {}, not {}",
                    service.name(),
                    journey.way,
                    found.unwrap_or(&none),
                    expected.unwrap_or(&none)
                ));
            }
        }
    }
    Ok(findings)
}

fn expected(service: Service, known: &Known, lane: &str) -> Sketch {
    let mut sketch = Sketch::new();
    if service != Service::Scheduling {
        for (id, person) in &known.contacts {
            let holds = |role| person.active && person.card.roles().any(|held| held == role);
            let roles = json!([holds(ContactRole::Technical), holds(ContactRole::Decision)]);
            sketch.insert(format!("contact {id}"), roles);
        }
    }
    match service {
        Service::Licensing => {
            sketch.insert(format!("company {lane}"), json!({ "client_since": known.client_since }));
        }
        Service::Notification => {
            let contacts: Vec<_> = known.contacts.values().map(directory_entry).collect();
            let directory = json!({ "name": known.display_name, "contacts": contacts });
            sketch.insert(format!("directory {lane}"), directory);
        }
        Service::Scheduling | Service::Audit => {}
    }
    for (id, project) in &known.projects {
        let of_project = match service {
            Service::Scheduling => json!({
                "results": project.results,
                "licence": project.licence.as_ref().map(|l| json!([l.variant, l.missing])),
                "evidence": project.evidence,
            }),
            Service::Audit => json!({
                "variant": project.variant.as_ref().map(|v| &v.variant),
                "licence": project.licence.as_ref().map(|l| json!([l.variant, l.missing])),
                "closed": project.closed.is_some(),
                "attempts": project.attempts.iter().map(|a| json!([a.id, a.audit, a.number, a.voided])).collect::<Vec<_>>(),
            }),
            Service::Licensing => json!({
                "variant": project.variant.as_ref().map(|v| json!([v.variant, v.licence_kind_required, v.licences])),
                "phase": project.closed.unwrap_or("open"),
            }),
            Service::Notification => of_notification(project),
        };
        sketch.insert(format!("project {id}"), of_project);
    }
    sketch
}

fn directory_entry(person: &Person) -> Value {
    let card = &person.card;
    let holds = |role| card.roles().any(|held| held == role);
    let roles = [holds(ContactRole::Technical), holds(ContactRole::Decision)];
    let state = if person.active { "active" } else { "left" };
    json!([id(&card.contact), card.display_name, card.email, card.language, roles, state])
}

fn of_notification(project: &Project) -> Value {
    let entries: BTreeMap<_, _> = project
        .entries
        .iter()
        .map(|(kind, entry)| (kind.as_str_name(), json!([entry.agreement, entry.live])))
        .collect();
    let voided: Vec<_> = project.attempts.iter().filter(|a| a.voided).map(|a| &a.id).collect();
    let tag = |integration: &Integration| match integration {
        Integration::Waiting => "waiting",
        Integration::Restored => "restored",
        Integration::Dropped => "dropped",
    };
    let integrations: BTreeMap<_, _> = project.integrations.iter().map(|(k, i)| (k, tag(i))).collect();
    json!({
        "stage": project.stage.as_str_name(),
        "closed": project.closed.is_some(),
        "entries": entries,
        "integrations": [json!(project.integrations_day), json!(integrations)],
        "voided": voided,
    })
}

async fn found(service: Service, databases: &Databases<'_>, lane: &str) -> anyhow::Result<Sketch> {
    let mut sketch = Sketch::new();
    if service != Service::Scheduling {
        let sql = "select contact::text as id, technical, decision from contact where company = $1";
        for row in databases.rows(service, sql, vec![lane.into()]).await? {
            let holds = |role: &str| row.try_get::<bool>("", role);
            let roles = json!([holds("technical")?, holds("decision")?]);
            sketch.insert(format!("contact {}", row.try_get::<String>("", "id")?), roles);
        }
    }
    let (table, read): (&str, fn(&Value) -> Value) = match service {
        Service::Scheduling => ("project", in_scheduling),
        Service::Audit => ("dossier", in_audit),
        Service::Licensing => ("licences", in_licensing),
        Service::Notification => ("project", in_notification),
    };
    for (id, body) in documents(databases, service, table, lane).await? {
        sketch.insert(format!("project {id}"), read(&body));
    }
    if service == Service::Licensing {
        for (id, body) in documents(databases, service, "company", lane).await? {
            sketch.insert(format!("company {id}"), body);
        }
    }
    if service == Service::Notification {
        for (id, body) in documents(databases, service, "directory", lane).await? {
            let mut contacts: Vec<_> = each(&body["contacts"])
                .map(|c| {
                    json!([
                        c["id"],
                        c["name"],
                        c["email"],
                        c["language"],
                        [c["roles"]["technical"], c["roles"]["decision"]],
                        c["state"]
                    ])
                })
                .collect();
            contacts.sort_by_key(|contact| contact[0].as_str().map(str::to_owned));
            sketch.insert(
                format!("directory {id}"),
                json!({ "name": body["company_name"], "contacts": contacts }),
            );
        }
    }
    Ok(sketch)
}

async fn documents(
    databases: &Databases<'_>,
    of: Service,
    table: &str,
    lane: &str,
) -> anyhow::Result<Vec<(String, Value)>> {
    let sql = format!("select id::text as id, body from {table} where company = $1");
    let read =
        |row: &QueryResult| -> anyhow::Result<_> { Ok((row.try_get("", "id")?, row.try_get("", "body")?)) };
    databases.rows(of, &sql, vec![lane.into()]).await?.iter().map(read).collect()
}

fn each(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn in_scheduling(body: &Value) -> Value {
    let attempts = each(&body["audit_1"]).chain(each(&body["audit_2"]));
    let results: BTreeMap<_, _> =
        attempts.filter_map(|a| Some((a["id"].as_str()?, a["state"]["concluded"].get("passed")?))).collect();
    let status = &body["licence"]["status"];
    let licence = (!status.is_null()).then(|| json!([status["variant"], status["missing"]]));
    json!({ "results": results, "licence": licence, "evidence": body["evidence"] })
}

fn in_audit(body: &Value) -> Value {
    let licence = &body["licence"];
    let attempts: Vec<_> = each(&body["attempts"])
        .map(|a| json!([a["id"], a["audit"], a["number"], a["state"].get("voided").is_some()]))
        .collect();
    json!({
        "variant": body["variant"],
        "licence": (!licence.is_null()).then(|| json!([licence["variant"], licence["missing"]])),
        "closed": !body["closed"].is_null(),
        "attempts": attempts,
    })
}

fn in_licensing(body: &Value) -> Value {
    let variant = &body["variant"];
    let variant =
        (!variant.is_null()).then(|| json!([variant["key"], variant["kind_required"], variant["licences"]]));
    json!({ "variant": variant, "phase": body["phase"] })
}

fn in_notification(body: &Value) -> Value {
    let entries: BTreeMap<_, _> = each(&body["entries"])
        .filter_map(|e| Some((e["date"]["kind"].as_str()?, json!([e["agreement"], e["live"]]))))
        .collect();
    // "waiting", or by what it is over and how.
    let tag = |integration: &Value| match integration.as_object() {
        Some(over) => over.keys().next().cloned().unwrap_or_default(),
        None => integration.as_str().unwrap_or_default().to_owned(),
    };
    let integrations = &body["integrations"];
    let brands = integrations["brands"].as_object().into_iter().flatten();
    let brands: BTreeMap<_, _> = brands.map(|(brand, integration)| (brand, tag(integration))).collect();
    json!({
        "stage": body["stage"],
        "closed": body["closed"],
        "entries": entries,
        "integrations": [integrations["day"], json!(brands)],
        "voided": body["voided"],
    })
}
