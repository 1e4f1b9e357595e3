use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use platform::private;

use super::Failure;

/// Writes each mail as a file that only its owner may read.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Whether a file can be written there.
    pub fn check(&self) -> Result<String, Failure> {
        let probe = self.path.join(".probe");
        private::create_dir_all(&self.path)
            .and_then(|()| private::new_file().write(true).open(&probe))
            .and_then(|_| fs::remove_file(&probe))
            .map(|()| format!("files in {}", self.path.display()))
            .map_err(|e| Failure::Transient(format!("{}: {e}", self.path.display())))
    }

    /// A mail that is written again replaces itself. As a real server would, it refuses addresses
    /// in `.invalid`, which exist nowhere (RFC 2606).
    pub async fn deliver(&self, name: &str, mail: &lettre::Message) -> Result<String, Failure> {
        if mail.envelope().to().iter().any(|a| a.domain().ends_with(".invalid")) {
            return Err(Failure::Address("550 5.1.2 no such domain".into()));
        }
        let (folder, file, bytes) =
            (self.path.clone(), self.path.join(format!("{name}.eml")), mail.formatted());
        let answer = format!("written to {}", file.display());
        let written = tokio::task::spawn_blocking(move || write(&folder, &file, &bytes)).await;
        match written.map_err(io::Error::other).flatten() {
            Ok(()) => Ok(answer),
            Err(e) => Err(Failure::Transient(e.to_string())),
        }
    }
}

fn write(folder: &Path, file: &Path, bytes: &[u8]) -> io::Result<()> {
    private::create_dir_all(folder)?;
    let half = file.with_extension("part");
    private::new_file().write(true).truncate(true).open(&half)?.write_all(bytes)?;
    fs::rename(&half, file)
}
