//! `project timeline`: history, dates, runs and stages of one project in the order of time.

use std::collections::HashMap;

use jiff::{Timestamp, civil::Date};
use platform::clock;
use proto::scheduling::v1::{
    HistoryEntry, ListContactsRequest, ListHistoryRequest, Project, Run, RunState, StageState,
};
use serde::Serialize;

use super::{
    output::{Format, Table, id, json, local, word},
    project::company,
    reach::Processes,
};
use crate::services::Name;

/// One thing that happened, or is to come.
#[derive(Clone, Debug, Serialize)]
struct Row {
    /// RFC 3339.
    time: Timestamp,
    /// history, date, run, attempt or stage.
    of: &'static str,
    what: String,
    /// Who did it, by resource name or subject.
    who: String,
    detail: String,
}

/// # Errors
/// The process refuses, or has gone.
pub async fn run(processes: &Processes, format: Format, project: &Project) -> anyhow::Result<()> {
    let mut rows = of_project(project);
    rows.extend(history(processes, project).await?.into_iter().filter_map(of_history));
    rows.sort_by_key(|row| row.time);
    if format == Format::Json {
        return json(&rows);
    }
    let request = ListContactsRequest { parent: company(project).to_owned() };
    let contacts = processes.call(Name::Scheduling, request).await?.contacts.into_iter();
    let names: HashMap<_, _> = contacts.map(|contact| (contact.name, contact.display_name)).collect();
    let mut table = Table::new(&["time", "of", "what", "who", "detail"]);
    for Row { time, of, what, who, detail } in rows {
        let name = names.get(&who).filter(|name| !name.is_empty()).cloned();
        let who = name.unwrap_or_else(|| who.rsplit("/contacts/").next().unwrap_or_default().to_owned());
        table.row([local(Some(&clock::to_wire(time))), of.to_owned(), what, who, detail]);
    }
    table.print()
}

async fn history(processes: &Processes, project: &Project) -> anyhow::Result<Vec<HistoryEntry>> {
    let mut request =
        ListHistoryRequest { parent: project.name.clone(), page_size: 200, ..Default::default() };
    let mut entries = Vec::new();
    loop {
        let page = processes.call(Name::Scheduling, request.clone()).await?;
        entries.extend(page.entries);
        if page.next_page_token.is_empty() {
            return Ok(entries);
        }
        request.page_token = page.next_page_token;
    }
}

fn of_history(entry: HistoryEntry) -> Option<Row> {
    Some(Row {
        time: entry.recorded_at.as_ref().and_then(clock::from_wire)?,
        of: "history",
        what: entry.kind,
        who: entry.actor,
        detail: entry.body,
    })
}

/// What the history has not: the dates themselves, when work was done as people said, and what can begin when.
fn of_project(project: &Project) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |at: Option<Timestamp>, of, what: String, detail: String| {
        rows.extend(at.map(|time| Row { time, of, what, who: String::new(), detail }));
    };
    for date in &project.dates {
        for (is, stage_date) in [("agreed", &date.agreed), ("used", &date.used)] {
            let Some(stage_date) = stage_date else { continue };
            // A date that is used is still the agreed one while its work goes on.
            if is == "used" && date.agreed.is_some() {
                continue;
            }
            let what = format!("{} {is}", word(date.kind().as_str_name(), "DATE_KIND_"));
            let until = format!("until {}", local(stage_date.ends_at.as_ref()));
            add(stage_date.starts_at.as_ref().and_then(clock::from_wire), "date", what, until);
        }
    }
    for run in &project.runs {
        for (at, what) in steps(run) {
            add(
                at.as_ref().and_then(clock::from_wire),
                "run",
                format!("run {} {what}", run.attempt),
                run.reason.clone(),
            );
        }
    }
    for attempt in &project.audit_attempts {
        let (audit, number) = (attempt.audit, attempt.number);
        let state = word(attempt.state().as_str_name(), "AUDIT_ATTEMPT_STATE_");
        let begun = attempt.start_time.as_ref().and_then(clock::from_wire);
        let ended = attempt.end_time.as_ref().and_then(clock::from_wire);
        add(begun, "attempt", format!("audit {audit}, attempt {number} began"), id(&attempt.attempt));
        add(ended, "attempt", format!("audit {audit}, attempt {number} {state}"), id(&attempt.attempt));
    }
    for stage in &project.stages {
        let is_to_come = matches!(stage.state(), StageState::Locked | StageState::Unlocked);
        let day = stage.earliest_start.parse::<Date>().ok().filter(|_| is_to_come);
        let at = day.and_then(|day| day.to_zoned(calendar::warsaw()).ok()).map(|at| at.timestamp());
        let what = format!("{} can begin", word(stage.stage().as_str_name(), "STAGE_"));
        add(at, "stage", what, word(stage.state().as_str_name(), "STAGE_STATE_"));
    }
    rows
}

fn steps(run: &Run) -> [(Option<pbjson_types::Timestamp>, &'static str); 3] {
    let end = match run.state() {
        RunState::RolledBack => "rolled back",
        RunState::Reopened => "finished, opened again later",
        _ => "finished",
    };
    [(run.start_time, "started"), (run.restore_time, "databases restored"), (run.end_time, end)]
}
