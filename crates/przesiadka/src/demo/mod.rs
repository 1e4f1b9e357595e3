//! `demo`: one dealership's way through the whole process, by real calls over the network.

mod place;
mod play;
mod script;
mod tell;
mod words;

use std::{io::IsTerminal as _, time::Duration};

use anyhow::Context as _;
use jiff::civil::Date;
use platform::auth::Role;
use proto::scheduling::v1::Stage;
use story::{Dealership, Facts, World};

use self::{
    place::Place,
    play::{Play, Watch},
    tell::Paint,
};
use crate::cli::print;

#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Leaves the server up for exploring, until Ctrl-C, and its databases after that.
    #[arg(long)]
    keep: bool,
}

/// # Errors
/// The project is not completed at the end.
pub async fn run(args: DemoArgs) -> anyhow::Result<()> {
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    let paint = Paint::new(colour);
    let place = Place::start().await?;
    let world = World::new(place.installation(), place.data_dir(), &place.clock())?;
    let watch = Watch::begin(&world).await?;
    let dealership = Dealership::open(&world, &Facts::AUTODOM).await?;
    let mut play = Play::begin(&dealership, watch, paint).await?;
    script::perform(&mut play).await?;
    let project = dealership.read().await?;
    let stage = project.stage();
    anyhow::ensure!(stage == Stage::Completed, "the project ended in {}", stage.as_str_name());
    let (mails, count) = place.mails()?;
    let days = calendar::local_day(world.now()) - project.contract_day.parse::<Date>()?;
    let refusals = play.told.refusals;
    print(&format!(
        "\n{}\n{refusals} refusals on the way, {count} e-mails (.eml) in {}",
        paint.good(&format!("Completed, {} days after the contract was signed.", days.get_days())),
        mails.display()
    ))?;
    if args.keep {
        print(&format!("\n{}\n{}", place.addresses(), explore(&dealership, &world)?))?;
        place.until_interrupted().await
    } else {
        place.stop().await.context("the server's end")
    }
}

/// What is needed to go on by hand.
fn explore(dealership: &Dealership<'_>, world: &World) -> anyhow::Result<String> {
    let mut lines = vec![format!("project   {}", dealership.project), "One token for each role:".to_owned()];
    for role in [Role::Crm, Role::Operator, Role::Auditor] {
        let name = role.to_string();
        lines.push(format!("{name:<10}{}", world.token(role, None)?));
    }
    for (role, person) in [("technical", &dealership.technical), ("decision", &dealership.decision)] {
        lines.push(format!("{role:<10}{}", person.token));
    }
    lines.push("Ctrl-C ends it.".to_owned());
    Ok(lines.join("\n"))
}

/// Nothing in the demo takes longer than this.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
