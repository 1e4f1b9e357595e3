//! Whether it stays as fast when there are many companies.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use client::{Contacts, Softvig};
use futures::future::try_join_all;
use journeys::Service;
use platform::db::Db;
use proto::scheduling::v1::{ListProjectsRequest, Stage};
use story::{Dealership, Facts};
use tokio::time::sleep;

use crate::{
    bulk::Template,
    figures::{Figures, quantile_ms},
    load::{self, Wire},
    place::{Layout, Place},
};

const SIZES: [i64; 3] = [1_000, 10_000, 100_000];
/// Companies in one transaction.
const AT_ONCE: i64 = 1_000;
const PAGES: usize = 100;
const CLIENTS: usize = 4;
/// Two rounds of saying how far the lanes are.
const AT_REST: Duration = Duration::from_secs(10);

/// Everything on PostgreSQL and NATS: pages and commands with so many projects.
///
/// # Errors
/// A refusal, or a service that does not answer.
pub async fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    let place = Place::start(Layout::Spread).await?;
    let world = place.client(Contacts::Grpc, |_| std::future::ready(()))?;
    Dealership::open(&world, &Facts::AUTODOM).await?;
    world.settled().await?;
    let crm = world.crm.clone();
    drop(world);
    let mut copies = Vec::new();
    for service in Service::ALL {
        let db = place.database(service).await?;
        copies.push((Template::read(&db).await?, db));
    }
    println!(
        "{:>9} {:>10} {:>9} {:>11} {:>11} {:>9} {:>9} {:>20}",
        "projects",
        "page ms",
        "half ms",
        "by stage ms",
        "command p50",
        "p99 ms",
        "cmd/s",
        "at rest, CPU ms/s"
    );
    let (mut there, mut smallest) = (0, None);
    for size in SIZES {
        let began = Instant::now();
        try_join_all(copies.iter().map(|(template, db)| grow(template, db, there, size))).await?;
        there = size;
        for service in Service::ALL {
            place.servers.as_ref().context("servers")?.vacuum(service.name())?;
        }
        let loaded = began.elapsed();
        let page = pages(&crm, Stage::Unspecified, PAGES).await?;
        let by_stage = pages(&crm, Stage::Completed, PAGES / 5).await?;
        let half_way = half_way_page(&crm, size).await?;
        let (elapsed, answers) = load::some_projects(&place, Wire::Grpc, CLIENTS).await?;
        let mut times: Vec<_> =
            answers.iter().filter(|a| a.is_command).map(|answered| answered.ended - answered.began).collect();
        let per_second = times.len() as f64 / elapsed.as_secs_f64();
        let (p50, p99) = (quantile_ms(&mut times, 0.5), quantile_ms(&mut times, 0.99));
        let cpu = at_rest(&place).await;
        println!(
            "{size:>9} {page:>10.2} {half_way:>9.2} {by_stage:>11.2} {p50:>11.1} {p99:>9.1} {per_second:>9.0} {:>10.1} + {:>4.1} pg   (loaded in {:.0} s)",
            cpu.0,
            cpu.1,
            loaded.as_secs_f64()
        );
        for (name, value) in [
            ("list_page_ms", page),
            ("list_half_way_ms", half_way),
            ("list_by_stage_ms", by_stage),
            ("command_p50_ms", p50),
            ("command_p99_ms", p99),
            ("commands_per_s", per_second),
            ("rest_cpu_ms_per_s", cpu.0),
            ("rest_postgres_cpu_ms_per_s", cpu.1),
        ] {
            figures.set(format!("{name}_{size}"), value);
        }
        let (first_page, first_by_stage, first_p50) = *smallest.get_or_insert((page, by_stage, p50));
        figures.set("list_growth", page / first_page);
        figures.set("list_by_stage_growth", by_stage / first_by_stage);
        figures.set("command_growth", p50 / first_p50);
    }
    Ok(())
}

/// More copies, up to `to`.
async fn grow(template: &Template, db: &Db, from: i64, to: i64) -> anyhow::Result<()> {
    let mut next = from + 1;
    while next <= to {
        let last = (next + AT_ONCE - 1).min(to);
        template.copy(db, next, last).await?;
        next = last + 1;
    }
    Ok(())
}

/// The median time of a first page of 50.
async fn pages(crm: &Softvig, stage: Stage, count: usize) -> anyhow::Result<f64> {
    let mut times = Vec::new();
    for _ in 0..count {
        let request = ListProjectsRequest {
            parent: "companies/-".to_owned(),
            stage: stage.into(),
            ..Default::default()
        };
        let began = Instant::now();
        crm.call(request).await?;
        times.push(began.elapsed());
    }
    Ok(quantile_ms(&mut times, 0.5))
}

/// The median time of the pages of 50 half-way through the list, as far as a walk of pages of 200 gets.
async fn half_way_page(crm: &Softvig, size: i64) -> anyhow::Result<f64> {
    let request = |page_size, page_token: &str| ListProjectsRequest {
        parent: "companies/-".to_owned(),
        page_size,
        page_token: page_token.to_owned(),
        ..Default::default()
    };
    let mut token = String::new();
    for _ in 0..(size / 200 / 2).min(100) {
        token = crm.call(request(200, &token)).await?.next_page_token;
    }
    let mut times = Vec::new();
    for _ in 0..PAGES / 5 {
        let began = Instant::now();
        crm.call(request(0, &token)).await?;
        times.push(began.elapsed());
    }
    Ok(quantile_ms(&mut times, 0.5))
}

/// CPU time for each second of the services and of PostgreSQL while nobody asks, in milliseconds.
async fn at_rest(place: &Place) -> (f64, f64) {
    sleep(AT_REST).await;
    let before = place.cpu();
    sleep(AT_REST).await;
    let used = place.cpu() - before;
    let per_second = |time: Duration| time.as_secs_f64() * 1e3 / AT_REST.as_secs_f64();
    (per_second(used.of_services()), per_second(used.postgres))
}
