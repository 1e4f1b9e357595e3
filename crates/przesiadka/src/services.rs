//! How each service is put together: the one place that knows what differs between them.

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, atomic::AtomicU32},
};

use anyhow::Context as _;
use audit::Audits;
use axum::Router;
use clap::ValueEnum;
use licensing::Licensing;
use notification::Notification;
use platform::{
    Edge, Service,
    config::Loaded,
    consumer::OnEvent,
    core::Core,
    db::Db,
    figures::Figures,
    files::Files,
    grpc::{MESSAGE_BYTES, Server},
    loops::Loops,
    rest::{self, Operation, Route},
    schema,
    timers::OnTimer,
};
use proto::{
    audit::v1::audit_service_server::AuditServiceServer,
    licensing::v1::licensing_service_server::LicensingServiceServer,
    notification::v1::notification_service_server::NotificationServiceServer,
    scheduling::v1::scheduling_service_server::SchedulingServiceServer,
};
use scheduling::Scheduling;
use sea_orm::DbErr;
use tonic::service::RoutesBuilder;

/// The four services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Name {
    Scheduling,
    Audit,
    Licensing,
    Notification,
}

/// One service, made and not yet running.
pub struct Assembled {
    pub core: Core,
    pub rest: Router,
    pub loops: Loops,
    /// Whose e-mails this service sends: only notification has a loop of its own.
    pub sender: Option<Notification>,
}

impl Name {
    pub const ALL: [Self; 4] = [Self::Scheduling, Self::Audit, Self::Licensing, Self::Notification];

    /// As in lanes, subjects, paths and the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduling => Scheduling::NAME,
            Self::Audit => audit::NAME,
            Self::Licensing => licensing::NAME,
            Self::Notification => Notification::NAME,
        }
    }

    /// Brings the database up to date.
    ///
    /// # Errors
    /// The database is away, or its schema belongs to a newer build.
    pub async fn schema_up(self, db: &Db) -> Result<(), DbErr> {
        match self {
            Self::Scheduling => schema::up::<scheduling::schema::Migrator>(db).await,
            Self::Audit => schema::up::<audit::schema::Migrator>(db).await,
            Self::Licensing => schema::up::<licensing::schema::Migrator>(db).await,
            Self::Notification => schema::up::<notification::schema::Migrator>(db).await,
        }
    }

    /// Whether this build can work on the database.
    ///
    /// # Errors
    /// The database is away.
    pub async fn schema_is_up(self, db: &Db) -> Result<bool, DbErr> {
        match self {
            Self::Scheduling => schema::is_up::<scheduling::schema::Migrator>(db).await,
            Self::Audit => schema::is_up::<audit::schema::Migrator>(db).await,
            Self::Licensing => schema::is_up::<licensing::schema::Migrator>(db).await,
            Self::Notification => schema::is_up::<notification::schema::Migrator>(db).await,
        }
    }

    /// How the database's schema stands to this build.
    ///
    /// # Errors
    /// The database is away.
    pub async fn schema_standing(self, db: &Db) -> Result<schema::Standing, DbErr> {
        match self {
            Self::Scheduling => schema::standing::<scheduling::schema::Migrator>(db).await,
            Self::Audit => schema::standing::<audit::schema::Migrator>(db).await,
            Self::Licensing => schema::standing::<licensing::schema::Migrator>(db).await,
            Self::Notification => schema::standing::<notification::schema::Migrator>(db).await,
        }
    }

    /// What its routes say of themselves.
    pub fn operations(self) -> Vec<Operation> {
        fn of<S: Service>(routes: Vec<Route<S>>) -> Vec<Operation> {
            routes.iter().map(|route| route.operation().clone()).collect()
        }
        match self {
            Self::Scheduling => of(scheduling::rest::routes()),
            Self::Audit => of(audit::rest::routes()),
            Self::Licensing => of(licensing::rest::routes()),
            Self::Notification => of(notification::rest::routes()),
        }
    }

    /// Makes the service and puts it behind both adapters.
    ///
    /// # Errors
    /// Data files or settings that cannot be used.
    pub fn assemble(
        self,
        core: Core,
        edge: &Edge,
        loaded: &Loaded,
        grpc: &mut RoutesBuilder,
    ) -> anyhow::Result<Assembled> {
        // tonic's services have the limit each, with no trait in common.
        macro_rules! add {
            ($server:ident, $module:ident, $service:expr) => {
                grpc.add_service(
                    $server::new($module::grpc::Grpc(Server::new(edge, $service)))
                        .max_decoding_message_size(MESSAGE_BYTES),
                )
            };
        }
        Ok(match self {
            Self::Scheduling => {
                let service = Arc::new(Scheduling::new(
                    core,
                    scheduling::data::Data::load(catalogue(loaded, self)?.as_deref())?,
                ));
                add!(SchedulingServiceServer, scheduling, &service);
                let on_timer = Arc::clone(&service) as Arc<dyn OnTimer>;
                let (measured, looks) = (Arc::clone(&service), Arc::new(AtomicU32::new(0)));
                let figures: Figures = Arc::new(move || {
                    let (service, looks) = (Arc::clone(&measured), Arc::clone(&looks));
                    Box::pin(async move { service.measure(&looks).await })
                });
                let assembled = assembled(edge, &service, scheduling::rest::routes(), Some(on_timer));
                with_figures(figures, assembled)
            }
            Self::Audit => {
                let files = loaded.config.open_files(self.as_str())?;
                let service =
                    Arc::new(Audits::new(core, files.clone(), catalogue(loaded, self)?.as_deref())?);
                add!(AuditServiceServer, audit, &service);
                with_files(files, assembled(edge, &service, audit::rest::routes(), None))
            }
            Self::Licensing => {
                let files = loaded.config.open_files(self.as_str())?;
                let service =
                    Arc::new(Licensing::new(core, files.clone(), catalogue(loaded, self)?.as_deref())?);
                add!(LicensingServiceServer, licensing, &service);
                let on_timer = Arc::clone(&service) as Arc<dyn OnTimer>;
                with_files(files, assembled(edge, &service, licensing::rest::routes(), Some(on_timer)))
            }
            Self::Notification => {
                let service = Arc::new(notification(core, loaded)?);
                add!(NotificationServiceServer, notification, &service);
                let on_timer = Arc::clone(&service) as Arc<dyn OnTimer>;
                let sender = Some((*service).clone());
                let measured = Arc::clone(&service);
                let figures: Figures = Arc::new(move || {
                    let service = Arc::clone(&measured);
                    Box::pin(async move { service.measure().await })
                });
                let open = notification::rest::open_paths(&service);
                let assembled = assembled(edge, &service, notification::rest::routes(), Some(on_timer));
                with_figures(figures, Assembled { sender, rest: assembled.rest.merge(open), ..assembled })
            }
        })
    }
}

/// The notification service on a database of its own.
///
/// # Errors
/// Settings that cannot be used.
pub fn notification(core: Core, loaded: &Loaded) -> anyhow::Result<Notification> {
    let development = loaded.config.auth.development;
    Notification::new(core, &loaded.section(Notification::NAME)?, &mail_folder(loaded), development)
}

/// Where e-mails lie as files while no mail server is named.
pub fn mail_folder(loaded: &Loaded) -> PathBuf {
    loaded.config.data_dir.join("mail")
}

fn assembled<S: Service + OnEvent>(
    edge: &Edge,
    service: &Arc<S>,
    routes: Vec<Route<S>>,
    on_timer: Option<Arc<dyn OnTimer>>,
) -> Assembled {
    let core = service.core().clone();
    let on_event = Arc::clone(service) as Arc<dyn OnEvent>;
    Assembled {
        rest: rest::router(edge, service, routes),
        loops: Loops { core: core.clone(), on_event, on_timer, files: None, figures: None },
        sender: None,
        core,
    }
}

/// A service that measures more than its runtime does.
fn with_figures(figures: Figures, assembled: Assembled) -> Assembled {
    Assembled { loops: Loops { figures: Some(figures), ..assembled.loops }, ..assembled }
}

/// A service that takes files.
fn with_files(files: Files, assembled: Assembled) -> Assembled {
    Assembled { loops: Loops { files: Some(files), ..assembled.loops }, ..assembled }
}

/// The service's folder in the operator's catalogue; none if there is no such folder.
///
/// # Errors
/// A catalogue that cannot be read.
pub fn catalogue(loaded: &Loaded, name: Name) -> anyhow::Result<Option<PathBuf>> {
    let Some(dir) = &loaded.config.catalogue.dir else { return Ok(None) };
    // A wrong path must not pass for an empty folder.
    std::fs::read_dir(dir).with_context(|| format!("catalogue.dir {}", dir.display()))?;
    Ok(Some(dir.join(name.as_str())).filter(|folder| folder.is_dir()))
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
