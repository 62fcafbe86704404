//! The app component: the main window, and how its parts are plugged together.
mod drag;
mod first;
mod hosts;
mod machines;
mod migrate;
mod new_machine;
mod pages;
mod recover;
mod shortcuts;
mod tabs;
mod tasks;
mod updates;
mod window;

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;

use adw::prelude::*;
use drover::domain::DomainKey;
use drover::host::{Host, HostId};
use drover::inventory::Inventory;
use drover::migrate::journal::Record;
use relm4::prelude::*;

use crate::activity::{Outcome, Panel};
use crate::cli::Cli;
use crate::hosts::Shown;
use crate::hosts::add::AddHost;
use crate::hosts::login::{self, Login};
use crate::hosts::page::HostPage;
use crate::hosts::sidebar::{HostAct, Sidebar};
use crate::hosts::welcome::{Welcome, WelcomeOut};
use crate::i18n::{gettext, gettext_f};
use crate::install::{self, Draft, Wizard};
use crate::machines::{
    InstallAct, Layout, MachineList, MachineListInit, MachineListMsg, MachinePage, Perform, Request,
};
use crate::migrate::queue::QueueAct;
use crate::migrate::{Move, dialog};
use crate::settings::{Saves, Settings, Store};
use crate::widgets::icon_button::{icon_menu_button, icon_toggle};
use drag::{Carry, Dragging};
use migrate::Migrations;
use tabs::{PageKey, Tabs};
pub use tasks::{Done, Toast};
use updates::Feed;
pub use window::show_details;

/// What the app starts with.
pub struct Init {
    pub cli: Cli,
    pub settings: Settings,
    pub store: Store,
    /// Where a settings file that could not be read was put.
    pub broken: Option<PathBuf>,
}

/// The app's state.
pub struct App {
    inventory: Rc<RefCell<Inventory>>,
    hosts: HashMap<HostId, Host>,
    feed: Feed,
    settings: Settings,
    store: Store,
    saves: Saves,
    sidebar: Controller<Sidebar>,
    list: Controller<MachineList>,
    perform: Perform,
    machine_pages: HashMap<DomainKey, Controller<MachinePage>>,
    host_pages: HashMap<HostId, Controller<HostPage>>,
    /// Installs whose machines don't run yet.
    installs: HashMap<DomainKey, new_machine::Install>,
    migrations: Migrations,
    dragging: Dragging,
    activity: Controller<Panel>,
    /// Tasks begun so far.
    tasks: u64,
    tabs: Tabs,
    /// The tabs, or the welcome page.
    content: gtk::Stack,
    welcome: Option<Controller<Welcome>>,
    /// Hosts to open after the first frame.
    at_start: Vec<String>,
    /// Tasks that run now.
    running: usize,
    toasts: adw::ToastOverlay,
    /// A machine whose console is to be opened as soon as it is seen.
    wanted_console: Option<String>,
    title: String,
    subtitle: String,
    narrow: bool,
    flap: adw::Flap,
    input: relm4::Sender<AppMsg>,
    add_dialog: Option<Controller<AddHost>>,
    wizard: Option<Controller<Wizard>>,
    /// What was entered for a machine whose install failed: the next New-machine window opens with it.
    draft: Option<Draft>,
}

/// Everything that can happen.
#[derive(Debug)]
pub enum AppMsg {
    /// Updates of hosts wait in the feed.
    Updates,
    AddHost,
    /// A host asks who we are.
    Login(Login),
    /// Open this host and remember it.
    HostAdded(String),
    /// Open this host for now.
    OpenHost(String),
    Host(HostId, HostAct),
    Show(Shown),
    /// Open a machine's page, or bring it to the front.
    OpenMachine(DomainKey, PageTab),
    /// Open the console of a machine of this name as soon as it is seen.
    ShowConsole(String),
    NewMachine(Option<HostId>),
    /// The New-machine window says.
    Wizard(install::Output),
    /// An install has started its machine.
    InstallRuns(DomainKey),
    /// What is wanted after an install that failed.
    AfterInstall(DomainKey, InstallAct),
    /// Choose how these machines move, and perhaps where to.
    Migrate {
        machines: Vec<DomainKey>,
        to: Option<HostId>,
    },
    /// The Migrate dialog says.
    MigrateDialog(dialog::Out),
    /// The Evacuate dialog has closed, with what shall move.
    Evacuation(Vec<Move>),
    /// A migration was broken off.
    Broken(Record),
    /// What a person does to the queue of migrations.
    Queue(QueueAct),
    Toast(Toast),
    /// The settings changed: write them.
    Save,
    /// A person wants to close the window.
    Close,
    /// Close it, whatever runs.
    Quit,
    FirstFrame,
    Search,
    ToggleSidebar,
    CloseTab,
    DetachTab,
    About,
    Shortcuts,
    Welcome(WelcomeOut),
    /// The window is this wide now.
    Width(i32),
    TabSelected,
    /// The list's columns are others.
    Layout(Layout),
    /// Something to do to machines.
    Request(Request),
    /// Machines are dragged, or cut and pasted.
    Carry(Carry),
    /// Close this tab.
    ClosePage(PageKey),
    Title(PageKey, String),
    /// It was closed.
    Closed(PageKey),
}

/// A page of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageTab {
    Console,
    /// Console if it runs, else overview.
    Best,
}

/// The window folds its sidebar below this width, in logical pixels.
const NARROW: i32 = 700;

#[relm4::component(pub)]
impl Component for App {
    type Init = Init;
    type Input = AppMsg;
    type Output = ();
    type CommandOutput = Done;

    view! {
        #[root]
        window = adw::ApplicationWindow {
            set_title: Some("Drover"),
            set_default_size: (model.settings.window.width, model.settings.window.height),
            set_width_request: 360,
            set_height_request: 300,

            #[local_ref]
            toasts -> adw::ToastOverlay {
                #[wrap(Some)]
                #[local_ref]
                set_child = overlay -> gtk::Overlay {
                    #[wrap(Some)]
                    set_child = &gtk::Box {
                        set_orientation: gtk::Orientation::Vertical,
                        adw::HeaderBar {
                            #[watch]
                            set_decoration_layout: model.narrow.then_some(":close"),
                            pack_start: &show_sidebar,
                            #[local_ref]
                            pack_start = new_machine -> gtk::Button {
                                #[watch]
                                set_visible: !model.hosts.is_empty(),
                            },
                            #[wrap(Some)]
                            set_title_widget = &adw::WindowTitle {
                                #[watch]
                                set_title: &model.title,
                                #[watch]
                                set_subtitle: &model.subtitle,
                            },
                            pack_end: &menu,
                            pack_end: model.activity.widget(),
                        },
                        #[local_ref]
                        flap -> adw::Flap {
                            #[watch]
                            set_fold_policy: if model.narrow { adw::FlapFoldPolicy::Always } else { adw::FlapFoldPolicy::Auto },
                            set_flap: Some(model.sidebar.widget()),
                            set_separator: Some(&gtk::Separator::new(gtk::Orientation::Vertical)),
                            set_vexpand: true,
                            #[wrap(Some)]
                            #[local_ref]
                            set_content = content -> gtk::Stack {
                                set_hexpand: true,
                                add_named[Some("tabs")] = &gtk::Box {
                                    set_orientation: gtk::Orientation::Vertical,
                                    append: &model.tabs.bar,
                                    append: &model.tabs.view,
                                },
                            },
                        },
                    },
                },
            },
        }
    }

    fn init(init: Init, root: Self::Root, sender: ComponentSender<Self>) -> ComponentParts<Self> {
        let inventory = Rc::new(RefCell::new(Inventory::default()));
        let sidebar = Sidebar::builder().launch(inventory.clone()).forward(sender.input_sender(), hosts::from_sidebar);
        let perform = Perform::new(inventory.clone(), init.settings.confirm.silenced.clone());
        let list_init = MachineListInit {
            inventory: inventory.clone(),
            layout: machines::layout(&init.settings.list),
            perform: perform.clone(),
        };
        let list = MachineList::builder().launch(list_init).forward(sender.input_sender(), machines::from_list);
        let toasts = adw::ToastOverlay::new();
        let dragging = Dragging::new(&inventory, sender.input_sender());
        let narrow = !init.settings.window.maximized && init.settings.window.width < NARROW;
        let mut model = Self {
            inventory,
            hosts: HashMap::new(),
            feed: Feed::new(sender.input_sender()),
            settings: init.settings,
            store: init.store,
            saves: Saves::default(),
            sidebar,
            list,
            perform,
            machine_pages: HashMap::new(),
            host_pages: HashMap::new(),
            installs: HashMap::new(),
            migrations: Migrations::default(),
            dragging,
            activity: Panel::builder().launch(()).forward(sender.input_sender(), AppMsg::Queue),
            tasks: 0,
            tabs: Tabs::new(sender.input_sender()),
            toasts: toasts.clone(),
            content: gtk::Stack::new(),
            welcome: None,
            at_start: Vec::new(),
            running: 0,
            wanted_console: None,
            title: gettext("Machines"),
            subtitle: String::new(),
            narrow,
            flap: adw::Flap::new(),
            input: sender.input_sender().clone(),
            add_dialog: None,
            wizard: None,
            draft: None,
        };
        let show_sidebar = icon_toggle("sidebar-show-symbolic", &gettext("Sidebar"));
        let new_machine = &window::new_machine_button();
        let menu = icon_menu_button("open-menu-symbolic", &gettext("Main menu"));
        menu.set_menu_model(Some(&window::menu()));
        menu.set_primary(true);
        model.tabs.add(PageKey::Machines, model.list.widget(), &gettext("Machines"), "view-list-symbolic");
        let (content, flap, overlay) = (&model.content.clone(), &model.flap.clone(), &model.dragging.overlay.clone());
        let widgets = view_output!();
        flap.bind_property("reveal-flap", &show_sidebar, "active").sync_create().bidirectional().build();
        model.dragging.watch(&root, &show_sidebar, flap, sender.input_sender());
        window::set_up(&root, &model.settings.window, &sender);
        model.start(init.cli, init.broken, &sender);
        ComponentParts { model, widgets }
    }

    fn update(&mut self, msg: AppMsg, sender: ComponentSender<Self>, root: &Self::Root) {
        match msg {
            AppMsg::Updates => self.take_updates(&sender),
            AppMsg::OpenHost(uri) => self.open_host(&uri),
            AppMsg::HostAdded(uri) => self.add_host(&uri, &sender),
            AppMsg::Host(id, act) => self.act_on_host(id, act, root, &sender),
            AppMsg::ShowConsole(name) => {
                self.wanted_console = Some(name);
                self.show_wanted_console(&sender);
            }
            AppMsg::Toast(toast) => self.toast(toast, root),
            AppMsg::Save => self.save(root, &sender),
            AppMsg::Close if self.running > 0 => window::ask_to_quit(root, self.running, sender.input_sender()),
            AppMsg::Close | AppMsg::Quit => self.quit(root, &sender),
            AppMsg::Search => {
                self.tabs.select(&PageKey::Machines);
                self.list.emit(MachineListMsg::FocusSearch);
            }
            AppMsg::ToggleSidebar => self.flap.set_reveal_flap(!self.flap.reveals_flap()),
            AppMsg::CloseTab => self.tabs.close_selected(),
            AppMsg::DetachTab => self.tabs.detach_selected(sender.input_sender()),
            AppMsg::About => window::show_about(root),
            AppMsg::Shortcuts => shortcuts::show(root),
            AppMsg::FirstFrame => self.first_frame(&sender),
            AppMsg::Welcome(out) => self.welcomed(out, &sender),
            AppMsg::Width(width) => self.narrow = width < NARROW,
            AppMsg::Layout(layout) => {
                self.settings.list = machines::list_settings(&layout);
                sender.input(AppMsg::Save);
            }
            AppMsg::Request(request) => self.request(request, &sender),
            AppMsg::TabSelected => self.tab_selected(),
            AppMsg::Closed(key) => self.closed(&key),
            AppMsg::ClosePage(key) => self.tabs.close(&key),
            AppMsg::Title(key, title) => {
                self.tabs.set_title(&key, &title);
                self.tab_selected();
            }
            AppMsg::AddHost => self.ask_for_host(root, &sender),
            AppMsg::Login(login) => login::ask(root, login),
            AppMsg::Show(shown) => {
                self.tabs.select(&PageKey::Machines);
                self.list.emit(MachineListMsg::Show(shown));
                // Folded, the sidebar lies over what it has just chosen.
                if self.flap.is_folded() {
                    self.flap.set_reveal_flap(false);
                }
            }
            AppMsg::OpenMachine(key, tab) => self.open_machine(key, tab, &sender),
            AppMsg::NewMachine(host) => self.new_machine(host, root, &sender),
            AppMsg::Wizard(said) => self.wizard_said(said, &sender),
            AppMsg::InstallRuns(key) => self.install_runs(&key),
            AppMsg::Migrate { machines, to } => self.migrate(machines, to, root, &sender),
            AppMsg::MigrateDialog(said) => self.migrate_said(said, root, &sender),
            AppMsg::Evacuation(moves) => self.evacuation_said(moves, &sender),
            AppMsg::Broken(record) => self.settle(record, &sender),
            AppMsg::Queue(act) => self.queue_act(act, &sender),
            AppMsg::Carry(what) => self.carry(what, &sender),
            AppMsg::AfterInstall(key, act) => self.after_install(key, act, root, &sender),
        }
    }

    fn update_cmd(&mut self, done: Done, sender: ComponentSender<Self>, _: &Self::Root) {
        match done {
            Done::Saved(turn, _) if self.saves.is_last(turn) => relm4::main_application().quit(),
            Done::Saved(_, Ok(())) => {}
            Done::Acted { what, outcome: Outcome::Failed(said) } => {
                sender.input(AppMsg::Toast(tasks::failed(&what, &said)))
            }
            Done::Acted { .. } => {}
            Done::Task { id, what, outcome } => self.end_task(id, &what, outcome, &sender),
            Done::Saved(_, Err(reason)) => {
                let text = gettext_f("The settings could not be saved: {reason}", &[("reason", &reason)]);
                sender.input(AppMsg::Toast(Toast::new(text)));
            }
        }
    }
}
