//! Whether an object store lets a service do what it needs.

use bytes::Bytes;
use futures::StreamExt as _;
use object_store::{ObjectStore as _, ObjectStoreExt as _, path::Path as Key};
use uuid::Uuid;

use super::Files;

impl Files {
    /// Writes an object, reads, lists and deletes it.
    ///
    /// # Errors
    /// What it does not let be done.
    pub async fn probe(&self) -> anyhow::Result<()> {
        use anyhow::Context as _;
        let key = Key::from_iter(["probe".to_owned(), Uuid::now_v7().to_string()]);
        let content = Bytes::from_static(b"probe");
        self.store.put(&key, content.clone().into()).await.context("cannot write")?;
        let read = async {
            let found =
                self.store.get(&key).await.context("cannot read")?.bytes().await.context("cannot read")?;
            anyhow::ensure!(found == content, "what was written reads otherwise");
            let mut listed = self.store.list(Some(&Key::from("probe")));
            while let Some(object) = listed.next().await {
                if object.context("cannot list")?.location == key {
                    return Ok(());
                }
            }
            anyhow::bail!("what was written is not listed")
        };
        let read: anyhow::Result<()> = read.await;
        self.store.delete(&key).await.with_context(|| format!("cannot delete {key}"))?;
        read
    }
}
