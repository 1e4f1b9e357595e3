//! Evidence: files that are sent, attached and read; in a folder beside SQLite, on S3 beside PostgreSQL.

use axum::body::{Body, Bytes};
use futures::{StreamExt as _, stream};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use platform::{
    auth::Role,
    clock,
    db::query_all,
    files::Files,
    id::{CompanyId, ContactId},
};
use proto::{audit::v1 as pb, common::v1 as common};
use rstest::rstest;
use serde_json::{Value, json};
use testkit::Backend::{self, Postgres, Sqlite};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};
use tower::ServiceExt as _;

use crate::{
    bench::{Bench, authorised, but, good_audit_1, reason},
    portal::post,
};

const PDF: &[u8] = b"%PDF-1.7\n% raport \xc5\x82\xc4\x85cza\n";
const SHA256_OF_PDF: &str = "9a0a96c024572ba57c4ff7e62c59b31300fbd2bbf887bcf809cbde7bbe28b65d";

/// An answer of REST.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// Reason and field of a problem.
    fn refused(&self) -> (String, String) {
        let problem = self.json();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&problem["reason"]), text(&problem["violations"][0]["field"]))
    }
}

async fn send(bench: &Bench, request: http::request::Builder, body: Body) -> Answer {
    let response = bench.rest().oneshot(request.body(body).expect("a request")).await.expect("answered");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    Answer { status: parts.status, headers: parts.headers, body }
}

/// Sends a file as the company's technical contact; `query` follows the path.
async fn upload(bench: &Bench, query: &str, id: &str, body: impl Into<Body>) -> Answer {
    let company = bench.project.company;
    let request = Request::post(format!("/audit/v1/companies/{company}/files?{query}"))
        .header("authorization", format!("Bearer {}", bench.token(Role::Technical)))
        .header("idempotency-key", format!("\"{id}\""));
    send(bench, request, body.into()).await
}

/// A file that was sent; its resource name.
async fn sent(bench: &Bench, name: &str) -> String {
    let answer = upload(bench, &format!("displayName={name}"), name, PDF).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()["name"].as_str().expect("a name").to_owned()
}

async fn download(bench: &Bench, name: &str, token: &str) -> Answer {
    let request =
        Request::get(format!("/audit/v1/{name}")).header("authorization", format!("Bearer {token}"));
    send(bench, request, Body::empty()).await
}

/// State and name of each file that the database knows.
async fn known(bench: &Bench) -> Vec<(String, String)> {
    let rows = query_all(bench.core.db.read(), "select state, id from file order by id", vec![]).await;
    let row = |row: &sea_orm::QueryResult| {
        let id: uuid::Uuid = row.try_get("", "id").expect("an id");
        (row.try_get("", "state").expect("a state"), id.to_string())
    };
    rows.expect("the files").iter().map(row).collect()
}

/// Machine time, as the database keeps it.
fn minutes_ago(minutes: i64) -> sea_orm::prelude::ChronoDateTimeUtc {
    clock::to_db(clock::machine_now() - jiff::SignedDuration::from_mins(minutes))
}

async fn assert_nothing_is_left(bench: &Bench) {
    assert_eq!((known(bench).await, bench.files.stored().await), (Vec::new(), Vec::<String>::new()));
}

#[rstest]
#[tokio::test]
async fn a_contact_sends_evidence_attaches_it_and_reads_it_again(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let bench = Bench::new(backend).await;
    let audit = bench.open(1, 1).await;
    let answer = upload(&bench, "displayName=raport%20%C5%82%C4%85cza.pdf", "r-1", PDF).await;
    let file = answer.json();
    assert_eq!(answer.status, 200, "{file}");
    assert_eq!(file["displayName"], "raport łącza.pdf");
    assert_eq!(file["mediaType"], "application/pdf");
    assert_eq!(file["sizeBytes"], PDF.len().to_string());
    assert_eq!(file["recordedAt"], "2027-01-14T09:00:00+00:00");
    let name = file["name"].as_str().expect("a name");

    let body = json!({ "item": "cpu.ghz", "files": [name], "note": "zrzut z serwera" });
    let (status, attached) = post(&bench, &format!("/audit/v1/{audit}/attachFiles"), body).await;
    assert_eq!(status, 200, "{attached}");
    let items = attached["items"].as_array().expect("items");
    let item = items.iter().find(|item| item["definition"]["key"] == "cpu.ghz").expect("the item");
    let attachment = &item["attachments"][0];
    assert_eq!((&attachment["file"], &attachment["note"]), (&file, &json!("zrzut z serwera")));
    assert!(attachment["recordedBy"]["contact"].is_string(), "{attachment}");

    let denied = download(&bench, name, &bench.token(Role::Decision)).await;
    assert_eq!(denied.refused().0, "PERMISSION_DENIED", "not a role that this contact holds");
    for role in [Role::Technical, Role::Auditor] {
        let read = download(&bench, name, &bench.token(role)).await;
        assert_eq!((read.status, read.body.as_ref()), (StatusCode::OK, PDF));
        assert_eq!(read.headers["content-type"], "application/pdf");
        assert_eq!(read.headers["content-length"], PDF.len().to_string());
        assert_eq!(read.headers["x-content-type-options"], "nosniff");
        let disposition = read.headers["content-disposition"].to_str().expect("ASCII");
        assert!(disposition.ends_with("filename*=UTF-8''raport%20%C5%82%C4%85cza.pdf"), "{disposition}");
    }

    let body = json!({ "item": "cpu.ghz", "file": name, "reason": "to inny serwer" });
    let (status, detached) = post(&bench, &format!("/audit/v1/{audit}/detachFile"), body).await;
    assert_eq!(status, 200, "{detached}");
    assert_eq!(bench.told_names().await, ["files_attached", "file_detached"]);
    let kinds: Vec<_> = bench.history().await.into_iter().map(|(kind, _)| kind).collect();
    assert!(
        kinds.ends_with(&["file_uploaded", "files_attached", "file_detached"].map(str::to_owned)),
        "{kinds:?}"
    );
    // It was evidence once, and stays.
    assert_eq!(download(&bench, name, &bench.token(Role::Auditor)).await.status, 200);
}

/// Messages of a file in pieces; the first with the fields.
fn pieces(bench: &Bench, file: &[u8], pieces_of: usize) -> Vec<pb::UploadFileRequest> {
    let mut messages: Vec<_> = file
        .chunks(pieces_of)
        .map(|data| pb::UploadFileRequest { data: data.to_vec(), ..Default::default() })
        .collect();
    messages[0].parent = format!("companies/{}", bench.project.company);
    messages[0].display_name = "dziennik.log".to_owned();
    messages[0].request_id = bench.request_id();
    messages
}

async fn upload_in_pieces(
    bench: &Bench,
    messages: Vec<pb::UploadFileRequest>,
) -> Result<common::File, Status> {
    let request = authorised(stream::iter(messages), &bench.token(Role::Auditor));
    bench.client().upload_file(request).await.map(|answer| answer.into_inner())
}

#[rstest]
#[tokio::test]
async fn a_large_file_goes_through_grpc_in_pieces(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend).await;
    // More than two parts of the store.
    let file: Vec<u8> = b"0123456789abcde\n".repeat((12 << 20) / 16);
    let answer = upload_in_pieces(&bench, pieces(&bench, &file, 200_000)).await.expect("taken");
    assert_eq!((answer.size_bytes, answer.media_type.as_str()), (12 << 20, "text/plain; charset=utf-8"));
    let request =
        authorised(pb::DownloadFileRequest { name: answer.name.clone() }, &bench.token(Role::Auditor));
    let mut read = bench.client().download_file(request).await.expect("there").into_inner();
    let first = read.next().await.expect("a piece").expect("read");
    assert_eq!((first.file, first.data.len()), (Some(answer), 0));
    let mut bytes = Vec::new();
    while let Some(piece) = read.next().await {
        bytes.extend(piece.expect("read").data);
    }
    assert!(bytes == file, "{} bytes", bytes.len());
}

#[rstest]
#[tokio::test]
async fn a_file_of_more_than_20_mib_is_refused_and_leaves_nothing(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let bench = Bench::new(backend).await;
    let file: Vec<u8> = vec![b'a'; (20 << 20) + 1];
    let refused = upload_in_pieces(&bench, pieces(&bench, &file, 250_000)).await.expect_err("too large");
    assert_eq!(reason(&refused), (Code::ResourceExhausted, "TOO_LARGE".to_owned()));
    assert_nothing_is_left(&bench).await;
    // One whose head says so is not read.
    let answer = upload(&bench, "displayName=a.txt", "r-1", file).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["violations"][0]["allowed"].as_str()),
        (413, Some("20 MiB"))
    );
    assert_nothing_is_left(&bench).await;
}

#[rstest]
#[case::path("displayName=..%2F..%2Fetc%2Fpasswd.pdf", PDF, "displayName")]
#[case::no_name("", PDF, "displayName")]
#[case::other_ending("displayName=raport.exe", PDF, "displayName")]
#[case::nothing("displayName=raport.pdf", b"", "data")]
#[case::zip_bomb("displayName=raport.zip", b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0", "data")]
// Office's documents are archives, too.
#[case::archive_by_another_name(
    "displayName=raport.pdf",
    b"PK\x03\x04\x14\0\x06\0\x08\0[Content_Types].xml",
    "data"
)]
#[case::program("displayName=raport.pdf", b"MZ\x90\0\x03\0\0\0\x04\0", "data")]
#[case::other_digest(
    "displayName=a.pdf&sha256=0000000000000000000000000000000000000000000000000000000000000000",
    PDF,
    "sha256"
)]
#[case::no_digest("displayName=a.pdf&sha256=abc", PDF, "sha256")]
#[tokio::test]
async fn what_cannot_be_evidence_is_refused_by_its_field_and_leaves_nothing(
    #[case] query: &str,
    #[case] file: &'static [u8],
    #[case] field: &str,
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let bench = Bench::new(backend).await;
    let answer = upload(&bench, query, "r-1", file).await;
    assert_eq!(answer.status, 400, "{}", answer.json());
    assert_eq!(answer.refused(), ("INVALID_ARGUMENT".to_owned(), field.to_owned()));
    assert_nothing_is_left(&bench).await;
}

#[tokio::test]
async fn a_file_that_breaks_off_or_comes_with_another_field_is_refused_and_leaves_nothing() {
    let bench = Bench::new(Sqlite).await;
    let broken = [Ok(Bytes::from_static(PDF)), Err(std::io::Error::other("reset"))];
    let answer = upload(&bench, "displayName=a.pdf", "r-1", Body::from_stream(stream::iter(broken))).await;
    assert_eq!(answer.refused(), ("INVALID_ARGUMENT".to_owned(), "data".to_owned()));
    let mut messages = pieces(&bench, PDF, 10);
    messages[1].display_name = "b.pdf".to_owned();
    let refused = upload_in_pieces(&bench, messages).await.expect_err("two names");
    assert_eq!(refused.code(), Code::InvalidArgument);
    let refused = upload_in_pieces(&bench, Vec::new()).await.expect_err("nothing at all");
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_nothing_is_left(&bench).await;
}

#[rstest]
#[tokio::test]
async fn the_same_request_again_is_the_same_file(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend).await;
    let digest = format!("displayName=a.pdf&sha256={}", SHA256_OF_PDF.to_uppercase());
    let first = upload(&bench, &digest, "r-1", PDF).await;
    assert_eq!(first.status, 200, "{}", first.json());
    let again = upload(&bench, &digest, "r-1", PDF).await;
    assert_eq!((again.status, again.json()), (first.status, first.json()));
    let other = upload(&bench, "displayName=a.pdf", "r-1", PDF).await;
    assert_eq!(other.refused().0, "REQUEST_ID_REUSED", "another request");
    let mut text = PDF.to_vec();
    text.push(b'!');
    let other = upload(&bench, &digest.replace("&sha256", "&validateOnly=false&sha256"), "r-1", text).await;
    assert_eq!(other.refused().1, "sha256", "another content");
    let judged = upload(&bench, "displayName=a.pdf&validateOnly=true", "r-2", PDF).await;
    assert_eq!(judged.status, 200, "{}", judged.json());
    assert_eq!((known(&bench).await.len(), bench.files.stored().await.len()), (1, 1));
}

#[tokio::test]
async fn the_same_request_with_another_content_is_another_request() {
    let bench = Bench::new(Sqlite).await;
    assert_eq!(upload(&bench, "displayName=a.txt", "r-1", "tak").await.status, 200);
    assert_eq!(upload(&bench, "displayName=a.txt", "r-1", "nie").await.refused().0, "REQUEST_ID_REUSED");
    assert_eq!((known(&bench).await.len(), bench.files.stored().await.len()), (1, 1));
}

#[rstest]
#[tokio::test]
async fn another_companys_files_are_not_found(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend).await;
    let audit = bench.open(1, 1).await;
    let file = sent(&bench, "a.pdf").await;
    let stranger = bench.token_of(Role::Technical, Some((CompanyId::new(), ContactId::new())));
    assert_eq!(download(&bench, &file, &stranger).await.status, 404);

    // SOFTVIG sees all companies, and still attaches no file of one to another's audit.
    let elsewhere = format!("companies/{}", CompanyId::new());
    let foreign = file.replace(&format!("companies/{}", bench.project.company), &elsewhere);
    assert_eq!(download(&bench, &foreign, &bench.token(Role::Auditor)).await.status, 404);
    for files in [vec![foreign], vec![format!("{elsewhere}/files/{}", uuid::Uuid::nil())]] {
        let request = pb::AttachFilesRequest {
            name: audit.clone(),
            item: "cpu.ghz".to_owned(),
            files,
            request_id: bench.request_id(),
            ..Default::default()
        };
        let request = authorised(request, &bench.token(Role::Auditor));
        let refused = bench.client().attach_files(request).await.expect_err("another's");
        assert_eq!(reason(&refused), (Code::NotFound, "NOT_FOUND".to_owned()));
    }
    // Nobody takes part there.
    let mut messages = pieces(&bench, PDF, 100);
    messages[0].parent = elsewhere;
    let refused = upload_in_pieces(&bench, messages).await.expect_err("no such company");
    assert_eq!(refused.code(), Code::NotFound);
}

#[rstest]
#[tokio::test]
async fn an_answer_and_a_waiver_bring_their_evidence(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend).await;
    let audit = bench.open(1, 1).await;
    let file = sent(&bench, "zgoda.pdf").await;
    let request = pb::WaiveItemRequest {
        name: audit.clone(),
        item: "power.plan".to_owned(),
        approver: "Anna Nowak".to_owned(),
        reason: "nowy serwer w marcu".to_owned(),
        until: "2027-01-31".to_owned(),
        files: vec![file.clone()],
        request_id: bench.request_id(),
        ..Default::default()
    };
    let request = authorised(request, &bench.token(Role::Auditor));
    let waived = bench.client().waive_item(request).await.expect("it is minor").into_inner();
    let waivers: Vec<_> = waived.items.into_iter().filter_map(|item| item.waiver).collect();
    assert_eq!(waivers[0].files[0].name, file);

    let values = but(good_audit_1(), json!({"key": "host.domain_controller", "boolValue": true}));
    bench.record(&audit, values).await.expect("recorded");
    bench.conclude(&audit).await.expect("concluded");
    let finding = bench.findings().await.remove(0).name;
    let answer = json!({ "answer": "przeniesiono", "files": [file] });
    let (status, answered) = post(&bench, &format!("/audit/v1/{finding}/answer"), answer).await;
    assert_eq!(
        (status.as_u16(), answered["steps"][1]["files"][0]["name"].as_str()),
        (200, Some(file.as_str()))
    );
    let twice = json!({ "answer": "przeniesiono", "files": [file, file] });
    let (_, refused) = post(&bench, &format!("/audit/v1/{finding}/answer"), twice).await;
    assert_eq!(refused["violations"][0]["field"], "files[1]");
    let many = json!({ "answer": "przeniesiono", "files": vec![file; 11] });
    let (_, refused) = post(&bench, &format!("/audit/v1/{finding}/answer"), many).await;
    assert_eq!(refused["violations"][0]["allowed"], "at most 10");
}

#[rstest]
#[tokio::test]
async fn a_file_that_nobody_attaches_is_deleted_after_a_week(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend).await;
    let audit = bench.open(1, 1).await;
    let (kept, unused) = (sent(&bench, "a.pdf").await, sent(&bench, "b.pdf").await);
    let body = json!({ "item": "cpu.ghz", "files": [kept] });
    assert_eq!(post(&bench, &format!("/audit/v1/{audit}/attachFiles"), body).await.0, 200);
    let sweep = async |bench: &Bench| {
        bench.files.sweep(&bench.core, &CancellationToken::new()).await.expect("swept");
        bench.files.stored().await.len()
    };
    assert_eq!(sweep(&bench).await, 2);
    // Machine time cannot be moved: the files are made older.
    let sql = "update file set created_at = $1";
    bench.core.db.execute(sql, vec![minutes_ago(8 * 24 * 60).into()]).await.expect("made older");
    assert_eq!(sweep(&bench).await, 1);
    assert_eq!(download(&bench, &kept, &bench.token(Role::Auditor)).await.status, 200);
    assert_eq!(download(&bench, &unused, &bench.token(Role::Auditor)).await.status, 404);
}

#[tokio::test]
async fn nobody_fills_the_store_with_files_that_nothing_is_attached_to() {
    let bench = Bench::new(Sqlite).await;
    for n in 0..50 {
        sent(&bench, &format!("{n}.pdf")).await;
    }
    let refused = upload(&bench, "displayName=51.pdf", "r-51", PDF).await;
    assert_eq!(refused.refused(), ("INVALID_ARGUMENT".to_owned(), "parent".to_owned()));
    let again = upload(&bench, "displayName=49.pdf", "49.pdf", PDF).await;
    assert_eq!(again.status, 200, "what was carried out is answered: {}", again.json());
    assert_eq!((known(&bench).await.len(), bench.files.stored().await.len()), (50, 50));
}

#[rstest]
#[tokio::test]
async fn two_that_send_the_same_request_at_once_get_the_same_file(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let bench = Bench::new(backend).await;
    let send = || upload(&bench, "displayName=a.pdf", "r-1", PDF);
    let (one, other) = tokio::join!(send(), send());
    assert_eq!((one.status, one.json()), (StatusCode::OK, other.json()));
    assert_eq!((known(&bench).await.len(), bench.files.stored().await.len()), (1, 1));
}

#[tokio::test]
async fn what_a_killed_process_was_taking_is_deleted_after_an_hour() {
    let bench = Bench::new(Sqlite).await;
    let id = uuid::Uuid::now_v7();
    let company = bench.project.company.to_string();
    let sql = "insert into file (id, company, state, created_at) values ($1, $2, 'receiving', $3)";
    let mut row = vec![id.into(), company.clone().into(), minutes_ago(59).into()];
    bench.core.db.execute(sql, row.clone()).await.expect("written");
    // As the store of a folder leaves it.
    let folder = bench.folder().join("files/audit").join(&company);
    std::fs::create_dir_all(&folder).expect("made");
    std::fs::write(folder.join(format!("{id}#1")), "half").expect("written");
    let sweep = async || bench.files.sweep(&bench.core, &CancellationToken::new()).await.expect("swept");
    sweep().await;
    assert_eq!((known(&bench).await.len(), bench.files.stored().await.len()), (1, 1), "it may go on");
    bench.core.db.execute("delete from file", vec![]).await.expect("deleted");
    row[2] = minutes_ago(61).into();
    bench.core.db.execute(sql, row).await.expect("written");
    sweep().await;
    assert_nothing_is_left(&bench).await;
}

#[rstest]
#[tokio::test]
async fn a_file_that_the_store_has_lost_is_a_fault_and_no_empty_file(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let bench = Bench::new(backend).await;
    let file = sent(&bench, "a.pdf").await;
    let lost = bench.files.clone();
    let elsewhere = bench.folder().join("elsewhere");
    let bench = bench.with_files(Files::in_folder(&elsewhere).expect("a folder"));
    let answer = download(&bench, &file, &bench.token(Role::Auditor)).await;
    assert_eq!((answer.status.as_u16(), answer.json()["reason"].as_str()), (500, Some("INTERNAL")));
    assert_eq!(lost.stored().await.len(), 1);
}

#[tokio::test]
async fn a_form_is_no_file_and_the_body_is_not_in_the_query() {
    let bench = Bench::new(Sqlite).await;
    let company = bench.project.company;
    for (query, kind, field) in [
        ("displayName=a.txt", "multipart/form-data; boundary=b", "content-type"),
        ("displayName=a.txt&data=dGFr", "text/plain", "data"),
    ] {
        let request = Request::post(format!("/audit/v1/companies/{company}/files?{query}"))
            .header("authorization", format!("Bearer {}", bench.token(Role::Technical)))
            .header("content-type", kind)
            .header("idempotency-key", "\"r-1\"");
        let refused = send(&bench, request, Body::from("--b\r\n\r\ntak\r\n--b--")).await;
        assert_eq!(refused.refused(), ("INVALID_ARGUMENT".to_owned(), field.to_owned()));
    }
    assert_nothing_is_left(&bench).await;
}

#[tokio::test]
async fn while_the_store_is_away_files_are_refused_and_can_be_sent_again() {
    let bench = Bench::new(Sqlite).await;
    let folder = std::env::temp_dir().join(format!("przesiadka-{}", uuid::Uuid::now_v7()));
    let away = Files::in_folder(&folder).expect("a folder");
    // A file where the company's folder should be.
    let in_the_way = folder.join(bench.project.company.to_string());
    std::fs::write(&in_the_way, "").expect("written");
    let bench = bench.with_files(away);
    let refused = upload(&bench, "displayName=a.pdf", "r-1", PDF).await;
    assert_eq!((refused.status.as_u16(), refused.refused().0.as_str()), (503, "UNAVAILABLE"));
    assert!(refused.headers.contains_key("retry-after"));
    std::fs::remove_file(&in_the_way).expect("removed");
    assert_eq!(upload(&bench, "displayName=a.pdf", "r-1", PDF).await.status, 200);
    std::fs::remove_dir_all(folder).expect("removed");
}
