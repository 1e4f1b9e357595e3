//! TLS to PostgreSQL, NATS and the ports, with certificates of both sides.

use std::{fs, net::SocketAddr, path::Path, time::Duration};

use journeys::{
    Installation, Service, on,
    servers::{NatsCluster, Postgres, give_to_postgres},
};
use platform::db::{Db, execute};
use proto::scheduling::v1::{
    Company, CreateCompanyRequest, scheduling_service_client::SchedulingServiceClient,
};
use testkit::eventually;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use crate::authority::{Authority, Pair};

const NOW: &str = "2026-11-23T08:00:00Z";
const LONG: Duration = Duration::from_secs(30);
/// Only who shows a certificate of the authority comes in.
const ACCESS: &str = "hostssl all all 127.0.0.1/32 password clientcert=verify-ca\n";

async fn postgres(folder: &Path, authority: &Authority) -> Postgres {
    let pair = authority.pair("postgres");
    give_to_postgres(&pair.key);
    let access = folder.join("pg_hba.conf");
    fs::write(&access, ACCESS).expect("a file");
    let [cert, key, ca, access] =
        [pair.cert, pair.key, authority.file(), access].map(|path| path.to_str().expect("UTF-8").to_owned());
    let options = [
        ("ssl", "on"),
        ("ssl_cert_file", &cert),
        ("ssl_key_file", &key),
        ("ssl_ca_file", &ca),
        ("hba_file", &access),
    ];
    Postgres::start(folder, &options).await
}

/// Like the server's own, with what a client says of TLS.
fn url(
    postgres: &Postgres,
    database: &str,
    host: &str,
    mode: &str,
    ca: &Authority,
    client: Option<&Pair>,
) -> String {
    let url = postgres.url(database).replace("127.0.0.1", host);
    let client =
        client.map(|Pair { cert, key }| format!("&sslcert={}&sslkey={}", cert.display(), key.display()));
    format!("{url}?sslmode={mode}&sslrootcert={}{}", ca.file().display(), client.unwrap_or_default())
}

#[tokio::test]
async fn postgresql_is_believed_only_as_far_as_sslmode_says() {
    let installation = Installation::empty(NOW);
    let folder = installation.folder();
    let [ours, foreign] = ["ours", "foreign"].map(|name| Authority::new(folder, name));
    let postgres = postgres(folder, &ours).await;
    let (client, stranger) = (ours.pair("client"), foreign.pair("client"));
    // The certificate is of "localhost", and not of its address.
    for (host, mode, ca, shown, welcome) in [
        ("localhost", "verify-full", &ours, Some(&client), true),
        ("127.0.0.1", "verify-full", &ours, Some(&client), false),
        ("127.0.0.1", "verify-ca", &ours, Some(&client), true),
        ("localhost", "verify-full", &foreign, Some(&client), false),
        ("localhost", "verify-ca", &foreign, Some(&client), false),
        ("localhost", "verify-full", &ours, None, false),
        ("localhost", "verify-full", &ours, Some(&stranger), false),
        ("localhost", "disable", &ours, None, false),
    ] {
        let db = Db::open(&url(&postgres, "postgres", host, mode, ca, shown), 1).await.expect("an address");
        let answered = db.ping().await;
        assert_eq!(answered.is_ok(), welcome, "{host} {mode} {:?}: {answered:?}", ca.folder);
    }
}

/// `bus.tls`
fn bus_tls(ca: &Authority, client: &Pair) -> [(&'static str, String); 3] {
    [
        ("PRZESIADKA__BUS__TLS__CA", ca.file().display().to_string()),
        ("PRZESIADKA__BUS__TLS__CERT", client.cert.display().to_string()),
        ("PRZESIADKA__BUS__TLS__KEY", client.key.display().to_string()),
    ]
}

#[tokio::test]
async fn services_work_with_tls_to_everything() {
    let mut installation = Installation::empty(NOW);
    let folder = installation.folder().to_owned();
    let [ours, foreign] = ["ours", "foreign"].map(|name| Authority::new(&folder, name));
    let postgres = postgres(&folder, &ours).await;
    let [nats, client, stranger] = [ours.pair("nats"), ours.pair("client"), foreign.pair("client")];
    let tls = format!(
        "tls {{ cert_file: {:?}, key_file: {:?}, ca_file: {:?}, verify: true }}",
        nats.cert,
        nats.key,
        ours.file()
    );
    let nats = NatsCluster::start_with(&folder, 1, &tls).await;
    let nats_url = nats.url(0).replace("127.0.0.1", "localhost");
    let database = |name: &str| url(&postgres, name, "localhost", "verify-full", &ours, Some(&client));
    let server = ours.pair("server");
    let settings = |service: Service| {
        let mut settings = on(service, &database(service.name()), &nats_url);
        settings.extend(bus_tls(&ours, &client));
        settings.extend([
            ("PRZESIADKA__BUS__REPLICAS", "1".to_owned()),
            ("PRZESIADKA__BUS__MAX_BYTES", "104857600".to_owned()),
            ("PRZESIADKA__REST__TLS__CERT", server.cert.display().to_string()),
            ("PRZESIADKA__REST__TLS__KEY", server.key.display().to_string()),
            ("PRZESIADKA__GRPC__TLS__CERT", server.cert.display().to_string()),
            ("PRZESIADKA__GRPC__TLS__KEY", server.key.display().to_string()),
            ("PRZESIADKA__GRPC__TLS__CLIENT_CA", ours.file().display().to_string()),
        ]);
        settings
    };
    let db = Db::open(&database("postgres"), 1).await.expect("an address");
    for service in [Service::Scheduling, Service::Audit] {
        execute(db.read(), &format!("create database {}", service.name()), vec![]).await.expect("created");
        installation.add(service.name(), &["serve", "--only", service.name()], settings(service));
    }
    installation.ready().await;
    let said = installation.command(Service::Audit, &["doctor", "--only", "audit"]);
    for shown in ["certificate.bus.tls", "certificate.database.audit.url", "certificate.grpc.cert"] {
        assert!(said.contains(&format!("ok       {shown}")), "{said}");
    }

    // A command over gRPC with a client's certificate, and its event over NATS to the other service.
    let read = |path: &Path| fs::read_to_string(path).expect("a file");
    let port = installation.processes[0].grpc;
    let connect = async |shown: Option<&Pair>| {
        let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(&ours.file())));
        if let Some(Pair { cert, key }) = shown {
            tls = tls.identity(Identity::from_pem(read(cert), read(key)));
        }
        let endpoint = Endpoint::from_shared(format!("https://localhost:{port}")).expect("an address");
        let channel = endpoint.tls_config(tls).expect("a client").connect().await?;
        let request = CreateCompanyRequest {
            company: Some(Company {
                display_name: "Auto Nowak".to_owned(),
                tax_id: "5260250274".to_owned(),
                brands: vec!["skoda".to_owned()],
                ..Default::default()
            }),
            request_id: "create-1".to_owned(),
            ..Default::default()
        };
        let mut request = tonic::Request::new(request);
        let token = format!("Bearer {}", installation.softvig("crm"));
        request.metadata_mut().insert("authorization", token.parse().expect("ASCII"));
        SchedulingServiceClient::new(channel).create_company(request).await?;
        Ok::<(), Box<dyn std::error::Error>>(())
    };
    connect(None).await.expect_err("without a certificate");
    connect(Some(&stranger)).await.expect_err("with one of somebody else");
    connect(Some(&client)).await.expect("created");
    eventually(LONG, "audit to hear of the company", async || {
        let (_, report) = installation.ops(Service::Audit, "/settled").await?;
        report.contains("scheduling/").then_some(())
    })
    .await;

    // The portal's port, for everybody who trusts the certificate.
    let trusted = reqwest::Certificate::from_pem(read(&ours.file()).as_bytes()).expect("a certificate");
    let address = SocketAddr::from(([127, 0, 0, 1], installation.processes[0].rest));
    let browser = reqwest::Client::builder().tls_certs_only([trusted]).resolve("localhost", address);
    let page = format!("https://localhost:{}/docs", address.port());
    let answer = browser.build().expect("a client").get(page).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);

    // Who shows another authority's certificate does not come into NATS.
    let mut intruder = settings(Service::Audit);
    intruder.extend(bus_tls(&ours, &stranger));
    installation.add("intruder", &["serve", "--only", "audit"], intruder);
    eventually(LONG, "NATS to turn it away", async || {
        read(&nats.log(0)).contains("TLS handshake error").then_some(())
    })
    .await;

    // What could not be read is named before anything starts.
    for (variable, value, said) in [
        (
            "PRZESIADKA__BUS__TLS__CA",
            "/nonexistent".to_owned(),
            "bus.tls: cannot read certificates from /nonexistent",
        ),
        ("PRZESIADKA__REST__TLS__KEY", client.key.display().to_string(), "rest.tls"),
        (
            Service::Audit.database_url(),
            database("audit").replace("client.crt", "missing.crt"),
            "database.audit.url: cannot read certificates from",
        ),
    ] {
        let mut wrong = settings(Service::Audit);
        wrong.push((variable, value));
        installation.add("wrong", &["config", "check", "--only", "audit"], wrong);
        let process = &mut installation.processes.last_mut().expect("it").process;
        assert_eq!(process.ended(LONG).await, 1, "{variable}");
        assert!(process.output().contains(said), "{variable}: {}", process.output());
    }
}
