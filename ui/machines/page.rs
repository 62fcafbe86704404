//! A machine's page: its name and state, what can be done to it, and its Console and Overview. While it is being
//! installed, the page shows how far that is.
mod buttons;
mod install;

use std::cell::RefCell;
use std::rc::Rc;

use adw::prelude::*;
use drover::domain::DomainKey;
use drover::host::{Host, LinkState};
use drover::inventory::{Change, Inventory};
use drover::task::Step;
use relm4::prelude::*;

use super::format;
use super::overview::Overview;
use super::perform::{Perform, Request};
use super::state_icon;
use crate::actions::{Actions, Command, Subject, shortcuts};
use crate::activity::Task;
use crate::app::PageTab;
use crate::console::view as console;
use crate::i18n::gettext;
use crate::migrate::drag::{self, Act, Picked};
use buttons::Buttons;
use install::Install;
pub use install::{InstallAct, InstallMsg};

/// The names of the stack's pages.
const CONSOLE: &str = "console";
const OVERVIEW: &str = "overview";

/// Which machine's page.
pub struct MachinePageInit {
    pub inventory: Rc<RefCell<Inventory>>,
    pub host: Host,
    pub key: DomainKey,
    pub name: String,
    pub perform: Perform,
    pub tab: PageTab,
    /// The task that installs it, and its steps, while it isn't there yet.
    pub install: Option<(Task, Vec<Step>)>,
}

/// The page as a component.
pub struct MachinePage {
    inventory: Rc<RefCell<Inventory>>,
    host: Host,
    key: DomainKey,
    name: String,
    perform: Perform,
    actions: Actions,
    buttons: Buttons,
    stack: adw::ViewStack,
    overview: Overview,
    /// Made when it is first looked at.
    console: Option<Controller<console::ConsoleView>>,
    console_place: adw::Bin,
    /// While the machine is not there yet, or did not come to be.
    install: Option<Install>,
    /// The installer was started: what is missing now is only the host's word of it.
    started: bool,
    strip_place: adw::Bin,
    /// How to get the keyboard back, while the guest has it.
    hint: String,
    visible: bool,
}

/// What happens to the page.
#[derive(Debug)]
pub enum MachinePageMsg {
    /// The inventory has changed.
    Changes(Rc<Vec<Change>>),
    /// Its tab came to the front, or went to the back.
    Visible(bool),
    /// Shows one of its parts.
    Show(PageTab),
    /// A person chose another part.
    Switched,
    Command(Command),
    Console(console::Output),
    Install(InstallMsg),
}

/// What the page asks of the app.
#[derive(Debug)]
pub enum MachinePageOutput {
    /// Do this; questions were asked and answered.
    Request(Request),
    /// The machine's name is another one: the tab's title.
    Title(DomainKey, String),
    /// It is dragged by its name.
    Drag(Act),
    /// The machine is no more.
    Gone(DomainKey),
    /// Its install failed, and this is wanted now.
    Install(DomainKey, InstallAct),
}

#[relm4::component(pub)]
impl Component for MachinePage {
    type Init = MachinePageInit;
    type Input = MachinePageMsg;
    type Output = MachinePageOutput;
    type CommandOutput = ();

    view! {
        gtk::Box {
            set_orientation: gtk::Orientation::Vertical,

            gtk::Box {
                set_spacing: 6,
                set_margin_all: 6,

                #[name = "icon"]
                gtk::Image { set_margin_start: 6 },
                #[name = "title"]
                gtk::Box {
                    set_orientation: gtk::Orientation::Vertical,
                    set_valign: gtk::Align::Center,
                    set_hexpand: true,
                    set_width_request: 130,
                    #[name = "name"]
                    gtk::Label {
                        add_css_class: "heading",
                        set_xalign: 0.0,
                        set_ellipsize: gtk::pango::EllipsizeMode::End,
                    },
                    #[name = "line"]
                    gtk::Label {
                        add_css_class: "caption",
                        add_css_class: "dim-label",
                        set_xalign: 0.0,
                        set_ellipsize: gtk::pango::EllipsizeMode::End,
                    },
                },
                // Without room for the switcher's words here, it is at the page's end.
                #[name = "place"]
                adw::Squeezer {
                    set_homogeneous: false,
                    add = &adw::ViewSwitcher { set_stack: Some(&stack), set_policy: adw::ViewSwitcherPolicy::Wide },
                    add = &adw::Bin {},
                },
                #[local_ref]
                button_box -> gtk::Box {
                    set_hexpand: true,
                    set_halign: gtk::Align::End,
                },
            },
            gtk::Separator {},
            #[local_ref]
            strip_place -> adw::Bin {},
            #[local_ref]
            stack -> adw::ViewStack { set_vexpand: true },
            #[name = "switcher_bar"]
            adw::ViewSwitcherBar { set_stack: Some(&stack) },
        }
    }

    fn init(init: Self::Init, root: Self::Root, sender: ComponentSender<Self>) -> ComponentParts<Self> {
        let input = sender.input_sender().clone();
        let actions = Actions::new(move |command| input.emit(MachinePageMsg::Command(command)));
        actions.install(&root);
        // Buttons that move to another window with their page are greyed until the actions are made known anew.
        let again = actions.clone();
        root.connect_root_notify(move |root| again.install(root));
        let keyed: Vec<Command> =
            Command::ALL.into_iter().filter(|c| !matches!(c, Command::Open | Command::Delete)).collect();
        root.add_controller(shortcuts(&keyed));
        let (stack, overview) = (adw::ViewStack::new(), Overview::new());
        let (console_place, strip_place) = (adw::Bin::new(), adw::Bin::new());
        let page = stack.add_titled(&console_place, Some(CONSOLE), &gettext("Console"));
        page.set_icon_name(Some("video-display-symbolic"));
        let page = stack.add_titled(&overview.widget, Some(OVERVIEW), &gettext("Overview"));
        page.set_icon_name(Some("dialog-information-symbolic"));
        let buttons = Buttons::new(&actions);
        let button_box = buttons.widget.clone();
        let mut model = Self {
            inventory: init.inventory,
            host: init.host,
            key: init.key,
            name: init.name,
            perform: init.perform,
            actions,
            buttons,
            stack: stack.clone(),
            overview,
            console: None,
            console_place,
            install: None,
            started: false,
            strip_place: strip_place.clone(),
            hint: String::new(),
            visible: true,
        };
        let strip_place = &strip_place;
        let widgets = view_output!();
        widgets
            .place
            .bind_property("visible-child", &widgets.switcher_bar, "reveal")
            .transform_to(|_, child: Option<gtk::Widget>| Some(child.is_some_and(|child| child.is::<adw::Bin>())))
            .sync_create()
            .build();
        for part in [widgets.icon.upcast_ref::<gtk::Widget>(), widgets.title.upcast_ref()] {
            model.let_drag(part, &sender);
        }
        if let Some((task, steps)) = init.install {
            model.begin_install(task, steps, sender.input_sender());
        }
        model.show_machine(&widgets, &sender);
        model.show_tab(init.tab);
        model.follow(&sender);
        let input = sender.input_sender().clone();
        stack.connect_visible_child_notify(move |_| {
            let _ = input.send(MachinePageMsg::Switched);
        });
        ComponentParts { model, widgets }
    }

    fn update_with_view(
        &mut self,
        widgets: &mut Self::Widgets,
        msg: Self::Input,
        sender: ComponentSender<Self>,
        root: &Self::Root,
    ) {
        match msg {
            MachinePageMsg::Changes(changes) => {
                if changes.iter().any(|change| concerns(change, &self.key)) {
                    self.show_machine(widgets, &sender);
                }
            }
            MachinePageMsg::Visible(visible) => {
                self.visible = visible;
                self.follow(&sender);
            }
            MachinePageMsg::Show(tab) => self.show_tab(tab),
            MachinePageMsg::Switched => self.follow(&sender),
            MachinePageMsg::Command(command) => self.command(command, root, &sender),
            MachinePageMsg::Console(console::Output::Start) => self.command(Command::Start, root, &sender),
            MachinePageMsg::Console(console::Output::Title(hint)) => {
                self.hint = hint;
                self.show_machine(widgets, &sender);
            }
            MachinePageMsg::Install(msg) => self.hear_install(msg, widgets, &sender),
        }
    }
}

impl MachinePage {
    /// Brings everything up to what the host said last.
    fn show_machine(&mut self, widgets: &MachinePageWidgets, sender: &ComponentSender<Self>) {
        let inventory = self.inventory.clone();
        let inventory = inventory.borrow();
        let found = inventory.host(&self.key.host).and_then(|h| Some((h, h.machines.get(&self.key.domain)?)));
        let Some((host, machine)) = found else {
            match self.install {
                Some(_) => self.show_absent(widgets, &inventory),
                None => drop(sender.output(MachinePageOutput::Gone(self.key.clone()))),
            }
            return;
        };
        let info = &machine.info;
        let stale = host.link != LinkState::Up;
        if self.started && self.install.take().is_some() {
            self.strip_place.set_child(gtk::Widget::NONE);
            self.follow(sender);
        }
        widgets.name.set_label(&info.name);
        if self.name != info.name {
            self.name.clone_from(&info.name);
            let _ = sender.output(MachinePageOutput::Title(self.key.clone(), info.name.clone()));
        }
        let state = format::state_word(info.state, info.has_managed_save, stale && info.state.is_active());
        let address = info.details.as_deref().and_then(|d| d.addresses.first().cloned());
        let parts = [Some(state), Some(inventory.label(&self.key.host)), address];
        let line = parts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
        widgets.line.set_label(if self.hint.is_empty() { &line } else { &self.hint });
        widgets.line.set_tooltip_text(Some(&line));
        widgets.icon.set_icon_name(Some(state_icon(info.state, info.has_managed_save)));
        self.actions.update(&[Subject { info, up: !stale }]);
        self.buttons.update(&self.actions);
        self.show_parts(true);
        self.overview.show(host, machine);
        if let Some(console) = &self.console {
            console.emit(console::Input::DomainState(info.state));
        }
    }

    /// Its icon and name can be dragged onto a host.
    fn let_drag(&self, part: &gtk::Widget, sender: &ComponentSender<Self>) {
        let (inventory, key, output) = (self.inventory.clone(), self.key.clone(), sender.output_sender().clone());
        let name = move |key: &DomainKey| Some(inventory.borrow().machine(key)?.info.name.clone());
        let pick = move |_, _| Some(Picked { name: name(&key)?, machines: vec![key.clone()] });
        drag::source(part, pick, move |act| drop(output.send(MachinePageOutput::Drag(act))));
    }

    fn show_tab(&self, tab: PageTab) {
        let running = self.inventory.borrow().machine(&self.key).is_some_and(|m| m.info.state.is_active());
        let name = match tab {
            PageTab::Console => CONSOLE,
            PageTab::Best if running => CONSOLE,
            PageTab::Best => OVERVIEW,
        };
        self.stack.set_visible_child_name(name);
    }

    /// The console begins when it is first looked at, and rests while nobody does.
    fn follow(&mut self, sender: &ComponentSender<Self>) {
        let seen = self.visible && self.stack.visible_child_name().as_deref() == Some(CONSOLE);
        if seen && self.console.is_none() && self.install.is_none() {
            let init = console::Init { host: self.host.clone(), key: self.key.clone(), name: self.name.clone() };
            let console =
                console::ConsoleView::builder().launch(init).forward(sender.input_sender(), MachinePageMsg::Console);
            self.console_place.set_child(Some(console.widget()));
            self.console = Some(console);
        }
        if let Some(console) = &self.console {
            console.emit(console::Input::Visible(seen));
        }
    }

    fn command(&self, command: Command, root: &gtk::Box, sender: &ComponentSender<Self>) {
        let output = sender.output_sender().clone();
        self.perform.start(command, std::slice::from_ref(&self.key), root, move |request| {
            let _ = output.send(MachinePageOutput::Request(request));
        });
    }
}

/// Whether a change can be seen on this machine's page.
fn concerns(change: &Change, key: &DomainKey) -> bool {
    match change {
        Change::Host(host) | Change::Reset(host) | Change::Figures(host) => *host == key.host,
        Change::Machines(keys) => keys.contains(key),
        Change::Gone(gone) => gone == key,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use drover::domain::State;
    use drover::host::{HostId, HostOptions, Update};

    use super::*;
    use crate::machines::testing::{info, inventory, key};

    fn pump() {
        for _ in 0..50 {
            gtk::glib::MainContext::default().iteration(false);
        }
    }

    #[gtk::test]
    fn a_machine_that_is_off_opens_on_its_overview_and_can_be_started() {
        let _ = adw::init();
        let id = HostId::new("test:///default");
        let off = inventory(&id, &[("web", State::Off)]);
        let inventory = Rc::new(RefCell::new(off));
        inventory.borrow_mut().apply(Update::Link { host: id.clone(), link: LinkState::Up });
        let init = MachinePageInit {
            inventory: inventory.clone(),
            host: Host::open(id.as_str(), HostOptions::default(), |_| {}),
            key: key(&id, 1),
            name: "web".into(),
            perform: Perform::new(inventory.clone(), BTreeSet::new()),
            tab: PageTab::Best,
            install: None,
        };
        let page = MachinePage::builder().launch(init).detach();
        let visible = |command: Command| {
            let page = page.model();
            page.buttons.all.iter().any(|(c, button)| *c == command && button.is_visible())
        };
        assert_eq!(page.model().stack.visible_child_name().as_deref(), Some(OVERVIEW));
        assert!(page.model().console.is_none(), "nothing is fetched for a console that nobody looks at");
        assert!(visible(Command::Start));
        let running = Update::Changed { host: id, domains: vec![info(1, "www", State::Running)] };
        let changes = inventory.borrow_mut().apply(running);
        page.emit(MachinePageMsg::Changes(Rc::new(changes)));
        while page.model().name != "www" {
            gtk::glib::MainContext::default().iteration(true);
        }
        assert!(!visible(Command::Start) && visible(Command::Pause));
        let windows = [gtk::Window::new(), gtk::Window::new()];
        for window in &windows {
            windows.iter().for_each(|other| other.set_child(gtk::Widget::NONE));
            window.set_child(Some(page.widget()));
            pump();
            let works = page.model().buttons.all.iter().any(|(c, b)| *c == Command::Pause && b.is_sensitive());
            assert!(works, "its buttons work in each window that it is moved to");
        }
        windows.iter().for_each(gtk::Window::destroy);
    }
}
