//! The ways that dealerships go: each to its end by callers who send a request again, with the same id, until
//! there is an answer, and who agree on new dates when time has run away with the old ones.

use client::Error;
use jiff::ToSpan as _;
use proto::{
    audit::v1::AuditState,
    common::v1::ErrorReason,
    notification::v1::ListMessagesRequest,
    scheduling::v1::{
        Company, DateKind, DeclineProposalRequest, GetCompanyRequest, RecordOverrideRequest,
        UpdateCompanyRequest,
    },
};
use story::{Dealership, Facts, Through, World};

use crate::{chance::Chance, poison::Poison, trouble::Jumps};

/// What is remarkable about a dealership's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    Straight,
    NoBrands,
    AuditRepeated,
    RolledBack,
    Problem,
    ContactReplaced,
    /// After this stage.
    Cancelled(Through),
    /// An event that nobody can apply comes after contracting; what scheduling still tells waits behind it.
    Poisoned(Poison),
}

impl Way {
    pub fn by(chance: &mut Chance, poison: bool) -> Self {
        let stage = chance.pick(&[
            (1, Through::Contracting),
            (1, Through::Readiness),
            (1, Through::Audit1),
            (1, Through::Integrations),
        ]);
        chance.pick(&[
            (5, Self::Straight),
            (2, Self::NoBrands),
            (3, Self::AuditRepeated),
            (3, Self::RolledBack),
            (2, Self::Problem),
            (2, Self::ContactReplaced),
            (2, Self::Cancelled(stage)),
            (poison.into(), Self::Poisoned(Poison::Undecodable)),
            (poison.into(), Self::Poisoned(Poison::Unknown)),
        ])
    }

    pub fn facts(self, number: usize) -> Facts {
        let facts = if self == Self::NoBrands { Facts::NO_BRANDS } else { Facts::AUTODOM };
        Facts { tax_id: tax_id(number).into(), ..facts }
    }

    /// What nobody can apply, if there is something.
    pub fn poison(self) -> Option<Poison> {
        match self {
            Self::Poisoned(poison) => Some(poison),
            _ => None,
        }
    }
}

/// The NIP with this number: nine digits, and a check digit that is one.
fn tax_id(number: usize) -> String {
    let of = |digits: usize| {
        let text = format!("{digits:09}");
        let sum: usize =
            text.bytes().zip([6, 5, 7, 2, 3, 4, 5, 6, 7]).map(|(d, w)| usize::from(d - b'0') * w).sum();
        (sum % 11 < 10).then(|| format!("{text}{}", sum % 11))
    };
    (100_000_000..).filter_map(of).nth(number).expect("a NIP")
}

/// A dealership on its way.
pub struct Traveller<'a> {
    pub d: Dealership<'a>,
    pub way: Way,
    jumps: &'a Jumps,
}

impl<'a> Traveller<'a> {
    /// # Errors
    /// A refusal.
    pub async fn set_out(
        world: &'a World,
        facts: &Facts,
        way: Way,
        jumps: &'a Jumps,
    ) -> anyhow::Result<Self> {
        Ok(Self { d: Dealership::open(world, facts).await?, way, jumps })
    }

    /// The first stage; what may be done to the dealership's lane comes after it.
    ///
    /// # Errors
    /// A refusal.
    pub async fn contract(&self) -> anyhow::Result<()> {
        self.anew(async || self.d.stage(Through::Contracting).await).await
    }

    /// All that follows.
    ///
    /// # Errors
    /// A refusal.
    pub async fn go_on(&mut self) -> anyhow::Result<()> {
        if self.way.poison().is_some() {
            return self.rename().await;
        }
        for stage in [
            Through::Contracting,
            Through::Readiness,
            Through::Audit1,
            Through::Audit2,
            Through::Migration,
            Through::Integrations,
            Through::Verification,
            Through::Acceptance,
        ] {
            match (stage, self.way) {
                (Through::Contracting, _) => {}
                (Through::Audit1, Way::AuditRepeated) => {
                    self.fail_audit_1().await?;
                    self.audit(1).await?;
                }
                (Through::Audit1, _) => self.audit(1).await?,
                (Through::Audit2, _) => self.audit(2).await?,
                (Through::Migration, _) => {
                    if self.way == Way::RolledBack {
                        self.begin_run().await?;
                        self.d.roll_back_run("Nie łączy się.").await?;
                    }
                    self.migrate().await?;
                }
                (Through::Verification, Way::Problem) => {
                    let problem = self.d.report_problem("Nie drukuje faktur.").await?;
                    self.d.answer_problem(&problem, "Sterownik podmieniony.").await?;
                    self.d.stage(stage).await?;
                }
                _ => self.anew(async || self.d.stage(stage).await).await?,
            }
            if self.way == Way::Cancelled(stage) {
                self.d.cancel("Salon zamknięty.").await?;
                return Ok(());
            }
            if (stage, self.way) == (Through::Readiness, Way::ContactReplaced) {
                self.replace_technical().await?;
            }
        }
        Ok(())
    }

    async fn fail_audit_1(&self) -> anyhow::Result<()> {
        let audit = self.begin_audit(1).await?;
        self.d.record_too_little_memory(&audit).await?;
        self.d.measure(&audit).await?;
        let failed = self.d.conclude(&audit).await?;
        anyhow::ensure!(failed.state() == AuditState::Failed, "too little memory: {failed:?}");
        self.d.answer_findings("Dołożono pamięć.").await?;
        Ok(())
    }

    async fn audit(&self, number: i32) -> anyhow::Result<()> {
        let audit = self.begin_audit(number).await?;
        if (number, self.way) == (1, Way::AuditRepeated) {
            self.d.record_enough_memory(&audit).await?;
        }
        self.d.measure(&audit).await?;
        let concluded = self
            .anew(async || {
                self.d.measure_again(&audit, self.d.later(1)).await?;
                Ok(self.d.conclude(&audit).await?)
            })
            .await?;
        anyhow::ensure!(concluded.state() == AuditState::Passed, "audit {number}: {:?}", concluded.failing);
        Ok(())
    }

    /// Somebody is at work at half past eight of the day before, when the reminder should be out.
    async fn begin_audit(&self, number: i32) -> anyhow::Result<String> {
        self.anew(async || {
            self.d.agree_missing_dates().await?;
            let kind = if number == 1 { DateKind::Audit1 } else { DateKind::Audit2 };
            let (day, _) = self.d.agreed(kind).await?;
            let eve = calendar::local_day(day).yesterday()?.at(8, 30, 0, 0);
            self.d.world.until(eve.to_zoned(calendar::warsaw())?.timestamp()).await?;
            self.d.begin_audit(number).await
        })
        .await
    }

    async fn begin_run(&self) -> anyhow::Result<()> {
        self.anew(async || self.d.begin_run().await.map(drop)).await
    }

    async fn migrate(&self) -> anyhow::Result<()> {
        self.begin_run().await?;
        self.d.world.until(self.d.later(3)).await?;
        self.d.databases_restored().await?;
        self.d.world.until(self.d.later(2)).await?;
        self.d.finish_run().await?;
        Ok(())
    }

    /// What is refused because time jumped meanwhile is tried anew, with new dates. Any other refusal stands.
    async fn anew<T>(&self, step: impl AsyncFn() -> anyhow::Result<T>) -> anyhow::Result<T> {
        loop {
            let before = self.jumps.over().await;
            match step().await {
                Err(error) if broken(&error) == Some(ErrorReason::Audit2Buffer) => {
                    self.override_buffer().await?
                }
                // Proposed, and not accepted before the jump.
                Err(error) if broken(&error) == Some(ErrorReason::DatesAgreedJointly) => {
                    self.decline_proposals().await?;
                }
                Err(error) if self.jumps.so_far() > before && !is_away(&error) => {}
                outcome => return outcome,
            }
        }
    }

    /// The days after audit 1 on which audit 2 is allowed are over: SOFTVIG answers for another one.
    async fn override_buffer(&self) -> anyhow::Result<()> {
        let holidays = calendar::Calendar::poland();
        let mut days = calendar::local_day(self.d.world.now()).series(1.day()).skip(1);
        let day = days.find(|day| holidays.is_business_day(*day)).expect("a business day");
        let request = RecordOverrideRequest {
            name: self.d.project.clone(),
            kind: DateKind::Audit2.into(),
            rule: "AUDIT2_BUFFER".to_owned(),
            day: day.to_string(),
            person: "Marek Kowalski".to_owned(),
            reason: "Audytor zachorował.".to_owned(),
            ..Default::default()
        };
        self.d.world.operator.call(request).await?;
        // Where time jumps meanwhile, the next try asks for a later day.
        let agreed = self.d.agree([(DateKind::Audit2, client::day(day))]).await;
        if let Err(error @ (Error::Away(_) | Error::Unreadable(_))) = agreed {
            Err(error.into())
        } else {
            Ok(())
        }
    }

    async fn decline_proposals(&self) -> anyhow::Result<()> {
        for proposal in self.d.read().await?.proposals {
            let request = DeclineProposalRequest {
                name: self.d.project.clone(),
                proposal: proposal.proposal,
                reason: "Nieaktualne.".to_owned(),
                ..Default::default()
            };
            self.d.decision.portal.call(request).await?;
        }
        Ok(())
    }

    /// Somebody else takes over from the technical contact.
    async fn replace_technical(&mut self) -> anyhow::Result<()> {
        let successor = self.d.add_successor().await?;
        // What other services told before is told to the old contact, and what they tell later to the new one.
        self.notified().await?;
        self.d.replace_technical(successor).await?;
        self.notified().await
    }

    /// Waits until notification has heard everything that was written.
    async fn notified(&self) -> anyhow::Result<()> {
        let request = ListMessagesRequest { parent: self.d.company.clone(), ..Default::default() };
        self.d.world.crm.call(request).await?;
        Ok(())
    }

    /// Tells others something that has to wait behind what they cannot read.
    async fn rename(&self) -> anyhow::Result<()> {
        let crm = &self.d.world.crm;
        let company = crm.call(GetCompanyRequest { name: self.d.company.clone() }).await?;
        let company = Company { display_name: "Auto-Dom Nowy Sp. z o.o.".to_owned(), ..company };
        crm.call(UpdateCompanyRequest { company: Some(company), ..Default::default() }).await?;
        Ok(())
    }

    /// A morning of the next week on which it sets out: not all go in step, and many are at work at the same instant,
    /// for time stands still until all of these have done.
    ///
    /// # Errors
    /// The clock's file cannot be written.
    pub async fn wait_for_turn(world: &World, chance: &mut Chance) -> anyhow::Result<()> {
        let days = 1 + i64::try_from(chance.below(7))?;
        let morning = calendar::local_day(world.now()).checked_add(days.days())?.at(8, 0, 0, 0);
        world.until(morning.to_zoned(calendar::warsaw())?.timestamp()).await
    }
}

fn broken(error: &anyhow::Error) -> Option<ErrorReason> {
    match error.downcast_ref::<Error>() {
        Some(Error::Refused(refused)) => Some(refused.reason),
        _ => None,
    }
}

fn is_away(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<Error>(), Some(Error::Away(_)))
}
