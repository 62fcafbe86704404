//! The machine list: search field, column view over all hosts, and the bar of what can be done to the selection.
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use drover::domain::DomainKey;
use drover::host::HostId;
use drover::inventory::{Change, Inventory};
use gtk::prelude::*;
use gtk::{gdk, glib};
use relm4::prelude::*;

use super::bar::SelectionBar;
use super::cells::Cells;
use super::keys;
use super::menu::ContextMenu;
use super::model::{Effect, Model, Order};
use super::perform::{Perform, Request};
use super::row::Item;
use super::view::{Layout, View, column_menu};
use crate::actions::{Actions, Command, Subject, shortcuts};
use crate::hosts::{Shown, link};
use crate::i18n::{gettext, gettext_f};
use crate::widgets::icon_button::{icon_menu_button, named};

/// Sorting by a figure and searching again after changes happen at most this often.
const SETTLE: Duration = Duration::from_millis(1000);
/// A dragged column edge is remembered when it has rested for this long.
const LAYOUT_RESTS: Duration = Duration::from_millis(500);

/// What the list starts with.
pub struct MachineListInit {
    pub inventory: Rc<RefCell<Inventory>>,
    pub layout: Layout,
    pub perform: Perform,
}

/// The list as a component.
pub struct MachineList {
    inventory: Rc<RefCell<Inventory>>,
    perform: Perform,
    model: Model,
    cells: Cells,
    view: View,
    bar: SelectionBar,
    actions: Actions,
    menu: ContextMenu,
    /// What waits for the next [`MachineListMsg::Settle`].
    waiting: Effect,
    settling: bool,
    layout_planned: bool,
    counting_down: bool,
    selected: Vec<DomainKey>,
}

/// What happens to the list.
#[derive(Debug)]
pub enum MachineListMsg {
    /// The inventory has changed.
    Changes(Rc<Vec<Change>>),
    /// Hosts were added or removed.
    Hosts,
    /// What the sidebar chose.
    Show(Shown),
    /// The text of the search field.
    Search(String),
    ClearSearch,
    FocusSearch,
    FocusRows,
    /// A row was opened, by its position.
    Activate(u32),
    SelectionChanged,
    Sort(Order),
    LayoutTouched,
    LayoutRests,
    Settle,
    Second,
    Retry(HostId),
    Command(Command),
    /// The context menu for the row at this place of the view, which is selected unless it is already.
    MenuAt(f64, f64),
    MenuAtFocus,
    /// Unfold the host of the selected row, or fold it.
    Unfold(bool),
}

/// What the list asks of the app.
#[derive(Debug)]
pub enum MachineListOutput {
    Open(DomainKey),
    OpenHost(HostId),
    Retry(HostId),
    /// Columns, widths or order are others: remember them.
    Layout(Layout),
    /// Do this; questions were asked and answered.
    Request(Request),
}

#[relm4::component(pub)]
impl Component for MachineList {
    type Init = MachineListInit;
    type Input = MachineListMsg;
    type Output = MachineListOutput;
    type CommandOutput = ();

    view! {
        gtk::Box {
            set_orientation: gtk::Orientation::Vertical,

            gtk::Box {
                set_spacing: 6,
                set_margin_all: 6,

                #[local_ref]
                search -> gtk::SearchEntry {
                    set_hexpand: true,
                    set_placeholder_text: Some(&gettext("Search — name, address, state:running, cpu>80…")),
                    connect_changed[sender] => move |entry| sender.input(MachineListMsg::Search(entry.text().into())),
                    connect_stop_search => MachineListMsg::ClearSearch,
                    connect_activate => MachineListMsg::FocusRows,
                },
                #[name = "counts"]
                gtk::Label { add_css_class: "dim-label", add_css_class: "numeric" },
                #[local_ref]
                column_button -> gtk::MenuButton { set_menu_model: Some(&column_menu()) },
            },
            gtk::Separator {},
            #[name = "stack"]
            gtk::Stack {
                set_vexpand: true,
                add_named[Some("rows")] = &gtk::ScrolledWindow {
                    #[local_ref]
                    rows -> gtk::ColumnView {},
                },
                add_named[Some("none")] = &adw::StatusPage {
                    set_icon_name: Some("system-search-symbolic"),
                    set_title: &gettext("No Machine Found"),
                    set_description: Some(&gettext("No machine of any host fits this search.")),
                    gtk::Button {
                        set_label: &gettext("Clear Search"),
                        set_halign: gtk::Align::Center,
                        add_css_class: "pill",
                        connect_clicked => MachineListMsg::ClearSearch,
                    },
                },
            },
            #[name = "revealer"]
            gtk::Revealer {
                set_transition_type: gtk::RevealerTransitionType::SlideUp,
                gtk::Box {
                    set_orientation: gtk::Orientation::Vertical,
                    gtk::Separator {},
                    // In a narrow window the bar scrolls, instead of keeping the window wide.
                    gtk::ScrolledWindow {
                        set_vscrollbar_policy: gtk::PolicyType::Never,
                        #[local_ref]
                        bar_box -> adw::Squeezer {},
                    },
                },
            },
        }
    }

    fn init(init: Self::Init, root: Self::Root, sender: ComponentSender<Self>) -> ComponentParts<Self> {
        let model = Model::new(init.inventory.clone(), init.layout.order);
        let input = sender.input_sender().clone();
        let cells = Cells::new(init.inventory.clone(), Rc::new(move |host| input.emit(MachineListMsg::Retry(host))));
        let input = sender.input_sender().clone();
        let view =
            View::new(model.selection(), &cells, &init.layout, move || input.emit(MachineListMsg::LayoutTouched));
        let input = sender.input_sender().clone();
        let actions = Actions::new(move |command| input.emit(MachineListMsg::Command(command)));
        let bar = SelectionBar::new();
        let menu = ContextMenu::new(&root);
        let (rows, bar_box) = (view.widget.clone(), bar.widget.clone());
        let column_button = icon_menu_button("view-more-symbolic", &gettext("Choose columns"));
        let search: gtk::SearchEntry = named("GtkSearchEntry", &gettext("Search machines")).unwrap_or_default();
        let widgets = view_output!();

        let mut list = Self {
            inventory: init.inventory,
            perform: init.perform,
            model,
            cells,
            view,
            bar,
            actions,
            menu,
            waiting: Effect::default(),
            settling: false,
            layout_planned: false,
            counting_down: false,
            selected: Vec::new(),
        };
        list.connect(&root, &widgets, &sender);
        list.selection_changed();
        list.count_down(&sender);
        list.show(&widgets);
        ComponentParts { model: list, widgets }
    }

    fn update_with_view(
        &mut self,
        widgets: &mut Self::Widgets,
        msg: Self::Input,
        sender: ComponentSender<Self>,
        root: &Self::Root,
    ) {
        match msg {
            MachineListMsg::Changes(changes) => self.changes(&changes, &sender),
            MachineListMsg::Hosts => {
                self.model.sync_hosts();
                self.selection_changed();
                self.count_down(&sender);
            }
            MachineListMsg::Show(shown) => self.model.choose(shown),
            MachineListMsg::Search(text) => self.model.search(&text),
            MachineListMsg::ClearSearch => {
                widgets.search.set_text("");
                self.view.widget.grab_focus();
            }
            MachineListMsg::FocusSearch => {
                widgets.search.grab_focus();
            }
            MachineListMsg::FocusRows => {
                self.view.widget.grab_focus();
            }
            MachineListMsg::Activate(position) => self.activate(position, &sender),
            MachineListMsg::SelectionChanged => self.selection_changed(),
            MachineListMsg::Sort(order) => {
                self.model.sort_by(order);
                let _ = sender.output(MachineListOutput::Layout(self.view.layout(order)));
            }
            MachineListMsg::LayoutTouched => {
                if !std::mem::replace(&mut self.layout_planned, true) {
                    later(&sender, LAYOUT_RESTS, MachineListMsg::LayoutRests);
                }
            }
            MachineListMsg::LayoutRests => {
                self.layout_planned = false;
                let _ = sender.output(MachineListOutput::Layout(self.view.layout(self.model.order())));
            }
            MachineListMsg::Settle => self.settle(&sender),
            MachineListMsg::Second => {
                self.counting_down = false;
                self.cells.refresh(false);
                self.count_down(&sender);
            }
            MachineListMsg::Retry(host) => {
                let _ = sender.output(MachineListOutput::Retry(host));
            }
            MachineListMsg::Command(command) => self.command(command, root, &sender),
            MachineListMsg::MenuAt(x, y) => self.menu_at(x, y),
            MachineListMsg::Unfold(unfold) => self.model.unfold_selected(unfold),
            MachineListMsg::MenuAtFocus if self.selected.is_empty() => {}
            MachineListMsg::MenuAtFocus => self.menu.open_at_focus(&self.actions),
        }
        self.show(widgets);
    }
}

impl MachineList {
    fn connect(&self, root: &gtk::Box, widgets: &MachineListWidgets, sender: &ComponentSender<Self>) {
        let input = || sender.input_sender().clone();
        let view = &self.view.widget;
        self.actions.install(root);
        root.insert_action_group("columns", Some(&self.view.actions));
        let to = input();
        self.view.connect_order(move |order| to.emit(MachineListMsg::Sort(order)));
        let to = input();
        view.connect_activate(move |_, position| to.emit(MachineListMsg::Activate(position)));
        let to = input();
        self.model.selection().connect_selection_changed(move |_, _, _| to.emit(MachineListMsg::SelectionChanged));
        widgets.search.set_key_capture_widget(Some(view));

        view.add_controller(keys::of_rows(sender.input_sender()));
        let commands: Vec<Command> = Command::ALL.into_iter().filter(|c| *c != Command::Open).collect();
        view.add_controller(shortcuts(&commands));
        root.add_controller(keys::of_list(sender.input_sender()));

        let click = gtk::GestureClick::builder().button(gdk::BUTTON_SECONDARY).build();
        let to = input();
        click.connect_pressed(move |_, _, x, y| to.emit(MachineListMsg::MenuAt(x, y)));
        view.add_controller(click);
        for button in self.bar.menus() {
            self.actions.explain_on_open(button);
        }
    }

    fn changes(&mut self, changes: &[Change], sender: &ComponentSender<Self>) {
        self.waiting = self.waiting.and(self.model.apply(changes));
        if !self.settling {
            self.settle(sender);
        }
        let figures_only = changes.iter().all(|c| matches!(c, Change::Figures(_)));
        self.cells.refresh(figures_only);
        if !figures_only {
            self.selection_changed();
            self.count_down(sender);
        }
    }

    /// The first change shows at once, those that follow it within [`SETTLE`] together.
    fn settle(&mut self, sender: &ComponentSender<Self>) {
        let effect = std::mem::take(&mut self.waiting);
        self.settling = effect != Effect::default();
        if effect.filter {
            self.model.filter_again();
        }
        if effect.sort {
            self.model.sort_again();
        }
        if self.settling {
            later(sender, SETTLE, MachineListMsg::Settle);
        }
    }

    fn show(&self, widgets: &MachineListWidgets) {
        let (found, all) = self.model.counts();
        let (n, m) = (found.to_string(), all.to_string());
        widgets.counts.set_text(&gettext_f("{n} of {m}", &[("n", &n), ("m", &m)]));
        let none = found == 0 && !self.model.text().is_empty();
        widgets.stack.set_visible_child_name(if none { "none" } else { "rows" });
        widgets.revealer.set_reveal_child(!self.selected.is_empty());
    }

    fn selection_changed(&mut self) {
        self.selected = self.model.selected();
        let inventory = self.inventory.borrow();
        let subjects: Vec<Subject<'_>> = self.selected.iter().filter_map(|key| Subject::of(&inventory, key)).collect();
        self.actions.update(&subjects);
        self.bar.update(subjects.len(), &self.actions);
    }

    fn activate(&self, position: u32, sender: &ComponentSender<Self>) {
        let output = match self.model.item(position) {
            Some(Item::Machine(row)) => row.key().map(MachineListOutput::Open),
            Some(Item::Host(row)) => row.id().map(MachineListOutput::OpenHost),
            None => None,
        };
        if let Some(output) = output {
            let _ = sender.output(output);
        }
    }

    fn command(&self, command: Command, root: &gtk::Box, sender: &ComponentSender<Self>) {
        if command == Command::Open {
            if let Some(key) = self.selected.first() {
                let _ = sender.output(MachineListOutput::Open(key.clone()));
            }
            return;
        }
        let output = sender.output_sender().clone();
        self.perform.start(command, &self.selected, root, move |request| {
            let _ = output.send(MachineListOutput::Request(request));
        });
    }

    fn menu_at(&mut self, x: f64, y: f64) {
        let view = self.view.widget.clone();
        let Some(position) = view.pick(x, y, gtk::PickFlags::DEFAULT).and_then(|w| self.cells.position_at(&w)) else {
            return;
        };
        if !matches!(self.model.item(position), Some(Item::Machine(_))) {
            return;
        }
        if !self.model.selection().is_selected(position) {
            self.model.selection().select_item(position, true);
        }
        self.selection_changed();
        self.menu.open_at(&view, x, y, &self.actions);
    }

    /// Looks at hosts again each second as long as one of them counts down.
    fn count_down(&mut self, sender: &ComponentSender<Self>) {
        let any = self.inventory.borrow().hosts().iter().any(|h| link::counts_down(&h.link));
        if any && !std::mem::replace(&mut self.counting_down, true) {
            later(sender, Duration::from_secs(1), MachineListMsg::Second);
        }
    }
}

fn later(sender: &ComponentSender<MachineList>, after: Duration, msg: MachineListMsg) {
    let input = sender.input_sender().clone();
    glib::timeout_add_local_once(after, move || {
        let _ = input.send(msg);
    });
}
