//! A service that says back what it heard, for the tests of the edge.

use std::{sync::Arc, time::Duration};

use proto::licensing::v1 as pb;
use uuid::Uuid;

use crate::{
    auth::{DevelopmentIssuer, Role, RoleSet, TokenFor, Verifier},
    call::{Call, Service},
    clock::Clock,
    core::Core,
    db::Db,
    edge::{Edge, Limits},
    error::Error,
    id::{CompanyId, ContactId},
    lane::{Lane, LanePosition, Number},
    rest::{self, Route},
};

/// Where one test keeps its files.
pub struct Scratch(pub std::path::PathBuf);

impl Scratch {
    pub fn new() -> Self {
        let dir = std::env::temp_dir().join(format!("przesiadka-test-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&dir).expect("a temporary directory");
        Self(dir)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub struct Echo {
    core: Core,
    /// Reading the project "gate" waits for it.
    pub gate: tokio::sync::Notify,
    pub waiting: std::sync::atomic::AtomicU32,
}

impl Service for Echo {
    fn core(&self) -> &Core {
        &self.core
    }
}

impl Echo {
    /// What the call said comes back in the answer's fields.
    pub async fn get_licensing(
        &self,
        call: Call,
        request: pb::GetLicensingRequest,
    ) -> Result<pb::Licensing, Error> {
        if request.name.ends_with("fault/licensing") {
            return Err(anyhow::anyhow!("the cause").into());
        }
        assert!(!request.name.ends_with("panic/licensing"), "the cause");
        if request.name.ends_with("gate/licensing") {
            self.waiting.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            self.gate.notified().await;
        }
        Ok(pb::Licensing { name: request.name, variant: call.principal.subject, ..Default::default() })
    }

    pub async fn choose_licence(
        &self,
        call: Call,
        request: pb::ChooseLicenceRequest,
    ) -> Result<pb::Licensing, Error> {
        let ticket = call.ticket()?;
        let position =
            LanePosition { service: "licensing".to_owned(), lane: Lane::Global, number: Number::first(7) };
        let _ = call.position.set(position);
        let missing = vec![ticket.key, ticket.payload_hash, request.etag, request.kind.to_string()];
        Ok(pb::Licensing { name: request.name, missing, ..Default::default() })
    }

    pub async fn record_licence(
        &self,
        _: Call,
        request: pb::RecordLicenceRequest,
    ) -> Result<pb::Licensing, Error> {
        Ok(pb::Licensing {
            name: request.name,
            missing: vec![request.demand, request.note],
            ..Default::default()
        })
    }

    pub async fn list_licensings(
        &self,
        _: Call,
        request: pb::ListLicensingsRequest,
    ) -> Result<pb::ListLicensingsResponse, Error> {
        let heard = format!("{} {} {}", request.parent, request.page_size, request.state);
        Ok(pb::ListLicensingsResponse { next_page_token: heard, ..Default::default() })
    }

    pub fn routes() -> Vec<Route<Self>> {
        const NAME: &str = "companies/{company}/projects/{project}/licensing";
        vec![
            rest::get("/companies/{company}/projects/{project}/licensing", Self::get_licensing)
                .resource(NAME),
            rest::post(
                "/companies/{company}/projects/{project}/licensing/chooseLicence",
                Self::choose_licence,
            )
            .resource(NAME),
            rest::post(
                "/companies/{company}/projects/{project}/licensing/demands/{demand}/record",
                Self::record_licence,
            )
            .resource(NAME),
            rest::get("/companies/{company}/licensings", Self::list_licensings),
        ]
    }
}

/// The service, its edge and a caller's token.
pub struct Bench {
    pub edge: Edge,
    pub service: Arc<Echo>,
    pub token: String,
    _scratch: Scratch,
}

impl Bench {
    pub async fn new(limits: Limits) -> Self {
        let scratch = Scratch::new();
        let db = Db::sqlite(&scratch.0.join("licensing.db")).await.expect("a database");
        let issuer = DevelopmentIssuer::open(&scratch.0).expect("a key");
        let token = issuer.mint(&TokenFor {
            subject: "anna".to_owned(),
            roles: RoleSet::from([Role::Decision]),
            company: Some(CompanyId(Uuid::from_u128(1))),
            contact: Some(ContactId(Uuid::from_u128(2))),
            valid_for: Duration::from_secs(600),
        });
        let verifier = Verifier::new(vec![issuer.issuer().expect("an issuer")]);
        Self {
            edge: Edge::new(Arc::new(verifier), limits),
            service: Arc::new(Echo {
                core: Core::new("licensing", db, Clock::System),
                gate: Default::default(),
                waiting: Default::default(),
            }),
            token: token.expect("signs"),
            _scratch: scratch,
        }
    }

    pub fn rest(&self) -> axum::Router {
        rest::with_fallbacks(rest::router(&self.edge, &self.service, Echo::routes()))
    }
}
