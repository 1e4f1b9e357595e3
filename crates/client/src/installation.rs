//! Where the services are.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use tonic::transport::{Channel, Endpoint};

pub use crate::hook::Answered;
use crate::{Portal, Softvig, after::After, hook::Hook, patience::SentAgain};

/// One process, by its three ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Replica {
    pub rest: SocketAddr,
    pub grpc: SocketAddr,
    pub ops: SocketAddr,
}

/// Which replicas each service has, and what was written through its clients.
#[derive(Clone, Debug)]
pub struct Installation {
    services: Arc<HashMap<String, Vec<Replica>>>,
    channels: Arc<HashMap<SocketAddr, Channel>>,
    pub(crate) http: reqwest::Client,
    pub(crate) after: After,
    /// How long a request that nobody answers is sent again.
    pub(crate) patience: Duration,
    pub(crate) sent_again: SentAgain,
    pub(crate) contacts: Contacts,
    pub(crate) hook: Hook,
}

/// What a company's contacts speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Contacts {
    /// As the portal does.
    #[default]
    Rest,
    Grpc,
}

impl Installation {
    /// All services in one process.
    ///
    /// # Panics
    /// Outside a runtime.
    pub fn embedded(replica: Replica) -> Self {
        let names = ["scheduling", "audit", "licensing", "notification"];
        Self::new(names.map(|name| (name.to_owned(), vec![replica])))
    }

    /// Each service with its replicas.
    ///
    /// # Panics
    /// Outside a runtime.
    pub fn new(services: impl IntoIterator<Item = (String, Vec<Replica>)>) -> Self {
        let services: HashMap<_, _> = services.into_iter().collect();
        let channel = |replica: &Replica| {
            let endpoint = Endpoint::from_shared(format!("http://{}", replica.grpc)).expect("an address");
            (replica.grpc, endpoint.connect_timeout(Duration::from_secs(2)).connect_lazy())
        };
        let channels = services.values().flatten().map(channel).collect();
        Self {
            services: Arc::new(services),
            channels: Arc::new(channels),
            http: reqwest::Client::builder().build().expect("a client without TLS roots"),
            after: After::default(),
            patience: Duration::ZERO,
            sent_again: SentAgain::default(),
            contacts: Contacts::default(),
            hook: Hook::default(),
        }
    }

    /// The same, whose clients send a request again for so long while nobody answers.
    #[must_use]
    pub fn patient(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The same by the same connections, for somebody who has written nothing yet.
    #[must_use]
    pub fn alone(&self) -> Self {
        Self { after: After::default(), ..self.clone() }
    }

    /// The same, whose contacts speak this.
    #[must_use]
    pub fn contacts(self, contacts: Contacts) -> Self {
        Self { contacts, ..self }
    }

    /// The same, that has `told` wait for what is made of each answer before its caller gets it.
    #[must_use]
    pub fn telling<F>(self, told: impl Fn(Answered) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self { hook: Hook::new(told), ..self }
    }

    /// Somebody at SOFTVIG with this token.
    pub fn softvig(&self, token: impl Into<String>) -> Softvig {
        Softvig::new(self.clone(), token.into())
    }

    /// A contact with this token.
    pub fn portal(&self, token: impl Into<String>) -> Portal {
        Portal::new(self.clone(), token.into())
    }

    /// Request ids of the commands that were accepted, as far as the clients saw.
    pub fn accepted(&self) -> Vec<String> {
        self.after.accepted()
    }

    /// How often clients by these connections sent a request again, by what the try before came to.
    pub fn sent_again(&self) -> BTreeMap<String, usize> {
        self.sent_again.counts()
    }

    pub fn replicas(&self, service: &str) -> &[Replica] {
        self.services.get(service).map_or(&[], Vec::as_slice)
    }

    /// The one to ask at the attempt with this number, counted from 0.
    pub(crate) fn replica(&self, method: &str, attempt: usize) -> Replica {
        let service = method.split('.').next().unwrap_or_default();
        let replicas = self.replicas(service);
        assert!(!replicas.is_empty(), "{service} is not in this installation");
        replicas[attempt % replicas.len()]
    }

    pub(crate) fn channel(&self, replica: Replica) -> Channel {
        self.channels[&replica.grpc].clone()
    }

    /// The replicas of each service; of services that share a process only one's.
    pub(crate) fn processes(&self) -> Vec<&[Replica]> {
        let mut sets: Vec<&[Replica]> = Vec::new();
        for replicas in self.services.values() {
            if !sets.contains(&replicas.as_slice()) {
                sets.push(replicas);
            }
        }
        sets
    }
}
