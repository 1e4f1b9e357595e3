//! Each service's database: reachable, safe, with the schema of this build and the same time.

use jiff::SignedDuration;
use platform::{
    clock::Clock,
    config::{DatabaseKind, Loaded},
    db::{About, Server},
    schema::Standing,
};

use super::finding::{Finding, bounded};
use crate::{prepare, services::Name};

/// Leases and timers bear a small difference.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_secs(2);
/// Tokens are refused when clocks differ by more than this.
const CLOCKS_HARM: SignedDuration = SignedDuration::from_secs(30);
/// Older ones are not tested.
const OLDEST: i64 = 140_000;

pub async fn check(loaded: &Loaded, name: Name) -> Vec<Finding> {
    let config = &loaded.config;
    if config.database.kind == DatabaseKind::Postgres && config.database.url(name.as_str()).is_none() {
        // The check of the settings says so.
        return Vec::new();
    }
    let check = format!("database.{name}");
    let file = config.data_dir.join(format!("{name}.db"));
    if config.database.kind == DatabaseKind::Sqlite && !file.exists() {
        return vec![Finding::ok(check, format!("a start makes {}", file.display()))];
    }
    let advice = match config.database.kind {
        DatabaseKind::Sqlite => "see that data_dir is there and can be written by this user".to_owned(),
        DatabaseKind::Postgres => {
            format!(
                "see that PostgreSQL runs, and that database.{name}.url has its host, database, user and password"
            )
        }
    };
    bounded(check.clone(), &advice, async {
        let core = prepare::open(config, name, Clock::System).await?;
        let about = core.db.about().await?;
        let mut findings = of_server(name, &about, config.database.max_connections);
        let standing = name.schema_standing(&core.db).await?;
        findings.push(of_schema(name, &standing, config.database.schema_at_start));
        core.db.close().await?;
        Ok(findings)
    })
    .await
}

fn of_server(name: Name, about: &About, pool: u32) -> Vec<Finding> {
    let check = format!("database.{name}");
    let Some(server) = &about.server else { return vec![Finding::ok(check, about.version.clone())] };
    let encrypted = if server.is_encrypted { "TLS" } else { "no TLS" };
    let seen = format!(
        "{}, {encrypted}, {} of {} connections in use",
        about.version, server.connections, server.most_connections
    );
    let first = if server.version_number < OLDEST {
        Finding::failed(&check, seen, "bring PostgreSQL to 14 or newer")
    } else if !server.is_encrypted && !server.is_here {
        let advice = format!(
            "add `?sslmode=verify-full` to database.{name}.url, and `sslrootcert` for an authority of your own"
        );
        Finding::warning(&check, seen, advice)
    } else if i64::from(pool) + 1 > server.most_connections {
        let advice = "raise PostgreSQL's max_connections, or lower database.max_connections";
        Finding::failed(&check, format!("{seen}; one process takes up to {}", pool + 1), advice)
    } else if server.most_connections - server.connections < 5 {
        let advice =
            "raise PostgreSQL's max_connections, or lower database.max_connections or the number of replicas";
        Finding::warning(&check, seen, advice)
    } else {
        Finding::ok(&check, seen)
    };
    vec![first, of_clock(name, server)]
}

fn of_clock(name: Name, server: &Server) -> Finding {
    let check = format!("clock.{name}");
    let seconds = server.ahead.as_secs_f64();
    let seen = match seconds {
        0.0 => "as the database's".to_owned(),
        _ if seconds > 0.0 => format!("the database's clock is {seconds:.1} s ahead of this machine's"),
        _ => format!("the database's clock is {:.1} s behind this machine's", -seconds),
    };
    let advice = "set both machines' clocks by NTP";
    match server.ahead.abs() {
        difference if difference >= CLOCKS_HARM => Finding::failed(check, seen, advice),
        difference if difference >= CLOCKS_DIFFER => Finding::warning(check, seen, advice),
        _ => Finding::ok(check, seen),
    }
}

fn of_schema(name: Name, standing: &Standing, at_start: bool) -> Finding {
    let check = format!("schema.{name}");
    let seen = match standing.missing.as_slice() {
        [] => standing.word().to_owned(),
        [_] => format!("{}, 1 change missing", standing.word()),
        missing => format!("{}, {} changes missing", standing.word(), missing.len()),
    };
    if standing.is_usable() {
        return Finding::ok(check, seen);
    }
    if !standing.newer.is_empty() {
        let advice = "run the build that this schema belongs to, or a newer one";
        return Finding::failed(check, seen, advice);
    }
    if at_start {
        return Finding::warning(check, seen, "nothing: a start of this build brings it up");
    }
    let advice = format!(
        "`przesiadka schema up --only {name}`: processes wait for it, as database.schema_at_start is off"
    );
    Finding::failed(check, seen, advice)
}

#[cfg(test)]
mod tests {
    use super::{super::finding::State, *};

    fn server() -> Server {
        Server {
            version_number: 150_018,
            is_encrypted: true,
            is_here: false,
            ahead: SignedDuration::ZERO,
            most_connections: 97,
            connections: 12,
        }
    }

    fn states(server: Server) -> Vec<State> {
        let about = About { version: "PostgreSQL 15.18".to_owned(), server: Some(server) };
        of_server(Name::Audit, &about, 10).into_iter().map(|finding| finding.state).collect()
    }

    #[test]
    fn a_server_is_judged_by_version_tls_connections_and_clock() {
        use State::{Failed, Ok, Warning};
        let ahead = |seconds| SignedDuration::from_secs(seconds);
        for (server, expected) in [
            (server(), [Ok, Ok]),
            (Server { version_number: 130_000, ..server() }, [Failed, Ok]),
            (Server { is_encrypted: false, ..server() }, [Warning, Ok]),
            (Server { is_encrypted: false, is_here: true, ..server() }, [Ok, Ok]),
            (Server { most_connections: 10, connections: 1, ..server() }, [Failed, Ok]),
            (Server { connections: 95, ..server() }, [Warning, Ok]),
            (Server { ahead: ahead(3), ..server() }, [Ok, Warning]),
            (Server { ahead: ahead(-40), ..server() }, [Ok, Failed]),
        ] {
            assert_eq!(states(server.clone()), expected, "{server:?}");
        }
    }
}
