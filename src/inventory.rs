//! What runs where: a pure fold of [`Update`]s into hosts and their machines, saying what changed.
mod history;

use std::collections::HashMap;
use std::collections::VecDeque;
use std::time::SystemTime;

use crate::domain::{DomainId, DomainInfo, DomainKey, DomainStats};
use crate::host::uri::HostUri;
use crate::host::{HostId, HostInfo, HostLoad, LinkState, Update};

pub use history::{History, SAMPLES};

/// Samples of the CPU kept per machine and host for the sparklines.
pub const HISTORY: usize = 60;

/// One machine as last told by its host.
#[derive(Clone, Debug)]
pub struct Machine {
    pub info: DomainInfo,
    pub stats: DomainStats,
    /// CPU percent of the last ticks, oldest first, at most [`HISTORY`].
    pub cpu_history: VecDeque<f32>,
    recent: Recent,
}

/// Figures of the last ticks.
#[derive(Clone, Debug, Default)]
struct Recent {
    memory: History,
    disk: History,
    network: History,
}

/// One host with its machines.
#[derive(Clone, Debug)]
pub struct HostEntry {
    pub id: HostId,
    pub link: LinkState,
    pub info: Option<Box<HostInfo>>,
    pub load: HostLoad,
    pub cpu_history: VecDeque<f32>,
    memory_history: History,
    /// Whether the first whole list has arrived.
    pub complete: bool,
    pub machines: HashMap<DomainId, Machine>,
}

/// What an update changed, for whoever shows it.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The host's link, info or name: its header.
    Host(HostId),
    /// Many rows at once: show this host's machines anew (one splice).
    Reset(HostId),
    /// These machines are new or changed.
    Machines(Vec<DomainKey>),
    Gone(DomainKey),
    /// Figures of this host and its machines.
    Figures(HostId),
}

impl Machine {
    /// One of which no figures are known.
    pub fn new(info: DomainInfo) -> Self {
        Self { info, stats: DomainStats::default(), cpu_history: VecDeque::new(), recent: Recent::default() }
    }

    /// Memory in use at the last ticks, in KiB.
    pub fn memory_history(&self) -> &History {
        &self.recent.memory
    }

    /// What its disks read and wrote at the last ticks, in bytes per second.
    pub fn disk_history(&self) -> &History {
        &self.recent.disk
    }

    /// What its network cards received and sent at the last ticks, in bytes per second.
    pub fn network_history(&self) -> &History {
        &self.recent.network
    }

    fn figures(&mut self, stats: DomainStats) {
        self.stats = stats;
        push(&mut self.cpu_history, stats.cpu_percent);
        let both = |a: Option<u64>, b: Option<u64>| a.or(b).map(|_| a.unwrap_or(0).saturating_add(b.unwrap_or(0)));
        let recent = &mut self.recent;
        for (history, sample) in [
            (&mut recent.memory, stats.memory_used_kib),
            (&mut recent.disk, both(stats.disk_read, stats.disk_write)),
            (&mut recent.network, both(stats.net_rx, stats.net_tx)),
        ] {
            sample.into_iter().for_each(|sample| history.push(sample as f32));
        }
    }

    /// Takes newly read info; details that were not read with it are still those of before.
    fn renew(&mut self, mut info: DomainInfo) {
        if info.details.is_none() {
            info.details = self.info.details.take();
        }
        if !info.state.is_active() {
            self.stats = DomainStats::default();
            self.cpu_history.clear();
            self.recent = Recent::default();
        }
        self.info = info;
    }
}

impl HostEntry {
    /// One that has told nothing yet.
    pub fn new(id: HostId) -> Self {
        Self {
            id,
            link: LinkState::Connecting,
            info: None,
            load: HostLoad::default(),
            cpu_history: VecDeque::new(),
            memory_history: History::default(),
            complete: false,
            machines: HashMap::new(),
        }
    }

    /// What to call it: the name that it told, or else the URI's host part, or else the URI. The test driver tells this
    /// machine's name for every one of its hosts: they are called by their files.
    pub fn name(&self) -> String {
        let uri = HostUri::parse(self.id.as_str());
        if let Some(file) =
            uri.as_ref().ok().filter(|uri| uri.driver == "test").and_then(|uri| uri.path.strip_suffix(".xml"))
        {
            return file.rsplit('/').next().unwrap_or(file).to_owned();
        }
        match &self.info {
            Some(info) if !info.hostname.is_empty() => info.hostname.clone(),
            _ => uri.map_or_else(|_| self.id.as_str().to_owned(), |uri| uri.short_name()),
        }
    }

    /// Memory in use at the last ticks, in KiB.
    pub fn memory_history(&self) -> &History {
        &self.memory_history
    }

    /// How many of its machines are active.
    pub fn running(&self) -> usize {
        self.machines.values().filter(|m| m.info.state.is_active()).count()
    }

    /// How many machines it has.
    pub fn total(&self) -> usize {
        self.machines.len()
    }

    /// Since when its rows are stale, if they are.
    pub fn stale_since(&self) -> Option<SystemTime> {
        match self.link {
            LinkState::Lost { since, .. } => Some(since),
            _ => None,
        }
    }

    fn list(&mut self, domains: Vec<DomainInfo>) {
        let mut before = std::mem::take(&mut self.machines);
        self.machines.reserve(domains.len());
        for info in domains {
            let id = info.id;
            let machine = match before.remove(&id) {
                Some(mut machine) => {
                    machine.renew(info);
                    machine
                }
                None => Machine::new(info),
            };
            self.machines.insert(id, machine);
        }
        self.complete = true;
    }

    fn change(&mut self, domains: Vec<DomainInfo>) -> Vec<DomainKey> {
        let mut keys = Vec::with_capacity(domains.len());
        for info in domains {
            keys.push(DomainKey { host: self.id.clone(), domain: info.id });
            match self.machines.get_mut(&info.id) {
                Some(machine) => machine.renew(info),
                None => {
                    self.machines.insert(info.id, Machine::new(info));
                }
            }
        }
        keys
    }

    fn figures(&mut self, load: HostLoad, stats: Vec<(DomainId, DomainStats)>) {
        self.load = load;
        push(&mut self.cpu_history, load.cpu_percent);
        load.memory_used_kib.into_iter().for_each(|used| self.memory_history.push(used as f32));
        for (id, stats) in stats {
            if let Some(machine) = self.machines.get_mut(&id) {
                machine.figures(stats);
            }
        }
    }
}

fn push(history: &mut VecDeque<f32>, sample: Option<f32>) {
    let Some(sample) = sample else { return };
    while history.len() >= HISTORY {
        history.pop_front();
    }
    history.push_back(sample);
}

/// All hosts, in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    hosts: Vec<HostEntry>,
}

impl Inventory {
    /// The hosts in their order.
    pub fn hosts(&self) -> &[HostEntry] {
        &self.hosts
    }

    /// One host.
    pub fn host(&self, id: &HostId) -> Option<&HostEntry> {
        self.hosts.iter().find(|h| &h.id == id)
    }

    /// One machine.
    pub fn machine(&self, key: &DomainKey) -> Option<&Machine> {
        self.host(&key.host)?.machines.get(&key.domain)
    }

    /// How many machines are active, on all hosts.
    pub fn running(&self) -> usize {
        self.hosts.iter().map(HostEntry::running).sum()
    }

    /// How many machines there are, on all hosts.
    pub fn total(&self) -> usize {
        self.hosts.iter().map(HostEntry::total).sum()
    }

    /// A host's name, with its URI added where another host has the same name (system and session of one machine).
    pub fn label(&self, id: &HostId) -> String {
        let Some(host) = self.host(id) else { return id.as_str().to_owned() };
        let name = host.name();
        let shared = self.hosts.iter().any(|other| &other.id != id && other.name() == name);
        if shared && name != id.as_str() { format!("{name} ({})", id.as_str()) } else { name }
    }

    /// Adds a host that has told nothing yet.
    pub fn add_host(&mut self, id: HostId) {
        if self.host(&id).is_none() {
            self.hosts.push(HostEntry::new(id));
        }
    }

    /// Forgets a host and its machines.
    pub fn remove_host(&mut self, id: &HostId) {
        self.hosts.retain(|h| &h.id != id);
    }

    /// Takes an update in; updates of hosts that are not (or no longer) here change nothing.
    pub fn apply(&mut self, update: Update) -> Vec<Change> {
        let Some(host) = self.hosts.iter_mut().find(|h| &h.id == update.host()) else { return Vec::new() };
        match update {
            Update::Link { host: id, link } => {
                if host.link == link {
                    return Vec::new();
                }
                host.link = link;
                vec![Change::Host(id)]
            }
            Update::Info { host: id, mut info } => {
                // What takes the host a while to tell stays as it was until then.
                if let Some(before) = host.info.take().filter(|_| info.hypervisor_version == (0, 0, 0)) {
                    info.hypervisor_version = before.hypervisor_version;
                    info.cpu_model = before.cpu_model;
                }
                host.info = Some(info);
                vec![Change::Host(id)]
            }
            Update::Domains { host: id, domains } => {
                host.list(domains);
                vec![Change::Reset(id.clone()), Change::Host(id)]
            }
            Update::Complete { .. } => Vec::new(),
            Update::Changed { host: id, domains } => {
                let counts = (host.running(), host.total());
                let mut changes = vec![Change::Machines(host.change(domains))];
                if counts != (host.running(), host.total()) {
                    changes.push(Change::Host(id));
                }
                changes
            }
            Update::Gone { host: id, domain } => match host.machines.remove(&domain) {
                Some(_) => vec![Change::Gone(DomainKey { host: id.clone(), domain }), Change::Host(id)],
                None => Vec::new(),
            },
            Update::Stats { host: id, load, stats } => {
                host.figures(load, stats);
                vec![Change::Figures(id)]
            }
        }
    }
}

#[cfg(test)]
mod tests;
