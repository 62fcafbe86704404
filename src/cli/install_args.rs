//! install's options: virt-install's names, and the request that they make.
use std::path::PathBuf;

use clap::{ArgAction, ArgGroup, Args, ValueEnum};
use drover::error::SourceError;
use drover::finding::{Field, Finding, Reason};
use drover::install::command_line::split_option;
use drover::install::source::Location;
use drover::install::unattended::url_of;
use drover::install::{Disk, Format, Network, Request, Unattended, VirtChoice};
use drover::{Error, Result};

/// Options of `droverctl install`.
#[derive(Args)]
#[command(group = ArgGroup::new("storage").args(["file", "nodisks"]).required(true))]
#[command(after_help = "EXAMPLE:\n  droverctl -c qemu+ssh://root@kvm1/system install -n node2 -r 768 --vcpus=1 \
    -l nfs:10.1.1.22:/soft/rhel5_source -x \"ks=nfs:10.1.1.22:/soft/xen-ks.cfg\" -f /srv/images/node2.img -s 15 -b xenbr0")]
pub struct InstallArgs {
    /// The machine's name
    #[arg(short, long)]
    pub name: String,
    /// Memory in MiB
    #[arg(short = 'r', long, visible_alias = "ram", value_name = "MIB")]
    memory: u64,
    /// Virtual CPUs
    #[arg(long, default_value_t = 1)]
    vcpus: u32,
    /// Paravirtualised (Xen PV)
    #[arg(short, long, conflicts_with_all = ["hvm", "virt_type"])]
    paravirt: bool,
    /// Fully virtualised, also on Xen
    #[arg(short = 'v', long)]
    hvm: bool,
    /// KVM or emulation; without it, KVM where the host offers it
    #[arg(long, value_enum)]
    virt_type: Option<VirtType>,
    /// The install tree: nfs:HOST:/PATH, nfs://HOST/PATH, http(s)://… or a local folder
    #[arg(short, long, value_name = "LOCATION")]
    location: String,
    /// Arguments for the installer's kernel; ks=URL (inst.ks=, url= for Debian) is checked before anything is done
    #[arg(short = 'x', long, value_name = "ARGS", action = ArgAction::Append, allow_hyphen_values = true)]
    extra_args: Vec<String>,
    /// Put this local file (kickstart, preseed) into the initrd and tell the installer to use it
    #[arg(long, value_name = "FILE")]
    initrd_inject: Option<PathBuf>,
    /// The disk image on the host (absolute); with --file-size a new one, without it one that exists
    #[arg(short, long, value_name = "PATH")]
    file: Option<String>,
    /// Size of the new image in GiB
    #[arg(short = 's', long, value_name = "GIB", requires = "file")]
    file_size: Option<f64>,
    /// Format of the new image
    #[arg(long, value_enum, default_value = "qcow2")]
    format: ImageFormat,
    /// Give the new image all its space at once
    #[arg(long, requires = "file_size")]
    nonsparse: bool,
    /// No disk
    #[arg(long)]
    nodisks: bool,
    /// Plug the network card into this bridge of the host
    #[arg(short, long, value_name = "BRIDGE", conflicts_with = "network")]
    bridge: Option<String>,
    /// bridge=NAME, network=NAME, user or none; ,mac=… may follow [default: network=default]
    #[arg(short = 'w', long, value_name = "NETWORK")]
    network: Option<String>,
    /// The network card's address; without it one is made
    #[arg(short, long, value_name = "MAC")]
    mac: Option<String>,
    /// Print the machine's XML (while it installs, then afterwards) and do nothing
    #[arg(long)]
    pub print_xml: bool,
    /// Check everything, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Stay until the installer has ended and the machine is started from its disk
    #[arg(long)]
    pub wait: bool,
    /// Taken for virt-install's sake: the display is VNC, and no console is opened
    #[arg(long, hide = true)]
    vnc: bool,
    #[arg(long, hide = true)]
    noautoconsole: bool,
    #[arg(long, hide = true)]
    nographics: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum VirtType {
    Kvm,
    Qemu,
    Xen,
}

#[derive(Clone, Copy, ValueEnum)]
enum ImageFormat {
    Raw,
    Qcow2,
}

impl InstallArgs {
    /// The request; [`Error::Refused`] for what can't be one.
    pub fn request(&self) -> Result<Request> {
        if self.nographics {
            let no_text = "--nographics is not supported: the machine has a VNC display and a serial console";
            return Err(refused(Field::Host, no_text));
        }
        let location: Location = self.location.parse().map_err(no_location)?;
        let (unattended, extra_args) = self.unattended();
        let (network, mac) = self.network()?;
        Ok(Request {
            name: self.name.clone(),
            memory_mib: self.memory,
            vcpus: self.vcpus,
            virt: self.virt(),
            location,
            unattended,
            extra_args,
            disk: self.disk(),
            network,
            mac,
        })
    }

    fn virt(&self) -> VirtChoice {
        match self.virt_type {
            _ if self.paravirt => VirtChoice::XenPv,
            Some(VirtType::Kvm) => VirtChoice::Kvm,
            Some(VirtType::Qemu) => VirtChoice::Qemu,
            Some(VirtType::Xen) => VirtChoice::XenHvm,
            // KVM and emulation are full virtualisation, and so is what Auto takes on Xen.
            None => VirtChoice::Auto,
        }
    }

    fn disk(&self) -> Disk {
        match (self.file.clone(), self.file_size) {
            (None, _) => Disk::None,
            (Some(path), None) => Disk::Existing { path },
            (Some(path), Some(size_gib)) => {
                let format = match self.format {
                    ImageFormat::Raw => Format::Raw,
                    ImageFormat::Qcow2 => Format::Qcow2,
                };
                Disk::New { path, size_gib, format, sparse: !self.nonsparse }
            }
        }
    }

    fn unattended(&self) -> (Unattended, String) {
        let extra = self.extra_args.join(" ");
        match &self.initrd_inject {
            Some(file) => (Unattended::Inject(file.clone()), extra),
            None => split_unattended(&extra),
        }
    }

    fn network(&self) -> Result<(Network, Option<String>)> {
        if let Some(bridge) = &self.bridge {
            return Ok((Network::Bridge(bridge.clone()), self.mac.clone()));
        }
        let text = self.network.as_deref().unwrap_or("network=default");
        let mut mac = self.mac.clone();
        let mut kind = None;
        for part in split_option(text) {
            match part.split_once('=').unwrap_or((&part, "")) {
                ("bridge", name) if !name.is_empty() => kind = Some(Network::Bridge(name.to_owned())),
                ("network", name) if !name.is_empty() => kind = Some(Network::Network(name.to_owned())),
                ("user", "") => kind = Some(Network::User),
                ("none", "") => kind = Some(Network::None),
                ("mac", address) => mac = Some(address.to_owned()),
                // virt-install's old form: bridge:NAME, network:NAME.
                _ => match part.split_once(':') {
                    Some(("bridge", name)) => kind = Some(Network::Bridge(name.to_owned())),
                    Some(("network", name)) => kind = Some(Network::Network(name.to_owned())),
                    _ => return Err(refused(Field::Network, &format!("“{part}” is not understood in --network"))),
                },
            }
        }
        let kind =
            kind.ok_or_else(|| refused(Field::Network, "--network needs bridge=NAME, network=NAME, user or none"))?;
        Ok((kind, mac))
    }
}

/// Like every other thing that a check finds wrong: nothing was done.
fn no_location(e: SourceError) -> Error {
    Error::Refused(vec![Finding::block(Field::Source, Reason::Source(e))])
}

fn refused(field: Field, words: &str) -> Error {
    Error::Refused(vec![Finding::block(field, Reason::Host(words.to_owned()))])
}

/// Takes the unattended file's URL out of kernel arguments. A file in the initrd or on a medium of the machine
/// (`ks=file:…`, `ks=hd:…`) stays an argument: nobody can read it from here. So does a second URL: a check refuses it.
pub fn split_unattended(extra_args: &str) -> (Unattended, String) {
    let mut url = None;
    let rest = extra_args.split_whitespace().filter(|arg| {
        match url_of(arg).filter(|value| value.starts_with("nfs:") || value.contains("://")) {
            Some(value) if url.is_none() => {
                url = Some(value.to_owned());
                false
            }
            _ => true,
        }
    });
    let rest = rest.collect::<Vec<_>>().join(" ");
    (url.map_or(Unattended::None, Unattended::Url), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kickstart_url_is_taken_out_of_the_arguments() {
        let split = |text| split_unattended(text);
        let url = |u: &str| Unattended::Url(u.to_owned());
        assert_eq!(split("ks=nfs:1.2.3.4:/ks.cfg"), (url("nfs:1.2.3.4:/ks.cfg"), String::new()));
        assert_eq!(split("a inst.ks=http://h/k  b=c"), (url("http://h/k"), "a b=c".to_owned()));
        assert_eq!(split("auto=true url=http://h/p"), (url("http://h/p"), "auto=true".to_owned()));
        assert_eq!(split("ks=http://h/1 ks=http://h/2"), (url("http://h/1"), "ks=http://h/2".to_owned()));
        for kept in ["ks=file:/ks.cfg", "ks=hd:sda1:/nfs/ks.cfg", "ks", "ksdevice=eth0"] {
            assert_eq!(split(kept), (Unattended::None, kept.to_owned()));
        }
    }
}
