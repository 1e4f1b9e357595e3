//! One PostgreSQL.

use std::{
    fs::{self, OpenOptions, Permissions},
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use testkit::{eventually, from_tests_run, unique_name};

use super::{is_running, signal};
use crate::processes::free_port;

/// A start after a crash reads the log first.
const START: Duration = Duration::from_secs(60);

/// A PostgreSQL with a superuser `postgres`. Dropping it kills it.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    port: u16,
    password: String,
    options: Vec<(String, String)>,
    process: Option<Child>,
}

impl Postgres {
    /// Makes a new one in `folder/postgres` and waits until it answers. `options` are settings of
    /// postgresql.conf, such as `("fsync", "on")`.
    ///
    /// # Panics
    /// When it does not start, with what it printed.
    pub async fn start(folder: &Path, options: &[(&str, &str)]) -> Self {
        let data = folder.join("postgres");
        fs::create_dir(&data).expect("a folder for PostgreSQL");
        let password = unique_name();
        let password_file = folder.join("postgres-password");
        fs::write(&password_file, &password).expect("a file for the password");
        if let Some((user, group)) = unprivileged() {
            // It has to reach its folder, and needs to read nothing else here.
            fs::set_permissions(folder, Permissions::from_mode(0o711)).expect("a folder of one's own");
            for path in [&data, &password_file] {
                chown(path, Some(user), Some(group)).expect("root may give away");
            }
        }
        let made = program("initdb")
            .arg("--pgdata")
            .arg(&data)
            .arg("--pwfile")
            .arg(&password_file)
            .args(["--username=postgres", "--auth=password", "--encoding=UTF8", "--no-locale", "--no-sync"])
            .output()
            .expect("initdb starts");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let options = options.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
        let mut postgres =
            Self { folder: folder.to_owned(), port: free_port(), password, options, process: None };
        postgres.resume().await;
        postgres
    }

    /// Starts it again, with what it stored, at the same port, and waits until it answers.
    ///
    /// # Panics
    /// When it does not start, with what it printed.
    pub async fn resume(&mut self) {
        self.kill();
        let output = || OpenOptions::new().create(true).append(true).open(self.log()).expect("a file");
        let mut settings = vec![
            ("listen_addresses".to_owned(), "127.0.0.1".to_owned()),
            ("unix_socket_directories".to_owned(), String::new()),
            ("timezone".to_owned(), "UTC".to_owned()),
        ];
        settings.extend(self.options.iter().cloned());
        let settings =
            settings.into_iter().flat_map(|(key, value)| ["-c".to_owned(), format!("{key}={value}")]);
        let child = program("postgres")
            .arg("-D")
            .arg(self.folder.join("postgres"))
            .args(["-p", &self.port.to_string()])
            .args(settings)
            .stdout(output())
            .stderr(output())
            .spawn();
        let child = self.process.insert(child.expect("postgres starts"));
        let log = self.folder.join(LOG);
        eventually(START, "PostgreSQL to answer", async || {
            is_running(child, &log);
            let asked =
                program("pg_isready").args(["-h", "127.0.0.1", "-p", &self.port.to_string()]).output();
            asked.is_ok_and(|answer| answer.status.success()).then_some(())
        })
        .await;
    }

    /// Ends it and all its processes at once by SIGKILL, as a power cut would. What it acknowledged is there after
    /// [`Self::resume`], if `fsync` is on or the machine stays on.
    pub fn kill(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        let children = children(process.id());
        signal("KILL", std::iter::once(process.id()).chain(children.iter().copied()));
        drop(process.wait());
        // One that still ends holds the shared memory, and the next start would be refused.
        while children.iter().any(|id| is_postgres(*id)) {
            std::thread::yield_now();
        }
    }

    /// `postgres://…` of one of its databases; `postgres` always exists.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    /// All its processes, the first one first; none while it does not run.
    pub fn processes(&self) -> Vec<u32> {
        let first = self.process.as_ref().map(Child::id);
        first.into_iter().chain(first.into_iter().flat_map(children)).collect()
    }

    /// The file that takes its log.
    pub fn log(&self) -> PathBuf {
        self.folder.join(LOG)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill();
    }
}

const LOG: &str = "postgres.log";

/// Makes a file PostgreSQL's own and nobody else's, as it demands of its keys.
pub fn give_to_postgres(file: &Path) {
    fs::set_permissions(file, Permissions::from_mode(0o600)).expect("a file of one's own");
    if let Some((user, group)) = unprivileged() {
        chown(file, Some(user), Some(group)).expect("root may give away");
    }
}

/// One of PostgreSQL's programs. The server refuses to run as root.
pub fn program(name: &str) -> Command {
    let folder = PathBuf::from(from_tests_run("PRZESIADKA_TEST_POSTGRES_PROGRAMS"));
    let mut program = Command::new(folder.join(name));
    program.current_dir("/").stdin(Stdio::null());
    if let Some((user, group)) = unprivileged() {
        program.uid(user).gid(group);
    }
    program
}

/// For root, who else to be: user and group of `postgres`, or of `nobody`.
fn unprivileged() -> Option<(u32, u32)> {
    let me = fs::metadata("/proc/self").expect("/proc").uid();
    let users = fs::read_to_string("/etc/passwd").expect("a list of users");
    let find = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    };
    (me == 0).then(|| find("postgres").or_else(|| find("nobody")).expect("a user without rights"))
}

fn children(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").expect("/proc").flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|id| stat(*id).is_some_and(|stat| stat.parent == parent)).collect()
}

fn is_postgres(id: u32) -> bool {
    stat(id).is_some_and(|stat| stat.name == "postgres" && stat.state != "Z")
}

struct Stat {
    name: String,
    state: String,
    parent: u32,
}

/// Of a process that is there.
fn stat(id: u32) -> Option<Stat> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (name, rest) = stat.split_once('(')?.1.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    Some(Stat {
        name: name.to_owned(),
        state: fields.next()?.to_owned(),
        parent: fields.next()?.parse().ok()?,
    })
}
