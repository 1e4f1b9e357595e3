//! SMTP against a small server that can refuse, stall and hang up.

use std::{
    num::NonZero,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::SecretString;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use crate::channel::{Channel, ChannelConfig, Failure, SmtpConfig, Tls};
use crate::fixtures::{book, messages, renderer, told};
use crate::message::{Envelope, build};

/// How the server behaves.
#[derive(Clone, Copy)]
struct Manner {
    tls: Tls,
    /// Asks for user "przesiadka" with password "sekret".
    login: bool,
    /// Answer to RCPT TO.
    recipient: &'static str,
    /// Answer to the whole mail; none hangs up instead.
    mail: Option<&'static str>,
    /// Never greets.
    silent: bool,
}

const POLITE: Manner = Manner {
    tls: Tls::Off,
    login: false,
    recipient: "250 2.1.5 ok",
    mail: Some("250 2.0.0 taken as 7"),
    silent: false,
};

struct Server {
    config: SmtpConfig,
    /// What it took.
    taken: Arc<Mutex<Vec<String>>>,
    _certificate: tempfile::Certificate,
}

/// The certificate's file, gone with the server.
mod tempfile {
    pub struct Certificate(pub std::path::PathBuf);

    impl Drop for Certificate {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }
}

impl Server {
    async fn start(manner: Manner) -> Self {
        platform::init();
        let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let file = std::env::temp_dir().join(format!("{}.pem", testkit::unique_name()));
        std::fs::write(&file, key.cert.pem()).expect("a file");
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.signing_key.serialize_der()));
        let tls = ServerConfig::builder().with_no_client_auth();
        let tls = tls.with_single_cert(vec![key.cert.der().clone()], private).expect("a key");
        let acceptor = TlsAcceptor::from(Arc::new(tls));

        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let theirs = Arc::clone(&taken);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, taken) = (acceptor.clone(), Arc::clone(&theirs));
                tokio::spawn(async move { serve(stream, acceptor, manner, &taken).await });
            }
        });
        let config = SmtpConfig {
            host: "localhost".into(),
            port: Some(port),
            tls: manner.tls,
            ca_file: (manner.tls != Tls::Off).then(|| file.clone()),
            user: manner.login.then(|| "przesiadka".into()),
            password: manner.login.then(|| SecretString::from("sekret")),
            hello_name: Some("przesiadka.example".into()),
            timeout_seconds: 1,
            max_connections: NonZero::new(2).expect("not 0"),
        };
        Self { config, taken, _certificate: tempfile::Certificate(file) }
    }

    async fn deliver(&self, config: SmtpConfig) -> Result<String, Failure> {
        let channel = Channel::open(&ChannelConfig::Smtp(config)).expect("a valid configuration");
        let mut book = book();
        let notices =
            told(&mut book, proto::scheduling::v1::scheduling_event::Event::Verified(Default::default()));
        let message = messages(&book, &notices).remove(0);
        let to = Envelope { name: "Tadeusz Łęcki".into(), address: "tadek@auto-lecki.example".into() };
        let mail = build(&message, &to, &renderer().identity).expect("builds");
        channel.deliver("name", &mail).await
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, manner: Manner, taken: &Mutex<Vec<String>>) {
    if manner.silent {
        std::future::pending::<()>().await;
    }
    if manner.tls == Tls::Implicit {
        if let Ok(stream) = acceptor.accept(stream).await {
            let _ = converse(stream, manner, true, true, taken).await;
        }
        return;
    }
    if let Ok(Some(stream)) = converse(stream, manner, false, true, taken).await
        && let Ok(stream) = acceptor.accept(stream).await
    {
        let _ = converse(stream, manner, true, false, taken).await;
    }
}

/// One dialogue; gives the stream back where it is to go on encrypted.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    manner: Manner,
    encrypted: bool,
    greet: bool,
    taken: &Mutex<Vec<String>>,
) -> std::io::Result<Option<S>> {
    let mut stream = BufReader::new(stream);
    if greet {
        stream.write_all(b"220 mail.example ready\r\n").await?;
    }
    let mut envelope = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let verb = line.split([' ', ':']).next().unwrap_or_default().trim().to_uppercase();
        let answer = match verb.as_str() {
            "EHLO" if manner.tls == Tls::Starttls && !encrypted => "250-mail.example\r\n250 STARTTLS",
            "EHLO" if manner.login => "250-mail.example\r\n250 AUTH PLAIN",
            "EHLO" => "250 mail.example",
            "STARTTLS" => {
                stream.write_all(b"220 go on\r\n").await?;
                return Ok(Some(stream.into_inner()));
            }
            "AUTH" if line.trim().ends_with(&STANDARD.encode("\0przesiadka\0sekret")) => "235 2.7.0 welcome",
            "AUTH" => "535 5.7.8 wrong password",
            "MAIL" => "250 ok",
            "RCPT" => {
                envelope.push_str(line.trim());
                manner.recipient
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let mut mail = String::new();
                while !mail.ends_with("\r\n.\r\n") {
                    if stream.read_line(&mut mail).await? == 0 {
                        return Ok(None);
                    }
                }
                taken.lock().expect("no panic").push(format!("{envelope}\n{mail}"));
                let Some(answer) = manner.mail else { return Ok(None) };
                answer
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

#[tokio::test]
async fn a_mail_arrives_over_each_kind_of_connection_with_login() {
    for tls in [Tls::Off, Tls::Starttls, Tls::Implicit] {
        let server = Server::start(Manner { tls, login: true, ..POLITE }).await;
        let answer = server.deliver(server.config.clone()).await.expect("delivered");
        assert!(answer.contains("taken as 7"), "{answer}");
        let taken = server.taken.lock().expect("no panic").clone();
        assert_eq!(taken.len(), 1, "{tls:?}");
        assert!(taken[0].starts_with("RCPT TO:<tadek@auto-lecki.example>"), "{}", taken[0]);
        assert!(taken[0].contains("Message-ID: <"), "{}", taken[0]);
    }
}

#[tokio::test]
async fn only_an_address_that_does_not_work_is_refused_for_good() {
    let recipient = |recipient| Manner { recipient, ..POLITE };
    let cases = [
        (recipient("550 5.1.1 <tadek@auto-lecki.example>: no such user"), true),
        (recipient("553 5.1.3 bad address"), true),
        (recipient("450 4.2.1 mailbox busy"), false),
        (recipient("550 5.7.1 relaying denied"), false),
        (recipient("503 5.5.1 wrong order"), false),
        (recipient("550 no such user"), true),
        (Manner { mail: Some("554 5.6.0 not wanted"), ..POLITE }, false),
        (Manner { mail: Some("451 4.3.0 later"), ..POLITE }, false),
        (Manner { mail: None, ..POLITE }, false),
        (Manner { silent: true, ..POLITE }, false),
    ];
    for (i, (manner, for_good)) in cases.into_iter().enumerate() {
        let server = Server::start(manner).await;
        let failure = server.deliver(server.config.clone()).await.expect_err("not delivered");
        assert_eq!(matches!(failure, Failure::Permanent(_)), for_good, "case {i}: {failure:?}");
        assert!(!failure.to_string().contains("tadek@"), "the answer is kept without the address: {failure}");
    }
}

#[tokio::test]
async fn a_wrong_password_or_a_server_that_is_away_is_nobodys_bad_address() {
    let server = Server::start(Manner { login: true, ..POLITE }).await;
    let wrong = SmtpConfig { password: Some(SecretString::from("inne")), ..server.config.clone() };
    let failure = server.deliver(wrong).await.expect_err("not delivered");
    assert!(matches!(failure, Failure::Transient(_)), "{failure:?}");

    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("bound").port();
    let away = SmtpConfig { port: Some(closed), ..server.config.clone() };
    let failure = server.deliver(away).await.expect_err("not delivered");
    assert!(matches!(failure, Failure::Transient(_)), "{failure:?}");
}

#[tokio::test]
async fn nothing_is_sent_without_the_encryption_that_was_asked_for() {
    let plain = Server::start(POLITE).await;
    let config = SmtpConfig { tls: Tls::Starttls, ..plain.config.clone() };
    let failure = plain.deliver(config).await.expect_err("no STARTTLS");
    assert!(matches!(failure, Failure::Transient(_)), "{failure:?}");

    let foreign = Server::start(Manner { tls: Tls::Starttls, ..POLITE }).await;
    let config = SmtpConfig { ca_file: None, ..foreign.config.clone() };
    foreign.deliver(config).await.expect_err("a certificate that nobody vouches for");
    for server in [plain, foreign] {
        assert!(server.taken.lock().expect("no panic").is_empty());
    }
}
