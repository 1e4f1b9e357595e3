//! The settings, and the files that they name.

use platform::config::{BusKind, ConfigError, Loaded};

use super::{super::config::assemble, finding::Finding};
use crate::services::Name;

const ADVICE: &str = "correct the settings; `przesiadka config print` shows what is in force";

pub async fn check(loaded: &Loaded, names: &[Name]) -> Vec<Finding> {
    let mut findings = Vec::new();
    // In one process all run, whichever of them is looked at.
    let run: &[Name] = if loaded.config.bus.kind == BusKind::Embedded { &Name::ALL } else { names };
    let words: Vec<_> = run.iter().map(|name| name.as_str()).collect();
    findings.push(match loaded.config.check_services(&words) {
        Ok(()) => Finding::ok("settings", format!("go together for {}", words.join(", "))),
        Err(ConfigError::Contradiction(found)) => {
            let advice = "correct the settings, or name by --only the services that are to run with them";
            Finding::failed("settings", found.join("; "), advice)
        }
        Err(error) => unreadable(&error),
    });
    if let Err(error) = loaded.config.business_clock() {
        findings.push(Finding::failed("clock", format!("{error:#}"), ADVICE));
    }
    for &name in names {
        let check = format!("data.{name}");
        findings.push(match assemble(loaded, name) {
            Ok(_) => {
                let from = loaded.config.catalogue.dir.as_ref();
                let from = from.map_or_else(String::new, |dir| format!(", with those in {}", dir.display()));
                Finding::ok(check, format!("the data files can be read{from}"))
            }
            Err(error) => {
                let advice = "correct what is named: the service does not start with it";
                Finding::failed(check, format!("{error:#}"), advice)
            }
        });
    }
    findings
}

pub fn unreadable(error: &ConfigError) -> Finding {
    Finding::failed("settings", error.to_string().replace('\n', " "), ADVICE)
}
