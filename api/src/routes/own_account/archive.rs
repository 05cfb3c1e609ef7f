//! A ZIP archive that is sent while it is written.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::mem::take;
use std::sync::Arc;

use super::file_name::in_archive;
use parking_lot::Mutex;
use twobot_domain::Timestamp;
use twobot_engine::{FilePiece, FilesReading};
use twobot_store::export::Export;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

/// So much is gathered before it is sent, in bytes.
const PART: usize = 64 * 1024;

/// Where the archive is written to, until it is taken from there to be sent.
#[derive(Clone, Debug, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The archive of one account.
pub(super) struct Archive {
    rows: Export,
    /// What plugins keep in files, which comes after all rows.
    kept: FilesReading,
    written: Written,
    /// None once the archive has its end.
    zip: Option<ZipWriter<StreamWriter<Written>>>,
    options: SimpleFileOptions,
    /// Files that have not begun.
    files: VecDeque<&'static str>,
}

impl Archive {
    pub(super) fn new(rows: Export, kept: FilesReading, now: Timestamp) -> io::Result<Self> {
        let written = Written::default();
        // A kind of thing may come to more than 4 GB; how much it is, nobody knows before its end.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .large_file(true)
            .unix_permissions(0o600);
        let mut zip = ZipWriter::new_stream(written.clone());
        zip.start_file("README.txt", options)?;
        zip.write_all(readme(now).as_bytes())?;
        Ok(Self { rows, kept, written, zip: Some(zip), options, files: Export::files().collect() })
    }

    /// The next bytes; none after the end.
    pub(super) async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        while let Some(zip) = &mut self.zip {
            match self.rows.next().await.map_err(io::Error::other)? {
                Some(lines) => {
                    // Those in which there is nothing come before the next in which there is something.
                    while self.files.contains(&lines.file) {
                        let Some(file) = self.files.pop_front() else { break };
                        zip.start_file(file, self.options)?;
                    }
                    zip.write_all(lines.text.as_bytes())?;
                }
                None => {
                    for file in self.files.drain(..) {
                        zip.start_file(file, self.options)?;
                    }
                    match self.kept.next().await? {
                        Some((slug, piece)) => put(zip, self.options, &slug, &piece)?,
                        None => {
                            if let Some(zip) = self.zip.take() {
                                zip.finish()?;
                            }
                        }
                    }
                }
            }
            if self.written.0.lock().len() >= PART {
                break;
            }
        }
        let bytes = take(&mut *self.written.0.lock());
        Ok(if bytes.is_empty() { None } else { Some(bytes) })
    }
}

/// Puts a piece of what a plugin keeps in files into the archive.
fn put(
    zip: &mut ZipWriter<StreamWriter<Written>>,
    options: SimpleFileOptions,
    slug: &str,
    piece: &FilePiece,
) -> io::Result<()> {
    match piece {
        FilePiece::Folder(path) => zip.add_directory(in_archive(slug, path), options)?,
        FilePiece::File(path) => zip.start_file(in_archive(slug, path), options)?,
        FilePiece::Bytes(bytes) => zip.write_all(bytes)?,
    }
    Ok(())
}

fn readme(now: Timestamp) -> String {
    format!(
        "Everything that 2Bot keeps of this account, as of {now}.\n\n\
         Each file holds one kind of thing, each line one of them as a JSON object (JSON Lines). Times are in UTC. What belongs to\n\
         something else names it by its id: a line of executions.jsonl has the id of its plugin in installs.jsonl, and so on.\n\n\
         The folder files/ has what plugins keep in their private directories on the server that wrote this, in a folder for each plugin. What\n\
         some systems do not allow in the name of a file stands there as % and two hexadecimal digits.\n\n\
         Not in it: passwords, tokens and the credentials of gateways, which open something.\n\n\
         What changed while this was written is in it as it was before or after; a file that was written meanwhile, in part.\n"
    )
}
