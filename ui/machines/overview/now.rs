//! What a machine does now, with the last minute as a curve: processors, memory, disks and network.
use adw::prelude::*;
use drover::host::LinkState;
use drover::inventory::{HostEntry, Machine, SAMPLES};

use crate::i18n::{gettext, gettext_f};
use crate::machines::format;
use crate::widgets::sparkline::Sparkline;
use crate::widgets::value_row::value_row;

/// A rate below this, in bytes per second, doesn't fill the curve's height: an idle machine's noise is no mountain.
const QUIET: f32 = 20_000.0;

/// The group on screen.
pub struct Now {
    pub group: adw::PreferencesGroup,
    rows: [Row; 4],
}

struct Row {
    widget: adw::PreferencesRow,
    curve: Sparkline,
    value: gtk::Label,
}

impl Now {
    /// Nothing is known yet.
    pub fn new() -> Self {
        let group = adw::PreferencesGroup::builder().title(gettext("Now")).visible(false).build();
        let rows = [gettext("Processors"), gettext("Memory"), gettext("Disks"), gettext("Network")].map(|name| {
            let row = Row::new(&name);
            group.add(&row.widget);
            row
        });
        Self { group, rows }
    }

    /// Shows this machine's figures; none of one that is off or of a host that doesn't answer.
    pub fn show(&self, host: &HostEntry, machine: &Machine) {
        let live = host.link == LinkState::Up && machine.info.state.is_active();
        let (stats, max) = (&machine.stats, machine.info.max_memory_kib);
        let [cpu, memory, disk, network] = &self.rows;
        // The same minute as the others.
        let busy = machine.cpu_history.iter().skip(machine.cpu_history.len().saturating_sub(SAMPLES));
        cpu.show(stats.cpu_percent.map(format::percent), busy.copied(), SAMPLES, 100.0);
        let used = stats.memory_used_kib.map(|used| format::memory_of(used, max));
        memory.show(used, machine.memory_history().iter(), SAMPLES, max as f32);
        let history = machine.disk_history();
        disk.show(both(stats.disk_read, stats.disk_write), history.iter(), SAMPLES, history.top().max(QUIET));
        let history = machine.network_history();
        network.show(both(stats.net_rx, stats.net_tx), history.iter(), SAMPLES, history.top().max(QUIET));
        let told = self.rows.iter().any(|row| row.widget.get_visible());
        self.group.set_visible(live && told);
    }
}

impl Row {
    fn new(name: &str) -> Self {
        let curve = Sparkline::default();
        curve.set_hexpand(true);
        curve.set_size_request(-1, 28);
        let value = gtk::Label::builder().xalign(1.0).width_chars(21).css_classes(["dim-label", "numeric"]).build();
        let line = gtk::Box::builder().spacing(12).hexpand(true).margin_top(6).margin_bottom(6).build();
        line.append(&curve);
        line.append(&value);
        Self { widget: value_row(name, &line), curve, value }
    }

    fn show(&self, value: Option<String>, samples: impl Iterator<Item = f32>, slots: usize, top: f32) {
        self.widget.set_visible(value.is_some());
        self.value.set_label(&value.unwrap_or_default());
        self.curve.set(samples, slots, top);
    }
}

/// What comes in and what goes out: "↓ 1.2 MB/s  ↑ 3.0 kB/s".
fn both(into: Option<u64>, out: Option<u64>) -> Option<String> {
    let (into, out) = (into.or(out.map(|_| 0))?, out.unwrap_or(0));
    Some(gettext_f("↓ {into}  ↑ {out}", &[("into", &format::rate(into)), ("out", &format::rate(out))]))
}

#[cfg(test)]
mod tests {
    use drover::domain::{DomainStats, State};
    use drover::host::{HostId, HostLoad, Update};

    use super::*;
    use crate::machines::testing::{id, inventory, key};

    #[gtk::test]
    fn figures_show_while_the_machine_runs_and_its_host_answers() {
        let _ = adw::init();
        let host = HostId::new("test:///default");
        let mut inventory = inventory(&host, &[("web", State::Running)]);
        inventory.apply(Update::Link { host: host.clone(), link: LinkState::Up });
        let stats = DomainStats { cpu_percent: Some(12.0), disk_read: Some(1_200_000), ..DomainStats::default() };
        let load = HostLoad { cpu_percent: None, memory_used_kib: None };
        inventory.apply(Update::Stats { host: host.clone(), load, stats: vec![(id(1), stats)] });
        let now = Now::new();
        let show = |inventory: &drover::inventory::Inventory| {
            now.show(inventory.host(&host).expect("the host"), inventory.machine(&key(&host, 1)).expect("the machine"));
            now.group.get_visible()
        };
        assert!(show(&inventory));
        let [cpu, memory, disk, _] = &now.rows;
        assert_eq!(
            (cpu.value.label().as_str(), memory.widget.get_visible()),
            ("12 %", false),
            "what is not told is not shown"
        );
        assert_eq!(disk.value.label(), "↓ 1.2 MB/s  ↑ 0 B/s");
        inventory.apply(Update::Link { host: host.clone(), link: LinkState::Closed });
        assert!(!show(&inventory), "nobody knows what it does now");
    }
}
