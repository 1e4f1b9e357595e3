//! A process that runs here, by its socket.

use std::io::ErrorKind;

use client::Direct;
use jiff::SignedDuration;
use platform::{clock, config::Loaded, servers::local_socket};
use proto::operations::v1::{GetOutboxStatusRequest, ListServicesRequest, OutboxStatus, Service};

use super::finding::{Finding, bounded};
use crate::services::Name;

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
        Ok(vec![judge(loaded, name, &service, &outbox)])
    })
    .await
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
