//! What the commands share.

pub(crate) mod apt;
pub(crate) mod apt_sources;
pub(crate) mod environment;
pub(crate) mod figures;
pub(crate) mod machine;
pub(crate) mod npm;
pub(crate) mod postgres;
pub(crate) mod process;
pub(crate) mod python;
pub(crate) mod redis;
pub(crate) mod stages;
pub(crate) mod stamp;
pub(crate) mod toolchain;
pub(crate) mod workspace;
