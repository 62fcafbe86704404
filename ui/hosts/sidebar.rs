//! The sidebar: which machines are shown, and the hosts with their state and load.
mod dnd;
mod row;

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use drover::host::{HostId, LinkState};
use drover::inventory::{Change, Inventory};
use gtk::glib;
use gtk::prelude::*;
use relm4::prelude::*;

use super::{Shown, link};
use crate::i18n::gettext;
use crate::migrate::drag::Act;
use crate::migrate::sign::Signs;
use crate::widgets::drag_scroll;
use crate::widgets::icon_button::icon_button;
use row::HostRow;

/// The sidebar component.
pub struct Sidebar {
    inventory: Rc<RefCell<Inventory>>,
    all: gtk::ListBoxRow,
    running: gtk::ListBoxRow,
    all_count: gtk::Label,
    running_count: gtk::Label,
    list: gtk::ListBox,
    rows: Rc<RefCell<Vec<HostRow>>>,
    /// Hosts whose machines changed since the last count.
    dirty: HashSet<HostId>,
    count_planned: bool,
    /// What was chosen last.
    now: Shown,
}

/// What the sidebar is told.
#[derive(Debug)]
pub enum SidebarMsg {
    /// The inventory changed like this.
    Changes(Rc<Vec<Change>>),
    /// Hosts were added or removed: make the rows anew.
    Hosts,
    /// Count the machines of the hosts that changed.
    Count,
    /// A second went by.
    Tick,
    Selected(Option<i32>),
    Activated(i32),
    /// What hosts say to machines that are dragged.
    Signs(Arc<Signs>),
}

/// What a person did in the sidebar.
#[derive(Debug)]
pub enum SidebarOut {
    Show(Shown),
    AddHost,
    Act(HostId, HostAct),
    /// Machines are dragged over the hosts.
    Drag(Act),
    /// Move the cut machines here.
    Paste(HostId),
    /// They are no longer cut.
    Uncut,
}

/// What can be done with a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostAct {
    /// Open its page.
    Page,
    /// New machine there.
    NewMachine,
    /// Start a machine there from a file.
    Restore,
    /// Move its machines to other hosts.
    Evacuate,
    /// Bring those back that were moved away so.
    BringBack,
    /// Connect, or try again now.
    Connect,
    Disconnect,
    /// Forget it.
    Remove,
}

/// Rows above the hosts: all, running, heading.
const FIXED: usize = 3;

impl Component for Sidebar {
    type Init = Rc<RefCell<Inventory>>;
    type Input = SidebarMsg;
    type Output = SidebarOut;
    type CommandOutput = ();
    type Root = gtk::ScrolledWindow;
    type Widgets = ();

    fn init_root() -> Self::Root {
        gtk::ScrolledWindow::builder()
            .hscrollbar_policy(gtk::PolicyType::Never)
            .width_request(240)
            .vexpand(true)
            .css_classes(["background"])
            .build()
    }

    fn init(inventory: Self::Init, root: Self::Root, sender: ComponentSender<Self>) -> ComponentParts<Self> {
        let list = gtk::ListBox::builder().css_classes(["navigation-sidebar"]).build();
        let (all, all_count) = filter_row(&gettext("All machines"));
        let (running, running_count) = filter_row(&gettext("Running"));
        list.append(&all);
        list.append(&running);
        list.append(&heading_row(&sender));
        list.select_row(Some(&all));
        let input = sender.input_sender().clone();
        list.connect_row_selected(move |_, row| input.emit(SidebarMsg::Selected(row.map(gtk::ListBoxRow::index))));
        let input = sender.input_sender().clone();
        list.connect_row_activated(move |_, row| input.emit(SidebarMsg::Activated(row.index())));
        let input = sender.input_sender().clone();
        glib::timeout_add_seconds_local(1, move || {
            if input.send(SidebarMsg::Tick).is_ok() { glib::ControlFlow::Continue } else { glib::ControlFlow::Break }
        });
        root.set_child(Some(&list));
        drag_scroll::follow(&root);
        let mut model = Self {
            inventory,
            all,
            running,
            all_count,
            running_count,
            list,
            rows: Rc::default(),
            dirty: HashSet::new(),
            count_planned: false,
            now: Shown::All,
        };
        model.rebuild(&sender);
        dnd::connect(&model.list, &model.rows, &root.vadjustment(), sender.output_sender());
        ComponentParts { model, widgets: () }
    }

    fn update(&mut self, msg: Self::Input, sender: ComponentSender<Self>, _: &Self::Root) {
        match msg {
            SidebarMsg::Hosts => self.rebuild(&sender),
            SidebarMsg::Changes(changes) => self.take(&changes, &sender),
            SidebarMsg::Count => self.count(),
            SidebarMsg::Signs(signs) => {
                let inventory = self.inventory.borrow();
                for row in self.rows.borrow_mut().iter_mut() {
                    row.set_below_drag(signs.over.as_ref() == Some(&row.id));
                    let changed = signs.changed.iter().find(|(id, _)| *id == row.id);
                    if let (Some((_, sign)), Some(host)) = (changed, inventory.host(&row.id)) {
                        row.set_sign(sign.clone());
                        row.show_link(host, SystemTime::now());
                    }
                }
            }
            SidebarMsg::Tick => {
                let now = SystemTime::now();
                let inventory = self.inventory.borrow();
                for row in self.rows.borrow().iter() {
                    if let Some(host) = inventory.host(&row.id).filter(|h| link::counts_down(&h.link)) {
                        row.show_link(host, now);
                    }
                }
            }
            SidebarMsg::Selected(index) => {
                // Rows that are made anew are selected anew: that is nobody's choice.
                if let Some(shown) = index.and_then(|i| self.shown(i)).filter(|shown| *shown != self.now) {
                    self.now = shown.clone();
                    let _ = sender.output(SidebarOut::Show(shown));
                }
            }
            SidebarMsg::Activated(index) => {
                let Some(shown) = self.shown(index) else { return };
                self.now = shown.clone();
                let _ = sender.output(SidebarOut::Show(shown.clone()));
                // A host that is down has something to say: its page says it.
                if let Shown::Host(id) = shown
                    && self.inventory.borrow().host(&id).is_some_and(|h| h.link != LinkState::Up)
                {
                    let _ = sender.output(SidebarOut::Act(id, HostAct::Page));
                }
            }
        }
    }
}

impl Sidebar {
    fn shown(&self, index: i32) -> Option<Shown> {
        match usize::try_from(index).ok()? {
            0 => Some(Shown::All),
            1 => Some(Shown::Running),
            n => self.rows.borrow().get(n.checked_sub(FIXED)?).map(|row| Shown::Host(row.id.clone())),
        }
    }

    fn rebuild(&mut self, sender: &ComponentSender<Self>) {
        let selected = self.list.selected_row().and_then(|row| self.shown(row.index()));
        for row in self.rows.take() {
            self.list.remove(&row.root);
        }
        let inventory = self.inventory.borrow();
        let now = SystemTime::now();
        for host in inventory.hosts() {
            let row = HostRow::new(host.id.clone(), sender.output_sender());
            row.show(&inventory, host, now);
            self.list.append(&row.root);
            if selected == Some(Shown::Host(host.id.clone())) {
                self.list.select_row(Some(&row.root));
            }
            self.rows.borrow_mut().push(row);
        }
        drop(inventory);
        if matches!(&selected, Some(Shown::Host(id)) if !self.rows.borrow().iter().any(|r| &r.id == id)) {
            self.list.select_row(Some(&self.all));
        } else if selected == Some(Shown::Running) {
            self.list.select_row(Some(&self.running));
        }
        self.count();
    }

    fn take(&mut self, changes: &[Change], sender: &ComponentSender<Self>) {
        let now = SystemTime::now();
        {
            let (inventory, rows) = (self.inventory.borrow(), self.rows.borrow());
            for change in changes {
                match change {
                    Change::Host(id) | Change::Figures(id) => {
                        if let (Some(host), Some(row)) = (inventory.host(id), rows.iter().find(|r| &r.id == id)) {
                            row.show(&inventory, host, now);
                        }
                    }
                    Change::Reset(id) => {
                        self.dirty.insert(id.clone());
                    }
                    Change::Machines(keys) => self.dirty.extend(keys.iter().map(|k| k.host.clone())),
                    Change::Gone(key) => {
                        self.dirty.insert(key.host.clone());
                    }
                }
            }
        }
        // A fleet that starts up changes many times a second: count it four times a second at most.
        if !self.dirty.is_empty() && !self.count_planned {
            self.count_planned = true;
            let input = sender.input_sender().clone();
            glib::timeout_add_local_once(Duration::from_millis(250), move || input.emit(SidebarMsg::Count));
        }
    }

    fn count(&mut self) {
        self.count_planned = false;
        let now = SystemTime::now();
        let (inventory, rows) = (self.inventory.borrow(), self.rows.borrow());
        for id in self.dirty.drain() {
            if let (Some(host), Some(row)) = (inventory.host(&id), rows.iter().find(|r| r.id == id)) {
                row.show(&inventory, host, now);
            }
        }
        self.all_count.set_label(&inventory.total().to_string());
        self.running_count.set_label(&inventory.running().to_string());
    }
}

fn filter_row(label: &str) -> (gtk::ListBoxRow, gtk::Label) {
    let line = gtk::Box::new(gtk::Orientation::Horizontal, 6);
    line.append(&gtk::Label::builder().label(label).xalign(0.0).hexpand(true).build());
    let count = gtk::Label::builder().css_classes(["dim-label", "numeric"]).build();
    line.append(&count);
    (gtk::ListBoxRow::builder().child(&line).build(), count)
}

fn heading_row(sender: &ComponentSender<Sidebar>) -> gtk::ListBoxRow {
    let line = gtk::Box::new(gtk::Orientation::Horizontal, 6);
    let title = gettext("Hosts");
    line.append(
        &gtk::Label::builder().label(title).xalign(0.0).hexpand(true).css_classes(["heading", "dim-label"]).build(),
    );
    let add = icon_button("list-add-symbolic", &gettext("Add a host"));
    add.add_css_class("flat");
    let output = sender.output_sender().clone();
    add.connect_clicked(move |_| output.emit(SidebarOut::AddHost));
    line.append(&add);
    gtk::ListBoxRow::builder().child(&line).selectable(false).activatable(false).focusable(false).build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use drover::host::Update;
    use drover::migrate::board::Takes;

    use crate::migrate::sign::Sign;

    fn pump() {
        for _ in 0..50 {
            glib::MainContext::default().iteration(false);
        }
    }

    #[gtk::test]
    fn a_new_host_changes_no_choice_and_a_removed_one_gives_it_back() {
        let inventory = Rc::new(RefCell::new(Inventory::default()));
        let (a, b) = (HostId::new("test:///a.xml"), HostId::new("test:///b.xml"));
        inventory.borrow_mut().add_host(a.clone());
        let told: Rc<RefCell<Vec<Shown>>> = Rc::default();
        let sink = told.clone();
        let sidebar = Sidebar::builder().launch(inventory.clone()).connect_receiver(move |_, out| {
            if let SidebarOut::Show(shown) = out {
                sink.borrow_mut().push(shown);
            }
        });
        let taken = || {
            pump();
            told.take()
        };
        let select = |index| {
            let list = sidebar.state().get().model.list.clone();
            list.select_row(list.row_at_index(index).as_ref());
        };
        select(3);
        assert_eq!(taken(), [Shown::Host(a.clone())]);
        inventory.borrow_mut().add_host(b);
        sidebar.emit(SidebarMsg::Hosts);
        assert_eq!(taken(), []);
        inventory.borrow_mut().remove_host(&a);
        sidebar.emit(SidebarMsg::Hosts);
        assert_eq!(taken(), [Shown::All]);
    }

    #[gtk::test]
    fn a_row_says_its_state_in_words() {
        let inventory = Rc::new(RefCell::new(Inventory::default()));
        let host = HostId::new("test:///north.xml");
        inventory.borrow_mut().add_host(host.clone());
        let sidebar = Sidebar::builder().launch(inventory.clone()).detach();
        let changes = inventory.borrow_mut().apply(Update::Link { host, link: LinkState::Up });
        sidebar.emit(SidebarMsg::Changes(Rc::new(changes)));
        pump();
        let tip = sidebar.state().get().model.rows.borrow()[0].root.tooltip_text().unwrap();
        assert!(tip.contains("Connected"), "{tip}");
    }

    #[gtk::test]
    fn a_sign_stands_in_place_of_the_count_and_goes_with_the_drag() {
        let inventory = Rc::new(RefCell::new(Inventory::default()));
        let host = HostId::new("test:///north.xml");
        inventory.borrow_mut().add_host(host.clone());
        inventory.borrow_mut().apply(Update::Link { host: host.clone(), link: LinkState::Up });
        let sidebar = Sidebar::builder().launch(inventory.clone()).detach();
        let state = || sidebar.state().get().model.rows.borrow()[0].state_text();
        let before = state();
        let sign = Sign { takes: Takes::None, text: "✖ can take none".into() };
        let signs = |sign, over| Arc::new(Signs { changed: vec![(host.clone(), sign)], over });
        sidebar.emit(SidebarMsg::Signs(signs(Some(sign.clone()), Some(host.clone()))));
        pump();
        assert_eq!(state(), sign.text);
        assert!(sidebar.state().get().model.rows.borrow()[0].root.has_css_class("below-drag"));
        sidebar.emit(SidebarMsg::Signs(signs(None, None)));
        pump();
        assert_eq!(state(), before);
        assert!(!sidebar.state().get().model.rows.borrow()[0].root.has_css_class("below-drag"));
    }
}
