//! Sets a report for somebody who works on the template:
//!
//! ```sh
//! cargo run --release -p report --example render -- pl <crates/report/src/tests/failed.json >report.pdf
//! ```

use std::io::{Read as _, Write as _, stdin, stdout};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let language = std::env::args().nth(1).unwrap_or_default();
    let language = language.parse().map_err(|()| format!("{language:?} is neither pl nor en"))?;
    let mut json = String::new();
    stdin().read_to_string(&mut json)?;
    stdout().write_all(&report::pdf(&serde_json::from_str(&json)?, language)?)?;
    Ok(())
}
