//! Installing a machine: [`Request`] (what a person wants) → [`plan::Plan`] (what will be done, checked) → [`run::run`].
pub mod capabilities;
pub mod check;
pub mod command_line;
pub mod detect;
pub mod inject;
pub mod offers;
pub mod os;
pub mod plan;
pub mod run;
pub mod source;
pub mod unattended;
pub mod xml;

use std::fmt;
use std::path::PathBuf;

use source::Location;

use crate::secret::hidden;

/// Everything that a person chose for a new machine; nothing in it was checked yet.
#[derive(Clone, PartialEq)]
pub struct Request {
    pub name: String,
    pub memory_mib: u64,
    pub vcpus: u32,
    pub virt: VirtChoice,
    /// The install tree.
    pub location: Location,
    pub unattended: Unattended,
    /// More kernel arguments, as typed (virt-install's `-x`).
    pub extra_args: String,
    pub disk: Disk,
    pub network: Network,
    /// `None`: one is made (52:54:00:… on QEMU, 00:16:3e:… on Xen).
    pub mac: Option<String>,
}

/// Messages are logged, and the arguments may hold a password.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let args = hidden(&self.extra_args);
        let mut shown = f.debug_struct("Request");
        shown.field("name", &self.name).field("location", &self.location).field("unattended", &self.unattended);
        shown.field("extra_args", &args).field("disk", &self.disk).finish_non_exhaustive()
    }
}

/// Which kind of virtualisation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VirtChoice {
    /// KVM where the host offers it, else emulation; on Xen full virtualisation.
    #[default]
    Auto,
    Kvm,
    /// Emulation (TCG).
    Qemu,
    /// Xen, paravirtualised (virt-install's `-p`).
    XenPv,
    XenHvm,
}

/// How the installer is answered.
#[derive(Clone, Default, PartialEq)]
pub enum Unattended {
    /// A person sits at the console.
    #[default]
    None,
    /// The installer fetches it by itself from there (`ks=URL`); the text is passed on as it is.
    Url(String),
    /// A file here, put into the initrd.
    Inject(PathBuf),
}

impl fmt::Debug for Unattended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Url(url) => f.debug_tuple("Url").field(&hidden(url)).finish(),
            Self::Inject(path) => f.debug_tuple("Inject").field(path).finish(),
        }
    }
}

/// The machine's disk.
#[derive(Clone, Debug, PartialEq)]
pub enum Disk {
    /// A new image at an absolute path on the host. Sizes in GiB.
    New {
        path: String,
        size_gib: f64,
        format: Format,
        sparse: bool,
    },
    /// An image or volume that exists on the host.
    Existing {
        path: String,
    },
    None,
}

/// A disk image's format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    Raw,
    #[default]
    Qcow2,
}

impl Format {
    /// libvirt's and QEMU's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Qcow2 => "qcow2",
        }
    }
}

/// Where its network card is plugged in.
#[derive(Clone, Debug, PartialEq)]
pub enum Network {
    Bridge(String),
    Network(String),
    User,
    None,
}
