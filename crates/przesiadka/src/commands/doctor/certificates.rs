//! How long certificates are good for: those of the ports, and those that are shown to NATS and PostgreSQL.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use platform::{clock, config::Loaded, pem};

use super::finding::Finding;
use crate::services::Name;

/// Long enough to get a new one.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

pub async fn check(loaded: &Loaded, names: &[Name]) -> Vec<Finding> {
    let config = &loaded.config;
    let services: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
    // A URL that cannot be read is told by the settings' check.
    let shown = config.client_tls(&services).unwrap_or_default();
    let shown = shown.into_iter().filter_map(|(setting, tls)| Some((setting, tls.cert?)));
    let ports = [("rest", &config.rest), ("grpc", &config.grpc), ("ops", &config.ops)];
    let with_tls = ports.into_iter().filter_map(|(name, port)| Some((name, port.tls.as_ref()?)));
    let files = with_tls.flat_map(|(name, tls)| {
        let authority = tls.client_ca.as_ref().map(|file| (format!("{name}.client_ca"), file));
        std::iter::once((format!("{name}.cert"), &tls.cert)).chain(authority)
    });
    let now = clock::machine_now();
    let of_ports = files.map(|(name, file)| of_file(&name, file, now));
    of_ports.chain(shown.map(|(name, file)| of_file(&name, &file, now))).collect()
}

fn of_file(name: &str, file: &Path, now: Timestamp) -> Finding {
    let check = format!("certificate.{name}");
    let advice = format!("put a new certificate into {}, before the old one ends", file.display());
    match pem::ends_at(file) {
        Err(error) => Finding::failed(check, format!("{error:#}"), format!("see {}", file.display())),
        Ok(end) => {
            let left = end.duration_since(now);
            let seen = format!("good for {} days, until {end}", left.as_hours() / 24);
            if left.is_negative() {
                Finding::failed(check, format!("ended at {end}"), advice)
            } else if left < SOON {
                Finding::warning(check, seen, advice)
            } else {
                Finding::ok(check, seen)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::{super::finding::State, *};

    #[test]
    fn a_certificate_is_judged_by_the_days_that_are_left() {
        let folder = std::env::temp_dir().join(format!("przesiadka-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join("cert.pem");
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        params.not_after = date_time_ymd(2027, 3, 1);
        let key = KeyPair::generate().expect("a key");
        std::fs::write(&file, params.self_signed(&key).expect("signed").pem()).expect("written");
        for (now, state, seen) in [
            ("2026-11-23T00:00:00Z", State::Ok, "good for 98 days, until 2027-03-01T00:00:00Z"),
            ("2027-02-20T00:00:00Z", State::Warning, "good for 9 days"),
            ("2027-03-02T00:00:00Z", State::Failed, "ended at 2027-03-01T00:00:00Z"),
        ] {
            let finding = of_file("grpc.cert", &file, now.parse().expect("an instant"));
            assert_eq!((finding.check.as_str(), finding.state), ("certificate.grpc.cert", state));
            assert!(finding.seen.contains(seen), "{finding}");
        }
        std::fs::write(&file, "no certificate").expect("written");
        let finding = of_file("grpc.cert", &file, Timestamp::UNIX_EPOCH);
        assert_eq!(finding.state, State::Failed, "{finding}");
        std::fs::remove_dir_all(folder).expect("removed");
    }
}
