//! A process that runs here, by its socket.

use std::io::ErrorKind;

use client::Direct;
use jiff::SignedDuration;
use platform::{clock, config::Loaded, servers::local_socket};
use proto::operations::v1::{
    Difference, GetOutboxStatusRequest, ListDifferencesRequest, ListServicesRequest, OutboxStatus, Service,
};

use super::finding::{Finding, bounded};
use crate::services::Name;

/// As many as a page has by default.
const PAGE: usize = 50;
/// Events go out within seconds while all is well.
const LATE: SignedDuration = SignedDuration::from_mins(1);

pub async fn check(loaded: &Loaded, name: Name) -> Vec<Finding> {
    let check = format!("process.{name}");
    let socket = local_socket(&loaded.config.data_dir, name.as_str());
    let none = Finding::ok(&check, format!("none runs here that answers at {}", socket.display()));
    match tokio::net::UnixStream::connect(&socket).await {
        Err(e) if [ErrorKind::NotFound, ErrorKind::ConnectionRefused].contains(&e.kind()) => {
            return vec![none];
        }
        _ => {}
    }
    bounded(check, "see its log; it is in no way to answer", async {
        let process = Direct::local(&socket).await?;
        let services = process.call(ListServicesRequest {}).await?.services;
        let service = services.into_iter().find(|service| service.name == format!("services/{name}"));
        let Some(service) = service else { return Ok(vec![none]) };
        if !service.ready {
            return Ok(vec![not_ready(name)]);
        }
        let request = GetOutboxStatusRequest { name: format!("services/{name}/outboxStatus") };
        let outbox = process.call(request).await?;
        let mut findings = vec![judge(loaded, name, &service, &outbox)];
        findings.extend(of_restored(name, &outbox, &differences(&process, name).await?));
        Ok(findings)
    })
    .await
}

/// At most a page of them.
async fn differences(process: &Direct, name: Name) -> anyhow::Result<Vec<Difference>> {
    let request = ListDifferencesRequest { parent: format!("services/{name}"), ..Default::default() };
    Ok(process.call(request).await?.differences)
}

/// Where this service and a restored one disagree; nothing where none was restored.
fn of_restored(name: Name, outbox: &OutboxStatus, differences: &[Difference]) -> Vec<Finding> {
    let check = format!("restored.{name}");
    let mut findings = Vec::new();
    if let Some(first) = outbox.lanes_ahead.first() {
        let source = &first.source;
        let seen = format!(
            "{} lanes end before what {name} applied of them: that of {source}/{} at {}, applied {}",
            outbox.lanes_ahead.len(),
            first.lane,
            first.end,
            first.applied
        );
        let advice = format!(
            "if the database of {source} was restored: stop its processes, `przesiadka restored --only {source}`, start them"
        );
        findings.push(Finding::failed(&check, seen, advice));
    }
    if let Some(first) = differences.first() {
        let of = if first.project.is_empty() { &first.company } else { &first.project };
        let seen = format!(
            "{}{} differences from restored databases: {of}: {}: here {:?}, at {} {:?}",
            differences.len(),
            if differences.len() < PAGE { "" } else { " or more" },
            first.what,
            first.here,
            first.source,
            first.there
        );
        let advice = format!(
            "`przesiadka differences list --only {name}`; put each right, then `przesiadka differences close … --why …`"
        );
        findings.push(Finding::warning(check, seen, advice));
    }
    findings
}

fn not_ready(name: Name) -> Finding {
    let advice = "its database or schema is missing: see the lines about these, or /ready of its ops port";
    Finding::failed(format!("process.{name}"), "runs and is not ready", advice)
}

fn judge(loaded: &Loaded, name: Name, service: &Service, outbox: &OutboxStatus) -> Finding {
    let check = format!("process.{name}");
    let parked = service.parked_lanes.unwrap_or_default();
    let seen = format!(
        "ready, version {}; outbox {}, inbox {}, lanes stopped {parked}",
        service.version, outbox.depth, outbox.inbox_depth
    );
    let now = loaded.config.business_clock().map_or_else(|_| clock::machine_now(), |clock| clock.now());
    let oldest = outbox.oldest_record_time.as_ref().and_then(clock::from_wire);
    if parked > 0 {
        let advice = format!("`przesiadka parked list --only {name}` says which event stops each and why");
        return Finding::warning(check, seen, advice);
    }
    match oldest.map(|oldest| now.duration_since(oldest)) {
        Some(age) if age > LATE => {
            let advice = "the bus does not take events: see the lines about it";
            Finding::warning(check, format!("{seen}; the oldest waits for {} s", age.as_secs()), advice)
        }
        _ => Finding::ok(check, seen),
    }
}
