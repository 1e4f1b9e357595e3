use platform::{
    documents::Document,
    id::{CompanyId, ProjectId},
    restored::Difference,
};
use proto::scheduling::v1::{DateKind, Stage};
use serde::{Deserialize, Serialize};

use super::{Integrations, Planned, Proposal};

/// A project as far as its messages need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    pub id: ProjectId,
    pub company: CompanyId,
    /// The stage that was unlocked last: the gate that is still open.
    pub stage: Stage,
    /// Completed or cancelled.
    pub closed: bool,
    /// The newest calendar entry of each date.
    entries: Vec<Entry>,
    /// Dates that wait for an answer.
    #[serde(default)]
    proposals: Vec<Proposal>,
    #[serde(default)]
    pub integrations: Integrations,
    /// Audit attempts that count no more.
    voided: Vec<String>,
}

/// A date's entry in people's calendars, for the life of one UID.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Stays the same when the date is moved in one step (RFC 5545, 3.8.4.7).
    pub uid: String,
    /// Rises with every change (RFC 5546, 2.1.4).
    pub sequence: u32,
    /// The agreement that is in force, or was the last.
    pub agreement: String,
    pub date: Planned,
    /// Still agreed.
    pub live: bool,
}

impl Project {
    pub fn new(company: CompanyId, id: ProjectId) -> Self {
        Self {
            id,
            company,
            stage: Stage::Contracting,
            closed: false,
            entries: Vec::new(),
            proposals: Vec::new(),
            integrations: Integrations::default(),
            voided: Vec::new(),
        }
    }

    /// The entry that an agreement made, also after its end; none if another agreement took its place.
    pub fn entry(&self, agreement: &str) -> Option<&Entry> {
        self.entries.iter().find(|e| e.agreement == agreement)
    }

    /// The entries of the dates that are agreed now.
    pub fn live_entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|e| e.live)
    }

    /// A date was agreed. Where it replaces one that is still in force the entry lives on.
    pub fn agree(&mut self, agreement: &str, replaces: &str, date: Planned) -> &Entry {
        let kept = self.entries.iter().position(|e| e.date.kind == date.kind);
        let entry = match kept.map(|i| self.entries.remove(i)) {
            Some(old) if old.live && old.agreement == replaces => {
                Entry { sequence: old.sequence + 1, agreement: agreement.into(), date, ..old }
            }
            _ => Entry { uid: agreement.into(), sequence: 0, agreement: agreement.into(), date, live: true },
        };
        self.entries.push(entry);
        self.entries.last().expect("just pushed")
    }

    /// An agreed date ended. `None` if that agreement is not in force.
    pub fn withdraw(&mut self, agreement: &str) -> Option<&Entry> {
        let entry = self.entries.iter_mut().find(|e| e.agreement == agreement && e.live)?;
        entry.live = false;
        entry.sequence += 1;
        Some(entry)
    }

    /// Dates were proposed; the answer is owed from now on.
    pub fn propose(&mut self, proposal: Proposal) {
        self.proposals.retain(|p| p.id != proposal.id);
        self.proposals.push(proposal);
    }

    /// The proposal was answered or ended.
    pub fn close_proposal(&mut self, id: &str) {
        self.proposals.retain(|p| p.id != id);
    }

    /// A proposal that waits for its answer.
    pub fn proposal(&self, id: &str) -> Option<&Proposal> {
        self.proposals.iter().find(|p| p.id == id)
    }

    /// All that wait for their answers.
    pub fn proposals(&self) -> &[Proposal] {
        &self.proposals
    }

    /// Follows what scheduling tells now; a project that it does not know ends. What is in people's calendars is changed
    /// no more than by the next word about it, which must be newer than all that they have.
    pub fn set_back(&mut self, name: &str, told: Option<Self>) -> Vec<Difference> {
        let Some(mut told) = told else {
            let unknown = Difference::between(Some(name), "project", self.in_words(), "");
            self.close();
            return unknown.into_iter().collect();
        };
        for entry in &mut told.entries {
            if let Some(known) = self.entries.iter().find(|known| known.uid == entry.uid) {
                entry.sequence = entry.sequence.max(known.sequence);
            }
        }
        let differences = [
            Difference::between(Some(name), "project", self.in_words(), told.in_words()),
            Difference::between(Some(name), "dates", self.dates_in_words(), told.dates_in_words()),
            Difference::between(Some(name), "proposals", self.proposals.len(), told.proposals.len()),
        ];
        *self = told;
        differences.into_iter().flatten().collect()
    }

    fn in_words(&self) -> String {
        format!("{} {}", if self.closed { "closed" } else { "open" }, stage_key(self.stage))
    }

    /// Those that are agreed, in the order of the stages.
    fn dates_in_words(&self) -> String {
        let mut dates: Vec<_> = self.live_entries().map(|entry| &entry.date).collect();
        dates.sort_by_key(|date| date.kind);
        let word = |date: &&Planned| format!("{} {}", date_key(date.kind), date.starts_at);
        dates.iter().map(word).collect::<Vec<_>>().join(", ")
    }

    /// Somebody is taken off the live entries, which counts as a change of each.
    pub fn raise_sequences(&mut self) {
        for entry in self.entries.iter_mut().filter(|e| e.live) {
            entry.sequence += 1;
        }
    }

    /// The results of this audit attempt count no more.
    pub fn void(&mut self, attempt: &str) {
        self.voided.push(attempt.into());
    }

    pub fn is_void(&self, attempt: &str) -> bool {
        self.voided.iter().any(|v| v == attempt)
    }

    /// The stages before this one are done.
    pub fn unlock(&mut self, stage: Stage) {
        self.stage = stage;
    }

    /// The project ends; what is still agreed or proposed ends with it. The entries that ended.
    pub fn close(&mut self) -> Vec<Entry> {
        self.closed = true;
        self.proposals.clear();
        self.integrations = Integrations::default();
        let live: Vec<String> = self.live_entries().map(|e| e.agreement.clone()).collect();
        live.iter().filter_map(|agreement| self.withdraw(agreement).cloned()).collect()
    }

    /// The stage that must still be done before the date's own can begin.
    pub fn open_gate(&self, kind: DateKind) -> Option<Stage> {
        (self.stage < stage_of(kind)).then_some(self.stage)
    }

    /// Whether the stage that the date is for is over.
    pub fn is_past(&self, kind: DateKind) -> bool {
        self.stage > stage_of(kind)
    }
}

/// The stage that a date is for.
pub fn stage_of(kind: DateKind) -> Stage {
    match kind {
        DateKind::Readiness => Stage::Readiness,
        DateKind::Audit1 => Stage::Audit1,
        DateKind::Audit2 => Stage::Audit2,
        DateKind::Migration => Stage::Migration,
        DateKind::Unspecified => Stage::Unspecified,
    }
}

/// The key of a date in the words.
pub fn date_key(kind: DateKind) -> String {
    key(kind.as_str_name(), "DATE_KIND_")
}

/// The key of a stage in the words.
pub fn stage_key(stage: Stage) -> String {
    key(stage.as_str_name(), "STAGE_")
}

fn key(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_lowercase()
}

impl Document for Project {
    const TABLE: &'static str = "project";

    fn label(&self) -> String {
        if self.closed { "closed" } else { "open" }.into()
    }
}
