//! `wasi:filesystem`: the install's own directory, seen as `/data`. Without the capability there are no directories at all, and so
//! nothing to call the rest with.

mod descriptor;

use crate::files::{Failure, FileTable, Handle, OpenFile, Quota, Site, Stat, Worker, join};
use crate::limits::RunLimits;
use crate::mac;
use crate::machine::Machine;
use crate::sandbox::guest::{Guest, PluginSide};
use crate::sandbox::turns::Share;
use hmac::Mac as _;
use std::sync::Arc;
use twobot_domain::manifest::Capability;
use types::{Descriptor, DirectoryEntry, DirectoryEntryStream, ErrorCode, MetadataHashValue};
use wasmtime::component::{HasSelf, Linker, Resource};
use wasmtime_wasi::p2::bindings::filesystem::{preopens, types};
use wasmtime_wasi::p2::{FsError, FsResult};

/// The name of the directory, as a guest sees it.
const NAME: &str = "/data";

/// What looking a path up is worth, in bytes that are only copied.
const LOOK_UP: usize = 4 * 1024;

/// Serves files to plugins, in the place of what was there. Gateways are not served.
pub(crate) fn add_to_linker(linker: &mut Linker<Guest<PluginSide>>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    preopens::add_to_linker::<_, HasSelf<Guest<PluginSide>>>(linker, |guest| guest)?;
    types::add_to_linker::<_, HasSelf<Guest<PluginSide>>>(linker, |guest| guest)?;
    linker.allow_shadowing(false);
    Ok(())
}

impl Guest<PluginSide> {
    /// Lets a sandbox that was granted a directory work in it. Nothing is opened before it does.
    pub(crate) fn give_directory(&mut self, machine: &Machine, limits: &RunLimits) {
        if !self.side.has(&Capability::Directory) {
            return;
        }
        let share = Share { tenant: self.tenant, vcpu: limits.vcpu };
        let watch = self.watch.clone();
        let Ok(work) = self.side.granted(Capability::Directory) else { return };
        let directory = machine.shared.directories.of(share.tenant, work.install);
        let quota = Quota::of_bytes(limits.directory_bytes);
        let turns = machine.shared.turns.clone();
        let worker = directory.map(|directory| Worker::new(directory, quota, watch, turns, share));
        work.files = FileTable::new(worker, machine.shared.key);
    }

    /// In a replay there is a directory to ask for and nothing behind it: what was in it is not recorded, and nothing is touched.
    pub(crate) fn give_no_directory(&mut self, machine: &Machine) {
        if !self.side.has(&Capability::Directory) {
            return;
        }
        if let Ok(work) = self.side.granted(Capability::Directory) {
            work.files = FileTable::new(None, machine.shared.key);
        }
    }

    fn files(&mut self) -> Result<&mut FileTable, ErrorCode> {
        self.side.granted(Capability::Directory).map(|work| &mut work.files).map_err(|_| ErrorCode::Access)
    }

    fn worker(&mut self) -> Result<Worker, ErrorCode> {
        self.files()?.worker().cloned().ok_or(ErrorCode::Access)
    }

    /// Does a piece of work in the directory, worth so many bytes.
    async fn in_directory<T: Send + 'static>(
        &mut self,
        bytes: usize,
        job: impl FnOnce(&Site<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, ErrorCode> {
        self.pace.call(bytes).await;
        self.worker()?.work(job).await
    }

    fn folder(&mut self, descriptor: &Resource<Descriptor>) -> Result<Arc<str>, ErrorCode> {
        match self.files()?.get(descriptor.rep())? {
            Handle::Folder(path) => Ok(Arc::clone(path)),
            Handle::File(_) => Err(ErrorCode::NotDirectory),
        }
    }

    /// A path from one of the guest's folders.
    fn path(&mut self, descriptor: &Resource<Descriptor>, path: &str) -> Result<String, ErrorCode> {
        join(&self.folder(descriptor)?, path)
    }

    fn file(&mut self, descriptor: &Resource<Descriptor>) -> Result<Arc<OpenFile>, ErrorCode> {
        match self.files()?.get(descriptor.rep())? {
            Handle::File(file) => Ok(Arc::clone(file)),
            Handle::Folder(_) => Err(ErrorCode::BadDescriptor),
        }
    }

    /// A file that may be read or written.
    fn file_for(
        &mut self,
        descriptor: &Resource<Descriptor>,
        allowed: impl Fn(&OpenFile) -> bool,
    ) -> Result<Arc<OpenFile>, ErrorCode> {
        Some(self.file(descriptor)?).filter(|file| allowed(file)).ok_or(ErrorCode::BadDescriptor)
    }

    async fn stat_of(&mut self, descriptor: &Resource<Descriptor>) -> Result<Stat, ErrorCode> {
        match self.files()?.get(descriptor.rep())?.clone() {
            Handle::File(file) => self.in_directory(0, move |_| Ok(Stat::of_open(&file)?)).await,
            Handle::Folder(path) => {
                self.in_directory(LOOK_UP, move |site| site.stat(root_or(&path), false)).await
            }
        }
    }

    /// Two numbers that are the same for the same file, and say nothing else of it.
    fn hash(&mut self, stat: &Stat) -> Result<MetadataHashValue, ErrorCode> {
        let mut mac = mac::keyed(&self.files()?.key, b"files");
        mac.update(&stat.identity.0.to_le_bytes());
        mac.update(&stat.identity.1.to_le_bytes());
        let hash = mac.finalize().into_bytes();
        let half =
            |at: usize| hash[at..at + 8].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        Ok(MetadataHashValue { lower: half(0), upper: half(8) })
    }
}

/// The path of a folder, which for the root is no path at all.
fn root_or(path: &str) -> &str {
    if path.is_empty() { "." } else { path }
}

impl preopens::Host for Guest<PluginSide> {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Resource<Descriptor>, String)>> {
        let Ok(files) = self.files() else { return Ok(Vec::new()) };
        if files.worker().is_none() {
            let message = "the capability `directory` is granted, but this host keeps no files";
            self.log.write("error", message.to_owned(), Vec::new());
            return Ok(Vec::new());
        }
        let place = files.place()?;
        let root = files.put(Handle::Folder(Arc::from("")), place);
        Ok(vec![(Resource::new_own(root), NAME.to_owned())])
    }
}

impl types::Host for Guest<PluginSide> {
    fn convert_error_code(&mut self, error: FsError) -> wasmtime::Result<ErrorCode> {
        error.downcast()
    }

    fn filesystem_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        Ok(self.table.get(&error)?.downcast_ref::<ErrorCode>().copied())
    }
}

impl types::HostDirectoryEntryStream for Guest<PluginSide> {
    async fn read_directory_entry(
        &mut self,
        stream: Resource<DirectoryEntryStream>,
    ) -> FsResult<Option<DirectoryEntry>> {
        let entry = self.files()?.listing(stream.rep())?.rest.next();
        self.pace.call(entry.as_ref().map_or(0, |entry| entry.name.len())).await;
        Ok(entry)
    }

    fn drop(&mut self, stream: Resource<DirectoryEntryStream>) -> wasmtime::Result<()> {
        let bytes = self.files()?.close_listing(stream.rep());
        self.memory.let_go(bytes);
        Ok(())
    }
}
