//! A company, its people, and its project.

use std::borrow::Cow;

use anyhow::Context as _;
use client::Portal;
use platform::auth::Role;
use proto::scheduling::v1::{
    Company, Contact, ContactRole, CreateCompanyRequest, CreateContactRequest, GetProjectRequest, OpenHours,
    OpenProjectRequest, Project, ReplaceContactRequest, SetSystemsRequest, Site, System,
};

use crate::World;

/// What a dealership is like.
#[derive(Clone, Debug)]
pub struct Facts {
    pub display_name: &'static str,
    /// NIP.
    pub tax_id: Cow<'static, str>,
    pub client_since: &'static str,
    pub brands: &'static [&'static str],
    /// First and last weekday (1 is Monday), opening, closing.
    pub hours: &'static [(i32, i32, &'static str, &'static str)],
    /// Name and address of the technical contact, and of the decision contact.
    pub technical: (&'static str, &'static str),
    pub decision: (&'static str, &'static str),
}

impl Facts {
    /// Three brands, open from Monday to Saturday.
    pub const AUTODOM: Self = Self {
        display_name: "Auto-Dom Wiśniewscy Sp. z o.o.",
        tax_id: Cow::Borrowed("1234563218"),
        client_since: "2019-03-01",
        brands: &["vw", "skoda", "volvo"],
        hours: &[(1, 5, "08:00", "18:00"), (6, 6, "09:00", "14:00")],
        technical: ("Paweł Zieliński", "pawel.zielinski@auto-dom.example"),
        decision: ("Katarzyna Wiśniewska", "katarzyna.wisniewska@auto-dom.example"),
    };
    /// A garage without a manufacturer's brand.
    pub const NO_BRANDS: Self = Self { display_name: "Warsztat u Gołąbka", brands: &[], ..Self::AUTODOM };
}

/// A contact, and the portal as that contact sees it.
#[derive(Clone, Debug)]
pub struct Person {
    /// Resource name.
    pub contact: String,
    pub display_name: String,
    pub token: String,
    pub portal: Portal,
}

/// One dealership with its project.
pub struct Dealership<'a> {
    pub world: &'a World,
    /// Resource names.
    pub company: String,
    pub project: String,
    pub technical: Person,
    pub decision: Person,
    pub(crate) values: crate::GoodValues,
}

impl<'a> Dealership<'a> {
    /// SOFTVIG adds the company with its contacts, the technical contact states what runs on the
    /// server, SOFTVIG opens the project.
    ///
    /// # Errors
    /// A refusal.
    pub async fn open(world: &'a World, facts: &Facts) -> anyhow::Result<Self> {
        let company =
            world.crm.call(CreateCompanyRequest { company: Some(company(facts)), ..Default::default() });
        let company = company.await?.name;
        let technical = person(world, &company, facts.technical, ContactRole::Technical, Role::Technical);
        let technical = technical.await?;
        let decision = person(world, &company, facts.decision, ContactRole::Decision, Role::Decision).await?;
        technical.portal.call(systems(&company)).await?;
        let opened = world.crm.call(OpenProjectRequest { parent: company.clone(), ..Default::default() });
        let project = opened.await?.name;
        Ok(Self { world, company, project, technical, decision, values: crate::GoodValues::default() })
    }

    /// SOFTVIG adds somebody who is to follow the technical contact.
    ///
    /// # Errors
    /// A refusal.
    pub async fn add_successor(&self) -> anyhow::Result<Person> {
        let who = ("Anna Nowak", "anna.nowak@auto-dom.example");
        person(self.world, &self.company, who, ContactRole::Technical, Role::Technical).await
    }

    /// Somebody who was added takes over from the technical contact, and speaks for the company from now on.
    ///
    /// # Errors
    /// A refusal.
    pub async fn replace_technical(&mut self, successor: Person) -> anyhow::Result<()> {
        let request = ReplaceContactRequest {
            name: self.technical.contact.clone(),
            successor: successor.contact.clone(),
            ..Default::default()
        };
        self.world.crm.call(request).await?;
        self.technical = successor;
        Ok(())
    }

    /// The project as SOFTVIG sees it, after all that was written before.
    ///
    /// # Errors
    /// A refusal.
    pub async fn read(&self) -> anyhow::Result<Project> {
        Ok(self.world.crm.call(GetProjectRequest { name: self.project.clone() }).await?)
    }
}

/// A contact is added by SOFTVIG and gets a token.
async fn person(
    world: &World,
    company: &str,
    (display_name, email): (&str, &str),
    role: ContactRole,
    token_role: Role,
) -> anyhow::Result<Person> {
    let contact = Contact {
        display_name: display_name.to_owned(),
        email: email.to_owned(),
        language: "pl".to_owned(),
        roles: vec![role.into()],
        ..Default::default()
    };
    let request =
        CreateContactRequest { parent: company.to_owned(), contact: Some(contact), ..Default::default() };
    let contact = world.crm.call(request).await?.name;
    let (of, id) = contact.split_once("/contacts/").context("a contact's name")?;
    let of = of.strip_prefix("companies/").context("a company's name")?.parse()?;
    let token = world.token(token_role, Some((of, id.parse()?)))?;
    Ok(Person {
        portal: world.installation.portal(token.clone()),
        display_name: display_name.to_owned(),
        contact,
        token,
    })
}

fn company(facts: &Facts) -> Company {
    let hours = facts.hours.iter().flat_map(|&(first, last, opens, closes)| {
        (first..=last).map(move |weekday| OpenHours { weekday, opens: opens.into(), closes: closes.into() })
    });
    Company {
        display_name: facts.display_name.to_owned(),
        tax_id: facts.tax_id.clone().into_owned(),
        client_since: facts.client_since.to_owned(),
        brands: facts.brands.iter().map(|&brand| brand.to_owned()).collect(),
        sites: vec![Site {
            display_name: "Salon i serwis".to_owned(),
            hours: hours.collect(),
            exceptions: Vec::new(),
        }],
        ..Default::default()
    }
}

fn systems(company: &str) -> SetSystemsRequest {
    let system = |key: &str, name: &str, owner: &str| System {
        key: key.to_owned(),
        name: name.to_owned(),
        owner: owner.to_owned(),
    };
    SetSystemsRequest {
        name: company.to_owned(),
        systems: vec![
            system("autostacja", "DMS AutoStacja", "SOFTVIG"),
            system("time_clock", "Rejestracja czasu pracy", "Kadry"),
        ],
        applications: vec![system("warehouse", "Terminale magazynowe", "Magazyn części")],
        ..Default::default()
    }
}
