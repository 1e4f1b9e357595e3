//! One trace from the portal's request to the mail, and nothing personal in spans, figures and lines.

use std::{fs, time::Duration};

use journeys::{
    Installation, Layout, Service,
    collector::{Collector, Received, Span},
    sink::Sink,
};
use story::{Dealership, Facts, Through};

use crate::common::{NOW, told};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

/// The spans of a journey through all stages, what the ops ports said, and the lines of the processes.
async fn journey() -> (Received, String, String) {
    let (collector, sink) = (Collector::start().await.expect("a port"), Sink::start().await.expect("a port"));
    let mut settings = sink.settings();
    settings.push(collector.setting());
    settings.push(("PRZESIADKA__TELEMETRY__FORMAT", "json".to_owned()));
    // Refusals, too.
    settings.push(("PRZESIADKA__TELEMETRY__FILTER", "info,platform=debug".to_owned()));
    let mut installation = Installation::start_with(Layout::Spread, NOW, &settings).await;
    let world = installation.world();
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("opened");
    d.go_through(Through::Acceptance).await.expect("goes through");
    told(&d).await;

    let traceparent = format!("00-{TRACE}-{CALLER}-01");
    let url = format!("{}/scheduling/v1/{}", installation.rest(Service::Scheduling), d.project);
    let request = installation.client().get(url).header("traceparent", traceparent);
    let answer = request.bearer_auth("no token").send().await.expect("answered");
    assert_eq!(answer.status().as_u16(), 401);

    let mut figures = String::new();
    for service in Service::ALL {
        let (_, text) = installation.ops(service, "/metrics").await.expect("figures");
        figures.push_str(&text);
    }
    // What is left is sent when a process ends.
    for service in Service::ALL {
        let ended = installation.process(service).stop(Duration::from_secs(20)).await;
        assert_eq!(ended, 0, "{service:?}");
    }
    let lines = Service::ALL.map(|service| {
        let file = installation.folder().join(format!("{}.log", service.name()));
        fs::read_to_string(file).expect("lines")
    });
    (collector.received(), figures, lines.concat())
}

#[tokio::test]
async fn a_journey_is_one_trace_to_the_mail_and_tells_nothing_personal() {
    let (received, figures, lines) = journey().await;
    let only = |service: &str, name: &str, parent: Option<&Span>| {
        let fits = |span: &&Span| {
            span.service == service
                && span.name == name
                && parent.is_none_or(|parent| (&span.trace, &span.parent) == (&parent.trace, &parent.id))
        };
        let found = received.spans.iter().find(fits);
        found.unwrap_or_else(|| panic!("no {name} of {service} below {parent:?}")).clone()
    };

    // The technical contact declares readiness in the portal, and everybody gets a mail of it.
    let route = "POST /scheduling/v1/companies/{company}/projects/{project}/declareReadiness";
    let asked = only("scheduling", route, None);
    assert_eq!(asked.attributes["http.response.status_code"], "200");
    only("scheduling", "db.transaction", Some(&asked));
    let sent = only("scheduling", "send readiness_declared", Some(&asked));
    let heard = only("notification", "process readiness_declared", Some(&sent));
    let mailed = only("notification", "mail readiness_declared", Some(&heard));
    assert_eq!(mailed.attributes["outcome"], "sent");
    only("notification", "send message_sent", Some(&heard));

    // A caller's trace goes on, in spans and lines.
    let refused = received.spans.iter().find(|span| span.trace == TRACE).expect("the caller's trace");
    assert_eq!(
        (refused.parent.as_str(), refused.attributes["error.type"].as_str()),
        (CALLER, "UNAUTHENTICATED")
    );
    let line = lines.lines().find(|line| line.contains(TRACE)).expect("a line of the caller's trace");
    let line: serde_json::Value = line.parse().expect("JSON");
    assert_eq!((&line["message"], &line["span_id"]), (&"refused".into(), &refused.id.as_str().into()));

    for name in [
        "http.server.request.duration",
        "rpc.server.call.duration",
        "przesiadka.refusals",
        "db.client.connection.count",
        "przesiadka.outbox.age",
        "przesiadka.lanes.behind",
        "przesiadka.lanes.parked",
        "przesiadka.timers.late",
        "przesiadka.messages",
        "przesiadka.messages.tries",
        "przesiadka.projects",
        "przesiadka.audits.concluded",
        "przesiadka.events.committed",
        "przesiadka.event.latency",
    ] {
        assert!(received.metrics.iter().any(|metric| metric == name), "{name} was not sent");
        let for_prometheus = name.replace('.', "_");
        assert!(figures.contains(&for_prometheus), "{for_prometheus} is not in /metrics");
    }

    let facts = &Facts::AUTODOM;
    for (name, address) in [facts.technical, facts.decision] {
        let words = name.split(' ').chain([address, address.split('@').next().unwrap_or_default()]);
        for word in words {
            let in_spans = received.bytes.windows(word.len()).any(|bytes| bytes == word.as_bytes());
            assert!(!in_spans, "{word} is in what the collector got");
            assert!(!figures.contains(word), "{word} is in the figures");
            let line = lines.lines().find(|line| line.contains(word));
            assert!(line.is_none(), "{word}: {line:?}");
        }
    }
}
