//! A NATS of one or several nodes.

use std::{
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use testkit::{eventually, from_tests_run};

use super::is_running;
use crate::{
    installation::Service,
    processes::{free_port, status},
};

/// Nodes elect a leader first.
const START: Duration = Duration::from_secs(60);
const PERMISSIONS: &str = include_str!("../../../deploy/nats/permissions.conf");

/// nats-servers with JetStream and the users of deploy/nats/permissions.conf, each with its name as password.
/// Dropping it kills them.
#[derive(Debug)]
pub struct NatsCluster {
    folder: PathBuf,
    nodes: Vec<Node>,
    /// More lines of each node's settings.
    more: String,
}

#[derive(Debug)]
struct Node {
    client: u16,
    routes: u16,
    monitoring: u16,
    process: Option<Child>,
}

impl NatsCluster {
    /// Starts so many nodes, each with an empty store in `folder`, and waits until JetStream works.
    ///
    /// # Panics
    /// When one does not start, with what it printed.
    pub async fn start(folder: &Path, nodes: usize) -> Self {
        Self::start_with(folder, nodes, "").await
    }

    /// The same with more lines of settings.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub async fn start_with(folder: &Path, nodes: usize, more: &str) -> Self {
        let ports =
            || Node { client: free_port(), routes: free_port(), monitoring: free_port(), process: None };
        let all = (0..nodes).map(|_| ports()).collect();
        let mut cluster = Self { folder: folder.to_owned(), nodes: all, more: more.to_owned() };
        fs::write(folder.join("permissions.conf"), PERMISSIONS).expect("a file");
        for node in 0..nodes {
            fs::write(folder.join(format!("nats-{node}.conf")), cluster.settings(node)).expect("a file");
            cluster.resume(node);
        }
        for node in 0..nodes {
            cluster.ready(node).await;
        }
        cluster
    }

    /// Starts a node again, with what it stored, at the same address.
    pub fn resume(&mut self, node: usize) {
        self.kill(node);
        let output = OpenOptions::new().create(true).append(true).open(self.log(node)).expect("a file");
        let passwords = Service::ALL.map(Service::name).into_iter().chain(["operator", "system"]);
        let child = Command::new(from_tests_run("PRZESIADKA_TEST_NATS_SERVER"))
            .arg("-c")
            .arg(self.folder.join(format!("nats-{node}.conf")))
            .envs(passwords.map(|user| (format!("PRZESIADKA_NATS_{}", user.to_uppercase()), user)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(output)
            .spawn();
        self.nodes[node].process = Some(child.expect("nats-server starts"));
    }

    /// Waits until a node serves JetStream and knows all that the others know.
    ///
    /// # Panics
    /// When it ends before, with what it printed, or takes too long.
    pub async fn ready(&mut self, node: usize) {
        let log = self.log(node);
        let Node { monitoring, process, .. } = &mut self.nodes[node];
        eventually(START, "a nats-server to be healthy", async || {
            is_running(process.as_mut().expect("a node that was started"), &log);
            (status(*monitoring, "/healthz").await == Some(200)).then_some(())
        })
        .await;
    }

    /// Kills a node by SIGKILL. The others go on as long as they are the majority.
    pub fn kill(&mut self, node: usize) {
        if let Some(mut process) = self.nodes[node].process.take() {
            drop(process.kill());
            drop(process.wait());
        }
    }

    /// How many nodes it has, running or not.
    pub fn size(&self) -> usize {
        self.nodes.len()
    }

    /// `nats://127.0.0.1:<port>` of one node.
    pub fn url(&self, node: usize) -> String {
        format!("nats://127.0.0.1:{}", self.nodes[node].client)
    }

    /// The process ids of the nodes that run.
    pub fn processes(&self) -> Vec<u32> {
        self.nodes.iter().filter_map(|node| node.process.as_ref().map(Child::id)).collect()
    }

    fn settings(&self, node: usize) -> String {
        let Node { client, routes, monitoring, .. } = &self.nodes[node];
        let store = self.folder.join(format!("nats-{node}"));
        let mut settings = format!(
            "server_name: n{node}\n\
             listen: \"127.0.0.1:{client}\"\n\
             http: \"127.0.0.1:{monitoring}\"\n\
             jetstream {{ store_dir: {store:?}, max_file_store: 20GB, max_memory_store: 256MB }}\n\
             include permissions.conf\n\
             {}\n",
            self.more,
        );
        if self.nodes.len() > 1 {
            let others: Vec<_> =
                self.nodes.iter().map(|node| format!("\"nats://127.0.0.1:{}\"", node.routes)).collect();
            settings += &format!(
                "cluster {{ name: przesiadka, listen: \"127.0.0.1:{routes}\", no_advertise: true, routes: [{}] }}\n",
                others.join(", ")
            );
        }
        settings
    }

    /// The file that takes a node's log.
    pub fn log(&self, node: usize) -> PathBuf {
        self.folder.join(format!("nats-{node}.log"))
    }
}

impl Drop for NatsCluster {
    fn drop(&mut self) {
        for node in 0..self.nodes.len() {
            self.kill(node);
        }
    }
}
