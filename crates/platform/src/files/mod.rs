//! Files that people send: the content lies in an object store, what is known of it in the service's database.
//!
//! A file is sent first and then attached by a command; see docs/decisions/0019.

mod content;
mod kind;
mod name;
mod probe;
mod store;
mod sweep;
mod table;
mod upload;

use std::{path::PathBuf, sync::Arc};

use bytes::Bytes;
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use jiff::Timestamp;
use object_store::ObjectStore;
use proto::{common::v1 as pb, common::v1::ErrorReason, refusal::Violation};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::{call, clock, error::Error, id::CompanyId};
pub(crate) use content::{broken_off, too_slow};
pub use {
    content::Content,
    name::{of as name_of, parse},
    store::{FilesConfig, FilesError},
    table::attach,
    upload::Upload,
};

/// The largest file, in bytes.
pub const MOST_BYTES: u64 = 20 << 20;
/// Bytes of a piece of a file that is made: less than the 4 MiB that gRPC's clients take.
const MADE_PIECE: usize = 256 << 10;
/// Files that a service takes at a time in one process. Each needs twice the size of a part in memory.
const MOST_AT_ONCE: usize = 16;

crate::id! {
    /// A file.
    pub FileId
}

/// What is known of a file; documents that it is attached to hold a copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileInfo {
    pub id: FileId,
    /// What people call it.
    pub display_name: String,
    /// Media type, by its content.
    pub media_type: String,
    pub size_bytes: i64,
    /// 64 hexadecimal digits.
    pub sha256: String,
    pub recorded_at: Timestamp,
}

impl FileInfo {
    /// `companies/{company}/files/{file}`.
    pub fn name(&self, company: CompanyId) -> String {
        name::of(company, self.id)
    }

    /// As the contract's messages.
    pub fn all_to_proto(files: &[Self], company: CompanyId) -> Vec<pb::File> {
        files.iter().map(|file| file.to_proto(company)).collect()
    }

    /// As the contract's message.
    pub fn to_proto(&self, company: CompanyId) -> pb::File {
        pb::File {
            name: self.name(company),
            display_name: self.display_name.clone(),
            media_type: self.media_type.clone(),
            size_bytes: self.size_bytes,
            sha256: self.sha256.clone(),
            recorded_at: Some(clock::to_wire(self.recorded_at)),
        }
    }
}

/// Their resource names.
pub fn names_of(files: impl IntoIterator<Item = FileId>, company: CompanyId) -> Vec<String> {
    files.into_iter().map(|file| name_of(company, file)).collect()
}

/// A service's files. Cloned freely.
#[derive(Clone, Debug)]
pub struct Files {
    store: Arc<dyn ObjectStore>,
    /// Where the store is a folder: for what it leaves there under other names.
    folder: Option<PathBuf>,
    places: Arc<Semaphore>,
}

/// A file that is read.
pub struct Download {
    pub file: pb::File,
    pub content: BoxStream<'static, Result<Bytes, Error>>,
}

impl Download {
    /// A file that is made anew each time.
    pub fn made(display_name: String, media_type: &str, data: Vec<u8>, now: Timestamp) -> Self {
        let file = pb::File {
            name: String::new(),
            display_name,
            media_type: media_type.to_owned(),
            size_bytes: data.len() as i64,
            sha256: call::hex(&sha256(&data)),
            recorded_at: Some(clock::to_wire(now)),
        };
        let mut rest = Bytes::from(data);
        let pieces = std::iter::from_fn(move || {
            (!rest.is_empty()).then(|| Ok(rest.split_to(MADE_PIECE.min(rest.len()))))
        });
        Self { file, content: stream::iter(pieces).boxed() }
    }
}

#[cfg(feature = "harness")]
impl Files {
    /// What lies in the store, by key; in a folder also what the store itself does not list.
    pub async fn stored(&self) -> Vec<String> {
        let Some(folder) = &self.folder else {
            let listed = self.store.list(None).map(|object| object.expect("listed").location.to_string());
            return listed.collect().await;
        };
        let names = |folder: &std::path::Path| -> Vec<PathBuf> {
            let entries = std::fs::read_dir(folder).into_iter().flatten();
            entries.map(|entry| entry.expect("an entry").path()).collect()
        };
        let files = names(folder).into_iter().flat_map(|company| names(&company));
        files.map(|path| path.display().to_string()).collect()
    }
}

fn sha256(data: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data);
    digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// # Errors
/// `TOO_LARGE` for more bytes than a file may have.
pub(crate) fn too_large(bytes: u64) -> Result<(), Error> {
    if bytes <= MOST_BYTES {
        return Ok(());
    }
    Err(Violation::new(ErrorReason::TooLarge).field("data").allowed("20 MiB").into())
}
