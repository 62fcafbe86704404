//! A fleet for the test driver, and a host that is listened to.
use std::fmt::Write as _;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use drover::host::{Host, HostOptions, LinkState, Update};
use drover::inventory::Inventory;
use tempfile::NamedTempFile;

/// A file of `count` machines, every third of which runs. Keep it while its host is open.
pub fn file(count: usize) -> NamedTempFile {
    file_with("", count)
}

/// The same behind a login.
pub fn locked_file(count: usize) -> NamedTempFile {
    file_with("<auth><user password='secret'>admin</user></auth>", count)
}

fn file_with(auth: &str, count: usize) -> NamedTempFile {
    let mut xml = format!(
        "<node>{auth}<cpu><mhz>2800</mhz><model>x86_64</model><active>4</active><nodes>1</nodes><sockets>1</sockets>\
         <cores>4</cores><threads>1</threads></cpu><memory>67108864</memory>\n",
    );
    for i in 0..count {
        let state = if i % 3 == 0 { 1 } else { 5 };
        writeln!(
            xml,
            "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'><name>vm-{i:05}</name>\
             <uuid>00000000-0000-4000-8000-{i:012x}</uuid><memory>1048576</memory><vcpu>2</vcpu><os><type>hvm</type></os>\
             <devices><disk type='file' device='disk'><source file='/var/lib/x-{i}.img'/><target dev='vda' bus='virtio'/></disk>\
             <interface type='bridge'><mac address='52:54:00:00:{:02x}:{:02x}'/><source bridge='xenbr0'/></interface>\
             </devices><test:runstate>{state}</test:runstate></domain>",
            i >> 8 & 255,
            i & 255
        )
        .unwrap();
    }
    xml.push_str("</node>\n");
    let file = tempfile::Builder::new().suffix(".xml").tempfile().unwrap();
    std::fs::write(file.path(), xml).unwrap();
    file
}

pub fn uri(file: &NamedTempFile) -> String {
    format!("test://{}", file.path().display())
}

/// A host with its updates folded.
pub struct Watched {
    pub host: Host,
    pub inventory: Inventory,
    updates: Receiver<Update>,
    /// The kinds of updates so far, in order.
    pub kinds: Vec<&'static str>,
}

impl Watched {
    pub fn open(uri: &str, options: HostOptions) -> Self {
        let (sender, updates) = channel();
        let host = Host::open(uri, options, move |update| drop(sender.send(update)));
        let mut inventory = Inventory::default();
        inventory.add_host(host.id().clone());
        Self { host, inventory, updates, kinds: Vec::new() }
    }

    pub fn quiet(uri: &str) -> Self {
        Self::open(uri, HostOptions { stats_every: None, ..HostOptions::default() })
    }

    /// Folds updates until `done`, or fails after ten seconds.
    pub fn until(&mut self, what: &str, done: impl Fn(&Inventory, &[&'static str]) -> bool) {
        let end = Instant::now() + Duration::from_secs(20);
        while !done(&self.inventory, &self.kinds) {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(update) = self.updates.recv_timeout(left) else { panic!("not seen: {what}; {:?}", self.kinds) };
            self.kinds.push(kind(&update));
            self.inventory.apply(update);
        }
    }

    pub fn entry(&self) -> &drover::inventory::HostEntry {
        self.inventory.host(self.host.id()).unwrap()
    }
}

fn kind(update: &Update) -> &'static str {
    match update {
        Update::Link { link: LinkState::Connecting, .. } => "connecting",
        Update::Link { link: LinkState::Up, .. } => "up",
        Update::Link { link: LinkState::Closed, .. } => "closed",
        Update::Link { .. } => "down",
        Update::Info { .. } => "info",
        Update::Domains { .. } => "domains",
        Update::Complete { .. } => "complete",
        Update::Changed { .. } => "changed",
        Update::Gone { .. } => "gone",
        Update::Stats { .. } => "stats",
    }
}
