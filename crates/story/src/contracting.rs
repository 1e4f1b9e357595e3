//! Contract, variant, licences.

use proto::{
    licensing::v1::{
        ChooseLicenceRequest, DemandState, ExistingLicences, GetLicensingRequest, LicenceDocument,
        LicenceDocumentKind, LicenceKind, Licensing, Needs, OrderLicenceRequest, OtherApplications,
        RecordLicenceRequest, SetNeedsRequest,
    },
    scheduling::v1::{
        AskVariantHelpRequest, ChooseVariantRequest, Project, RecommendVariantRequest, RecordContractRequest,
    },
};

use crate::Dealership;

impl Dealership<'_> {
    /// # Errors
    /// A refusal.
    pub async fn contract(&self, day: &str) -> Result<Project, client::Error> {
        let (name, contract_day) = (self.project.clone(), day.to_owned());
        self.world.crm.call(RecordContractRequest { name, contract_day, ..Default::default() }).await
    }

    /// # Errors
    /// A refusal.
    pub async fn ask_variant_help(&self, note: &str) -> Result<Project, client::Error> {
        let (name, note) = (self.project.clone(), note.to_owned());
        self.decision.portal.call(AskVariantHelpRequest { name, note, ..Default::default() }).await
    }

    /// # Errors
    /// A refusal.
    pub async fn recommend_variant(&self, variant: &str, note: &str) -> Result<Project, client::Error> {
        let (name, variant, note) = (self.project.clone(), variant.to_owned(), note.to_owned());
        self.world.crm.call(RecommendVariantRequest { name, variant, note, ..Default::default() }).await
    }

    /// # Errors
    /// A refusal.
    pub async fn choose_variant(&self, variant: &str) -> Result<Project, client::Error> {
        let (name, variant) = (self.project.clone(), variant.to_owned());
        self.decision.portal.call(ChooseVariantRequest { name, variant, ..Default::default() }).await
    }

    /// The technical contact says what the instance is for.
    ///
    /// # Errors
    /// A refusal.
    pub async fn state_needs(&self, other_applications: bool) -> Result<Licensing, client::Error> {
        let others = if other_applications { OtherApplications::Yes } else { OtherApplications::No };
        let needs = Needs {
            other_applications: others.into(),
            target_version: "2025".to_owned(),
            virtual_machine: Some(false),
            cores: Some(8),
            processors: Some(1),
            memory_gb: Some(64),
            users: Some(24),
            indirect_users: Some(0),
            devices: Some(30),
            indirect_devices: Some(0),
            mixed_cals: Some(false),
            windows_version: "2025".to_owned(),
            existing: Some(ExistingLicences {
                sql_version: "none".to_owned(),
                windows_version: "none".to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let request = SetNeedsRequest { name: self.licensing(), needs: Some(needs), ..Default::default() };
        self.technical.portal.call(request).await
    }

    /// # Errors
    /// A refusal.
    pub async fn choose_licence(&self, kind: LicenceKind) -> Result<Licensing, client::Error> {
        let request =
            ChooseLicenceRequest { name: self.licensing(), kind: kind.into(), ..Default::default() };
        self.decision.portal.call(request).await
    }

    /// The technical contact orders everything that the variant demands and that is missing.
    ///
    /// # Errors
    /// A refusal.
    pub async fn order_licences(&self) -> Result<(), client::Error> {
        for demand in self.missing_licences().await? {
            let request = OrderLicenceRequest {
                name: self.licensing(),
                demand,
                number: "ZAM/2026/11/52".to_owned(),
                supplier: "SOFTVIG".to_owned(),
                ..Default::default()
            };
            self.technical.portal.call(request).await?;
        }
        Ok(())
    }

    /// The technical contact records everything that the variant demands and that is missing.
    ///
    /// # Errors
    /// A refusal.
    pub async fn record_licences(&self) -> Result<(), client::Error> {
        for demand in self.missing_licences().await? {
            let request = RecordLicenceRequest {
                name: self.licensing(),
                demand,
                document: Some(LicenceDocument {
                    kind: LicenceDocumentKind::Invoice.into(),
                    number: "FV/2026/11/187".to_owned(),
                }),
                ..Default::default()
            };
            self.technical.portal.call(request).await?;
        }
        Ok(())
    }

    async fn missing_licences(&self) -> Result<Vec<String>, client::Error> {
        let licensing = self.technical.portal.call(GetLicensingRequest { name: self.licensing() }).await?;
        let missing = licensing.demands.into_iter().filter(|d| d.state() != DemandState::InPlace);
        Ok(missing.map(|demand| demand.key).collect())
    }

    pub(crate) fn licensing(&self) -> String {
        format!("{}/licensing", self.project)
    }
}
