//! Files attached to items as evidence.

use jiff::Timestamp;
use platform::{
    actor::{Actor, Party},
    files::{FileId, FileInfo},
    text,
};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};
use serde::{Deserialize, Serialize};

use super::{Attempt, AttemptId, Dossier, Event};

/// Files of one item.
const MOST: usize = 20;

/// A file that was attached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    pub file: FileInfo,
    /// What it shows; may be empty.
    pub note: String,
    pub at: Timestamp,
    pub by: Actor,
}

impl Dossier {
    /// Attaches files to an item of an open attempt.
    ///
    /// Refused as `AUDIT_LOCKED`, or `INVALID_ARGUMENT` for an unknown item, no file, one that is attached
    /// already, too many, or a long note.
    pub fn attach(
        &mut self,
        attempt: AttemptId,
        item: &str,
        files: Vec<FileInfo>,
        note: String,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let there: Vec<FileId> =
            self.attachments(self.attempt(attempt)?, item).map(|attached| attached.file.id).collect();
        let attempt = self.open_attempt(attempt, words("attach", "załączenie"))?;
        attempt.check_not_paused()?;
        let mut violations: Vec<_> = text::optional_note("note", &note).into_iter().collect();
        if attempt.checklist.item(item).is_none() {
            violations.push(attempt.unknown_item("item", item));
        }
        for (i, file) in files.iter().enumerate() {
            if there.contains(&file.id) {
                let allowed =
                    words("one that is not attached to it yet", "taki, który nie jest do niego załączony");
                violations.push(invalid(format!("files[{i}]"), &file.display_name).allowed(allowed));
            }
        }
        let count = there.len() + files.len();
        if files.is_empty() || count > MOST {
            let allowed = words(
                format!("at least one, and at most {MOST} for an item"),
                format!("co najmniej jeden, a dla punktu najwyżej {MOST}"),
            );
            violations.push(invalid("files", count).allowed(allowed));
        }
        Refusal::unless_empty(violations)?;

        let event = Event::FilesAttached {
            attempt: attempt.id,
            key: item.to_owned(),
            files: files.iter().map(|file| file.id).collect(),
            note: note.clone(),
        };
        let attached =
            files.into_iter().map(|file| Attachment { file, note: note.clone(), at: now, by: by.clone() });
        attempt.attachments.entry(item.to_owned()).or_default().extend(attached);
        attempt.revision += 1;
        Ok(vec![event])
    }

    /// Takes a file off an item of an open attempt; the company only one of its own.
    ///
    /// Refused as `AUDIT_LOCKED`, `PERMISSION_DENIED`, or `INVALID_ARGUMENT` for one that is not attached or
    /// no reason.
    pub fn detach(
        &mut self,
        attempt: AttemptId,
        item: &str,
        file: FileId,
        reason: String,
        by: &Actor,
    ) -> Result<Vec<Event>, Refusal> {
        let attempt = self.open_attempt(attempt, words("detach", "odłączenie"))?;
        attempt.check_not_paused()?;
        let mut violations: Vec<_> = text::note("reason", &reason).into_iter().collect();
        let there = attempt.attachments.get(item).map(Vec::as_slice).unwrap_or_default();
        let index = there.iter().position(|attached| attached.file.id == file);
        match index.map(|i| there[i].by.party()) {
            None => {
                let allowed = words("a file that is attached to the item", "plik załączony do punktu");
                violations.push(invalid("file", file).allowed(allowed));
            }
            Some(Some(Party::Softvig)) if !by.is_softvig() => {
                let allowed = words("a file that the company attached", "plik załączony przez firmę");
                let denied = Violation::new(ErrorReason::PermissionDenied).field("file");
                violations.push(denied.asked(words("SOFTVIG's file", "plik SOFTVIG")).allowed(allowed));
            }
            Some(_) => {}
        }
        Refusal::unless_empty(violations)?;

        let (files, index) = (attempt.attachments.get_mut(item), index.expect("judged above"));
        files.expect("judged above").remove(index);
        attempt.revision += 1;
        Ok(vec![Event::FileDetached { attempt: attempt.id, key: item.to_owned(), file, reason }])
    }

    /// The files of an item: those of the attempt that it was carried over from first.
    pub fn attachments<'a>(
        &'a self,
        attempt: &'a Attempt,
        item: &'a str,
    ) -> impl Iterator<Item = &'a Attachment> {
        let earlier = attempt.entries.get(item).and_then(|entry| entry.carried_from);
        let earlier = earlier.and_then(|id| self.attempt(id).ok());
        earlier.into_iter().chain([attempt]).filter_map(|a| a.attachments.get(item)).flatten()
    }
}

fn invalid(field: impl Into<String>, asked: impl std::fmt::Display) -> Violation {
    Violation::new(ErrorReason::InvalidArgument).field(field).asked(asked)
}
