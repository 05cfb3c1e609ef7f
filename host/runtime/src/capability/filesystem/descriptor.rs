//! Descriptors: files and folders that a guest has open.

use super::{LOOK_UP, root_or};
use crate::files::{CHUNK, Handle, Listing, Opened, Reader, Stat, Writer};
use crate::sandbox::guest::{Guest, PluginSide};
use std::sync::Arc;
use types::{
    Advice, Descriptor, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry,
    DirectoryEntryStream, ErrorCode, Filesize, MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};
use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::filesystem::types;
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, FsResult};

fn follows(flags: PathFlags) -> bool {
    flags.contains(PathFlags::SYMLINK_FOLLOW)
}

/// What a guest is told. When a file was made, read or changed is real time, which is hidden from guests, and so is told of none;
/// how many names a file has, and what a folder takes, is the disk's own affair.
fn told(stat: &Stat) -> DescriptorStat {
    DescriptorStat {
        type_: stat.kind,
        link_count: 1,
        size: stat.size,
        data_access_timestamp: None,
        data_modification_timestamp: None,
        status_change_timestamp: None,
    }
}

impl types::HostDescriptor for Guest<PluginSide> {
    fn read_via_stream(
        &mut self,
        descriptor: Resource<Descriptor>,
        offset: Filesize,
    ) -> FsResult<Resource<DynInputStream>> {
        let folder = matches!(self.files()?.get(descriptor.rep())?, Handle::Folder(_));
        if folder {
            return Err(ErrorCode::IsDirectory.into());
        }
        let file = self.file_for(&descriptor, |file| file.may_read)?;
        let (worker, place) = (self.worker()?, self.files()?.place()?);
        let reader: DynInputStream = Box::new(Reader::new(worker, file, offset, place));
        Ok(self.table.push(reader)?)
    }

    fn write_via_stream(
        &mut self,
        descriptor: Resource<Descriptor>,
        offset: Filesize,
    ) -> FsResult<Resource<DynOutputStream>> {
        self.writer(&descriptor, Some(offset))
    }

    fn append_via_stream(&mut self, descriptor: Resource<Descriptor>) -> FsResult<Resource<DynOutputStream>> {
        self.writer(&descriptor, None)
    }

    /// How the disk might do better is not for a guest to say.
    async fn advise(
        &mut self,
        descriptor: Resource<Descriptor>,
        _: Filesize,
        _: Filesize,
        _: Advice,
    ) -> FsResult<()> {
        self.pace.call(0).await;
        self.file(&descriptor)?;
        Ok(())
    }

    /// Nothing is forced to the disk: that would slow down the database, and everyone.
    async fn sync_data(&mut self, descriptor: Resource<Descriptor>) -> FsResult<()> {
        self.sync(descriptor).await
    }

    async fn sync(&mut self, descriptor: Resource<Descriptor>) -> FsResult<()> {
        self.pace.call(0).await;
        self.files()?.get(descriptor.rep())?;
        Ok(())
    }

    async fn get_flags(&mut self, descriptor: Resource<Descriptor>) -> FsResult<DescriptorFlags> {
        self.pace.call(0).await;
        Ok(match self.files()?.get(descriptor.rep())? {
            Handle::Folder(_) => DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY,
            Handle::File(file) => {
                let mut flags = DescriptorFlags::empty();
                if file.may_read {
                    flags |= DescriptorFlags::READ;
                }
                if file.may_write {
                    flags |= DescriptorFlags::WRITE;
                }
                flags
            }
        })
    }

    async fn get_type(&mut self, descriptor: Resource<Descriptor>) -> FsResult<DescriptorType> {
        self.pace.call(0).await;
        Ok(match self.files()?.get(descriptor.rep())? {
            Handle::Folder(_) => DescriptorType::Directory,
            Handle::File(_) => DescriptorType::RegularFile,
        })
    }

    async fn set_size(&mut self, descriptor: Resource<Descriptor>, size: Filesize) -> FsResult<()> {
        let file = self.file_for(&descriptor, |file| file.may_write)?;
        Ok(self.in_directory(0, move |site| site.resize(&file, size)).await?)
    }

    /// Times are not kept: see [`told`].
    async fn set_times(&mut self, _: Resource<Descriptor>, _: NewTimestamp, _: NewTimestamp) -> FsResult<()> {
        self.pace.call(0).await;
        Err(ErrorCode::Unsupported.into())
    }

    async fn set_times_at(
        &mut self,
        _: Resource<Descriptor>,
        _: PathFlags,
        path: String,
        _: NewTimestamp,
        _: NewTimestamp,
    ) -> FsResult<()> {
        self.pace.call(path.len()).await;
        Err(ErrorCode::Unsupported.into())
    }

    async fn read(
        &mut self,
        descriptor: Resource<Descriptor>,
        length: Filesize,
        offset: Filesize,
    ) -> FsResult<(Vec<u8>, bool)> {
        let file = self.file_for(&descriptor, |file| file.may_read)?;
        let most = usize::try_from(length).unwrap_or(CHUNK).min(CHUNK);
        let bytes = self.in_directory(most, move |site| site.read(&file, offset, most)).await?;
        let ended = bytes.is_empty() && most > 0;
        Ok((bytes.into(), ended))
    }

    async fn write(
        &mut self,
        descriptor: Resource<Descriptor>,
        bytes: Vec<u8>,
        offset: Filesize,
    ) -> FsResult<Filesize> {
        let file = self.file_for(&descriptor, |file| file.may_write)?;
        // What a call brings is bounded already; one piece of work is smaller. The guest goes on with the rest.
        let mut bytes = bytes;
        bytes.truncate(CHUNK);
        let count = bytes.len();
        self.in_directory(count, move |site| site.write(&file, Some(offset), &bytes)).await?;
        Ok(count as Filesize)
    }

    async fn read_directory(
        &mut self,
        descriptor: Resource<Descriptor>,
    ) -> FsResult<Resource<DirectoryEntryStream>> {
        let path = self.folder(&descriptor)?;
        let place = self.files()?.place()?;
        let entries = self.in_directory(LOOK_UP, move |site| site.list(root_or(&path))).await?;
        let bytes = entries.iter().map(|entry| entry.name.len() + size_of::<DirectoryEntry>()).sum();
        self.pace.call(bytes).await;
        if !self.memory.hold(bytes) {
            return Err(ErrorCode::InsufficientMemory.into());
        }
        let listing = Listing { rest: entries.into_iter(), bytes };
        Ok(Resource::new_own(self.files()?.put_listing(listing, place)))
    }

    async fn create_directory_at(&mut self, descriptor: Resource<Descriptor>, path: String) -> FsResult<()> {
        let path = self.path(&descriptor, &path)?;
        Ok(self.in_directory(LOOK_UP, move |site| site.make_folder(&path)).await?)
    }

    async fn stat(&mut self, descriptor: Resource<Descriptor>) -> FsResult<DescriptorStat> {
        Ok(told(&self.stat_of(&descriptor).await?))
    }

    async fn stat_at(
        &mut self,
        descriptor: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
    ) -> FsResult<DescriptorStat> {
        let path = self.path(&descriptor, &path)?;
        Ok(told(&self.in_directory(LOOK_UP, move |site| site.stat(&path, follows(flags))).await?))
    }

    /// A second name for a file would make it uncertain what a name's removal gives back.
    async fn link_at(
        &mut self,
        _: Resource<Descriptor>,
        _: PathFlags,
        path: String,
        _: Resource<Descriptor>,
        new: String,
    ) -> FsResult<()> {
        self.pace.call(path.len() + new.len()).await;
        Err(ErrorCode::Access.into())
    }

    async fn symlink_at(&mut self, _: Resource<Descriptor>, path: String, new: String) -> FsResult<()> {
        self.pace.call(path.len() + new.len()).await;
        Err(ErrorCode::Access.into())
    }

    async fn readlink_at(&mut self, descriptor: Resource<Descriptor>, path: String) -> FsResult<String> {
        let path = self.path(&descriptor, &path)?;
        self.in_directory(LOOK_UP, move |site| site.read_link(&path)).await?;
        Err(ErrorCode::Invalid.into())
    }

    async fn open_at(
        &mut self,
        descriptor: Resource<Descriptor>,
        path_flags: PathFlags,
        path: String,
        how: OpenFlags,
        access: DescriptorFlags,
    ) -> FsResult<Resource<Descriptor>> {
        let path = self.path(&descriptor, &path)?;
        let synced = DescriptorFlags::FILE_INTEGRITY_SYNC
            | DescriptorFlags::DATA_INTEGRITY_SYNC
            | DescriptorFlags::REQUESTED_WRITE_SYNC;
        if access.intersects(synced) {
            return Err(ErrorCode::Unsupported.into());
        }
        let making = OpenFlags::CREATE | OpenFlags::EXCLUSIVE | OpenFlags::TRUNCATE;
        if how.contains(OpenFlags::DIRECTORY) && how.intersects(making) {
            return Err(ErrorCode::Invalid.into());
        }
        let place = self.files()?.place()?;
        let follow = follows(path_flags);
        let opened = self.in_directory(LOOK_UP, move |site| site.open(&path, follow, how, access)).await?;
        let handle = match opened {
            Opened::Folder(path) => Handle::Folder(path.into()),
            Opened::File(file) => Handle::File(Arc::new(file)),
        };
        Ok(Resource::new_own(self.files()?.put(handle, place)))
    }

    async fn remove_directory_at(&mut self, descriptor: Resource<Descriptor>, path: String) -> FsResult<()> {
        let path = self.path(&descriptor, &path)?;
        Ok(self.in_directory(LOOK_UP, move |site| site.remove_folder(&path)).await?)
    }

    async fn rename_at(
        &mut self,
        descriptor: Resource<Descriptor>,
        path: String,
        other: Resource<Descriptor>,
        new: String,
    ) -> FsResult<()> {
        let (path, new) = (self.path(&descriptor, &path)?, self.path(&other, &new)?);
        Ok(self.in_directory(2 * LOOK_UP, move |site| site.rename(&path, &new)).await?)
    }

    async fn unlink_file_at(&mut self, descriptor: Resource<Descriptor>, path: String) -> FsResult<()> {
        let path = self.path(&descriptor, &path)?;
        Ok(self.in_directory(LOOK_UP, move |site| site.remove_file(&path)).await?)
    }

    async fn is_same_object(
        &mut self,
        one: Resource<Descriptor>,
        other: Resource<Descriptor>,
    ) -> wasmtime::Result<bool> {
        let (one, other) = (self.stat_of(&one).await, self.stat_of(&other).await);
        Ok(matches!((one, other), (Ok(one), Ok(other)) if one.identity == other.identity))
    }

    async fn metadata_hash(&mut self, descriptor: Resource<Descriptor>) -> FsResult<MetadataHashValue> {
        let stat = self.stat_of(&descriptor).await?;
        Ok(self.hash(&stat)?)
    }

    async fn metadata_hash_at(
        &mut self,
        descriptor: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
    ) -> FsResult<MetadataHashValue> {
        let path = self.path(&descriptor, &path)?;
        let stat = self.in_directory(LOOK_UP, move |site| site.stat(&path, follows(flags))).await?;
        Ok(self.hash(&stat)?)
    }

    fn drop(&mut self, descriptor: Resource<Descriptor>) -> wasmtime::Result<()> {
        self.files()?.close(descriptor.rep());
        Ok(())
    }
}

impl Guest<PluginSide> {
    fn writer(
        &mut self,
        descriptor: &Resource<Descriptor>,
        at: Option<Filesize>,
    ) -> FsResult<Resource<DynOutputStream>> {
        let file = self.file_for(descriptor, |file| file.may_write)?;
        let (worker, place) = (self.worker()?, self.files()?.place()?);
        let writer: DynOutputStream = Box::new(Writer::new(worker, file, at, place));
        Ok(self.table.push(writer)?)
    }
}
