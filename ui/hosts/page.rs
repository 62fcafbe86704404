//! A host's page: what it is, how loaded it is, and how its link stands.
use std::cell::RefCell;
use std::rc::Rc;
use std::time::SystemTime;

use adw::prelude::*;
use drover::host::{HostId, HostInfo, LinkState};
use drover::inventory::{Change, HISTORY, HostEntry, Inventory};
use gtk::glib;
use relm4::prelude::*;

use super::link;
use super::sidebar::HostAct;
use crate::i18n::{gettext, gettext_f, ngettext_f};
use crate::widgets::sparkline::Sparkline;
use crate::widgets::value_row::value_row;

/// The page component.
pub struct HostPage {
    inventory: Rc<RefCell<Inventory>>,
    id: HostId,
    link: adw::ActionRow,
    try_now: gtk::Button,
    overview: adw::PreferencesGroup,
    rows: Rows,
    history: Sparkline,
}

/// The values of the overview.
struct Rows {
    hypervisor: gtk::Label,
    libvirt: gtk::Label,
    cpu: gtk::Label,
    topology: gtk::Label,
    memory: gtk::Label,
    load: gtk::Label,
    machines: gtk::Label,
    machines_row: adw::ActionRow,
}

/// What the page is told.
#[derive(Debug)]
pub enum HostPageMsg {
    Changes(Rc<Vec<Change>>),
    /// A second went by.
    Tick,
}

/// What a person did there.
#[derive(Debug)]
pub enum HostPageOut {
    Act(HostId, HostAct),
    /// Show this host's machines in the list.
    Machines(HostId),
}

impl Component for HostPage {
    type Init = (Rc<RefCell<Inventory>>, HostId);
    type Input = HostPageMsg;
    type Output = HostPageOut;
    type CommandOutput = ();
    type Root = adw::PreferencesPage;
    type Widgets = ();

    fn init_root() -> Self::Root {
        adw::PreferencesPage::new()
    }

    fn init((inventory, id): Self::Init, root: Self::Root, sender: ComponentSender<Self>) -> ComponentParts<Self> {
        let connection = adw::PreferencesGroup::builder().title(gettext("Connection")).build();
        let link = adw::ActionRow::builder().title_selectable(true).build();
        let try_now = gtk::Button::builder().label(gettext("Try now")).valign(gtk::Align::Center).build();
        let (output, host) = (sender.output_sender().clone(), id.clone());
        try_now.connect_clicked(move |_| output.emit(HostPageOut::Act(host.clone(), HostAct::Connect)));
        link.add_suffix(&try_now);
        let uri = adw::ActionRow::builder().title(gettext("URI")).subtitle_lines(3).build();
        uri.set_subtitle(&glib::markup_escape_text(id.as_str()));
        connection.add(&link);
        connection.add(&uri);
        let overview = adw::PreferencesGroup::builder().title(gettext("Overview")).build();
        let history = Sparkline::default();
        let rows = Rows::new(&overview, &history);
        let (output, host) = (sender.output_sender().clone(), id.clone());
        rows.machines_row.connect_activated(move |_| output.emit(HostPageOut::Machines(host.clone())));
        root.add(&connection);
        root.add(&overview);
        let input = sender.input_sender().clone();
        glib::timeout_add_seconds_local(1, move || {
            if input.send(HostPageMsg::Tick).is_ok() { glib::ControlFlow::Continue } else { glib::ControlFlow::Break }
        });
        let model = Self { inventory, id, link, try_now, overview, rows, history };
        model.show();
        ComponentParts { model, widgets: () }
    }

    fn update(&mut self, msg: HostPageMsg, _: ComponentSender<Self>, _: &Self::Root) {
        match msg {
            HostPageMsg::Changes(changes) => {
                let ours = |change: &Change| match change {
                    Change::Host(id) | Change::Figures(id) | Change::Reset(id) => *id == self.id,
                    Change::Machines(keys) => keys.iter().any(|key| key.host == self.id),
                    Change::Gone(key) => key.host == self.id,
                };
                if changes.iter().any(ours) {
                    self.show();
                }
            }
            HostPageMsg::Tick => {
                let inventory = self.inventory.borrow();
                if let Some(host) = inventory.host(&self.id).filter(|h| link::counts_down(&h.link)) {
                    self.show_link(&host.link);
                }
            }
        }
    }
}

impl HostPage {
    fn show(&self) {
        let inventory = self.inventory.borrow();
        let Some(host) = inventory.host(&self.id) else { return };
        self.show_link(&host.link);
        self.overview.set_visible(host.info.is_some());
        if let Some(info) = &host.info {
            self.rows.show(host, info);
        }
        self.history.set(host.cpu_history.iter().copied(), HISTORY, 100.0);
    }

    fn show_link(&self, state: &LinkState) {
        let title = format!("{} {}", link::mark(state).shape, link::sentence(state, SystemTime::now()));
        self.link.set_title(&glib::markup_escape_text(&title));
        let advice = link::advice(state).unwrap_or_default();
        self.link.set_subtitle(&glib::markup_escape_text(&advice));
        self.link.set_subtitle_lines(8);
        self.try_now.set_visible(link::can_retry(state));
    }
}

impl Rows {
    fn new(group: &adw::PreferencesGroup, history: &Sparkline) -> Self {
        let load_row = row(gettext("Processor load"));
        load_row.add_suffix(history);
        let machines_row = row(gettext("Machines"));
        machines_row.set_activatable(true);
        let add = |name: String| {
            let value = value();
            value.set_hexpand(true);
            group.add(&value_row(&name, &value));
            value
        };
        let add_to = |row: &adw::ActionRow| {
            let value = value();
            row.add_suffix(&value);
            group.add(row);
            value
        };
        let rows = Self {
            hypervisor: add(gettext("Hypervisor")),
            libvirt: add(gettext("libvirt")),
            cpu: add(gettext("Processor")),
            topology: add(gettext("Topology")),
            memory: add(gettext("Memory")),
            load: add_to(&load_row),
            machines: add_to(&machines_row),
            machines_row,
        };
        rows.machines_row.add_suffix(&gtk::Image::from_icon_name("go-next-symbolic"));
        rows
    }

    fn show(&self, host: &HostEntry, info: &HostInfo) {
        set(&self.hypervisor, &link::hypervisor(info));
        set(&self.libvirt, &link::version(info.libvirt_version));
        let mhz = if info.mhz > 0 { format!(" · {} MHz", info.mhz) } else { String::new() };
        set(&self.cpu, &format!("{} · {}{mhz}", info.cpu_model, info.arch));
        set(&self.topology, &topology(info));
        let gib = |kib: u64| {
            #[allow(clippy::cast_precision_loss)]
            let gib = kib as f64 / (1024.0 * 1024.0);
            format!("{gib:.1}")
        };
        set(
            &self.memory,
            &match host.load.memory_used_kib {
                Some(used) => {
                    gettext_f("{used} of {all} GiB used", &[("used", &gib(used)), ("all", &gib(info.memory_kib))])
                }
                None => gettext_f("{all} GiB", &[("all", &gib(info.memory_kib))]),
            },
        );
        let load = host.load.cpu_percent.filter(|_| host.link == LinkState::Up);
        set(&self.load, &load.map_or_else(|| gettext("not told by this host"), |percent| format!("{percent:.0} %")));
        let values = [("running", &*host.running().to_string()), ("all", &*host.total().to_string())];
        set(&self.machines, &gettext_f("{running} of {all} running", &values));
    }
}

/// "16 CPUs: 2 sockets × 4 cores × 2 threads".
fn topology(info: &HostInfo) -> String {
    let cpus = ngettext_f("{n} CPU", "{n} CPUs", u64::from(info.cpus), &[]);
    let of = |n: u32| n.to_string();
    gettext_f(
        "{cpus}: {sockets} sockets × {cores} cores × {threads} threads",
        &[("cpus", &cpus), ("sockets", &of(info.sockets)), ("cores", &of(info.cores)), ("threads", &of(info.threads))],
    )
}

fn row(title: String) -> adw::ActionRow {
    adw::ActionRow::builder().title(title).build()
}

/// The value at the right of a row.
fn value() -> gtk::Label {
    gtk::Label::builder()
        .selectable(true)
        .wrap(true)
        .wrap_mode(gtk::pango::WrapMode::WordChar)
        .natural_wrap_mode(gtk::NaturalWrapMode::None)
        .xalign(1.0)
        .halign(gtk::Align::End)
        .css_classes(["dim-label", "numeric"])
        .build()
}

/// Sets a label, unless that would only lose a selection in it.
fn set(label: &gtk::Label, text: &str) {
    if label.label() != text {
        label.set_label(text);
    }
}
