//! SMTP against a server from Python's package index that can refuse, stall and hang up.

mod server;
mod settings;

use std::time::Duration;

use futures::future::join_all;
use proto::{notification::v1::MessageState, scheduling::v1::scheduling_event::Event};
use secrecy::SecretString;
use testkit::{Backend, eventually};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::world::World;
use crate::Config;
use crate::channel::{Channel, ChannelConfig, Failure, Smtp, SmtpConfig, Tls};
use server::{Manner, Servers, TO, deliver, deliver_to, open};

const PATIENCE: Duration = Duration::from_secs(10);

/// What a failure is about.
fn about(failure: &Failure) -> &'static str {
    match failure {
        Failure::Address(_) => "address",
        Failure::Mail(_) => "mail",
        Failure::Connection(_) => "connection",
        Failure::Transient(_) => "later",
    }
}

#[tokio::test]
async fn a_mail_arrives_over_each_kind_of_connection_with_each_login() {
    let mut manners = Vec::new();
    for tls in ["off", "starttls", "implicit"] {
        for login in ["PLAIN", "LOGIN"] {
            manners.push(Manner { tls, login: vec![login], ..Manner::polite() });
        }
    }
    let servers = Servers::start(manners.clone());
    for (n, manner) in manners.iter().enumerate() {
        let answer = deliver(&servers.channel(n)).await.expect("delivered");
        assert!(answer.contains("taken as 7"), "{manner:?}: {answer}");
        let mails = servers.mails(n);
        assert_eq!(mails.len(), 1, "{manner:?}");
        assert_eq!(
            (mails[0].from.as_str(), mails[0].to.as_slice()),
            ("przesiadka@softvig.example", &[TO.to_owned()][..])
        );
        assert!(mails[0].content.contains("Message-ID: <"), "{}", mails[0].content);
    }
}

#[tokio::test]
async fn a_check_goes_up_to_the_login_and_sends_nothing() {
    let polite = Manner { tls: "starttls", login: vec!["PLAIN"], ..Manner::polite() };
    let servers = Servers::start(vec![polite.clone(), polite.then("AUTH", "535 5.7.8 wrong password")]);
    let seen = servers.channel(0).check().await.expect("all is well");
    assert!(seen.ends_with(", STARTTLS, logged in"), "{seen}");
    let failure = servers.channel(1).check().await.expect_err("refused");
    assert_eq!((about(&failure), failure.to_string().as_str()), ("connection", "535 5.7.8 wrong password"));
    assert!(servers.mails(0).is_empty() && servers.mails(1).is_empty());
}

#[tokio::test]
async fn mails_go_over_a_few_connections_which_are_closed_when_idle() {
    let servers = Servers::one(Manner::polite());
    let Channel::Smtp(smtp) = servers.channel(0) else { panic!("it is SMTP") };
    let channel = Channel::Smtp(smtp.idle_for(Duration::from_millis(300)));
    let delivered = join_all((0..6).map(|_| deliver(&channel))).await;
    assert!(delivered.iter().all(Result::is_ok), "{delivered:?}");
    assert_eq!(servers.mails(0).len(), 6);
    assert_eq!(servers.connections(0), [1, 2]);
    eventually(PATIENCE, "both to be closed", async || {
        (servers.heard(0).iter().filter(|line| line.starts_with("QUIT")).count() == 2).then_some(())
    })
    .await;
    deliver(&channel).await.expect("over a new one");
    assert_eq!(servers.connections(0).len(), 3);
}

/// And the next mail goes over another connection.
#[tokio::test]
async fn a_refusal_is_about_what_it_answers() {
    let address = "550 5.1.1 <tadek@auto-lecki.example>: no such user";
    let mut cases = vec![
        ("greeting", "554 no SMTP service here", "connection"),
        ("EHLO", "550 not you", "connection"),
        ("STARTTLS", "502 not today", "connection"),
        ("AUTH", "535 5.7.8 wrong password", "connection"),
        ("MAIL", "550 5.1.8 Sender address rejected", "connection"),
        ("MAIL", address, "connection"),
        ("RCPT", address, "address"),
        ("RCPT", "550 no such user", "address"),
        ("RCPT", "550 relay not permitted", "connection"),
        ("RCPT", "550 5.7.1 members only", "mail"),
        ("DATA", "554 no", "mail"),
        ("DATA", "250 it is out of step", "later"),
        ("content", address, "mail"),
        ("content", "554 Message rejected as spam", "mail"),
        ("content", "552 message size", "mail"),
        ("content", "354 it is out of step", "later"),
    ];
    let steps = ["greeting", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "content"];
    cases.extend(steps.map(|step| (step, "421 5.1.1 later", "later")));
    let manner = |(step, answer, _): &(&'static str, &str, &str)| {
        let polite = Manner { tls: "starttls", login: vec!["PLAIN"], ..Manner::polite() };
        polite.then(step, answer).then(step, "")
    };
    let servers = Servers::start(cases.iter().map(manner).collect());
    for (n, (step, answer, expected)) in cases.iter().enumerate() {
        let channel = servers.channel(n);
        let failure = deliver(&channel).await.expect_err("not delivered");
        assert_eq!(about(&failure), *expected, "{step}: {answer}: {failure:?}");
        assert!(!failure.to_string().contains("tadek@"), "the answer is kept without the address: {failure}");
        deliver(&channel).await.unwrap_or_else(|e| panic!("{step}: {answer}: the next one: {e}"));
        assert_eq!(servers.connections(n).len(), 2, "{step}: {answer}");
        assert_eq!(servers.mails(n).len(), 1, "{step}: {answer}");
    }
}

#[tokio::test]
async fn a_server_that_stalls_or_hangs_up_at_any_step_is_tried_again_over_another_connection() {
    let steps = ["greeting", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "content"];
    let cases: Vec<_> = ["stall", "drop"].into_iter().flat_map(|how| steps.map(|step| (step, how))).collect();
    let manner = |(step, how): &(&'static str, &str)| {
        let polite = Manner { tls: "starttls", login: vec!["PLAIN"], ..Manner::polite() };
        polite.then(step, how).then(step, "")
    };
    let servers = Servers::start(cases.iter().map(manner).collect());
    let each = cases.iter().enumerate().map(async |(n, case)| {
        let channel = servers.channel(n);
        let failure = deliver(&channel).await.expect_err("not delivered");
        assert_eq!(about(&failure), "later", "{case:?}: {failure:?}");
        deliver(&channel).await.unwrap_or_else(|e| panic!("{case:?}: the next one: {e}"));
        assert_eq!(servers.connections(n).len(), 2, "{case:?}");
        assert_eq!(servers.mails(n).len(), 1, "{case:?}");
    });
    join_all(each).await;
}

#[tokio::test]
async fn an_idle_connection_that_does_not_answer_any_more_is_replaced() {
    let manners = ["stall", "drop", "421 too long idle"].map(|how| Manner::polite().then("NOOP", how));
    let servers = Servers::start(manners.to_vec());
    for n in 0..3 {
        let channel = servers.channel(n);
        for _ in 0..2 {
            deliver(&channel).await.expect("delivered");
        }
        assert_eq!((servers.connections(n).len(), servers.mails(n).len()), (2, 2));
    }
}

/// The server reads one mail for longer than anybody waits, and says yes when the next one comes.
#[tokio::test]
async fn a_mail_after_one_that_stalled_is_not_given_its_answer() {
    let late = || Manner::polite().then("content", "late").then("content", "554 5.7.1 not wanted");
    let servers = Servers::start(vec![late(), late()]);
    let channel = servers.channel(0);
    let stalled = deliver(&channel).await.expect_err("no answer in time");
    // What a try that is cut off leaves to be done has its turn.
    tokio::task::yield_now().await;
    let refused = deliver(&channel).await.expect_err("refused");
    assert_eq!((about(&stalled), about(&refused)), ("later", "mail"), "{stalled:?}, {refused:?}");
    assert_eq!(servers.connections(0).len(), 2);

    // The same where the try is cut off from outside.
    let channel = open(SmtpConfig { content_timeout_seconds: 3600, ..servers.config(1) });
    let theirs = channel.clone();
    let cut_off = tokio::spawn(async move { deliver(&theirs).await });
    eventually(PATIENCE, "it to be handed over", async || {
        servers.heard(1).contains(&"content".to_owned()).then_some(())
    })
    .await;
    cut_off.abort();
    assert!(cut_off.await.expect_err("cut off").is_cancelled());
    tokio::task::yield_now().await;
    let refused = deliver(&channel).await.expect_err("refused");
    assert_eq!(about(&refused), "mail", "{refused:?}");
}

#[tokio::test]
async fn a_wrong_password_or_a_server_that_is_away_is_nobodys_bad_address() {
    let servers = Servers::one(Manner { login: vec!["PLAIN"], ..Manner::polite() });
    let wrong = SmtpConfig { password: Some(SecretString::from("inne")), ..servers.config(0) };
    let failure = deliver(&open(wrong)).await.expect_err("not delivered");
    assert_eq!(about(&failure), "connection", "{failure:?}");
    let none = SmtpConfig { user: None, password: None, ..servers.config(0) };
    let failure = deliver(&open(none)).await.expect_err("not delivered");
    assert_eq!(about(&failure), "connection", "{failure:?}");

    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("bound").port();
    let away = SmtpConfig { port: Some(closed), ..servers.config(0) };
    let failure = deliver(&open(away)).await.expect_err("not delivered");
    assert_eq!(about(&failure), "later", "{failure:?}");
    assert!(servers.mails(0).is_empty());
}

#[tokio::test]
async fn nothing_is_sent_without_the_encryption_that_was_asked_for() {
    let servers = Servers::start(vec![Manner::polite(), Manner { tls: "starttls", ..Manner::polite() }]);
    let config = SmtpConfig { tls: Tls::Starttls, ..servers.config(0) };
    let failure = deliver(&open(config)).await.expect_err("no STARTTLS");
    assert_eq!(about(&failure), "connection", "{failure:?}");
    let config = SmtpConfig { ca_file: None, ..servers.config(1) };
    deliver(&open(config)).await.expect_err("a certificate that nobody vouches for");
    assert!(servers.mails(0).is_empty() && servers.mails(1).is_empty());
}

#[tokio::test]
async fn an_address_beyond_ascii_needs_a_server_that_takes_such() {
    let servers = Servers::start(vec![Manner::polite(), Manner { utf8: true, ..Manner::polite() }]);
    let address = "żaneta@auto-łęcki.example";
    let failure = deliver_to(&servers.channel(0), address).await.expect_err("it takes ASCII alone");
    assert_eq!(about(&failure), "mail", "{failure:?}");
    deliver_to(&servers.channel(1), address).await.expect("delivered");
    assert_eq!(servers.mails(1)[0].to, [address]);
}

/// Nor the record of what became of the others.
#[tokio::test]
async fn a_mail_that_a_server_reads_for_long_holds_up_no_other() {
    let servers = Servers::one(Manner::polite().then("content", "stall").then("content", ""));
    let world = World::new(Backend::Sqlite).await;
    let config = Config {
        channel: Some(ChannelConfig::Smtp(SmtpConfig { content_timeout_seconds: 3600, ..servers.config(0) })),
        from: Some("przesiadka@softvig.example".into()),
        softvig: Some("migracje@softvig.example".into()),
        public_host: Some("przesiadka.example".into()),
        ..Config::default()
    };
    let sender = world.replica_with(&config).await;
    let sending = tokio::spawn(sender.run_sender(CancellationToken::new()));
    world.tell(Event::RunFinished(Default::default())).await;
    eventually(PATIENCE, "the others to be recorded", async || {
        (world.messages_in(MessageState::Sent).await.len() == 2).then_some(())
    })
    .await;
    assert_eq!(world.messages_in(MessageState::Sending).await.len(), 1);
    // It would wait for the server.
    sending.abort();
}

/// What a try may take, and thereby how long a message is held for it.
#[tokio::test]
async fn a_try_lasts_as_long_as_all_its_steps_may() {
    let config: SmtpConfig = toml::from_str("host = \"mail.example\"").expect("a section");
    let smtp = Smtp::new(&config).expect("valid");
    assert_eq!(smtp.longest_try(), Duration::from_secs(8 * 20 + 120));
    let channel = Channel::Smtp(smtp);
    assert_eq!(channel.lease(), Duration::from_secs(420));
    assert_eq!((channel.batches(), channel.most_at_once()), (4, 1));
}
