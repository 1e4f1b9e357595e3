//! Processes killed at any moment while several dealerships are on their way.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use futures::future::try_join_all;
use journeys::{Installation, Layout, Node, Service};
use proto::{
    audit::v1::AuditState,
    licensing::v1::{GetLicensingRequest, LicensingState},
    scheduling::v1::{ListHistoryRequest, Stage},
};
use rstest::rstest;
use story::{Dealership, Facts, Through};

use crate::common::{NOW, told};

/// A request is sent again, with its id, for so long.
const PATIENCE: Duration = Duration::from_secs(30);
const TAX_IDS: [&str; 3] = ["1234563218", "1234563224", "1234563230"];

/// A different order of victims for each seed; the same for the same (xorshift64).
struct Victims(u64);

impl Victims {
    fn next(&mut self, of: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % of as u64).expect("an index")
    }
}

/// Kills one of these processes after the other, each when the one before is ready again, until told to
/// stop.
async fn kill(nodes: &mut [Node], seed: u64, stop: &AtomicBool, killed: &AtomicUsize) {
    let mut victims = Victims(seed);
    while !stop.load(Ordering::Acquire) {
        let victim = victims.next(nodes.len());
        nodes[victim].process.restart();
        nodes[victim].ready().await;
        killed.fetch_add(1, Ordering::AcqRel);
    }
}

/// All of them from contract to protocol. They share one clock, so they go abreast where time counts.
async fn go_through(all: &[Dealership<'_>]) -> anyhow::Result<()> {
    let (first, stages) =
        (&all[0], [Through::Contracting, Through::Readiness, Through::Audit1, Through::Audit2]);
    for stage in stages {
        each(all, async |d| d.stage(stage).await).await?;
    }
    each(all, async |d| d.begin_run().await).await?;
    first.world.until(first.later(3)).await?;
    each(all, async |d| Ok(d.databases_restored().await?)).await?;
    first.world.until(first.later(2)).await?;
    each(all, async |d| Ok(d.finish_run().await?)).await?;
    for stage in [Through::Integrations, Through::Verification, Through::Acceptance] {
        each(all, async |d| d.stage(stage).await).await?;
    }
    Ok(())
}

async fn each<'a, T>(
    all: &'a [Dealership<'a>],
    step: impl AsyncFn(&'a Dealership<'a>) -> anyhow::Result<T>,
) -> anyhow::Result<Vec<T>> {
    try_join_all(all.iter().map(|d| step(d))).await
}

/// The two replicas of a service may be dead at the same time.
#[rstest]
#[tokio::test]
async fn nothing_is_lost_or_done_twice_while_processes_are_killed_at_random(
    #[values(0x5eed_2026, 0x0bad_cafe)] seed: u64,
) {
    let mut installation = Installation::start(Layout::Replicated, NOW).await;
    let world = installation.world_of(installation.outside().patient(PATIENCE));
    let (stop, killed) = (AtomicBool::new(false), AtomicUsize::new(0));
    let journey = async {
        let facts = TAX_IDS.map(|tax_id| Facts { tax_id, ..Facts::AUTODOM });
        let opened = try_join_all(facts.iter().map(|facts| Dealership::open(&world, facts))).await;
        let gone = match &opened {
            Ok(all) => go_through(all).await,
            Err(_) => Ok(()),
        };
        stop.store(true, Ordering::Release);
        opened.and_then(|all| gone.map(|()| all))
    };
    let (one, other) = installation.processes.split_at_mut(Service::ALL.len());
    let (all, (), ()) = tokio::join!(
        journey,
        kill(one, seed, &stop, &killed),
        kill(other, seed.reverse_bits(), &stop, &killed)
    );
    let killed = killed.into_inner();
    let all = all.unwrap_or_else(|e| panic!("seed {seed:#x}, {killed} killed: {e:#}"));
    assert!(killed >= 10, "only {killed} were killed");

    // At rest, and nothing parked.
    installation.settled().await;
    each_command_is_there_once(&installation, world.installation.accepted().len()).await;
    consumers_agree_with_producers(&installation).await;
    for d in &all {
        ended_well(d).await;
    }
    let histories = each(&all, kinds_of_history).await.expect("histories");
    assert!(histories.iter().all(|history| *history == histories[0]), "seed {seed:#x}: {histories:#?}");
}

/// As many as the clients saw accepted, and none with its effect twice.
async fn each_command_is_there_once(installation: &Installation, accepted: usize) {
    let mut stored = 0;
    for service in Service::ALL {
        let requests = installation.rows(service, "select count(*) || '' from request").await;
        stored += requests[0].parse::<usize>().expect("a number");
        let twice = "select kind || ' ' || body from history where request is not null \
                     group by request, kind, body having count(*) > 1";
        assert_eq!(installation.rows(service, twice).await, [""; 0], "{service:?}");
        let untold = "select count(distinct request) || ' of the requests' from history \
                      having count(distinct request) <> (select count(*) from request)";
        assert_eq!(installation.rows(service, untold).await, [""; 0], "{service:?}");
    }
    assert_eq!(stored, accepted);
}

/// Each event of each lane is in the outbox, went out, and was applied by all that hear it; and all know
/// the same contacts.
async fn consumers_agree_with_producers(installation: &Installation) {
    let contacts =
        "select company || ' ' || contact || ' ' || technical || ' ' || decision from contact order by 1";
    let known = installation.rows(Service::Scheduling, contacts).await;
    assert_eq!(known.len(), 2 * TAX_IDS.len());
    for producer in Service::ALL {
        let heads = "select lane || ' ' || (next_seq - 1) from lane where next_seq > 1 order by 1";
        let heads = installation.rows(producer, heads).await;
        let complete = "select lane || ' ' || count(*) from outbox \
                        where published_at is not null and position is not null group by lane order by 1";
        assert_eq!(installation.rows(producer, complete).await, heads, "{producer:?}");
        for consumer in Service::ALL {
            let cursors = format!(
                "select lane || ' ' || seq from cursor where source = '{}' order by 1",
                producer.name()
            );
            let cursors = installation.rows(consumer, &cursors).await;
            assert!(cursors.is_empty() || cursors == heads, "{producer:?} at {consumer:?}: {cursors:?}");
        }
        let waiting = installation.rows(producer, "select kind from inbox").await;
        assert_eq!(waiting, [""; 0], "{producer:?}");
        assert_eq!(installation.rows(producer, contacts).await, known, "{producer:?}");
    }
}

/// Every service knows the project as it ended, and everybody was told once.
async fn ended_well(d: &Dealership<'_>) {
    let project = d.read().await.expect("read");
    assert_eq!(project.stage(), Stage::Completed);
    assert_eq!((project.runs.len(), project.audit_attempts.len()), (1, 2), "{project:?}");
    for attempt in &project.audit_attempts {
        let name = format!("{}/audits/{}", d.project, attempt.attempt);
        assert_eq!(d.audit(&name).await.expect("an audit").state(), AuditState::Passed);
    }
    let name = format!("{}/licensing", d.project);
    let licensing = d.world.crm.call(GetLicensingRequest { name }).await.expect("licensing");
    assert_eq!(licensing.state(), LicensingState::Closed);
    for topics in told(d).await {
        for (topic, times) in [("project_completed", 1), ("audit_passed", 2), ("integration_restored", 3)] {
            assert_eq!(topics.iter().filter(|t| *t == topic).count(), times, "{topic}: {topics:?}");
        }
    }
}

/// How often each kind of change was recorded: the same for all, since they did the same.
async fn kinds_of_history(d: &Dealership<'_>) -> anyhow::Result<BTreeMap<String, usize>> {
    let request = ListHistoryRequest { parent: d.project.clone(), page_size: 200, ..Default::default() };
    let mut kinds = BTreeMap::new();
    for entry in d.world.crm.call(request).await?.entries {
        *kinds.entry(entry.kind).or_default() += 1;
    }
    Ok(kinds)
}
