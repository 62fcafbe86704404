//! What a row of the list shows: plain texts and figures out of the inventory, compared before anything is drawn.
use std::time::SystemTime;

use drover::domain::{DomainKey, DomainStats};
use drover::host::{HostId, LinkState};
use drover::inventory::{HISTORY, HostEntry, Inventory, Machine, SAMPLES};

use super::columns::Column;
use super::facts::{self, Facts};
use super::model::Model;
use super::rows::RowId;
use super::{format, host_text, state_icon};
use crate::hosts::link;
use crate::i18n::{gettext, gettext_f};

/// A row as it is to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    pub kind: Kind,
    /// One for each of the columns asked for.
    pub cells: Vec<Cell>,
    /// What a screen reader says.
    pub spoken: String,
}

/// What kind of row it is, with what only that kind has.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Machine { icon: &'static str, dim: bool },
    Host(HostLine),
}

/// The line of a host, which goes across the columns.
#[derive(Clone, Debug, PartialEq)]
pub struct HostLine {
    pub name: String,
    pub address: String,
    pub status: String,
    pub folded: bool,
    /// The link is down: the status says why, and takes a line of its own.
    pub down: bool,
    /// Whether another try could help.
    pub retry: bool,
    /// What it says to machines that are dragged, in place of the rest.
    pub sign: Option<String>,
}

/// One cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    pub text: String,
    /// Said less loudly behind the text: a machine's title.
    pub aside: Option<String>,
    pub dim: bool,
    /// The last samples of the figure.
    pub curve: Option<Curve>,
}

/// A figure's last samples, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    pub samples: Vec<f32>,
    /// How many there will be.
    pub slots: usize,
    /// The value of the upper edge.
    pub top: f32,
}

impl Content {
    /// Shows that it is cut: pale, and a screen reader says it.
    fn say_cut(&mut self) {
        if let Kind::Machine { dim, .. } = &mut self.kind {
            *dim = true;
        }
        self.cells.iter_mut().for_each(|cell| cell.dim = true);
        self.spoken = gettext_f("{machine}, cut", &[("machine", &self.spoken)]);
    }
}

impl Cell {
    fn text(text: String, dim: bool) -> Self {
        Self { text, dim, ..Self::default() }
    }
}

/// What this row shows in these columns; `None` for one that is no longer there.
pub fn content(model: &Model, inventory: &Inventory, row: &RowId, columns: &[Column]) -> Option<Content> {
    match row {
        RowId::Host(id) => Some(host(inventory.host(id)?, model, columns)),
        RowId::Machine(key) => {
            let entry = inventory.host(&key.host)?;
            let mut content = machine(model.facts(key)?, entry, key, columns);
            if model.is_cut(key) {
                content.say_cut();
            }
            Some(content)
        }
    }
}

/// How many lines of text the row of this host takes.
pub fn host_is_down(inventory: &Inventory, id: &HostId) -> bool {
    inventory.host(id).is_some_and(|host| is_down(&host.link))
}

fn is_down(link: &LinkState) -> bool {
    matches!(link, LinkState::Lost { .. } | LinkState::Failed { .. } | LinkState::Closed)
}

fn host(entry: &HostEntry, model: &Model, columns: &[Column]) -> Content {
    let up = entry.link == LinkState::Up;
    let cpu = entry.load.cpu_percent.filter(|_| up);
    let cells = columns.iter().map(|column| match column {
        Column::Cpu => percentage(cpu, entry.cpu_history.iter().copied()),
        Column::Memory => {
            let told = up && entry.load.memory_used_kib.is_some();
            let top = entry.info.as_ref().map(|info| info.memory_kib as f32).filter(|_| told);
            let samples = entry.memory_history().iter().collect();
            let curve = top.map(|top| Curve { samples, slots: SAMPLES, top });
            Cell { curve, ..Cell::text(host_text::memory(entry), false) }
        }
        _ => Cell::default(),
    });
    let cells: Vec<Cell> = cells.collect();
    let down = is_down(&entry.link);
    let line = HostLine {
        name: entry.name(),
        address: host_text::address(entry),
        status: host_text::status(entry, SystemTime::now()),
        folded: model.is_folded(&entry.id),
        down,
        retry: down && link::can_retry(&entry.link),
        sign: model.sign(&entry.id).map(|sign| sign.text.clone()),
    };
    let first = [Some(&line.name), line.sign.as_ref(), Some(&line.address), Some(&line.status)];
    let spoken = spoken(first.into_iter().flatten().chain(cells.iter().map(|c| &c.text)));
    Content { kind: Kind::Host(line), cells, spoken }
}

fn machine(facts: &Facts, entry: &HostEntry, key: &DomainKey, columns: &[Column]) -> Content {
    let stale = entry.link != LinkState::Up;
    let dim = stale || !facts.state.is_active();
    let machine = entry.machines.get(&key.domain);
    let cells: Vec<Cell> = columns.iter().map(|column| cell(*column, facts, machine, stale, dim)).collect();
    let title = facts.title.iter();
    let spoken = spoken(cells.iter().map(|c| &c.text).chain(title));
    Content { kind: Kind::Machine { icon: state_icon(facts.state, facts.saved), dim }, cells, spoken }
}

fn cell(column: Column, facts: &Facts, machine: Option<&Machine>, stale: bool, dim: bool) -> Cell {
    match column {
        Column::Name => Cell { aside: facts.title.clone(), ..Cell::text(facts.name.clone(), stale) },
        Column::Cpu => {
            let cpu = machine.and_then(|m| m.stats.cpu_percent).filter(|_| live(facts, stale));
            percentage(cpu, machine.into_iter().flat_map(|m| m.cpu_history.iter().copied()))
        }
        _ => {
            let text = text_of(column, facts, machine.map(|m| &m.stats), stale);
            let curve =
                machine.filter(|_| live(facts, stale) && !text.is_empty()).and_then(|m| curve(column, facts, m));
            Cell { curve, ..Cell::text(text, dim) }
        }
    }
}

fn percentage(percent: Option<f32>, samples: impl Iterator<Item = f32>) -> Cell {
    let Some(percent) = percent else { return Cell::default() };
    let curve = Curve { samples: samples.collect(), slots: HISTORY, top: 100.0 };
    Cell { text: format::percent(percent), curve: Some(curve), ..Cell::default() }
}

/// Memory against what the machine may have; rates against their own highest.
fn curve(column: Column, facts: &Facts, machine: &Machine) -> Option<Curve> {
    let (history, top) = match column {
        Column::Memory => (machine.memory_history(), facts.max_memory_kib as f32),
        Column::Disk => (machine.disk_history(), machine.disk_history().top()),
        Column::Network => (machine.network_history(), machine.network_history().top()),
        _ => return None,
    };
    Some(Curve { samples: history.iter().collect(), slots: SAMPLES, top })
}

/// Figures are told of what runs on a host that answers.
fn live(facts: &Facts, stale: bool) -> bool {
    !stale && facts.state.is_active()
}

fn text_of(column: Column, facts: &Facts, stats: Option<&DomainStats>, stale: bool) -> String {
    let rate = |of: fn(&DomainStats) -> Option<u64>| {
        stats.and_then(of).filter(|_| live(facts, stale)).map(format::rate).unwrap_or_default()
    };
    match column {
        Column::State => format::state_word(facts.state, facts.saved, stale && facts.state.is_active()),
        Column::Os => facts.os.clone(),
        Column::Memory if facts.state.is_active() => {
            let used = stats.and_then(|stats| stats.memory_used_kib).unwrap_or(facts.memory_kib);
            format::memory_of(used, facts.max_memory_kib)
        }
        Column::Memory => format::memory(facts.max_memory_kib),
        Column::Disk => rate(facts::disk_rate),
        Column::Network => rate(facts::network_rate),
        Column::Addresses => facts.addresses.clone(),
        Column::Autostart if facts.autostart => gettext("Yes"),
        Column::Snapshots => facts.snapshots.filter(|n| *n > 0).map(|n| n.to_string()).unwrap_or_default(),
        Column::Name | Column::Cpu | Column::Autostart => String::new(),
    }
}

fn spoken<'a>(parts: impl Iterator<Item = &'a String>) -> String {
    let parts: Vec<&str> = parts.map(String::as_str).filter(|part| !part.is_empty()).collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use drover::domain::{DomainStats, State};
    use drover::host::{HostLoad, Update};

    use super::*;
    use crate::machines::columns::Order;
    use crate::machines::testing::{id, inventory, key};

    const COLUMNS: [Column; 3] = [Column::Name, Column::State, Column::Cpu];

    fn shown(inventory: &Rc<RefCell<Inventory>>, row: &RowId) -> Content {
        let model = Model::new(inventory.clone(), Order::default());
        content(&model, &inventory.borrow(), row, &COLUMNS).unwrap()
    }

    #[test]
    fn rows_show_what_the_host_said_last() {
        let host = HostId::new("test:///default");
        let inventory = Rc::new(RefCell::new(inventory(&host, &[("a", State::Running)])));
        let tell = |update| drop(inventory.borrow_mut().apply(update));
        tell(Update::Link { host: host.clone(), link: LinkState::Up });
        let figures = vec![(id(1), DomainStats { cpu_percent: Some(42.0), ..DomainStats::default() })];
        tell(Update::Stats { host: host.clone(), load: HostLoad::default(), stats: figures });
        let row = RowId::Machine(key(&host, 1));
        let texts = |content: &Content| content.cells.iter().map(|c| c.text.clone()).collect::<Vec<_>>();
        let live = shown(&inventory, &row);
        assert_eq!(texts(&live), ["a", "Running", "42 %"]);
        assert_eq!(
            (live.cells[2].curve.as_ref().unwrap().samples.as_slice(), live.spoken.as_str()),
            ([42.0].as_slice(), "a, Running, 42 %")
        );
        let now = SystemTime::now();
        tell(Update::Link { host: host.clone(), link: LinkState::Closed });
        let stale = shown(&inventory, &row);
        assert_eq!(texts(&stale), ["a", "Running?", ""]);
        assert!(stale.cells[2].curve.is_none() && matches!(stale.kind, Kind::Machine { dim: true, .. }));
        let Kind::Host(line) = shown(&inventory, &RowId::Host(host.clone())).kind else { panic!("no host") };
        assert!(line.down && line.retry && !line.status.is_empty() && !line.folded, "{line:?} at {now:?}");
        assert!(host_is_down(&inventory.borrow(), &host));
    }

    #[test]
    fn what_is_gone_shows_nothing() {
        let host = HostId::new("test:///default");
        let inventory = Rc::new(RefCell::new(inventory(&host, &[])));
        let model = Model::new(inventory.clone(), Order::default());
        assert_eq!(content(&model, &inventory.borrow(), &RowId::Machine(key(&host, 1)), &COLUMNS), None);
    }
}
