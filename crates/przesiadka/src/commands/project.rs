//! `project list|show|timeline`: how the dealerships' projects stand.

use std::collections::HashMap;

use clap::{Args, Subcommand};
use platform::{config::Config, id::CompanyId};
use proto::scheduling::v1::{
    DateKind, DateStatus, GetCompanyRequest, GetProjectRequest, ListCompaniesRequest, ListProjectsRequest,
    Project, Stage, StageStatus,
};

use super::{
    output::{Format, Table, id, json, local, word},
    reach::{Processes, Reach},
    timeline,
};
use crate::{cli::print, services::Name};

#[derive(Debug, Args)]
pub struct ProjectArgs {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    what: ProjectCommand,
}

#[derive(Debug, Subcommand)]
enum ProjectCommand {
    /// In the order in which they were opened: where each stands, and what it waits for.
    List {
        /// Only of this company.
        #[arg(long, value_name = "ID")]
        company: Option<CompanyId>,
        /// Only those that stand here, such as audit-1 or migration.
        #[arg(long, value_parser = stage)]
        stage: Option<Stage>,
    },
    /// One of them: stages, dates, what it waits for.
    Show {
        /// Its id, or its resource name.
        project: String,
    },
    /// What happened and what is to come, in the order of time.
    Timeline {
        /// Its id, or its resource name.
        project: String,
    },
}

fn stage(text: &str) -> Result<Stage, String> {
    let name = format!("STAGE_{}", text.to_uppercase().replace('-', "_"));
    Stage::from_str_name(&name).filter(|stage| *stage != Stage::Unspecified).ok_or_else(|| {
        let all = (1..).map_while(|n| Stage::try_from(n).ok());
        let all = all.map(|stage| word(stage.as_str_name(), "STAGE_").replace(' ', "-"));
        format!("there are {}", all.collect::<Vec<_>>().join(", "))
    })
}

/// # Errors
/// No process of scheduling can be asked, or it refuses; there is no such project.
pub async fn run(config: &Config, args: ProjectArgs) -> anyhow::Result<()> {
    let ProjectArgs { reach, what } = args;
    let processes = reach.processes(config).await?;
    match what {
        ProjectCommand::List { company, stage } => {
            let parent = company.map_or_else(|| "companies/-".to_owned(), |id| format!("companies/{id}"));
            let request =
                ListProjectsRequest { parent, stage: stage.unwrap_or_default().into(), ..Default::default() };
            let projects = list(&processes, request).await?;
            if reach.output == Format::Json {
                return json(&projects);
            }
            show_all(&projects, &companies(&processes, company).await?)
        }
        ProjectCommand::Show { project } => {
            let project = find(&processes, &project).await?;
            if reach.output == Format::Json { json(&project) } else { show(&processes, &project).await }
        }
        ProjectCommand::Timeline { project } => {
            let project = find(&processes, &project).await?;
            timeline::run(&processes, reach.output, &project).await
        }
    }
}

async fn list(processes: &Processes, mut request: ListProjectsRequest) -> anyhow::Result<Vec<Project>> {
    request.page_size = 200;
    let mut projects = Vec::new();
    loop {
        let page = processes.call(Name::Scheduling, request.clone()).await?;
        projects.extend(page.projects);
        if page.next_page_token.is_empty() {
            return Ok(projects);
        }
        request.page_token = page.next_page_token;
    }
}

/// By its resource name, or among all by its id.
async fn find(processes: &Processes, project: &str) -> anyhow::Result<Project> {
    if project.contains('/') {
        return processes.call(Name::Scheduling, GetProjectRequest { name: project.to_owned() }).await;
    }
    let all = ListProjectsRequest { parent: "companies/-".to_owned(), ..Default::default() };
    let found = list(processes, all).await?.into_iter().find(|found| id(&found.name) == project);
    found.ok_or_else(|| anyhow::anyhow!("there is no project {project}; `project list` shows all"))
}

/// Names by resource name.
async fn companies(
    processes: &Processes,
    only: Option<CompanyId>,
) -> anyhow::Result<HashMap<String, String>> {
    if let Some(company) = only {
        let request = GetCompanyRequest { name: format!("companies/{company}") };
        let company = processes.call(Name::Scheduling, request).await?;
        return Ok(HashMap::from([(company.name, company.display_name)]));
    }
    let mut request = ListCompaniesRequest { page_size: 200, ..Default::default() };
    let mut names = HashMap::new();
    loop {
        let page = processes.call(Name::Scheduling, request.clone()).await?;
        names.extend(page.companies.into_iter().map(|company| (company.name, company.display_name)));
        if page.next_page_token.is_empty() {
            return Ok(names);
        }
        request.page_token = page.next_page_token;
    }
}

/// The resource name of a project's company.
pub fn company(project: &Project) -> &str {
    project.name.split("/projects/").next().unwrap_or_default()
}

fn show_all(projects: &[Project], companies: &HashMap<String, String>) -> anyhow::Result<()> {
    let mut table = Table::new(&["project", "company", "stage", "variant", "migration", "waits for"]);
    for project in projects {
        let migration = project.dates.iter().find(|date| date.kind() == DateKind::Migration);
        let migration = migration.and_then(|date| date.agreed.as_ref()?.starts_at.as_ref());
        let stage = if project.cancel_reason.is_empty() {
            word(project.stage().as_str_name(), "STAGE_")
        } else {
            "cancelled".to_owned()
        };
        let waits = project.stages.iter().flat_map(waits_for).collect::<Vec<_>>();
        table.row([
            id(&project.name),
            companies.get(company(project)).cloned().unwrap_or_default(),
            stage,
            project.variant.clone(),
            local(migration),
            waits.join("; "),
        ]);
    }
    table.print()
}

/// Whose turn it is, and for what.
fn waits_for(stage: &StageStatus) -> impl Iterator<Item = String> {
    stage.waiting_for.iter().map(|waiting| {
        let text = waiting.text.as_ref().map(|text| text.en.as_str()).unwrap_or_default();
        match waiting.party {
            0 => text.to_owned(),
            _ => format!("{}: {text}", word(waiting.party().as_str_name(), "PARTY_")),
        }
    })
}

async fn show(processes: &Processes, project: &Project) -> anyhow::Result<()> {
    let company = GetCompanyRequest { name: company(project).to_owned() };
    let company = processes.call(Name::Scheduling, company).await?;
    let mut lines = vec![
        format!("project   {}", project.name),
        format!("company   {}", company.display_name),
        format!("opened    {}", local(project.open_time.as_ref())),
        format!("contract  {}", project.contract_day),
        format!("variant   {}", project.variant),
    ];
    if project.end_time.is_some() {
        lines.push(format!("ended     {}", local(project.end_time.as_ref())));
    }
    if !project.cancel_reason.is_empty() {
        lines.push(format!("cancelled {}", project.cancel_reason));
    }
    lines.push(String::new());
    print(&lines.join("\n"))?;

    let mut stages = Table::new(&["stage", "state", "earliest", "waits for"]);
    for stage in &project.stages {
        stages.row([
            word(stage.stage().as_str_name(), "STAGE_"),
            word(stage.state().as_str_name(), "STAGE_STATE_"),
            stage.earliest_start.clone(),
            waits_for(stage).collect::<Vec<_>>().join("; "),
        ]);
    }
    stages.print()?;
    print("")?;
    let mut dates = Table::new(&["date", "agreed", "until", "earliest", ""]);
    for date in &project.dates {
        dates.row(date_cells(date));
    }
    dates.print()
}

fn date_cells(date: &DateStatus) -> [String; 5] {
    let agreed = date.agreed.as_ref();
    let state = match (agreed, &date.used) {
        (None, Some(_)) => "used",
        _ if date.overdue => "overdue",
        _ => "",
    };
    [
        word(date.kind().as_str_name(), "DATE_KIND_"),
        local(agreed.and_then(|agreed| agreed.starts_at.as_ref())),
        local(agreed.and_then(|agreed| agreed.ends_at.as_ref())),
        date.earliest.clone(),
        state.to_owned(),
    ]
}
