//! What happens to Auto-Dom, from the contract in November to the signed protocol.

use anyhow::Context as _;
use jiff::SignedDuration;
use proto::{common::v1::PlannedDate, licensing::v1::LicenceKind, scheduling::v1::DateKind};
use story::{Proposer, dates_of};

use super::{play::Play, words};

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
    play.pause(25).await?;
    d.contract("2026-11-09").await?;
    play.until_local("2026-11-10 10:15").await?;
    d.ask_variant_help("Serwer ma osiem lat. Kupić nowy, czy zostać na starym?").await?;
    play.until_local("2026-11-12 13:40").await?;
    d.recommend_variant("new_server", "Ośmioletni serwer nie udźwignie dwóch instancji.").await?;
    play.until_local("2026-11-13 09:20").await?;
    d.choose_variant("new_server").await?;
    play.pause(15).await?;
    let advice = d.state_needs(true).await?.advice.context("advice")?;
    play.tell("Paweł", "says what the instance is for, how large and for whom").await?;
    for way in &advice.options {
        play.tell("", &words::way(way)).await?;
    }
    let runtime = d.choose_licence(LicenceKind::Runtime).await;
    let what = "wants the Runtime licence, though other applications use the instance";
    play.refused("Katarzyna", what, runtime).await?;
    play.pause(10).await?;
    d.choose_licence(LicenceKind::Standard).await?;
    play.pause(40).await?;
    d.order_licences().await?;

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
    play.refused("Katarzyna", "declares readiness while nothing is confirmed", too_early).await?;
    play.pause(70).await?;
    d.record_licences().await?;
    play.pause(50).await?;
    d.confirm_conditions().await?;
    play.tell("Paweł", "confirms the environment, the purchases and the server").await?;
    play.until(day + HOUR * 12).await?;
    d.declare_ready().await?;
    play.pause(95).await?;
    let soon = [(DateKind::Audit1, client::day("2026-12-14"))];
    let too_soon = d.propose(Proposer::Softvig, soon, "", "").await;
    play.refused("SOFTVIG", "would like to come for audit 1 on Mon 14 Dec", too_soon).await?;
    Ok(())
}

async fn audit_1(play: &mut Play<'_>) -> anyhow::Result<()> {
    let d = play.dealership;
    let (day, _) = d.agreed(DateKind::Audit1).await?;
    play.until(day + HOUR * 9).await?;
    let audit = d.start_audit(1).await?;
    play.pause(35).await?;
    d.record_too_little_memory(&audit).await?;
    play.pause(200).await?;
    d.measure(&audit).await?;
    play.pause(45).await?;
    d.conclude(&audit).await?;

    play.until(day + HOUR * 34).await?;
    d.answer_findings("Dołożono pamięć: razem 32 GB.").await?;
    play.pause(40).await?;
    agree(play, d.missing_dates().await?).await?;

    let (day, _) = d.agreed(DateKind::Audit1).await?;
    play.until(day + HOUR * 9).await?;
    let audit = d.start_audit(1).await?;
    play.pause(20).await?;
    d.record_enough_memory(&audit).await?;
    d.measure(&audit).await?;
    play.pause(25).await?;
    d.conclude(&audit).await?;
    play.pause(60).await
}

async fn audit_2(play: &mut Play<'_>) -> anyhow::Result<()> {
    let d = play.dealership;
    agree(play, d.missing_dates().await?).await?;
    let (day, _) = d.agreed(DateKind::Audit2).await?;
    play.until(day + HOUR * 9).await?;
    let audit = d.start_audit(2).await?;
    play.pause(285).await?;
    d.measure(&audit).await?;
    play.pause(40).await?;
    d.conclude(&audit).await?;
    play.news().await
}

/// SOFTVIG proposes, and the decision contact accepts an hour and a half later.
async fn agree(play: &mut Play<'_>, dates: Vec<(DateKind, PlannedDate)>) -> anyhow::Result<()> {
    if dates.is_empty() {
        return Ok(());
    }
    let d = play.dealership;
    let proposal = d.propose(Proposer::Softvig, dates, "", "").await?;
    play.pause(90).await?;
    d.accept(Proposer::Company, &proposal).await?;
    play.news().await
}

/// To the hour in which the agreed window begins; what has grown stale is measured again.
async fn to_the_window(play: &mut Play<'_>) -> anyhow::Result<()> {
    let d = play.dealership;
    let (start, _) = d.agreed(DateKind::Migration).await?;
    play.until(start - HOUR).await?;
    d.refresh_evidence(start + HOUR).await?;
    play.until(start).await
}

/// Everything is stopped and the run begun.
async fn begin_run(play: &mut Play<'_>) -> anyhow::Result<()> {
    let d = play.dealership;
    play.pause(20).await?;
    d.stop_systems().await?;
    play.tell("Paweł", "confirms that everything stands still").await?;
    play.pause(5).await?;
    d.start_run().await?;
    play.news().await
}

async fn rolled_back(play: &mut Play<'_>) -> anyhow::Result<()> {
    to_the_window(play).await?;
    let d = play.dealership;
    let running = d.start_run().await;
    play.refused("SOFTVIG", "starts while AutoStacja still runs", running).await?;
    begin_run(play).await?;
    play.until(d.later(4)).await?;
    d.databases_restored().await?;
    play.until(d.later(2)).await?;
    d.roll_back_run("Drukarki fiskalne nie łączą się z nową instancją.").await?;
    play.until(d.later(9)).await
}

async fn finished(play: &mut Play<'_>) -> anyhow::Result<()> {
    let d = play.dealership;
    let suggested = d.suggest("").await?;
    let weekend = story::weekend_window(&suggested).context("a window on a Friday or Saturday")?;
    agree(play, vec![(DateKind::Migration, weekend)]).await?;
    to_the_window(play).await?;
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
    for (brand, hour, minute) in [("volvo", 9, 10), ("skoda", 10, 25), ("vw", 11, 40)] {
        play.until(day.at(hour, minute, 0, 0).to_zoned(calendar::warsaw())?.timestamp()).await?;
        d.restore_integration(brand).await?;
    }
    play.news().await
}

async fn the_end(play: &mut Play<'_>) -> anyhow::Result<()> {
    let d = play.dealership;
    play.until(d.later(3)).await?;
    let problem = d.report_problem("Raport dzienny kasy pokazuje zera.").await?;
    play.pause(115).await?;
    d.answer_problem(&problem, "Brakowało uprawnienia dla raportu; nadane.").await?;
    play.until(d.later(20)).await?;
    d.confirm_works().await?;
    play.pause(50).await?;
    d.sign(Proposer::Company).await?;
    play.pause(130).await?;
    d.sign(Proposer::Softvig).await?;
    // The last mails.
    play.pause(10).await
}
