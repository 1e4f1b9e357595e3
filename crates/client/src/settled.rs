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
    /// By `<service>/<lane>`: its last number, or a text with the epoch of a restored database behind it.
    heads: BTreeMap<String, Value>,
    /// By consuming service, then by `<service>/<lane>` that it consumes.
    cursors: BTreeMap<String, BTreeMap<String, Value>>,
    /// By consuming service: the services that it hears.
    hears: BTreeMap<String, Vec<String>>,
    /// An event stopped its lane: waiting longer changes nothing.
    parked: bool,
    /// What each process has not finished.
    waiting: Vec<String>,
}

impl Installation {
    /// Returns when every event was applied by all that hear it, every due timer has fired, and every
    /// due message is out. Answers how far each lane is, by `<service>/<company>`: its number, whatever the epoch.
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
                return Ok(before?.ends());
            }
            let now = self.standing().await;
            // Several processes have no common moment: what stands alike twice has not moved between.
            match (before, now) {
                (Ok(before), Ok(now)) if before == now && now.is_settled() => return Ok(now.ends()),
                (_, Ok(now)) if now.parked => {
                    return Err(Error::Unreadable(format!("an event cannot be applied: {}", now.left())));
                }
                (_, now) if Instant::now() > deadline => {
                    let left = now.map_or_else(|e| e.to_string(), |now| now.left());
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
        let counts = report.as_object().into_iter().flatten().filter(|(_, count)| count.is_u64());
        let counts: Vec<String> = counts.map(|(what, count)| format!("{what} {count}")).collect();
        self.waiting.push(counts.join(", "));
        Ok(())
    }

    /// Lanes that are not applied to their ends: by whom, how far, of how many events.
    fn behind(&self) -> impl Iterator<Item = String> {
        self.hears.iter().flat_map(move |(consumer, sources)| {
            let heard = move |lane: &str| sources.iter().any(|source| lane.split('/').next() == Some(source));
            let applied = move |lane: &str| self.cursors.get(consumer).and_then(|cursors| cursors.get(lane));
            let lanes = self.heads.iter().filter(move |(lane, _)| heard(lane));
            lanes.filter(move |(lane, number)| applied(lane) != Some(number)).map(move |(lane, number)| {
                format!("{consumer} is at {} of {number} of {lane}", applied(lane).unwrap_or(&Value::Null))
            })
        })
    }

    fn ends(self) -> BTreeMap<String, i64> {
        let seq = |number: Value| {
            let text = number.as_str().and_then(|text| text.split('/').next()?.parse().ok());
            number.as_i64().or(text).unwrap_or_default()
        };
        self.heads.into_iter().map(|(lane, number)| (lane, seq(number))).collect()
    }

    fn is_settled(&self) -> bool {
        self.settled && self.behind().next().is_none()
    }

    fn left(&self) -> String {
        self.waiting.iter().cloned().chain(self.behind()).collect::<Vec<_>>().join("; ")
    }
}
