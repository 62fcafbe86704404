//! What the list shows and sorts of one machine, copied out of the inventory when it changes.
use std::cmp::Ordering;

use drover::domain::{DomainStats, State};
use drover::inventory::Machine;

use super::columns::Column;
use super::format;

/// A name as it sorts: case folded, and numbers by their size, so that vm-2 comes before vm-10.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct NameKey(Box<str>);

impl NameKey {
    /// Each run of digits loses its leading zeros and gets its length in front of it, as one character.
    fn new(name: &str) -> Self {
        let mut key = String::with_capacity(name.len() + 8);
        let mut rest = name;
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
            let (text, from) = rest.split_at(start);
            key.extend(text.chars().flat_map(char::to_lowercase));
            let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
            let (digits, after) = from.split_at(end);
            let digits = digits.trim_start_matches('0');
            // Behind "0", so that numbers stay where digits stand among other characters.
            key.push('0');
            key.push(char::from_u32(u32::try_from(digits.len()).unwrap_or(u32::MAX).min(0xd000)).unwrap_or('0'));
            key.push_str(digits);
            rest = after;
        }
        key.extend(rest.chars().flat_map(char::to_lowercase));
        Self(key.into())
    }
}

/// Plain facts of one row.
pub struct Facts {
    pub name: String,
    name_key: NameKey,
    pub title: Option<String>,
    pub state: State,
    pub saved: bool,
    pub os: String,
    pub memory_kib: u64,
    pub max_memory_kib: u64,
    pub addresses: String,
    pub autostart: bool,
    /// `None` until the machine's details are read.
    pub snapshots: Option<u32>,
    /// The figures when it was last sorted by one; what is shown comes from the inventory.
    pub stats: DomainStats,
}

impl Facts {
    /// Copies what the list needs.
    pub fn new(machine: &Machine) -> Self {
        let info = &machine.info;
        let details = info.details.as_deref();
        Self {
            name: info.name.clone(),
            name_key: NameKey::new(&info.name),
            title: details.and_then(|d| d.title.clone()).filter(|t| !t.is_empty()),
            state: info.state,
            saved: info.has_managed_save,
            os: details.and_then(|d| d.os_id.as_deref()).map(format::os_name).unwrap_or_default(),
            memory_kib: info.memory_kib,
            max_memory_kib: info.max_memory_kib,
            addresses: details.map(|d| d.addresses.join(", ")).unwrap_or_default(),
            autostart: info.autostart,
            snapshots: details.map(|d| d.snapshots),
            stats: machine.stats,
        }
    }

    /// KiB in use: what the guest's balloon says, else what it was given.
    fn memory_used(&self) -> u64 {
        self.stats.memory_used_kib.unwrap_or(self.memory_kib)
    }

    /// The order of two machines in a column; equal ones go by name, in the same direction whatever the column's is.
    pub fn compare(&self, other: &Self, column: Column, descending: bool) -> Ordering {
        let order = self.compare_by(other, column);
        let order = if descending { order.reverse() } else { order };
        order.then_with(|| self.name_key.cmp(&other.name_key))
    }

    fn compare_by(&self, other: &Self, column: Column) -> Ordering {
        match column {
            Column::Name => self.name_key.cmp(&other.name_key),
            Column::State => state_rank(self.state).cmp(&state_rank(other.state)),
            Column::Os => self.os.cmp(&other.os),
            Column::Cpu => {
                let cpu = |f: &Self| f.stats.cpu_percent.filter(|_| f.state.is_active()).unwrap_or(-1.0);
                cpu(self).total_cmp(&cpu(other))
            }
            Column::Memory => {
                let memory = |f: &Self| (f.state.is_active().then(|| f.memory_used()), f.max_memory_kib);
                memory(self).cmp(&memory(other))
            }
            Column::Disk => disk_rate(&self.stats).cmp(&disk_rate(&other.stats)),
            Column::Network => network_rate(&self.stats).cmp(&network_rate(&other.stats)),
            Column::Addresses => self.addresses.cmp(&other.addresses),
            Column::Autostart => other.autostart.cmp(&self.autostart),
            Column::Snapshots => self.snapshots.cmp(&other.snapshots),
        }
    }
}

/// Bytes read and written per second, where the driver tells.
pub fn disk_rate(stats: &DomainStats) -> Option<u64> {
    sum(stats.disk_read, stats.disk_write)
}

/// Bytes received and sent per second, where the driver tells.
pub fn network_rate(stats: &DomainStats) -> Option<u64> {
    sum(stats.net_rx, stats.net_tx)
}

/// What wants attention first, then what runs.
fn state_rank(state: State) -> u8 {
    match state {
        State::Crashed => 0,
        State::Running | State::Blocked => 1,
        State::ShuttingDown => 2,
        State::Paused => 3,
        State::Suspended => 4,
        State::Off => 5,
        State::Unknown => 6,
    }
}

fn sum(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (None, None) => None,
        (a, b) => Some(a.unwrap_or(0).saturating_add(b.unwrap_or(0))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machines::testing::machine;

    fn facts(name: &str, state: State, cpu: Option<f32>) -> Facts {
        let mut machine = machine(1, name, state);
        machine.stats.cpu_percent = cpu;
        Facts::new(&machine)
    }

    #[test]
    fn names_sort_as_people_count() {
        let (two, ten) = (facts("vm-2", State::Off, None), facts("VM-10", State::Off, None));
        assert_eq!(two.compare(&ten, Column::Name, false), Ordering::Less);
        assert_eq!(two.compare(&ten, Column::Name, true), Ordering::Greater);
    }

    #[test]
    fn numbers_sort_by_their_size_wherever_they_stand() {
        let sorted = ["db", "VM-1-b", "vm-01-c", "vm-2", "vm-10", "vm-x", "vmware"];
        for pair in sorted.windows(2) {
            assert!(NameKey::new(pair[0]) < NameKey::new(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn equal_figures_go_by_name_in_both_directions() {
        let (a, b) = (facts("a", State::Running, Some(5.0)), facts("b", State::Running, Some(5.0)));
        assert_eq!(a.compare(&b, Column::Cpu, false), Ordering::Less);
        assert_eq!(a.compare(&b, Column::Cpu, true), Ordering::Less);
    }

    #[test]
    fn what_is_off_has_less_cpu_than_an_idle_machine() {
        let (off, idle) = (facts("z", State::Off, Some(50.0)), facts("a", State::Running, Some(0.0)));
        assert_eq!(off.compare(&idle, Column::Cpu, false), Ordering::Less);
    }

    #[test]
    fn a_crash_comes_before_all_else() {
        let (crashed, running) = (facts("z", State::Crashed, None), facts("a", State::Running, None));
        assert_eq!(crashed.compare(&running, Column::State, false), Ordering::Less);
    }

    #[test]
    fn rates_add_up_and_stay_unknown_where_nothing_is_told() {
        let mut stats = DomainStats::default();
        assert_eq!(disk_rate(&stats), None);
        stats.disk_read = Some(u64::MAX);
        stats.disk_write = Some(5);
        assert_eq!(disk_rate(&stats), Some(u64::MAX));
        stats.net_tx = Some(7);
        assert_eq!(network_rate(&stats), Some(7));
    }
}
