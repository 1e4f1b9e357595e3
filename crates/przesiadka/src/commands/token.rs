//! `token`: for development only.

use std::time::Duration;

use platform::{
    auth::{DevelopmentIssuer, Role, TokenFor},
    config::Config,
    id::{CompanyId, ContactId},
};

#[derive(Debug, clap::Args)]
pub struct TokenArgs {
    /// crm, operator or auditor; or technical or decision, for a contact.
    #[arg(long, required = true, value_delimiter = ',')]
    role: Vec<Role>,
    /// Id of a contact's company.
    #[arg(long, requires = "contact")]
    company: Option<CompanyId>,
    /// Id of the contact.
    #[arg(long, requires = "company")]
    contact: Option<ContactId>,
    /// Who it is; the contact's id or the role if not given.
    #[arg(long)]
    subject: Option<String>,
    #[arg(long, default_value_t = 12)]
    hours: u32,
}

/// # Errors
/// The configuration forbids development tokens, or such a token would not be accepted.
pub fn token(config: &Config, args: TokenArgs) -> anyhow::Result<String> {
    anyhow::ensure!(config.auth.development, "auth.development is off: nobody would accept the token");
    let of_contacts = args.role.iter().filter(|role| !role.is_softvig()).count();
    anyhow::ensure!(of_contacts == 0 || of_contacts == args.role.len(), "nobody has roles of both parties");
    anyhow::ensure!(
        (of_contacts > 0) == args.contact.is_some(),
        "--company and --contact are for the roles technical and decision, which need them"
    );
    let who = args.contact.map_or_else(|| args.role[0].to_string(), |contact| contact.to_string());
    DevelopmentIssuer::open(&config.data_dir)?.mint(&TokenFor {
        subject: args.subject.unwrap_or(who),
        roles: args.role.into_iter().collect(),
        company: args.company,
        contact: args.contact,
        valid_for: Duration::from_secs(3600 * u64::from(args.hours)),
    })
}
