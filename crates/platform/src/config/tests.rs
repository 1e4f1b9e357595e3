use secrecy::ExposeSecret as _;

use super::*;
use crate::testing::Scratch;

fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn from_file(text: &str, pairs: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    let scratch = Scratch::new();
    let file = scratch.0.join("przesiadka.toml");
    std::fs::write(&file, text).expect("writes");
    Loaded::read(Some(&file), env(pairs))
}

fn refused(text: &str, pairs: &[(&str, &str)]) -> String {
    from_file(text, pairs).expect_err("refused").to_string()
}

#[test]
fn defaults_are_embedded_and_on_loopback() {
    let loaded =
        Loaded::read(None, env(&[("PATH", "/bin"), ("PRZESIADKA_CONFIG", "x")])).expect("the defaults");
    let config = &loaded.config;
    assert_eq!((config.database.kind, config.bus.kind), (DatabaseKind::Sqlite, BusKind::Embedded));
    assert!(config.auth.development && config.ports().iter().all(|(_, a)| a.ip().is_loopback()));
    assert_eq!(config.limits.edge().body_bytes, 256 << 10);
    config.check_services(&["scheduling", "audit", "licensing", "notification"]).expect("all four");
}

#[test]
fn the_file_replaces_defaults_and_the_environment_the_file() {
    let text = "data_dir = \"/file\"\n[database]\nmax_connections = 20\n[rest]\nlisten = \"127.0.0.1:1\"";
    let pairs = [
        ("PRZESIADKA__REST__LISTEN", "127.0.0.1:2"),
        ("PRZESIADKA__DATABASE__SCHEDULING__URL", "postgres://u:hunter2@h/s"),
        ("PRZESIADKA__BUS__PASSWORD", "12345"),
        ("PRZESIADKA__AUTH__DEVELOPMENT", "true"),
    ];
    let config = from_file(text, &pairs).expect("valid").config;
    assert_eq!(config.data_dir.to_str(), Some("/file"));
    assert_eq!((config.database.max_connections, config.rest.listen.port()), (20, 2));
    assert_eq!(config.database.url("scheduling").expect("given").expose_secret(), "postgres://u:hunter2@h/s");
    assert_eq!(config.bus.password.expect("given").expose_secret(), "12345");
}

#[test]
fn unknown_keys_and_wrong_values_are_refused_by_their_path() {
    for (text, pairs, said) in [
        ("colour = 1", vec![], "colour"),
        ("[rest]\ncolour = 1", vec![], "rest.colour: unknown field"),
        ("[rest]\nlisten = \"nowhere\"", vec![], "rest.listen: invalid socket address"),
        ("[database]\nkind = \"oracle\"", vec![], "database.kind: unknown variant"),
        (
            "[[auth.issuers]]\nname = \"n\"\naudience = \"a\"\nroles = [\"king\"]",
            vec![],
            "auth.issuers[0].roles[0]",
        ),
        ("", vec![("PRZESIADKA__REST__COLOUR", "1")], "the environment: rest.colour: unknown field"),
        (
            "",
            vec![("PRZESIADKA__LIMITS__BODY_BYTES", "many")],
            "the environment: limits.body_bytes: invalid type",
        ),
        ("", vec![("PRZESIADKA__AUTH__ISSUERS", "x")], "invalid type"),
        ("", vec![("PRZESIADKA__REST", "x")], "use a file"),
        ("not toml", vec![], "cannot read"),
    ] {
        let error = refused(text, &pairs);
        assert!(error.contains(said), "{text} {pairs:?}: {error}");
    }
}

#[test]
fn development_keys_and_the_simulated_clock_stay_on_loopback() {
    let issuer = "[[auth.issuers]]\nname = \"n\"\naudience = \"a\"\nroles = [\"crm\"]\njwks_url = \"https://n/jwks\"\n";
    let open = "[rest]\nlisten = \"0.0.0.0:8080\"\n";
    let no_key = "[auth]\ndevelopment = false\n";
    from_file(&format!("{no_key}{issuer}{open}"), &[]).expect("a production setting");
    for (text, said) in [
        (open.to_owned(), "auth.development is only for loopback, but rest.listen is 0.0.0.0:8080"),
        (
            format!("{no_key}{issuer}{open}[clock]\nkind = \"simulated\"\nfile = \"c\""),
            "the simulated clock is only",
        ),
        ("[ops]\nlisten = \"[::]:8082\"".to_owned(), "ops.listen is [::]:8082"),
    ] {
        let error = refused(&text, &[]);
        assert!(error.contains(said), "{text}: {error}");
    }
}

#[test]
fn contradictions_are_refused() {
    let issuer = "[[auth.issuers]]\nname = \"n\"\naudience = \"a\"\n";
    for (text, said) in [
        ("[clock]\nkind = \"simulated\"".to_owned(), "clock.file must be given"),
        ("[auth]\ndevelopment = false".to_owned(), "nobody could call"),
        ("[grpc]\nlisten = \"127.0.0.1:8080\"".to_owned(), "grpc.listen and rest.listen are both"),
        ("[bus]\nreplicas = 0".to_owned(), "bus.replicas is 0"),
        ("[bus]\ntls.cert = \"c\"".to_owned(), "bus.tls.cert and bus.tls.key"),
        ("[telemetry]\nfilter = \"info,=loud=\"".to_owned(), "telemetry.filter: "),
        (format!("{issuer}roles = [\"crm\"]"), "needs jwks_url or jwks_file"),
        (format!("{issuer}roles = [\"crm\"]\njwks_url = \"http://evil/\""), "must be https"),
        (format!("{issuer}roles = []\njwks_file = \"j\""), "may assert no role"),
    ] {
        let error = refused(&text, &[]);
        assert!(error.contains(said), "{text}: {error}");
    }
    let postgres = from_file("[database]\nkind = \"postgres\"", &[]).expect("valid so far").config;
    let error = postgres.check_services(&["audit"]).expect_err("no url, and alone").to_string();
    assert!(error.contains("database.audit.url must be given") && error.contains("all four"), "{error}");
    assert!(error.contains("files.url must be given"), "{error}");
    for url in ["/srv/files", "file:srv", "s3://", "https://bucket"] {
        let text = format!("[files]\nurl = \"{url}\"");
        let config = from_file(&text, &[]).expect("a text").config;
        let error = config.open_files("audit").expect_err("no place").to_string();
        assert!(error.contains("must be file:///<folder> or s3://<bucket>/<prefix>"), "{url}: {error}");
    }
}

#[test]
fn secrets_come_from_files_and_are_never_printed() {
    let scratch = Scratch::new();
    let file = scratch.0.join("secret");
    std::fs::write(&file, "hunter2\n").expect("writes");
    let text = format!(
        "[database.audit]\nurl = \"postgres://u:hunter3@h/a\"\n[notification.channel.smtp]\nhost = \"h\"\npassword_file = {file:?}\n[files]\nsecret_access_key = \"hunter4\""
    );
    let loaded = from_file(&text, &[]).expect("valid");
    let section: toml::Table = loaded.section("notification").expect("a table");
    assert_eq!(section["channel"]["smtp"]["password"].as_str(), Some("hunter2"));

    let printed = loaded.print();
    assert!(!printed.contains("hunter"), "{printed}");
    let table: toml::Table = printed.parse().expect("valid TOML");
    assert_eq!(table["database"]["audit"]["url"].as_str(), Some("***"));
    assert_eq!(table["notification"]["channel"]["smtp"]["password_file"].as_str(), file.to_str());
    assert!(!format!("{:?} {loaded:?}", loaded.config).contains("hunter"));

    let both = format!("[bus]\npassword = \"x\"\npassword_file = {file:?}");
    assert!(refused(&both, &[]).contains("bus.password and bus.password_file are both given"));
    assert!(refused("[bus]\npassword_file = \"/nonexistent\"", &[]).contains("cannot read /nonexistent"));
}
