//! After a service's database was restored from a backup: it tells of each company what it still knows, in a new
//! epoch, and who had heard more takes that over. What is lost or differs is listed, and not guessed.

use proto::snapshot;
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    auth::Principal,
    bus::{LARGEST_PAYLOAD, PERSONAL},
    clock,
    consumer::cursor::APPLIED,
    core::Core,
    db::{Transaction, execute, query_all, query_one, rows},
    error::Error,
    lane::{Lane, Number},
    page::{Page, PageRequest},
    schema,
    unit::{Begun, NewHistory, Ticket, Unit},
};

/// What was heard of a producer before its database was restored, against what it tells now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Resource name; none for what is of the company.
    pub project: Option<String>,
    /// Such as "variant"; a key.
    pub what: String,
    /// What was heard, or follows from it.
    pub here: String,
    /// What the producer tells now; empty if nothing.
    pub there: String,
}

impl Difference {
    /// Where both are the same there is none.
    pub fn between(
        project: Option<&str>,
        what: &str,
        here: impl ToString,
        there: impl ToString,
    ) -> Option<Self> {
        let (here, there) = (here.to_string(), there.to_string());
        let project = project.map(str::to_owned);
        (here != there).then(|| Self { project, what: what.to_owned(), here, there })
    }
}

/// A difference as it is kept until an operator closes it.
#[derive(Clone, Debug)]
pub struct KeptDifference {
    pub id: Uuid,
    /// The service whose database was restored.
    pub source: String,
    pub lane: Lane,
    pub difference: Difference,
    pub noticed_at: jiff::Timestamp,
}

/// What a restoration came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// See [`Number`].
    pub epoch: i64,
    /// Lanes that went on with a snapshot.
    pub lanes: usize,
}

const COLUMNS: &str = "select id, source, lane, project, what, here, there, noticed_at from difference";

impl Core {
    /// Begins a new epoch: each lane goes on with a snapshot, watch tokens from before mean nothing any more, and builds
    /// that know no epochs no longer take the database. All in one commit. No process may work on the database meanwhile:
    /// they keep in mind what changes.
    ///
    /// # Errors
    /// An event that cannot be read, or a lane that tells more than one event can carry: nothing is changed then.
    pub async fn restore(&self) -> Result<Restored, Error> {
        let tx = self.db.begin().await?;
        if !self.db.is_sqlite() {
            execute(&tx, "lock table lane, outbox in access exclusive mode", vec![]).await?;
        }
        let sql = "update head set lane_epoch = case when lane_epoch < $1 then $1 else lane_epoch + 1 end, epoch = $2, \
                   compatibility = $3 where id = 1 returning lane_epoch";
        let values = vec![
            clock::machine_now().as_millisecond().into(),
            Uuid::now_v7().into(),
            schema::RESTORED.into(),
        ];
        let row = query_one(&tx, sql, values).await?;
        let row = row.ok_or_else(|| anyhow::anyhow!("the schema has no head row"))?;
        let epoch = row.try_get("", "lane_epoch")?;
        let sql = "select outbox.lane, outbox.epoch, outbox.seq from outbox join lane on lane.lane = outbox.lane \
                   and lane.next_seq = outbox.seq + 1 order by outbox.lane";
        let ends = query_all(&tx, sql, vec![]).await?;
        for row in &ends {
            self.begin_epoch(&tx, epoch, Lane::of(row)?, Number::of(row)?).await?;
        }
        tx.commit().await?;
        Ok(Restored { epoch, lanes: ends.len() })
    }

    /// One lane goes on after `end`: what it has told, as one event, and each contact's card again.
    async fn begin_epoch(&self, tx: &Transaction, epoch: i64, lane: Lane, end: Number) -> Result<(), Error> {
        let kept = self.payloads(tx, lane, snapshot::kept(self.service)).await?;
        let unreadable = |e| anyhow::anyhow!("an event on the lane {lane} cannot be read: {e}");
        let now = self.clock.now();
        let event_id = Uuid::now_v7();
        let company = match lane {
            Lane::Company(company) => format!("companies/{company}"),
            Lane::Global => String::new(),
        };
        let head = snapshot::Head { event_id: event_id.to_string(), company, at: clock::to_wire(now) };
        let told = snapshot::encode(self.service, head, &kept).map_err(unreadable)?;
        let told = told.ok_or_else(|| anyhow::anyhow!("{} has no snapshots", self.service))?;
        if told.len() > LARGEST_PAYLOAD {
            return Err(anyhow::anyhow!("the snapshot of {lane} has {} bytes", told.len()).into());
        }
        let mut events = vec![(event_id, snapshot::NAME, told)];
        let cards = self.payloads(tx, lane, &[PERSONAL]).await?;
        for mut card in snapshot::last_cards(&cards).map_err(unreadable)? {
            let event_id = Uuid::now_v7();
            card.event_id = event_id.to_string();
            events.push((event_id, PERSONAL, prost::Message::encode_to_vec(&card)));
        }
        let mut next = Number { epoch, seq: end.seq + 1 };
        let mut values: Vec<Value> = Vec::new();
        for (event_id, kind, payload) in events {
            // A snapshot follows what the backup had of its own lane.
            let base =
                if kind == snapshot::NAME { format!("{}/{end},", self.service) } else { String::new() };
            values.extend::<[Value; 8]>([
                event_id.into(),
                lane.to_string().into(),
                next.epoch.into(),
                next.seq.into(),
                kind.into(),
                payload.into(),
                clock::to_db(now).into(),
                base.into(),
            ]);
            next = next.next();
        }
        let count = values.len() / 8;
        let follows = format!(" || coalesce((select {APPLIED} from cursor where lane = $2), '')");
        let sql = format!(
            "insert into outbox (event_id, lane, epoch, seq, kind, payload, recorded_at, follows) values {}",
            rows(count, 8, &follows)
        );
        execute(tx, &sql, values).await?;
        let values = vec![next.seq.into(), lane.to_string().into()];
        execute(tx, "update lane set next_seq = $1 where lane = $2", values).await?;
        let body = serde_json::json!({ "epoch": epoch, "lastEvent": end.to_string() });
        let sql = "insert into history (id, company, kind, actor, body, recorded_at) values ($1, $2, $3, $4, $5, $6)";
        let values = vec![
            Uuid::now_v7().into(),
            lane.to_string().into(),
            "database_restored".into(),
            "system".into(),
            body.into(),
            clock::to_db(now).into(),
        ];
        execute(tx, sql, values).await?;
        Ok(())
    }

    async fn payloads(&self, tx: &Transaction, lane: Lane, kinds: &[&str]) -> Result<Vec<Vec<u8>>, Error> {
        let sql = format!(
            "select payload from outbox where lane = $1 and {} order by seq",
            self.db.is_among("kind", "$2")
        );
        let rows = query_all(tx, &sql, vec![lane.to_string().into(), kinds.join(",").into()]).await?;
        rows.iter().map(|row| Ok(row.try_get("", "payload")?)).collect()
    }

    /// How many differences wait for an operator.
    pub async fn differences(&self) -> Result<i64, Error> {
        let row = query_one(self.db.read(), "select count(*) as n from difference", vec![]).await?;
        row.map_or(Ok(0), |r| r.try_get("", "n").map_err(Error::from))
    }

    /// A page of them, the oldest first.
    pub async fn differences_page(&self, request: PageRequest<'_>) -> Result<Page<KeptDifference>, Error> {
        self.page_by_key(
            request,
            "page differences",
            async |_, after: Option<Uuid>, limit| {
                let sql = format!("{COLUMNS} where id > $1 order by id limit {limit}");
                let rows = query_all(self.db.read(), &sql, vec![after.unwrap_or_default().into()]).await?;
                rows.iter().map(read).collect()
            },
            |kept| kept.id,
        )
        .await
    }

    /// Takes a difference off the list: somebody has seen to it. The history keeps it, and why.
    ///
    /// # Errors
    /// `NOT_FOUND` if there is none such.
    pub async fn close_difference(
        &self,
        principal: &Principal,
        ticket: Ticket,
        id: Uuid,
        reason: &str,
    ) -> Result<(), Error> {
        let name = format!("services/{}/differences/{id}", self.service);
        let found = find(self.db.read(), id).await?;
        // A repeat of the request finds its lane in the history of requests alone.
        let lane = found.as_ref().map_or(Lane::Global, |kept| kept.lane);
        let mut unit = match self.begin_command(lane, ticket).await? {
            Begun::Replayed(_) => return Ok(()),
            Begun::Fresh(unit) => unit,
        };
        let kept = find(unit.db(), id).await?.ok_or_else(|| Error::not_found(&name))?;
        execute(unit.db(), "delete from difference where id = $1", vec![id.into()]).await?;
        let actor = unit.actor(principal).await?;
        let Difference { project, what, here, there } = kept.difference;
        unit.record(NewHistory {
            kind: "difference_closed".to_owned(),
            project,
            actor: actor.of_softvig_in_history(),
            body: serde_json::json!({
                "source": kept.source, "what": what, "here": here, "there": there, "reason": reason,
            }),
        });
        unit.commit(&name).await
    }
}

impl Unit {
    /// Keeps what an operator has to look at, and says in the history that there is something.
    pub(crate) async fn keep_differences(
        &mut self,
        source: &str,
        differences: &[Difference],
    ) -> Result<(), Error> {
        for Difference { project, what, here, there } in differences {
            let values = vec![
                Uuid::now_v7().into(),
                source.into(),
                self.lane().to_string().into(),
                project.clone().into(),
                what.as_str().into(),
                here.as_str().into(),
                there.as_str().into(),
                clock::to_db(self.now()).into(),
            ];
            let sql = "insert into difference (id, source, lane, project, what, here, there, noticed_at) \
                       values ($1, $2, $3, $4, $5, $6, $7, $8)";
            execute(self.db(), sql, values).await?;
            self.record(NewHistory {
                kind: "set_back".to_owned(),
                project: project.clone(),
                actor: "system".to_owned(),
                body: serde_json::json!({ "source": source, "what": what, "here": here, "there": there }),
            });
        }
        Ok(())
    }
}

async fn find(c: &impl ConnectionTrait, id: Uuid) -> Result<Option<KeptDifference>, Error> {
    let sql = format!("{COLUMNS} where id = $1");
    query_one(c, &sql, vec![id.into()]).await?.as_ref().map(read).transpose()
}

fn read(row: &QueryResult) -> Result<KeptDifference, Error> {
    Ok(KeptDifference {
        id: row.try_get("", "id")?,
        source: row.try_get("", "source")?,
        lane: Lane::of(row)?,
        difference: Difference {
            project: row.try_get("", "project")?,
            what: row.try_get("", "what")?,
            here: row.try_get("", "here")?,
            there: row.try_get("", "there")?,
        },
        noticed_at: clock::from_db(row.try_get("", "noticed_at")?),
    })
}
