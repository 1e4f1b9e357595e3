//! What every service's `UploadFile` and `DownloadFile` do.

use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::{ObjectStoreExt as _, buffered::BufWriter};
use proto::{
    common::v1 as pb,
    refusal::{Refusal, words},
};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use super::{
    Content, Download, FileId, FileInfo, Files, broken_off,
    kind::{self, Kind, Observer},
    name, store, table, too_large,
};
use crate::{
    call::{Call, hash, hex},
    command::Started,
    core::Core,
    db::query_one,
    error::Error,
    id::CompanyId,
    unit::NewHistory,
};

/// Part of a file that is sent to the store at a time: S3's least.
const PART: usize = 5 << 20;
/// Of a company, files that nothing is attached to.
const MOST_UNUSED: i64 = 50;
/// Of a company, files on their way: half of the places, so that nobody takes all.
const MOST_RECEIVING: i64 = 8;
/// How long a file waits while the process takes as many as it can.
const WAIT_FOR_A_PLACE: Duration = Duration::from_secs(10);

/// What a caller says of a file that it sends.
#[derive(Clone, Copy, Debug)]
pub struct Upload<'a> {
    /// `companies/{company}`.
    pub parent: &'a str,
    /// What people call it.
    pub display_name: &'a str,
    /// The digest that it must have; empty for any.
    pub sha256: &'a str,
}

/// A file whose content lies in the store.
pub struct Received {
    id: FileId,
    kind: Kind,
    size_bytes: u64,
    sha256: [u8; 32],
}

impl Files {
    /// Takes a file for a company, from its contacts and from SOFTVIG. A repeat of the same request answers with the
    /// first one's file.
    ///
    /// # Errors
    /// `NOT_FOUND` for another company, or one that has no contacts; `PERMISSION_DENIED` for a contact who has left;
    /// `INVALID_ARGUMENT` for its name, its type, its digest, or too many that are not attached; `TOO_LARGE`;
    /// `REQUEST_ID_REUSED` for another content; UNAVAILABLE while the store is away.
    pub async fn upload(&self, core: &Core, call: &Call, upload: Upload<'_>) -> Result<pb::File, Error> {
        let Upload { parent, display_name, sha256 } = upload;
        let company = crate::name::company("parent", parent)?;
        core.may_read(&call.principal, Some(company), parent).await?;
        if !has_contacts(core, company).await? {
            return Err(Error::not_found(parent));
        }
        Refusal::unless_empty(name::violations(display_name))?;
        let is_digest = sha256.len() == 64 && sha256.bytes().all(|b| b.is_ascii_hexdigit());
        if !sha256.is_empty() && !is_digest {
            let allowed = words("64 hexadecimal digits", "64 cyfry szesnastkowe");
            return Err(Error::invalid("sha256", sha256, allowed));
        }
        let content = call.content.as_ref();
        let content = content.ok_or_else(|| anyhow::anyhow!("{} was called without a file", call.method))?;
        let receive = async |content: &Content| self.receive_to_the_end(core, company, upload, content).await;
        let received = content.received(receive).await?;
        let outcome = keep(core, call, company, display_name, received).await;
        // Where it is not known what became of the command, the sweep decides.
        let unused = match &outcome {
            Ok(file) => file.id != received.id || call.validate_only,
            Err(e) => matches!(e, Error::Refused(_)) && !e.is_conflict(),
        };
        if unused {
            self.give_up(core, company, received.id).await;
        }
        outcome.map(|file| file.to_proto(company))
    }

    /// Reads a file, for the company's contacts and for SOFTVIG.
    ///
    /// # Errors
    /// `NOT_FOUND`; `PERMISSION_DENIED` for a contact who has left; UNAVAILABLE while the store is away.
    pub async fn download(&self, core: &Core, call: &Call, name: &str) -> Result<Download, Error> {
        let (company, id) = name::parse("name", name)?;
        core.may_read(&call.principal, Some(company), name).await?;
        let file = table::find(core.db.read(), company, id).await?.ok_or_else(|| Error::not_found(name))?;
        let object = self.store.get(&store::key(company, id)).await.map_err(failed)?;
        let content = object.into_stream().map_err(failed).boxed();
        Ok(Download { file: file.to_proto(company), content })
    }

    /// A caller who goes away takes its request with it, and what was received must be given up nevertheless.
    async fn receive_to_the_end(
        &self,
        core: &Core,
        company: CompanyId,
        upload: Upload<'_>,
        content: &Content,
    ) -> Result<Received, Error> {
        let (files, core, content) = (self.clone(), core.clone(), content.clone());
        let (name, sha256) = (upload.display_name.to_owned(), upload.sha256.to_owned());
        let receiving =
            tokio::spawn(async move { files.receive(&core, company, &name, &sha256, &content).await });
        receiving.await.map_err(anyhow::Error::from)?
    }

    async fn receive(
        &self,
        core: &Core,
        company: CompanyId,
        display_name: &str,
        sha256: &str,
        content: &Content,
    ) -> Result<Received, Error> {
        let busy = || Error::Unavailable(anyhow::anyhow!("too many files are being sent"));
        let place = tokio::time::timeout(WAIT_FOR_A_PLACE, self.places.acquire()).await;
        let _place = place.map_err(|_| busy())?;
        if table::count_receiving(core.db.read(), company, content.time()).await? >= MOST_RECEIVING {
            return Err(busy());
        }
        let id = FileId::new();
        let tx = core.db.begin().await?;
        table::insert(&tx, company, id).await?;
        tx.commit().await?;
        let key = store::key(company, id);
        let mut writer = BufWriter::with_capacity(self.store.clone(), key, PART).with_max_concurrency(1);
        let received = pass(content, &mut writer, id, display_name, sha256).await;
        if received.is_err() {
            let _ = writer.abort().await;
            self.give_up(core, company, id).await;
            return received;
        }
        if let Err(e) = writer.shutdown().await {
            // It may land yet, so the sweep deletes it later.
            table::set_deleting(&core.db, id).await?;
            return Err(away(e));
        }
        received
    }

    /// What the sweep would do later.
    async fn give_up(&self, core: &Core, company: CompanyId, id: FileId) {
        if let Err(error) = self.delete(core, company, id).await {
            tracing::warn!(%error, "a file that was not taken is deleted later");
        }
    }
}

/// Nobody takes part for a company that has none, or is not known here.
async fn has_contacts(core: &Core, company: CompanyId) -> Result<bool, Error> {
    let sql = "select 1 from contact where company = $1 limit 1";
    Ok(query_one(core.db.read(), sql, vec![company.to_string().into()]).await?.is_some())
}

/// Passes a file on as it comes, and judges it once it is there.
async fn pass(
    content: &Content,
    writer: &mut BufWriter,
    id: FileId,
    display_name: &str,
    expected: &str,
) -> Result<Received, Error> {
    let mut observer = Observer::default();
    let mut digest = Context::new(&SHA256);
    let mut size_bytes = 0;
    while let Some(piece) = content.next().await? {
        size_bytes += piece.len() as u64;
        too_large(size_bytes)?;
        observer.look(&piece);
        digest.update(&piece);
        // Copied, so that many small pieces take no more memory than one large one.
        writer.write_all(&piece).await.map_err(away)?;
    }
    if size_bytes == 0 {
        return Err(Error::invalid("data", words("nothing", "nic"), words("a file", "plik")));
    }
    let kind = observer.kind().map_err(|found| Error::invalid("data", found, kind::allowed()))?;
    if let Some(violation) = name::against_kind(display_name, kind) {
        return Err(violation.into());
    }
    let sha256: [u8; 32] = digest.finish().as_ref().try_into().expect("SHA-256 has 32 bytes");
    if !expected.is_empty() && !expected.eq_ignore_ascii_case(&hex(&sha256)) {
        return Err(Error::invalid("sha256", expected, hex(&sha256)));
    }
    Ok(Received { id, kind, size_bytes, sha256 })
}

/// The command: the file that was received becomes one of the company's, or it is a repeat.
async fn keep(
    core: &Core,
    call: &Call,
    company: CompanyId,
    display_name: &str,
    received: &Received,
) -> Result<FileInfo, Error> {
    // The same request id with another content is another request.
    let payload_hash = hash(&[&call.payload_hash, &received.sha256]);
    match core.start(&Call { payload_hash, ..call.clone() }, company.into()).await? {
        Started::Replayed(resource) => {
            let (company, id) = name::parse("name", &resource)?;
            let file = table::find(core.db.read(), company, id).await?;
            file.ok_or_else(|| Error::not_found(resource))
        }
        Started::Fresh(mut unit, actor) => {
            let file = FileInfo {
                id: received.id,
                display_name: display_name.to_owned(),
                media_type: received.kind.media_type().to_owned(),
                size_bytes: received.size_bytes as i64,
                sha256: hex(&received.sha256),
                recorded_at: unit.now(),
            };
            // The lane is held, so that no other file of the company is added meanwhile.
            if table::count_unused(unit.db(), company).await? >= MOST_UNUSED {
                return Err(too_many());
            }
            if !table::set_received(unit.db(), &file).await? {
                return Err(broken_off());
            }
            let name = file.name(company);
            unit.record(NewHistory {
                kind: "file_uploaded".to_owned(),
                project: None,
                actor: actor.in_history(company),
                body: json!({ "file": name, "sha256": file.sha256 }),
            });
            unit.commit(&name).await?;
            Ok(file)
        }
    }
}

fn too_many() -> Error {
    Error::invalid(
        "parent",
        words(
            format!("{MOST_UNUSED} files that are attached to nothing"),
            format!("pliki, które nie są nigdzie załączone: {MOST_UNUSED}"),
        ),
        words(
            "fewer: attach them, or wait 7 days until they are deleted",
            "mniej: proszę je załączyć albo poczekać 7 dni, aż zostaną usunięte",
        ),
    )
}

fn away(error: std::io::Error) -> Error {
    Error::Unavailable(anyhow::Error::from(error).context("object store"))
}

/// The store's errors: it is away, or has lost what it had.
pub(super) fn failed(error: object_store::Error) -> Error {
    let missing = matches!(error, object_store::Error::NotFound { .. });
    let error = anyhow::Error::new(error).context("object store");
    if missing { Error::Internal(error) } else { Error::Unavailable(error) }
}
