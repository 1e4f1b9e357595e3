//! Waiting until nothing is on its way any more.

use std::{collections::BTreeMap, time::Duration};

use futures::future::try_join_all;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::{Error, Installation, Replica};

const PAUSE: Duration = Duration::from_millis(5);

/// What the processes tell of themselves; by service and lane.
#[derive(Debug, Default, PartialEq)]
struct Standing {
    settled: bool,
    heads: BTreeMap<String, i64>,
    /// By consuming service, then by `<service>/<lane>` that it consumes.
    cursors: BTreeMap<String, BTreeMap<String, i64>>,
    /// By consuming service: the services that it hears.
    hears: BTreeMap<String, Vec<String>>,
    /// An event stopped its lane: waiting longer changes nothing.
    parked: bool,
    waiting: String,
}

impl Installation {
    /// Returns when every event was applied by all that hear it, every due timer has fired, and every
    /// due message is out. Answers how far each lane is, by `<service>/<company>`.
    ///
    /// # Errors
    /// Not settled within the time; the error says what is left.
    pub async fn settled(&self, within: Duration) -> Result<BTreeMap<String, i64>, Error> {
        let deadline = Instant::now() + within;
        // A process looks twice by itself.
        let is_one = self.processes().len() == 1;
        let mut before = self.standing().await;
        loop {
            if is_one
                && let Ok(now) = &before
                && now.is_settled()
            {
                return Ok(before?.heads);
            }
            let now = self.standing().await;
            // Several processes have no common moment: what stands alike twice has not moved between.
            match (before, now) {
                (Ok(before), Ok(now)) if before == now && now.is_settled() => return Ok(now.heads),
                (_, Ok(now)) if now.parked => {
                    return Err(Error::Unreadable(format!("an event cannot be applied: {}", now.waiting)));
                }
                (_, now) if Instant::now() > deadline => {
                    let left = now.map_or_else(|e| e.to_string(), |now| now.waiting);
                    return Err(Error::Away(format!("not settled after {within:?}: {left}")));
                }
                (_, now) => before = now,
            }
            sleep(PAUSE).await;
        }
    }

    /// One replica of each service is enough: it tells of the service's database.
    async fn standing(&self) -> Result<Standing, Error> {
        let mut all = Standing { settled: true, ..Standing::default() };
        for report in try_join_all(self.processes().into_iter().map(|of| self.first_report(of))).await? {
            all.add(&report)?;
        }
        Ok(all)
    }

    async fn first_report(&self, replicas: &[Replica]) -> Result<Value, Error> {
        let mut outcome = Err(Error::Away("no replica".to_owned()));
        for replica in replicas {
            outcome = self.report(replica).await;
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    async fn report(&self, replica: &Replica) -> Result<Value, Error> {
        let away = |e: reqwest::Error| Error::Away(e.to_string());
        let answer = self.http.get(format!("http://{}/settled", replica.ops)).send().await.map_err(away)?;
        let body = answer.bytes().await.map_err(away)?;
        serde_json::from_slice(&body).map_err(|e| Error::Unreadable(e.to_string()))
    }
}

impl Standing {
    fn add(&mut self, report: &Value) -> Result<(), Error> {
        fn read<T: serde::de::DeserializeOwned>(report: &Value, key: &str) -> Result<T, Error> {
            serde_json::from_value(report[key].clone())
                .map_err(|e| Error::Unreadable(format!("{key} of {report}: {e}")))
        }
        self.settled &= report["settled"] == true;
        self.heads.extend(read::<BTreeMap<_, _>>(report, "heads")?);
        self.cursors.extend(read::<BTreeMap<_, _>>(report, "cursors")?);
        self.hears.extend(read::<BTreeMap<_, _>>(report, "hears")?);
        self.parked |= report["parked"].as_u64().is_some_and(|lanes| lanes > 0);
        self.waiting += &format!("{report}\n");
        Ok(())
    }

    fn is_settled(&self) -> bool {
        let heard = |(consumer, sources): (&String, &Vec<String>)| {
            self.heads
                .iter()
                .filter(|(lane, _)| sources.iter().any(|s| lane.split('/').next() == Some(s)))
                .all(|(lane, seq)| self.cursors.get(consumer).and_then(|c| c.get(lane)) == Some(seq))
        };
        self.settled && self.hears.iter().all(heard)
    }
}
