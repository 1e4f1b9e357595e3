//! Messages as they would be, from sample data.

use anyhow::Context as _;
use platform::{Call, Error, auth::Role};
use proto::{notification::v1 as pb, refusal::words};

use super::samples::{Sample, directory, now, samples};
use super::{Content, Renderer};
use crate::Notification;
use crate::kind::Kind;
use crate::recipients::Language;
use crate::routing::addressees;

/// What is previewed.
#[derive(Clone, Debug)]
pub struct PreviewOf {
    pub kind: Kind,
    pub language: Language,
    sample: Sample,
}

/// A message as its recipient would get it.
#[derive(Clone, Debug)]
pub struct Preview {
    pub content: Content,
    pub template_version: String,
}

impl PreviewOf {
    /// Everything that can be previewed in a language: of each kind each sample.
    pub fn all(language: Language) -> impl Iterator<Item = Self> {
        let of = move |kind: &Kind| {
            let kind = *kind;
            samples(kind).into_iter().map(move |sample| Self { kind, language, sample })
        };
        Kind::ALL.iter().flat_map(of)
    }

    /// # Errors
    /// INVALID_ARGUMENT for a topic, a language or a sample that there is not.
    pub fn find(topic: &str, language: &str, sample: &str) -> Result<Self, Error> {
        let kind = Kind::from_name(topic);
        let kind =
            kind.ok_or_else(|| not_one_of("topic", topic, Kind::ALL.iter().map(|kind| kind.name())))?;
        let language = match language {
            "" => Language::Pl,
            key => *one_of("language", key, &Language::ALL, |language| language.key())?,
        };
        let samples = samples(kind);
        let sample = match sample {
            "" => samples.first().context("a kind without a sample")?,
            name => one_of("sample", name, &samples, |sample| sample.name)?,
        };
        Ok(Self { kind, language, sample: sample.clone() })
    }

    /// Tells it from the kind's others.
    pub fn sample(&self) -> &'static str {
        self.sample.name
    }
}

impl Renderer {
    /// Fails only if a template lacks a fact, which a start would have refused.
    pub fn preview(&self, of: &PreviewOf) -> anyhow::Result<Preview> {
        let (notice, directory) = (&of.sample.notice, directory(of.kind, of.language));
        let to = addressees(notice, &directory).into_iter().next().context("nobody hears it")?;
        // No contact's: there is nobody whom it could switch anything off for.
        let link = of.kind.is_optional().then(|| format!("https://{}/…", self.public_host));
        Ok(Preview {
            content: self.content(notice, &directory, to, link, of.language, now())?,
            template_version: self.templates.version(of.kind, of.language),
        })
    }
}

impl Notification {
    /// RPC `ListTemplates`.
    pub async fn list_templates(
        &self,
        call: Call,
        _: pb::ListTemplatesRequest,
    ) -> Result<pb::ListTemplatesResponse, Error> {
        call.principal.require(&[Role::Crm, Role::Operator])?;
        let templates = &self.renderer.templates;
        let template = |kind: Kind, language: Language| pb::Template {
            topic: kind.name().to_owned(),
            language: language.key().to_owned(),
            template_version: templates.version(kind, language),
            samples: samples(kind).iter().map(|sample| sample.name.to_owned()).collect(),
            overridden: templates.overridden(kind, language),
        };
        let of_kind = |kind: &Kind| Language::ALL.map(|language| template(*kind, language));
        Ok(pb::ListTemplatesResponse { templates: Kind::ALL.iter().flat_map(of_kind).collect() })
    }

    /// RPC `PreviewMessage`.
    pub async fn preview_message(
        &self,
        call: Call,
        request: pb::PreviewMessageRequest,
    ) -> Result<pb::PreviewMessageResponse, Error> {
        call.principal.require(&[Role::Crm, Role::Operator])?;
        let of = PreviewOf::find(&request.topic, &request.language, &request.sample)?;
        let Preview { content, template_version } = self.renderer.preview(&of)?;
        Ok(pb::PreviewMessageResponse {
            sample: of.sample().to_owned(),
            subject: content.subject,
            text: content.text,
            html: content.html,
            calendar: content.invitation.map(|invitation| invitation.ics).unwrap_or_default(),
            template_version,
        })
    }
}

fn one_of<'a, T>(
    field: &str,
    asked: &str,
    all: &'a [T],
    name: impl Fn(&T) -> &'static str,
) -> Result<&'a T, Error> {
    let found = all.iter().find(|one| name(one) == asked);
    found.ok_or_else(|| not_one_of(field, asked, all.iter().map(name)))
}

fn not_one_of(field: &str, asked: &str, all: impl Iterator<Item = &'static str>) -> Error {
    let all = all.collect::<Vec<_>>().join(", ");
    Error::invalid(field, asked, words(format!("one of: {all}"), format!("jedno z: {all}")))
}
