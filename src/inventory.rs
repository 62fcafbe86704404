//! What runs where: a pure fold of [`Update`]s into hosts and their machines, saying what changed.
use std::collections::HashMap;
use std::collections::VecDeque;
use std::time::SystemTime;

use crate::domain::{DomainId, DomainInfo, DomainKey, DomainStats};
use crate::host::uri::HostUri;
use crate::host::{HostId, HostInfo, HostLoad, LinkState, Update};

/// Samples kept per machine and host for the sparklines.
pub const HISTORY: usize = 60;

/// One machine as last told by its host.
#[derive(Clone, Debug)]
pub struct Machine {
    pub info: DomainInfo,
    pub stats: DomainStats,
    /// CPU percent of the last ticks, oldest first, at most [`HISTORY`].
    pub cpu_history: VecDeque<f32>,
}

/// One host with its machines.
#[derive(Clone, Debug)]
pub struct HostEntry {
    pub id: HostId,
    pub link: LinkState,
    pub info: Option<Box<HostInfo>>,
    pub load: HostLoad,
    pub cpu_history: VecDeque<f32>,
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
    fn new(info: DomainInfo) -> Self {
        Self { info, stats: DomainStats::default(), cpu_history: VecDeque::new() }
    }

    /// Takes newly read info; details that were not read with it are still those of before.
    fn renew(&mut self, mut info: DomainInfo) {
        if info.details.is_none() {
            info.details = self.info.details.take();
        }
        if !info.state.is_active() {
            self.stats = DomainStats::default();
            self.cpu_history.clear();
        }
        self.info = info;
    }
}

impl HostEntry {
    fn new(id: HostId) -> Self {
        Self {
            id,
            link: LinkState::Connecting,
            info: None,
            load: HostLoad::default(),
            cpu_history: VecDeque::new(),
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
        for (id, stats) in stats {
            if let Some(machine) = self.machines.get_mut(&id) {
                machine.stats = stats;
                push(&mut machine.cpu_history, stats.cpu_percent);
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
mod tests {
    use super::*;
    use crate::domain::{DomainDetails, State};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn id(n: u128) -> DomainId {
        DomainId(Uuid::from_u128(n))
    }

    fn info(n: u128, state: State) -> DomainInfo {
        DomainInfo {
            id: id(n),
            name: format!("vm-{n}"),
            state,
            persistent: true,
            autostart: false,
            has_managed_save: false,
            vcpus: 1,
            memory_kib: 1024,
            max_memory_kib: 1024,
            details: None,
        }
    }

    fn one_host() -> (Inventory, HostId) {
        let host = HostId::new("qemu+ssh://root@kvm1/system");
        let mut inventory = Inventory::default();
        inventory.add_host(host.clone());
        (inventory, host)
    }

    #[test]
    fn strangers_change_nothing() {
        let (mut inventory, _) = one_host();
        let host = HostId::new("test:///default");
        let domains = vec![info(1, State::Running)];
        assert!(inventory.apply(Update::Domains { host, domains }).is_empty());
        assert_eq!(inventory.total(), 0);
    }

    #[test]
    fn a_list_replaces_rows_and_keeps_their_details() {
        let (mut inventory, host) = one_host();
        let mut first = info(1, State::Running);
        first.details = Some(Box::new(DomainDetails { arch: "x86_64".into(), ..DomainDetails::default() }));
        let domains = vec![first, info(2, State::Off)];
        let changes = inventory.apply(Update::Domains { host: host.clone(), domains });
        assert_eq!(changes[0], Change::Reset(host.clone()));
        assert_eq!((inventory.running(), inventory.total()), (1, 2));
        inventory.apply(Update::Domains { host: host.clone(), domains: vec![info(1, State::Paused)] });
        assert_eq!(inventory.total(), 1);
        let key = DomainKey { host, domain: id(1) };
        let machine = inventory.machine(&key).unwrap();
        assert_eq!((machine.info.state, machine.info.details.is_some()), (State::Paused, true));
    }

    #[test]
    fn figures_have_a_bounded_history_that_ends_with_the_machine() {
        let (mut inventory, host) = one_host();
        inventory.apply(Update::Domains { host: host.clone(), domains: vec![info(1, State::Running)] });
        for tick in 0..HISTORY + 5 {
            let stats = DomainStats { cpu_percent: Some(tick as f32), ..DomainStats::default() };
            let load = HostLoad { cpu_percent: Some(1.0), memory_used_kib: None };
            let update = Update::Stats { host: host.clone(), load, stats: vec![(id(1), stats), (id(9), stats)] };
            assert_eq!(inventory.apply(update), [Change::Figures(host.clone())]);
        }
        let key = DomainKey { host: host.clone(), domain: id(1) };
        let history = &inventory.machine(&key).unwrap().cpu_history;
        assert_eq!((history.len(), history[0]), (HISTORY, 5.0));
        inventory.apply(Update::Changed { host, domains: vec![info(1, State::Off)] });
        let machine = inventory.machine(&key).unwrap();
        assert!(machine.cpu_history.is_empty() && machine.stats == DomainStats::default());
    }

    #[test]
    fn a_lost_host_keeps_its_rows_and_says_since_when() {
        let (mut inventory, host) = one_host();
        inventory.apply(Update::Domains { host: host.clone(), domains: vec![info(1, State::Running)] });
        let since = SystemTime::now();
        let link = LinkState::Lost { since, retry_at: since, reason: "cut".into() };
        assert_eq!(inventory.apply(Update::Link { host: host.clone(), link }), [Change::Host(host.clone())]);
        let entry = inventory.host(&host).unwrap();
        assert_eq!((entry.stale_since(), entry.total()), (Some(since), 1));
    }

    #[test]
    fn names_come_from_the_host_and_are_told_apart() {
        let (mut inventory, ssh) = one_host();
        let other = HostId::new("qemu+tcp://kvm1/system");
        assert_eq!(inventory.label(&ssh), "kvm1");
        inventory.add_host(other.clone());
        assert_eq!(inventory.label(&other), "kvm1 (qemu+tcp://kvm1/system)");
        let info = Box::new(HostInfo { hostname: "kvm1.lan".into(), ..HostInfo::default() });
        inventory.apply(Update::Info { host: ssh.clone(), info });
        assert_eq!((inventory.label(&ssh).as_str(), inventory.label(&other).as_str()), ("kvm1.lan", "kvm1"));
    }

    proptest! {
        /// Whatever the order of updates, the rows are what the last ones say.
        #[test]
        fn rows_follow_the_last_word(steps in proptest::collection::vec((0u128..6, 0u8..3), 0..60)) {
            let (mut inventory, host) = one_host();
            let mut model = std::collections::BTreeMap::new();
            for (n, kind) in steps {
                let update = match kind {
                    0 => { model.remove(&n); Update::Gone { host: host.clone(), domain: id(n) } }
                    1 => { model.insert(n, State::Running); Update::Changed { host: host.clone(), domains: vec![info(n, State::Running)] } }
                    _ => {
                        model.clear();
                        model.insert(n, State::Off);
                        Update::Domains { host: host.clone(), domains: vec![info(n, State::Off)] }
                    }
                };
                inventory.apply(update);
                let entry = inventory.host(&host).unwrap();
                let rows: std::collections::BTreeMap<_, _> =
                    entry.machines.iter().map(|(id, m)| (id.0.as_u128(), m.info.state)).collect();
                prop_assert_eq!(&rows, &model);
            }
        }
    }
}
