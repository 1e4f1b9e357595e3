use platform::{
    Call, Error,
    actor::Actor,
    auth::Role,
    command::Started,
    documents::{self, Query},
    etag,
    id::CompanyId,
    name::{self, ProjectName},
    page::PageRequest,
    unit::{NewHistory, Unit},
    watch::WatchFilter,
};
use proto::notification::v1::{self as pb, notification_event::Event};
use serde_json::json;

use super::{Question, QuestionId};
use crate::book::{QUESTION, directory, tell};
use crate::events::{contact_name, emit, project_name, question_name};
use crate::kind::Kind;
use crate::project::Project;
use crate::{Notification, view};

const NAME: &str = "companies/{company}/questions/{question}";

impl Notification {
    /// A contact asks; SOFTVIG and the asker get the words by mail.
    ///
    /// # Errors
    /// NOT_FOUND for another company or project, PERMISSION_DENIED for SOFTVIG, INVALID_ARGUMENT.
    pub async fn ask_question(
        &self,
        call: Call,
        request: pb::AskQuestionRequest,
    ) -> Result<pb::Question, Error> {
        let company = name::company("parent", &request.parent)?;
        call.principal.sees(company, &request.parent)?;
        call.principal.require(&[Role::Technical, Role::Decision])?;
        let project = match request.project.as_str() {
            "" => None,
            name => Some(ProjectName::parse("project", name)?),
        };
        if project.is_some_and(|p| p.company != company) {
            return Err(Error::not_found(&request.project));
        }
        let (mut unit, actor) = match self.core.start(&call, company.into()).await? {
            Started::Fresh(unit, actor) => (unit, actor),
            Started::Replayed(name) => return self.read_question(&call, &name).await,
        };
        let Actor::Contact { id: asker, .. } = actor else {
            return Err(Error::permission_denied("technical, decision"));
        };
        if let Some(project) = project
            && documents::find::<Project>(unit.db(), company, project.project.0).await?.is_none()
        {
            return Err(Error::not_found(project));
        }
        let (id, project) = (QuestionId::new(), project.map(|p| p.project));
        let question =
            Question::ask(id, company, project, asker, &request.subject, &request.text, unit.now())?;
        documents::insert(unit.db(), company, id.0, &question).await?;
        if let Some(due_at) = self.reminders.questions.due_at(&question) {
            unit.set_timer(QUESTION, &id.to_string(), due_at).await?;
        }
        let name = question_name(company, id);
        let asked = pb::QuestionAsked { question: name.clone(), contact: contact_name(company, asker) };
        self.tell_question(&mut unit, &actor, &question, Kind::QuestionAsked, Event::QuestionAsked(asked))
            .await?;
        unit.commit(&name).await?;
        Ok(view::question(&question, &actor))
    }

    /// SOFTVIG answers, or adds to an answer; the asker gets it by mail.
    ///
    /// # Errors
    /// NOT_FOUND, PERMISSION_DENIED for contacts, ETAG_MISMATCH, INVALID_ARGUMENT.
    pub async fn answer_question(
        &self,
        call: Call,
        request: pb::AnswerQuestionRequest,
    ) -> Result<pb::Question, Error> {
        let [company, id] = name::ids("name", NAME, &request.name)?;
        let company = CompanyId::from(company);
        call.principal.sees(company, &request.name)?;
        call.principal.require(&[Role::Crm, Role::Operator])?;
        let Started::Fresh(mut unit, actor) = self.core.start(&call, company.into()).await? else {
            return self.read_question(&call, &request.name).await;
        };
        let stored = documents::find::<Question>(unit.db(), company, id).await?;
        let mut stored = stored.ok_or_else(|| Error::not_found(&request.name))?;
        etag::check(call.etag.as_deref(), &stored.value)?;
        stored.value.answer(&request.text, &call.principal.subject, unit.now())?;
        documents::save(unit.db(), &stored).await?;
        let question = stored.value;
        unit.clear_timer(QUESTION, &question.id.to_string()).await?;
        let event = Event::QuestionAnswered(pb::QuestionAnswered { question: request.name.clone() });
        self.tell_question(&mut unit, &actor, &question, Kind::QuestionAnswered, event).await?;
        unit.commit(&request.name).await?;
        Ok(view::question(&question, &actor))
    }

    /// One question.
    ///
    /// # Errors
    /// NOT_FOUND.
    pub async fn get_question(
        &self,
        call: Call,
        request: pb::GetQuestionRequest,
    ) -> Result<pb::Question, Error> {
        self.read_question(&call, &request.name).await
    }

    /// Questions in the order in which they were asked.
    ///
    /// # Errors
    /// NOT_FOUND for another company; INVALID_ARGUMENT, PAGE_TOKEN_INVALID.
    pub async fn list_questions(
        &self,
        call: Call,
        request: pb::ListQuestionsRequest,
    ) -> Result<pb::ListQuestionsResponse, Error> {
        let company = name::company_or_all(&request.parent)?;
        self.core.may_read(&call.principal, company, &request.parent).await?;
        let reader = self.core.actor(&call.principal).await?;
        let watch_token = self.core.watch_token(&WatchFilter { company, project: None }).await?;
        let label = request.open_only.then(|| "open".to_owned());
        let page = PageRequest { size: request.page_size, token: &request.page_token };
        let page = self.core.page::<Question>(page, Query { company, label, ..Query::default() }).await?;
        Ok(pb::ListQuestionsResponse {
            questions: page.items.iter().map(|stored| view::question(&stored.value, &reader)).collect(),
            next_page_token: page.next_page_token,
            watch_token,
        })
    }

    async fn read_question(&self, call: &Call, name: &str) -> Result<pb::Question, Error> {
        let [company, id] = name::ids("name", NAME, name)?;
        let company = CompanyId::from(company);
        call.principal.sees(company, name)?;
        let reader = self.core.actor(&call.principal).await?;
        let found = documents::find::<Question>(self.core.db.read(), company, id).await?;
        found.map(|stored| view::question(&stored.value, &reader)).ok_or_else(|| Error::not_found(name))
    }

    /// Event, history and mails of one step of a question.
    async fn tell_question(
        &self,
        unit: &mut Unit,
        actor: &Actor,
        question: &Question,
        kind: Kind,
        event: Event,
    ) -> Result<(), Error> {
        let event_id = emit(unit, question.company, question.project, event);
        unit.record(NewHistory {
            kind: kind.name().to_owned(),
            project: Some(project_name(question.company, question.project)).filter(|p| !p.is_empty()),
            actor: actor_name(question.company, actor),
            body: json!({ "question": question.id }),
        });
        let mut notice = question.notice(kind, event_id, unit.now());
        if let Some(answer) = question.answers.last() {
            notice = notice.text("answer", &answer.text);
        }
        let directory = directory(unit.db(), question.company).await?;
        // Who asked may have left, also after a first answer.
        notice.about = notice.about.and_then(|contact| directory.in_place_of(contact));
        tell(unit, &self.renderer, &directory, &[notice]).await
    }
}

/// Who did something, as the history names them.
pub(crate) fn actor_name(company: CompanyId, actor: &Actor) -> String {
    match actor {
        Actor::Contact { id, .. } => contact_name(company, *id),
        Actor::Softvig { subject, .. } => subject.clone(),
        Actor::System => "system".to_owned(),
    }
}
