//! The programme in figures: where the projects are, and what their migrations do. Ids are in none of them.

use std::{
    collections::BTreeMap,
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};
use platform::{
    Error,
    documents::{self, Query},
    telemetry::metrics::{Gauge, KeyValue, Lapsing, gauge},
};

use crate::{
    Scheduling,
    project::{Project, Stage, store::OVER},
};

/// All open projects are read for these figures, so not at each look of ten seconds.
const EVERY: u32 = 6;
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
const PAGE: u64 = 100;

static PROJECTS: LazyLock<Gauge<f64>> = LazyLock::new(|| {
    gauge("przesiadka.projects", "{project}", "Projects by stage, those that are over included.")
});
static NEXT: LazyLock<Lapsing> = LazyLock::new(|| {
    Lapsing::new(
        "przesiadka.migrations.next",
        "d",
        "Until the next agreed migration begins; absent if there is none.",
    )
});
static THIS_WEEK: LazyLock<Gauge<f64>> = LazyLock::new(|| {
    gauge("przesiadka.migrations.within_week", "{migration}", "Agreed migrations that begin within 7 days.")
});
static RUNNING: LazyLock<Gauge<f64>> =
    LazyLock::new(|| gauge("przesiadka.runs.in_progress", "{run}", "Migration runs that are in progress."));
static PAST_RESERVE: LazyLock<Gauge<f64>> = LazyLock::new(|| {
    gauge("przesiadka.runs.past_reserve", "{run}", "Runs in progress whose rollback reserve has begun.")
});

/// What is counted in one pass.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Programme {
    /// By stage.
    pub projects: BTreeMap<&'static str, u64>,
    /// When the next migration begins.
    pub next: Option<Timestamp>,
    pub within_week: u64,
    pub running: u64,
    pub past_reserve: u64,
}

impl Programme {
    pub fn count(&mut self, project: &Project, now: Timestamp) {
        *self.projects.entry(project.current_stage().name()).or_default() += 1;
        if let Some(run) = project.migration.in_progress() {
            self.running += 1;
            self.past_reserve += u64::from(run.reserve_at <= now);
            return;
        }
        let Some(begins) = project.dates.migration.agreed.as_ref().map(|agreed| agreed.date.span().start)
        else {
            return;
        };
        if begins < now {
            return;
        }
        self.next = Some(self.next.map_or(begins, |next| next.min(begins)));
        self.within_week += u64::from(begins.duration_since(now) < WEEK);
    }
}

impl Scheduling {
    /// Measures now and then, as often as it is called.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn measure(&self, looks: &AtomicU32) -> Result<(), Error> {
        if !looks.fetch_add(1, Ordering::Relaxed).is_multiple_of(EVERY) {
            return Ok(());
        }
        let now = self.core.clock.now();
        let programme = self.programme(now).await?;
        let stages = Stage::ALL.iter().map(|stage| stage.name()).chain(OVER);
        for stage in stages {
            let count = programme.projects.get(stage).copied().unwrap_or(0);
            PROJECTS.record(count as f64, &[KeyValue::new("stage", stage)]);
        }
        let days = |at: Timestamp| at.duration_since(now).as_secs_f64() / (24.0 * 3600.0);
        match programme.next {
            Some(next) => NEXT.record(days(next), &[]),
            None => NEXT.forget(),
        }
        THIS_WEEK.record(programme.within_week as f64, &[]);
        RUNNING.record(programme.running as f64, &[]);
        PAST_RESERVE.record(programme.past_reserve as f64, &[]);
        Ok(())
    }

    async fn programme(&self, now: Timestamp) -> Result<Programme, Error> {
        let db = self.core.db.read();
        let mut programme = Programme::default();
        for stage in Stage::ALL {
            let mut after = None;
            loop {
                let label = Some(stage.name().to_owned());
                let query = Query { company: None, label, after, limit: PAGE };
                let page = documents::list::<Project>(db, &query).await?;
                page.iter().for_each(|stored| programme.count(&stored.value, now));
                match page.last() {
                    Some(last) if page.len() as u64 == PAGE => after = Some(last.value.id.0),
                    _ => break,
                }
            }
        }
        for over in OVER {
            programme.projects.insert(over, documents::count::<Project>(db, over).await?);
        }
        Ok(programme)
    }
}
