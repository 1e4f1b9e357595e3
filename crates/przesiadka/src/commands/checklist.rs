//! `checklist lint|show|diff`: for whoever writes checklists.

use std::path::PathBuf;

use anyhow::Context as _;
use audit::{
    audit::names::parse_checklist,
    checklist::{Checklist, Registry, diff::diff},
};
use clap::{Args, Subcommand};
use platform::config::Loaded;

use crate::{
    cli::print,
    services::{self, Name},
};

#[derive(Debug, Args)]
pub struct ChecklistArgs {
    #[command(subcommand)]
    what: ChecklistCommand,
    /// Files beside those that the service has.
    #[arg(long = "file", global = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum ChecklistCommand {
    /// Whether the service would start; names all checklists.
    Lint,
    /// Shows a checklist: "audit-1" for the newest, "audit-1@2026-11" for a version.
    Show { name: String },
    /// What a version changes.
    Diff { from: String, to: String },
}

/// # Errors
/// A checklist that is not valid, with file, line and key; or that there is none of this name.
pub fn run(loaded: &Loaded, args: ChecklistArgs) -> anyhow::Result<()> {
    let folder = services::catalogue(loaded, Name::Audit)?;
    let registry = Registry::load(folder.as_deref(), &args.files)?;
    match args.what {
        ChecklistCommand::Lint => print(&registry.all().map(name).collect::<Vec<_>>().join("\n")),
        ChecklistCommand::Show { name } => show(find(&registry, &name)?),
        ChecklistCommand::Diff { from, to } => {
            for difference in diff(find(&registry, &from)?, find(&registry, &to)?) {
                print(&difference.to_string())?;
            }
            Ok(())
        }
    }
}

fn find<'a>(registry: &'a Registry, name: &str) -> anyhow::Result<&'a Checklist> {
    let resource = format!("checklists/{name}");
    let (audit, version) = parse_checklist(&resource)?;
    let all = || registry.all().map(self::name).collect::<Vec<_>>().join(", ");
    registry.get(audit, version).with_context(|| format!("there is no checklist {name}; there are {}", all()))
}

fn name(list: &Checklist) -> String {
    audit::audit::names::checklist(list).trim_start_matches("checklists/").to_owned()
}

fn show(list: &Checklist) -> anyhow::Result<()> {
    print(&format!("{}  {}", name(list), list.title.en))?;
    for section in &list.sections {
        print(&format!("\n{}", section.title.en))?;
        for fact in list.facts.iter().filter(|fact| fact.section == section.key) {
            print(&format!("  {:<28} {} ({})", fact.key, fact.question.en, fact.form))?;
        }
        for item in list.items.iter().filter(|item| item.section == section.key) {
            let only = item.only.as_ref().map(|only| format!(", only if {only}")).unwrap_or_default();
            let computed = item.computed.as_ref().map(|from| format!(" := {from}")).unwrap_or_default();
            let severity = format!("{:?}", item.severity).to_lowercase();
            let (key, question, expect) = (&item.key, &item.question.en, &item.expect);
            print(&format!("  {key:<28} {question}{computed}: {expect} [{severity}{only}]"))?;
        }
        for fix in list.fix.iter().filter(|fix| fix.section == section.key) {
            print(&format!("  {:<28} {}: = true [as the finding]", "fix.{finding}", fix.question.en))?;
        }
    }
    Ok(())
}
