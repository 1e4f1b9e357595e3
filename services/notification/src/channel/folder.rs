use std::path::{Path, PathBuf};

use tokio::fs;

use super::Failure;

/// Writes each mail as a file.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// A mail that is written again replaces itself. As a real server would, it refuses addresses
    /// in `.invalid`, which exist nowhere (RFC 2606).
    pub async fn deliver(&self, name: &str, mail: &lettre::Message) -> Result<String, Failure> {
        if mail.envelope().to().iter().any(|a| a.domain().ends_with(".invalid")) {
            return Err(Failure::Permanent("550 5.1.2 no such domain".into()));
        }
        let file = self.path.join(format!("{name}.eml"));
        self.write(&file, &mail.formatted()).await.map_err(|e| Failure::Transient(e.to_string()))?;
        Ok(format!("written to {}", file.display()))
    }

    async fn write(&self, file: &Path, bytes: &[u8]) -> std::io::Result<()> {
        fs::create_dir_all(&self.path).await?;
        let half = file.with_extension("part");
        fs::write(&half, bytes).await?;
        fs::rename(&half, file).await
    }
}
