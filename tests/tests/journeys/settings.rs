//! What a running process takes over from its file of settings.

use std::{fs, time::Duration};

use journeys::{Installation, Layout};
use testkit::eventually;

const NOW: &str = "2026-11-23T08:00:00Z";
const LONG: Duration = Duration::from_secs(20);

/// Waits for a line of the first process's log.
async fn logged(installation: &Installation, words: &str) {
    let process = &installation.processes[0].process;
    eventually(LONG, words, async || process.output().contains(words).then_some(())).await;
}

#[tokio::test]
async fn another_filter_of_the_log_counts_without_a_restart() {
    let installation = Installation::start(Layout::Embedded, NOW).await;
    let file = installation.settings();
    let settings = fs::read_to_string(&file).expect("settings");
    let write = |more: &str| {
        let next = file.with_extension("next");
        fs::write(&next, format!("{settings}{more}\n")).expect("writes");
        fs::rename(next, &file).expect("takes its place");
    };
    write("telemetry.filter = \"info,=loud=\"");
    logged(&installation, "those in force stay, and a restart would fail").await;
    write("telemetry.filter = \"platform=trace,info\"\nlimits.body_bytes = 1000");
    logged(&installation, "the log has another filter").await;
    logged(&installation, "changed settings wait for a restart").await;
    logged(&installation, "keys=\"limits.body_bytes\"").await;
    // A refusal is told at level DEBUG only.
    let url = format!("http://127.0.0.1:{}/scheduling/v1/variants", installation.processes[0].rest);
    assert!(!installation.processes[0].process.output().contains("DEBUG"));
    assert_eq!(installation.client().get(url).send().await.expect("an answer").status(), 401);
    logged(&installation, "DEBUG").await;
}
