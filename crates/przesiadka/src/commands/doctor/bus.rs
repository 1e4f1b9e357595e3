//! NATS, with the rights of one service: the stream and the service's durable consumer.

use platform::{
    bus::{ConsumerSeen, Difference, Inspection, Seen, StreamSeen},
    config::{BusKind, Loaded},
};

use super::{
    super::config::assemble,
    finding::{Finding, bounded},
};
use crate::services::Name;

pub async fn check(loaded: &Loaded, name: Name) -> Vec<Finding> {
    let config = &loaded.config;
    let check = format!("bus.{name}");
    if config.bus.kind == BusKind::Embedded {
        return vec![Finding::ok(check, "in the process itself")];
    }
    // Without its data the service does not start, which another check says.
    let Ok(assembled) = assemble(loaded, name) else { return Vec::new() };
    let sources = assembled.loops.on_event.sources();
    let advice = "see that NATS runs, and that bus.url, bus.user and bus.password are those of this service";
    bounded(check, advice, async {
        let jetstream = config.jetstream();
        let seen = jetstream.inspect(name.as_str(), sources).await?;
        Ok(judge(name, &jetstream.stream, &seen))
    })
    .await
}

fn judge(name: Name, stream: &str, seen: &Inspection) -> Vec<Finding> {
    let check = format!("bus.{name}");
    let version = seen.server.clone();
    let rights = "give the user the rights in deploy/nats/permissions.conf";
    let mut findings = vec![match seen.refused.as_slice() {
        [] => Finding::ok(&check, version),
        refused => Finding::failed(&check, format!("{version}; {}", refused.join("; ")), rights),
    }];
    let hidden = "see that JetStream is enabled for the account, and that the user has the rights in deploy/nats/permissions.conf";
    findings.push(match &seen.stream {
        Seen::There(found) => of_stream(name, stream, found),
        Seen::Missing => Finding::warning(
            format!("stream.{name}"),
            format!("there is no stream {stream}"),
            "nothing, if no service has started yet: the first one makes it",
        ),
        Seen::Hidden(why) => Finding::failed(format!("stream.{name}"), why, hidden),
    });
    match &seen.consumer {
        Seen::There(found) => findings.push(of_consumer(name, stream, found)),
        Seen::Missing if matches!(seen.stream, Seen::There(_)) => findings.push(Finding::warning(
            format!("consumer.{name}"),
            format!("there is no durable consumer {name}"),
            format!("nothing, if {name} has not started yet: it makes it"),
        )),
        Seen::Missing => {}
        Seen::Hidden(why) => findings.push(Finding::failed(format!("consumer.{name}"), why, hidden)),
    }
    findings
}

fn of_stream(name: Name, stream: &str, found: &StreamSeen) -> Finding {
    let seen = format!("{stream}: {} messages, {} MiB", found.messages, found.bytes >> 20);
    let advice = "with operator as bus.user: `przesiadka stream up`; or delete it while all is well: a service makes it again, and what consumers miss is published again";
    of_settings(format!("stream.{name}"), seen, &found.differences, advice.to_owned())
}

fn of_consumer(name: Name, stream: &str, found: &ConsumerSeen) -> Finding {
    let seen = format!("{} to come, {} not acknowledged", found.pending, found.unacknowledged);
    let advice = format!(
        "as NATS's user operator: `nats consumer rm {stream} {name}`; the service makes it again when it starts, and repeats do no harm"
    );
    of_settings(format!("consumer.{name}"), seen, &found.differences, advice)
}

fn of_settings(check: String, seen: String, differences: &[Difference], advice: String) -> Finding {
    if differences.is_empty() {
        return Finding::ok(check, seen);
    }
    let said: Vec<_> = differences.iter().map(ToString::to_string).collect();
    let seen = format!("{seen}; {}", said.join(", "));
    if differences.iter().any(|difference| difference.harms) {
        Finding::failed(check, seen, advice)
    } else {
        Finding::warning(check, seen, advice)
    }
}
