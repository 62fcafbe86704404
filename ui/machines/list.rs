//! The machine list: search field, table of all hosts' machines, and the bar of what can be done to the selection.
mod carry;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use drover::domain::DomainKey;
use drover::inventory::{Change, Inventory};
use gtk::prelude::*;
use gtk::{gdk, glib};
use relm4::prelude::*;

use super::bar::SelectionBar;
use super::choose::{column_actions, column_menu};
use super::columns::Layout;
use super::keys;
use super::menu::ContextMenu;
use super::messages::{MachineListMsg, MachineListOutput};
use super::model::{Effect, Model};
use super::perform::Perform;
use super::rows::RowId;
use super::selection::Select;
use super::table::{Event, Table};
use crate::actions::{Actions, Command, Subject, shortcuts};
use crate::hosts::link;
use crate::i18n::{gettext, gettext_f};
use crate::widgets::drag_scroll;
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
    model: Rc<RefCell<Model>>,
    table: Table,
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
                #[name = "scrolled"]
                add_named[Some("rows")] = &gtk::ScrolledWindow {
                    #[local_ref]
                    table -> Table {},
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
        let model = Rc::new(RefCell::new(Model::new(init.inventory.clone(), init.layout.order)));
        let input = sender.input_sender().clone();
        let table = Table::new(model.clone(), init.inventory.clone(), &init.layout, move |event| {
            input.emit(MachineListMsg::Table(event));
        });
        let input = sender.input_sender().clone();
        let actions = Actions::new(move |command| input.emit(MachineListMsg::Command(command)));
        let bar = SelectionBar::new();
        let menu = ContextMenu::new(&root);
        let bar_box = bar.widget.clone();
        let column_button = icon_menu_button("view-more-symbolic", &gettext("Choose columns"));
        let search: gtk::SearchEntry = named("GtkSearchEntry", &gettext("Search machines")).unwrap_or_default();
        let widgets = view_output!();

        let mut list = Self {
            inventory: init.inventory,
            perform: init.perform,
            model,
            table: table.clone(),
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
                self.model.borrow_mut().sync_hosts();
                self.table.rows_changed();
                self.selection_changed();
                self.count_down(&sender);
            }
            MachineListMsg::Show(shown) => {
                self.model.borrow_mut().choose(shown);
                self.other_rows();
            }
            MachineListMsg::Search(text) => {
                self.model.borrow_mut().search(&text);
                self.table.scroll_to_top();
                self.other_rows();
            }
            MachineListMsg::ClearSearch => {
                widgets.search.set_text("");
                self.table.grab_focus();
            }
            MachineListMsg::FocusSearch => {
                widgets.search.grab_focus();
            }
            MachineListMsg::FocusRows => {
                self.table.grab_focus();
            }
            MachineListMsg::Table(event) => self.table_event(event, &sender),
            MachineListMsg::LayoutRests => {
                self.layout_planned = false;
                let _ = sender.output(MachineListOutput::Layout(self.table.layout()));
            }
            MachineListMsg::Settle => self.settle(&sender),
            MachineListMsg::Second => {
                self.counting_down = false;
                self.table.refresh();
                self.count_down(&sender);
            }
            MachineListMsg::Command(command) => self.command(command, root, &sender),
            MachineListMsg::MenuAt(x, y) => self.menu_at(x, y),
            MachineListMsg::Unfold(unfold) => {
                self.model.borrow_mut().fold_at_cursor(!unfold);
                self.other_rows();
                self.table.selection_changed();
            }
            MachineListMsg::MenuAtFocus if self.selected.is_empty() => {}
            MachineListMsg::MenuAtFocus => self.menu.open_at_focus(&self.actions),
            MachineListMsg::Carry(what) => self.carry(what, &sender),
        }
        self.show(widgets);
    }
}

impl MachineList {
    fn connect(&self, root: &gtk::Box, widgets: &MachineListWidgets, sender: &ComponentSender<Self>) {
        let input = || sender.input_sender().clone();
        let view = &self.table;
        self.actions.install(root);
        drag_scroll::follow(&widgets.scrolled);
        root.insert_action_group("columns", Some(&column_actions(view)));
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
        self.waiting = self.waiting.and(self.model.borrow_mut().apply(changes));
        let figures_only = changes.iter().all(|c| matches!(c, Change::Figures(_)));
        if !self.settling {
            self.settle(sender);
        }
        if !figures_only {
            self.table.rows_changed();
            self.selection_changed();
            self.count_down(sender);
        }
        self.table.refresh();
    }

    /// The first change shows at once, those that follow it within [`SETTLE`] together.
    fn settle(&mut self, sender: &ComponentSender<Self>) {
        let effect = std::mem::take(&mut self.waiting);
        self.settling = effect != Effect::default();
        if effect.filter {
            self.model.borrow_mut().filter_again();
        }
        if effect.sort {
            self.model.borrow_mut().sort_again();
        }
        if self.settling {
            self.other_rows();
            later(sender, SETTLE, MachineListMsg::Settle);
        }
    }

    /// The model has other rows.
    fn other_rows(&mut self) {
        self.table.rows_changed();
        if self.model.borrow().selected() != self.selected {
            self.selection_changed();
        }
    }

    fn show(&self, widgets: &MachineListWidgets) {
        let model = self.model.borrow();
        let (found, all) = model.counts();
        let (n, m) = (found.to_string(), all.to_string());
        widgets.counts.set_text(&gettext_f("{n} of {m}", &[("n", &n), ("m", &m)]));
        let none = found == 0 && !model.text().is_empty();
        widgets.stack.set_visible_child_name(if none { "none" } else { "rows" });
        widgets.revealer.set_reveal_child(!self.selected.is_empty());
    }

    fn selection_changed(&mut self) {
        self.selected = self.model.borrow().selected();
        let inventory = self.inventory.borrow();
        let subjects: Vec<Subject<'_>> = self.selected.iter().filter_map(|key| Subject::of(&inventory, key)).collect();
        self.actions.update(&subjects);
        self.bar.update(subjects.len(), &self.actions);
    }

    fn table_event(&mut self, event: Event, sender: &ComponentSender<Self>) {
        let output = match event {
            Event::Select(what) => return self.select(what),
            Event::Fold(id) => {
                let folded = self.model.borrow().is_folded(&id);
                self.model.borrow_mut().fold(&id, !folded);
                self.other_rows();
                return self.table.refresh();
            }
            Event::Sort(order) => {
                self.model.borrow_mut().sort_by(order);
                self.table.order_changed();
                MachineListOutput::Layout(self.table.layout())
            }
            Event::Layout => {
                if !std::mem::replace(&mut self.layout_planned, true) {
                    later(sender, LAYOUT_RESTS, MachineListMsg::LayoutRests);
                }
                return;
            }
            Event::Activate(RowId::Machine(key)) => MachineListOutput::Open(key),
            Event::Activate(RowId::Host(id)) => MachineListOutput::OpenHost(id),
            Event::Retry(id) => MachineListOutput::Retry(id),
            Event::Drag(act) => MachineListOutput::Drag(act),
            Event::Unfold(id) => {
                self.model.borrow_mut().fold(&id, false);
                self.other_rows();
                return self.table.refresh();
            }
        };
        let _ = sender.output(output);
    }

    fn select(&mut self, what: Select) {
        let changed = self.model.borrow_mut().select(what);
        self.table.selection_changed();
        if changed {
            self.selection_changed();
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
        let Some(row @ RowId::Machine(_)) = self.table.row_at(y) else { return };
        if !self.model.borrow().selection().has(&row) {
            self.select(Select::Only(row));
        }
        self.table.grab_focus();
        self.menu.open_at(&self.table, x, y, &self.actions);
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
