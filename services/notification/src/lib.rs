//! notification: tells people what happened, in their language, each thing once.
//!
//! An event of another service becomes [`message::Notice`]s ([`consume`]), these become one message for
//! each who hears it ([`routing`]), and the sender hands messages over ([`message::sender`]). It is
//! never the cause that a stage waits.

mod book;
pub mod channel;
mod config;
pub mod consume;
mod events;
mod figures;
#[cfg(test)]
mod foreign;
mod forget;
pub mod grpc;
mod ics;
pub mod kind;
pub mod links;
pub mod message;
pub mod project;
pub mod questions;
pub mod recipients;
mod reminders;
pub mod rest;
pub mod routing;
pub mod schema;
mod set_back;
pub mod unsubscribe;
mod view;
mod watch;
pub mod webhooks;

use std::{path::Path, sync::Arc};

use platform::{Service, core::Core};

pub use config::Config;

use channel::Channel;
use message::Renderer;
use project::ReminderPolicy;
use webhooks::{LONGEST_TRY, Post, SystemLookup, Webhooks};

/// The service. Cloned freely; clones share everything. Its loops are [`Notification::run_sender`],
/// [`Notification::run_courier`] and [`Notification::run_retention`], and platform's consumer and timers with this as `OnEvent` and `OnTimer`.
#[derive(Clone, Debug)]
pub struct Notification {
    core: Core,
    renderer: Renderer,
    channel: Channel,
    reminders: ReminderPolicy,
    webhooks: Webhooks,
}

impl Notification {
    /// The service's name, in its lanes, subjects and paths.
    pub const NAME: &str = "notification";

    /// Mails become files in `mail_folder` unless the configuration names a channel. Webhooks may go to this machine
    /// only in development.
    ///
    /// # Errors
    /// A configuration with addresses, networks, certificates or a host that cannot be read.
    pub fn new(core: Core, config: &Config, mail_folder: &Path, development: bool) -> anyhow::Result<Self> {
        let networks = config.networks()?;
        let networks = if development { networks.and_loopback() } else { networks };
        let post = Post::new(networks, config.webhook_authorities()?, Arc::new(SystemLookup), LONGEST_TRY)?;
        Self::with_post(core, config, mail_folder, post)
    }

    pub(crate) fn with_post(
        core: Core,
        config: &Config,
        mail_folder: &Path,
        post: Post,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            core,
            webhooks: Webhooks::new(post),
            renderer: config.renderer()?,
            channel: config.open_channel(mail_folder)?,
            reminders: ReminderPolicy::shipped(),
        })
    }
}

impl Service for Notification {
    fn core(&self) -> &Core {
        &self.core
    }
}

#[cfg(test)]
mod fixtures;

#[cfg(test)]
mod tests;
