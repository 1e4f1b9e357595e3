//! A mail server of Python's, and mails to it.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader},
    num::NonZero,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use proto::scheduling::v1::scheduling_event::Event;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use testkit::from_tests_run;

use crate::channel::{Channel, ChannelConfig, Failure, SmtpConfig, Tls};
use crate::fixtures::{book, messages, renderer, told};
use crate::message::{Envelope, build};

pub const TO: &str = "tadek@auto-lecki.example";

/// How one server behaves, as `server.py` says.
#[derive(Clone, Debug, Serialize)]
pub struct Manner {
    pub tls: &'static str,
    pub login: Vec<&'static str>,
    pub utf8: bool,
    pub at: BTreeMap<&'static str, Vec<Option<String>>>,
}

impl Manner {
    /// Takes everything, in clear and without login.
    pub fn polite() -> Self {
        Self { tls: "off", login: Vec::new(), utf8: false, at: BTreeMap::new() }
    }

    /// The next thing that it does at a step; the last one that is said is for all that follow.
    pub fn then(mut self, step: &'static str, action: &str) -> Self {
        self.at.entry(step).or_default().push(Some(action.to_owned()).filter(|a| !a.is_empty()));
        self
    }
}

#[derive(Debug, Deserialize)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    pub content: String,
}

/// Servers in one process, each on a port of its own; they end when this is dropped.
pub struct Servers {
    process: Child,
    folder: PathBuf,
    ports: Vec<u16>,
    manners: Vec<Manner>,
}

impl Servers {
    pub fn start(manners: Vec<Manner>) -> Self {
        platform::init();
        let folder = std::env::temp_dir().join(testkit::unique_name());
        fs::create_dir(&folder).expect("a folder");
        let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        fs::write(folder.join("certificate.pem"), key.cert.pem()).expect("a file");
        fs::write(folder.join("key.pem"), key.signing_key.serialize_pem()).expect("a file");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/smtp/server.py");
        let mut process = Command::new("python3")
            .arg(script)
            .arg(&folder)
            .arg(serde_json::to_string(&manners).expect("JSON"))
            .env("PYTHONPATH", from_tests_run("PRZESIADKA_TEST_AIOSMTPD"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python runs");
        let mut ports = String::new();
        let output = process.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut ports).expect("the servers listen");
        let ports = serde_json::from_str(&ports).expect("ports");
        Self { process, folder, ports, manners }
    }

    pub fn one(manner: Manner) -> Self {
        Self::start(vec![manner])
    }

    /// How the nth server is reached, with three seconds for each answer.
    pub fn config(&self, n: usize) -> SmtpConfig {
        let Manner { tls, login, .. } = &self.manners[n];
        let tls = match *tls {
            "starttls" => Tls::Starttls,
            "implicit" => Tls::Implicit,
            _ => Tls::Off,
        };
        SmtpConfig {
            host: "localhost".into(),
            port: Some(self.ports[n]),
            tls,
            ca_file: (tls != Tls::Off).then(|| self.folder.join("certificate.pem")),
            user: (!login.is_empty()).then(|| "przesiadka".into()),
            password: (!login.is_empty()).then(|| SecretString::from("zażółć-sekret")),
            hello_name: Some("przesiadka.example".into()),
            timeout_seconds: 3,
            content_timeout_seconds: 3,
            max_connections: NonZero::new(2).expect("not 0"),
        }
    }

    pub fn channel(&self, n: usize) -> Channel {
        open(self.config(n))
    }

    /// What the nth server took.
    pub fn mails(&self, n: usize) -> Vec<Mail> {
        let files = fs::read_dir(self.folder.join(n.to_string())).expect("a folder");
        let paths = files.map(|file| file.expect("an entry").path());
        let json = paths.filter(|path| path.extension().is_some_and(|e| e == "json"));
        json.map(|path| serde_json::from_slice(&fs::read(path).expect("readable")).expect("a mail")).collect()
    }

    /// For each connection that the nth server got, how many were open with it.
    pub fn connections(&self, n: usize) -> Vec<usize> {
        self.lines(n, "connections").iter().map(|open| open.parse().expect("a number")).collect()
    }

    /// What clients said to the nth server.
    pub fn heard(&self, n: usize) -> Vec<String> {
        self.lines(n, "lines")
    }

    fn lines(&self, n: usize, file: &str) -> Vec<String> {
        let text = fs::read_to_string(self.folder.join(n.to_string()).join(file)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

pub fn open(config: SmtpConfig) -> Channel {
    Channel::open(&ChannelConfig::Smtp(config)).expect("a valid configuration")
}

/// Hands over a mail to [`TO`].
pub async fn deliver(channel: &Channel) -> Result<String, Failure> {
    deliver_to(channel, TO).await
}

pub async fn deliver_to(channel: &Channel, address: &str) -> Result<String, Failure> {
    let mut book = book();
    let notices = told(&mut book, Event::Verified(Default::default()));
    let message = messages(&book, &notices).remove(0);
    let to = Envelope { name: "Tadeusz Łęcki".into(), address: address.into() };
    let mail = build(&message, &to, &renderer().identity).expect("builds");
    channel.deliver("name", &mail).await
}
