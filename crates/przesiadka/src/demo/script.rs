//! What happens to Auto-Dom, from the contract in November to the signed protocol.

use anyhow::Context as _;
use jiff::SignedDuration;
use proto::{licensing::v1::LicenceKind, scheduling::v1::DateKind};
use story::{Proposer, dates_of};

use super::play::Play;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// # Errors
/// A step was refused, or one that should have been was not.
pub async fn perform(play: &mut Play<'_>) -> anyhow::Result<()> {
    contracting(play).await.context("contracting")?;
    readiness(play).await.context("readiness")?;
    audit_1(play).await.context("audit 1")?;
    audit_2(play).await.context("audit 2")?;
    rolled_back(play).await.context("the first run")?;
    finished(play).await.context("the second run")?;
    integrations(play).await.context("integrations")?;
    the_end(play).await.context("the end")
}

async fn contracting(play: &mut Play<'_>) -> anyhow::Result<()> {
    let d = play.dealership;
    d.contract("2026-11-09").await?;
    play.until_local("2026-11-10 10:15").await?;
    d.ask_variant_help("Serwer ma osiem lat. Kupić nowy, czy zostać na starym?").await?;
    play.until_local("2026-11-12 13:40").await?;
    d.recommend_variant("new_server", "Ośmioletni serwer nie udźwignie dwóch instancji.").await?;
    play.until_local("2026-11-13 09:20").await?;
    d.choose_variant("new_server").await?;
    play.news().await?;
    d.state_needs(true).await?;
    let runtime = d.choose_licence(LicenceKind::Runtime).await;
    play.refused("Katarzyna wants the Runtime licence though other applications use the instance", runtime)
        .await?;
    d.choose_licence(LicenceKind::Standard).await?;

    play.until_local("2026-11-16 11:00").await?;
    let suggested = d.suggest("").await?;
    let earliest = dates_of(&suggested.earliest.context("a suggestion")?);
    let proposal = d.propose(Proposer::Softvig, earliest, "", "Najszybciej, jak można.").await?;
    play.until_local("2026-11-17 08:45").await?;
    let roomy = dates_of(&suggested.with_slack.context("a suggestion with slack")?);
    let note = "Wolimy z zapasem: w grudniu sprzedajemy najwięcej.";
    let counter = d.propose(Proposer::Company, roomy, &proposal, note).await?;
    play.until_local("2026-11-17 14:10").await?;
    d.accept(Proposer::Softvig, &counter).await?;
    play.news().await
}

async fn readiness(play: &mut Play<'_>) -> anyhow::Result<()> {
    let d = play.dealership;
    let (day, _) = d.agreed(DateKind::Readiness).await?;
    play.until(day + HOUR * 8).await?;
    let too_early = d.declare_ready().await;
    play.refused("Katarzyna declares readiness with nothing confirmed", too_early).await?;
    d.record_licences().await?;
    d.confirm_conditions().await?;
    play.until(day + HOUR * 12).await?;
    d.declare_ready().await?;
    play.news().await?;
    let soon = [(DateKind::Audit1, client::day("2026-12-14"))];
    let too_soon = d.propose(Proposer::Softvig, soon, "", "").await;
    play.refused("SOFTVIG would come for audit 1 on Mon 14 Dec 2026", too_soon).await?;
    Ok(())
}

async fn audit_1(play: &mut Play<'_>) -> anyhow::Result<()> {
    let d = play.dealership;
    let (day, _) = d.agreed(DateKind::Audit1).await?;
    play.until(day.max(day + HOUR * 9)).await?;
    let audit = d.start_audit(1).await?;
    d.record_too_little_memory(&audit).await?;
    d.measure(&audit).await?;
    d.conclude(&audit).await?;
    play.news().await?;

    play.until(d.later(5)).await?;
    d.answer_findings("Dołożono pamięć: razem 32 GB.").await?;
    play.news().await?;
    d.agree_missing_dates().await?;
    play.news().await?;

    let (day, _) = d.agreed(DateKind::Audit1).await?;
    play.until(day + HOUR * 9).await?;
    let audit = d.start_audit(1).await?;
    d.record_enough_memory(&audit).await?;
    d.measure(&audit).await?;
    d.conclude(&audit).await?;
    play.news().await
}

async fn audit_2(play: &mut Play<'_>) -> anyhow::Result<()> {
    let d = play.dealership;
    d.agree_missing_dates().await?;
    let (day, _) = d.agreed(DateKind::Audit2).await?;
    play.until(day + HOUR * 9).await?;
    let audit = d.start_audit(2).await?;
    d.measure(&audit).await?;
    d.conclude(&audit).await?;
    play.news().await
}

/// To the hour in which the agreed window begins; everything is stopped and the run begun.
async fn begin_run(play: &mut Play<'_>) -> anyhow::Result<()> {
    let d = play.dealership;
    d.agree_missing_dates().await?;
    let (start, _) = d.agreed(DateKind::Migration).await?;
    play.until(start - HOUR).await?;
    d.refresh_evidence(start + HOUR).await?;
    play.until(start).await?;
    let running = d.start_run().await;
    play.refused("SOFTVIG starts while AutoStacja still runs", running).await?;
    d.stop_systems().await?;
    d.start_run().await?;
    play.news().await
}

async fn rolled_back(play: &mut Play<'_>) -> anyhow::Result<()> {
    begin_run(play).await?;
    let d = play.dealership;
    play.until(d.later(4)).await?;
    d.databases_restored().await?;
    play.until(d.later(2)).await?;
    d.roll_back_run("Drukarki fiskalne nie łączą się z nową instancją.").await?;
    play.news().await
}

async fn finished(play: &mut Play<'_>) -> anyhow::Result<()> {
    let d = play.dealership;
    let suggested = d.suggest("").await?;
    let weekend = story::weekend_window(&suggested).context("a window on a Friday or Saturday")?;
    d.agree([(DateKind::Migration, weekend)]).await?;
    begin_run(play).await?;
    play.until(d.later(3)).await?;
    d.databases_restored().await?;
    play.until(d.later(2)).await?;
    d.finish_run().await?;
    play.news().await
}

async fn integrations(play: &mut Play<'_>) -> anyhow::Result<()> {
    let d = play.dealership;
    let day = d.integrations_day().await?.context("a day for the integrations")?;
    let at = |hour| Ok::<_, jiff::Error>(day.at(hour, 0, 0, 0).to_zoned(calendar::warsaw())?.timestamp());
    play.until(at(9)?).await?;
    for (brand, hour) in [("volvo", 9), ("skoda", 10), ("vw", 11)] {
        play.until(at(hour)?).await?;
        d.restore_integration(brand).await?;
    }
    play.news().await
}

async fn the_end(play: &mut Play<'_>) -> anyhow::Result<()> {
    let d = play.dealership;
    play.until(d.later(3)).await?;
    let problem = d.report_problem("Raport dzienny kasy pokazuje zera.").await?;
    play.until(d.later(2)).await?;
    d.answer_problem(&problem, "Brakowało uprawnienia dla raportu; nadane.").await?;
    play.until(d.later(20)).await?;
    d.confirm_works().await?;
    play.until(d.later(1)).await?;
    d.sign(Proposer::Company).await?;
    play.until(d.later(2)).await?;
    d.sign(Proposer::Softvig).await?;
    play.news().await
}
