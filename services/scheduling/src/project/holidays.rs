//! Ops' holiday list is read at the start of a process. Where it differs from the one by which all open
//! projects were checked last, they are checked again, at once.

use jiff::{ToSpan as _, civil::Date};
use platform::{
    Error,
    actor::Actor,
    db::{execute, query_all, query_one},
    id::{CompanyId, ProjectId},
    name::ProjectName,
};
use uuid::Uuid;

use super::store;
use crate::Scheduling;

/// Years whose holidays are compared. What changes in later ones is found at midnight.
const YEARS: std::ops::RangeInclusive<i16> = 2026..=2045;
const PAGE: usize = 100;

impl Scheduling {
    /// Checks every open project again by the one rule, where the holidays have changed since that was
    /// done last. Replicas that do it at once do no harm: a project's lane is locked, and a second check
    /// finds nothing. What a replica with the old list still does meanwhile is found at midnight.
    ///
    /// # Errors
    /// The database is away; to be tried again.
    pub async fn check_holidays(&self) -> Result<(), Error> {
        let holidays = self.holidays();
        if self.checked_holidays().await?.as_ref() == Some(&holidays) {
            return Ok(());
        }
        let mut after = None;
        loop {
            let projects = self.open_projects(after).await?;
            for project in &projects {
                match self.check_project(*project).await {
                    Ok(()) => {}
                    Err(e) if e.is_transient() || e.is_conflict() => return Err(e),
                    // One that cannot be read must not keep the others from being checked.
                    Err(e) => tracing::error!(%project, error = ?e, "holidays are not checked"),
                }
            }
            after = projects.last().map(|last| last.project);
            if projects.len() < PAGE {
                return self.keep_holidays(holidays).await;
            }
        }
    }

    async fn check_project(&self, name: ProjectName) -> Result<(), Error> {
        let mut unit = self.core.begin(name.company.into(), None).await?;
        if let Some(stored) = store::find(unit.db(), name).await? {
            self.act(&mut unit, &Actor::System, stored, |project, ctx| project.recheck(ctx)).await?;
        }
        unit.commit("").await
    }

    /// The days themselves, so that an operator can read which list was checked.
    fn holidays(&self) -> String {
        let first = Date::constant(*YEARS.start(), 1, 1);
        let days = first.series(1.day()).take_while(|day| day.year() <= *YEARS.end());
        let holidays = days.filter(|day| self.calendar.is_holiday(*day)).map(|day| day.to_string());
        holidays.collect::<Vec<_>>().join(" ")
    }

    async fn checked_holidays(&self) -> Result<Option<String>, Error> {
        let row = query_one(self.core.db.read(), "select days from holidays_checked", vec![]).await?;
        Ok(row.map(|row| row.try_get("", "days")).transpose()?)
    }

    async fn keep_holidays(&self, days: String) -> Result<(), Error> {
        let tx = self.core.db.begin().await?;
        let sql = "insert into holidays_checked (id, days) values (1, $1) \
                   on conflict (id) do update set days = excluded.days";
        execute(&tx, sql, vec![days.into()]).await?;
        Ok(tx.commit().await?)
    }

    async fn open_projects(&self, after: Option<ProjectId>) -> Result<Vec<ProjectName>, Error> {
        let sql = format!(
            "select id, company from project where label not in ('completed', 'cancelled') and id > $1 \
             order by id limit {PAGE}"
        );
        let after = after.map_or(Uuid::nil(), |id| id.0);
        let rows = query_all(self.core.db.read(), &sql, vec![after.into()]).await?;
        rows.iter()
            .map(|row| {
                let company: String = row.try_get("", "company")?;
                let company: CompanyId =
                    company.parse().map_err(|_| anyhow::anyhow!("company {company:?}"))?;
                Ok(ProjectName { company, project: ProjectId(row.try_get("", "id")?) })
            })
            .collect()
    }
}
