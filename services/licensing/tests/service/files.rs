use futures::TryStreamExt as _;
use licensing::Licensing;
use platform::{Error, auth::Principal, harness::request_id};
use proto::{
    common::v1::{ErrorReason, File},
    licensing::v1 as pb,
};
use rstest::rstest;
use testkit::Backend::{self, Postgres, Sqlite};

use crate::world::{Dealer, World, crm, reason};

const CONTENT: &[u8] = b"Faktura FV 2026/11/7\n";

async fn upload(world: &World, caller: &Principal, dealer: &Dealer) -> Result<File, Error> {
    let request = pb::UploadFileRequest {
        parent: format!("companies/{}", dealer.company),
        display_name: "faktura.txt".to_owned(),
        request_id: request_id(),
        ..Default::default()
    };
    world.harness.upload(caller, Licensing::upload_file, request, CONTENT, 7).await
}

#[rstest]
#[tokio::test]
async fn an_order_and_a_proof_show_their_files(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let (h, dealer) = (&world.harness, &world.dealer);
    let order = upload(&world, &dealer.technical, dealer).await.unwrap();
    let request =
        pb::OrderLicenceRequest { files: vec![order.name.clone()], ..dealer.order("windows_server") };
    h.call(&dealer.technical, Licensing::order_licence, request).await.unwrap();
    let invoice = upload(&world, &crm(), dealer).await.unwrap();
    let files = vec![invoice.name.clone(), order.name.clone()];
    let request = pb::RecordLicenceRequest { files: files.clone(), ..dealer.record("windows_server") };
    let licensing = h.call(&dealer.technical, Licensing::record_licence, request).await.unwrap();
    let demand = licensing.demands[0].clone();
    assert_eq!(demand.order.unwrap().files, vec![order.clone()]);
    assert_eq!(demand.proof.unwrap().files, [invoice.clone(), order.clone()]);

    let told = h.outbox::<pb::LicensingEvent>().await.into_iter().find_map(|(_, event)| match event.event {
        Some(pb::licensing_event::Event::LicenceRecorded(recorded)) => Some(recorded.files),
        _ => None,
    });
    assert_eq!(told, Some(files));
    let request = pb::DownloadFileRequest { name: invoice.name };
    let download = h.call(&dealer.decision, Licensing::download_file, request).await.unwrap();
    let pieces: Vec<_> = download.content.try_collect().await.unwrap();
    assert_eq!(pieces.concat(), CONTENT);
}

#[rstest]
#[tokio::test]
async fn only_files_of_the_company_are_attached_and_at_most_ten(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let (h, dealer) = (&world.harness, &world.dealer);
    let stranger = Dealer::new();
    world.open(&stranger, "").await;
    let theirs = upload(&world, &stranger.technical, &stranger).await.unwrap().name;
    let own = upload(&world, &dealer.technical, dealer).await.unwrap().name;
    let unknown = format!("companies/{}/files/{}", dealer.company, uuid::Uuid::nil());
    let before = world.get(dealer).await;
    use ErrorReason::{InvalidArgument, NotFound};
    let cases = [
        (vec![own.clone(), theirs.clone()], NotFound, "files[1]"),
        (
            vec![theirs.replace(&stranger.company.to_string(), &dealer.company.to_string())],
            NotFound,
            "files[0]",
        ),
        (vec![unknown], NotFound, "files[0]"),
        (vec![own.clone(), own.clone()], InvalidArgument, "files[1]"),
        (vec!["faktura.pdf".to_owned()], InvalidArgument, "files[0]"),
        (vec![own.clone(); 11], InvalidArgument, "files"),
    ];
    for (files, expected, field) in cases {
        let order = pb::OrderLicenceRequest { files: files.clone(), ..dealer.order("windows_server") };
        let record = pb::RecordLicenceRequest { files, ..dealer.record("windows_server") };
        let refusals = [
            h.call(&dealer.technical, Licensing::order_licence, order).await,
            h.call(&dealer.technical, Licensing::record_licence, record).await,
        ];
        for refused in refusals.map(Result::unwrap_err) {
            assert_eq!((refused.reason(), refused.violations()[0].field.as_str()), (expected, field));
        }
    }
    let request = pb::OrderLicenceRequest { files: vec![own], ..dealer.order("windows_server") };
    let auditor = platform::harness::softvig(platform::auth::Role::Auditor);
    let outcome = h.call(&auditor, Licensing::order_licence, request).await;
    assert_eq!(reason(outcome), ErrorReason::PermissionDenied);
    assert_eq!(world.get(dealer).await, before);

    assert_eq!(reason(upload(&world, &stranger.technical, dealer).await), NotFound);
    let request = pb::DownloadFileRequest { name: theirs };
    assert_eq!(
        reason(h.call(&dealer.technical, Licensing::download_file, request).await.map(drop)),
        NotFound
    );
}
