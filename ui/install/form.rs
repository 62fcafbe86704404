//! What a person has entered for a new machine: pure, without widgets. Pages edit it; checks read its request.
use std::path::PathBuf;

use drover::finding::Field;
use drover::install::detect::Detected;
use drover::install::offers::Offers;
use drover::install::source::Location;
use drover::install::{Disk, Format, Network, Request, Unattended, VirtChoice};

/// The steps of the window, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    Source,
    System,
    Unattended,
    Disk,
    Network,
    Summary,
}

impl Step {
    /// All, in order.
    pub const ALL: [Self; 6] = [Self::Source, Self::System, Self::Unattended, Self::Disk, Self::Network, Self::Summary];

    /// Its place in [`Self::ALL`], which is also its row's index.
    pub fn index(self) -> usize {
        self as usize
    }

    /// The step so many further on (or back), if there is one.
    pub fn shifted(self, by: i32) -> Option<Self> {
        let index = i32::try_from(self.index()).ok()?.checked_add(by)?;
        Self::ALL.get(usize::try_from(index).ok()?).copied()
    }

    /// The step on whose page a finding's field is.
    pub fn of(field: Field) -> Self {
        match field {
            Field::Host | Field::Source => Self::Source,
            Field::Name | Field::Memory | Field::Vcpus | Field::VirtType => Self::System,
            Field::Unattended => Self::Unattended,
            Field::DiskPath | Field::DiskSize => Self::Disk,
            Field::Network | Field::Mac => Self::Network,
        }
    }
}

/// How the installer is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answers {
    #[default]
    None,
    Url,
    File,
}

/// Which disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DiskKind {
    #[default]
    New,
    Existing,
    None,
}

/// Which kind of plug for the network card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NetKind {
    Bridge,
    Network,
    #[default]
    User,
    None,
}

/// One change by a person's hand.
#[derive(Clone, Debug)]
pub enum Edit {
    Location(String),
    Name(String),
    Memory(u64),
    Vcpus(u32),
    Virt(VirtChoice),
    Answers(Answers),
    AnswersUrl(String),
    AnswersFile(PathBuf),
    ExtraArgs(String),
    DiskKind(DiskKind),
    DiskPath(String),
    DiskSize(f64),
    DiskFormat(Format),
    Sparse(bool),
    ExistingPath(String),
    NetKind(NetKind),
    Bridge(String),
    NetworkName(String),
    Mac(String),
}

/// The state of every input, with what was suggested told apart from what was typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    pub location: String,
    pub name: String,
    pub memory_mib: u64,
    pub vcpus: u32,
    pub virt: VirtChoice,
    pub answers: Answers,
    pub answers_url: String,
    pub answers_file: Option<PathBuf>,
    pub extra_args: String,
    pub disk: DiskKind,
    pub disk_path: String,
    pub size_gib: f64,
    pub format: Format,
    pub sparse: bool,
    pub existing_path: String,
    pub net: NetKind,
    pub bridge: String,
    pub network: String,
    pub mac: String,
    typed: Typed,
}

/// Which suggestions were replaced by hand and must stay.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Typed {
    any: bool,
    name: bool,
    memory: bool,
    path: bool,
    net: bool,
    bridge: bool,
    network: bool,
    mac: bool,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            location: String::new(),
            name: String::new(),
            memory_mib: 2048,
            vcpus: 2,
            virt: VirtChoice::Auto,
            answers: Answers::None,
            answers_url: String::new(),
            answers_file: None,
            extra_args: String::new(),
            disk: DiskKind::New,
            disk_path: String::new(),
            size_gib: 20.0,
            format: Format::Qcow2,
            sparse: true,
            existing_path: String::new(),
            net: NetKind::User,
            bridge: String::new(),
            network: String::new(),
            mac: String::new(),
            typed: Typed::default(),
        }
    }
}

impl Form {
    /// Takes a change in. What was typed is never suggested over again, unless it was emptied.
    pub fn edit(&mut self, edit: Edit) {
        let t = &mut self.typed;
        t.any = true;
        match edit {
            Edit::Location(text) => self.location = text,
            Edit::Name(text) => (t.name, self.name) = (!text.is_empty(), text),
            Edit::Memory(mib) => (t.memory, self.memory_mib) = (true, mib),
            Edit::Vcpus(n) => self.vcpus = n,
            Edit::Virt(choice) => self.virt = choice,
            Edit::Answers(kind) => self.answers = kind,
            Edit::AnswersUrl(text) => self.answers_url = text,
            Edit::AnswersFile(path) => self.answers_file = Some(path),
            Edit::ExtraArgs(text) => self.extra_args = text,
            Edit::DiskKind(kind) => self.disk = kind,
            Edit::DiskPath(text) => (t.path, self.disk_path) = (!text.is_empty(), text),
            Edit::DiskSize(gib) => self.size_gib = gib,
            Edit::DiskFormat(format) => {
                self.disk_path = with_ending(&self.disk_path, self.format, format);
                self.format = format;
            }
            Edit::Sparse(on) => self.sparse = on,
            Edit::ExistingPath(text) => self.existing_path = text,
            Edit::NetKind(kind) => (t.net, self.net) = (true, kind),
            Edit::Bridge(text) => (t.bridge, self.bridge) = (!text.is_empty(), text),
            Edit::NetworkName(text) => (t.network, self.network) = (true, text),
            Edit::Mac(text) => (t.mac, self.mac) = (!text.is_empty(), text),
        }
    }

    /// Whether closing the window would lose something.
    pub fn is_touched(&self) -> bool {
        self.typed.any
    }

    /// Fills in what is right nine times of ten, wherever nothing was typed.
    pub fn suggest(&mut self, offers: Option<&Offers>, detected: Option<&Detected>) {
        let names: &[String] = offers.map_or(&[], |o| &o.names);
        if !self.typed.name {
            self.name = unique(&base_name(detected), names);
        }
        if let Some(detected) = detected.filter(|_| !self.typed.memory) {
            self.memory_mib = detected.recommended_memory_mib.max(detected.minimum_memory_mib).max(256);
            if let Some(offers) = offers.filter(|o| o.memory_mib > 0) {
                self.memory_mib = self.memory_mib.min((offers.memory_mib / 2).max(detected.minimum_memory_mib));
            }
        }
        if !self.typed.path && !self.name.is_empty() {
            let folder = offers.and_then(|o| o.pool_folder.as_deref()).unwrap_or("/var/lib/libvirt/images");
            self.disk_path = format!("{}/{}.{}", folder.trim_end_matches('/'), self.name, ending(self.format));
        }
        if let Some(offers) = offers {
            if !self.typed.mac {
                self.mac.clone_from(&offers.mac);
            }
            self.suggest_network(offers);
            self.vcpus = offers.max_vcpus.filter(|max| *max > 0).map_or(self.vcpus, |max| self.vcpus.min(max));
        }
    }

    fn suggest_network(&mut self, offers: &Offers) {
        let own_bridge = offers.bridges.iter().find(|b| !b.starts_with("virbr"));
        if !self.typed.bridge {
            self.bridge = own_bridge.cloned().unwrap_or_default();
        }
        let active = offers.networks.iter().find(|n| n.active).or(offers.networks.first());
        if !self.typed.network {
            self.network = active.map(|n| n.name.clone()).unwrap_or_default();
        }
        if !self.typed.net {
            self.net = match (own_bridge, active) {
                (Some(_), _) => NetKind::Bridge,
                (None, Some(_)) => NetKind::Network,
                (None, None) => NetKind::User,
            };
        }
    }

    /// The location as typed, understood; `None` while the field is empty.
    pub fn location(&self) -> Option<Result<Location, drover::error::SourceError>> {
        let text = self.location.trim();
        (!text.is_empty()).then(|| text.parse())
    }

    /// How the installer is answered, as the core wants it.
    pub fn unattended(&self) -> Unattended {
        match (self.answers, &self.answers_file) {
            (Answers::Url, _) if !self.answers_url.trim().is_empty() => {
                Unattended::Url(self.answers_url.trim().to_owned())
            }
            (Answers::File, Some(path)) => Unattended::Inject(path.clone()),
            _ => Unattended::None,
        }
    }

    /// Answers that were chosen and not given yet, on whose pages the window asks for them.
    pub fn missing(&self) -> Vec<Field> {
        let blank = |text: &str| text.trim().is_empty();
        let answers = match self.answers {
            Answers::None => false,
            Answers::Url => blank(&self.answers_url),
            Answers::File => self.answers_file.is_none(),
        };
        let disk = match self.disk {
            DiskKind::New => blank(&self.disk_path),
            DiskKind::Existing => blank(&self.existing_path),
            DiskKind::None => false,
        };
        let network = match self.net {
            NetKind::Bridge => blank(&self.bridge),
            NetKind::Network => blank(&self.network),
            NetKind::User | NetKind::None => false,
        };
        let all = [
            (blank(&self.name), Field::Name),
            (answers, Field::Unattended),
            (disk, Field::DiskPath),
            (network, Field::Network),
        ];
        all.into_iter().filter(|(is, _)| *is).map(|(_, field)| field).collect()
    }

    /// The request. While the location is not understood, its text stands in as a folder; nothing is done with it then,
    /// because there is no detected system.
    pub fn request(&self) -> Request {
        let location = match self.location() {
            Some(Ok(location)) => location,
            _ => Location::Dir(PathBuf::from(self.location.trim())),
        };
        let path = |text: &str| text.trim().to_owned();
        Request {
            name: self.name.trim().to_owned(),
            memory_mib: self.memory_mib,
            vcpus: self.vcpus,
            virt: self.virt,
            location,
            unattended: self.unattended(),
            extra_args: self.extra_args.trim().to_owned(),
            disk: match self.disk {
                DiskKind::New => Disk::New {
                    path: path(&self.disk_path),
                    size_gib: self.size_gib,
                    format: self.format,
                    sparse: self.sparse,
                },
                DiskKind::Existing => Disk::Existing { path: path(&self.existing_path) },
                DiskKind::None => Disk::None,
            },
            network: match self.net {
                NetKind::Bridge => Network::Bridge(path(&self.bridge)),
                NetKind::Network => Network::Network(self.network.clone()),
                NetKind::User => Network::User,
                NetKind::None => Network::None,
            },
            mac: (self.net != NetKind::None && !self.mac.trim().is_empty()).then(|| self.mac.trim().to_owned()),
        }
    }
}

/// A new machine's name before a number makes it unique: libosinfo's id, else the system's first word.
fn base_name(detected: Option<&Detected>) -> String {
    let Some(detected) = detected else { return String::new() };
    let text = detected.os_short_id.clone().unwrap_or_else(|| {
        let first = detected.os.split_whitespace().next().unwrap_or_default().to_lowercase();
        first + detected.version.as_deref().unwrap_or_default()
    });
    text.chars().filter(|c| c.is_ascii_alphanumeric() || "-._".contains(*c)).collect()
}

fn unique(base: &str, taken: &[String]) -> String {
    if base.is_empty() || !taken.iter().any(|t| t == base) {
        return base.to_owned();
    }
    (2..).map(|n| format!("{base}-{n}")).find(|name| !taken.contains(name)).unwrap_or_default()
}

fn ending(format: Format) -> &'static str {
    match format {
        Format::Raw => "img",
        Format::Qcow2 => "qcow2",
    }
}

/// Changes a path's ending with the format, if it had the old format's.
fn with_ending(path: &str, old: Format, new: Format) -> String {
    match path.strip_suffix(ending(old)).filter(|stem| stem.ends_with('.')) {
        Some(stem) if old != new => format!("{stem}{}", ending(new)),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
#[path = "form_tests.rs"]
pub mod tests;
