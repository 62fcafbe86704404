//! The first start: what was found on this machine, and the ways on from here.
use std::path::PathBuf;

use adw::prelude::*;
use relm4::prelude::*;

use super::probe::{self, Found, LOCAL};
use super::{demo, link};
use crate::i18n::{gettext, gettext_f};

/// The page component.
pub struct Welcome {
    found: Vec<(&'static str, Found)>,
    rows: Vec<Row>,
    command: adw::ActionRow,
}

/// One local connection.
struct Row {
    uri: &'static str,
    row: adw::ActionRow,
    spinner: gtk::Spinner,
    open: gtk::Button,
}

/// What a person does here.
#[derive(Debug)]
pub enum WelcomeMsg {
    Demo,
    Open(&'static str),
}

/// What the page wants of the app.
#[derive(Debug)]
pub enum WelcomeOut {
    AddHost,
    /// Open these; chosen by a person, or because they were found.
    Open {
        uris: Vec<String>,
        chosen: bool,
    },
    /// The demo was opened because there is nothing else.
    OnlyDemo {
        uris: Vec<String>,
        install: Option<&'static str>,
    },
    Failed(String),
}

/// What workers find out.
#[derive(Debug)]
pub enum Learnt {
    Probe(&'static str, Found),
    Install(Option<&'static str>),
    Demo { uris: Result<Vec<String>, String>, only: bool, install: Option<&'static str> },
}

impl Component for Welcome {
    type Init = ();
    type Input = WelcomeMsg;
    type Output = WelcomeOut;
    type CommandOutput = Learnt;
    type Root = gtk::ScrolledWindow;
    type Widgets = ();

    fn init_root() -> Self::Root {
        gtk::ScrolledWindow::builder().hscrollbar_policy(gtk::PolicyType::Never).vexpand(true).build()
    }

    fn init((): (), root: Self::Root, sender: ComponentSender<Self>) -> ComponentParts<Self> {
        let rows: Vec<Row> = LOCAL.iter().map(|uri| Row::new(uri, &sender)).collect();
        let group = adw::PreferencesGroup::builder().title(gettext("On this computer")).build();
        for row in &rows {
            group.add(&row.row);
        }
        let command =
            adw::ActionRow::builder().title(gettext("To run machines here, install libvirt")).visible(false).build();
        group.add(&command);
        let content = gtk::Box::new(gtk::Orientation::Vertical, 24);
        content.append(&group);
        content.append(&buttons(&sender));
        let clamp = adw::Clamp::builder().child(&content).maximum_size(560).build();
        let page = adw::StatusPage::builder()
            .icon_name(crate::APP_ID)
            .title(gettext("Welcome to Drover"))
            .description(gettext("Manage virtual machines on this computer and on many others."))
            .child(&clamp)
            .build();
        root.set_child(Some(&page));
        for uri in LOCAL {
            sender.spawn_oneshot_command(move || Learnt::Probe(uri, probe::probe(uri)));
        }
        sender.spawn_oneshot_command(|| Learnt::Install(os_install_command()));
        ComponentParts { model: Self { found: Vec::new(), rows, command }, widgets: () }
    }

    fn update(&mut self, msg: WelcomeMsg, sender: ComponentSender<Self>, _: &Self::Root) {
        match msg {
            WelcomeMsg::Demo => open_demo(&sender, false),
            WelcomeMsg::Open(uri) => {
                let _ = sender.output(WelcomeOut::Open { uris: vec![uri.to_owned()], chosen: true });
            }
        }
    }

    fn update_cmd(&mut self, learnt: Learnt, sender: ComponentSender<Self>, _: &Self::Root) {
        match learnt {
            Learnt::Install(command) => {
                self.command.set_subtitle(command.unwrap_or_default());
                self.show_command();
            }
            Learnt::Probe(uri, found) => {
                if let Some(row) = self.rows.iter().find(|r| r.uri == uri) {
                    row.show(&found);
                }
                self.found.push((uri, found));
                if self.found.len() == LOCAL.len() {
                    self.go_on(&sender);
                }
                self.show_command();
            }
            Learnt::Demo { uris, only, install } => {
                let _ = sender.output(match (uris, only) {
                    (Err(reason), _) => {
                        WelcomeOut::Failed(gettext_f("The demo can't be made: {reason}", &[("reason", &reason)]))
                    }
                    (Ok(uris), true) => WelcomeOut::OnlyDemo { uris, install },
                    (Ok(uris), false) => WelcomeOut::Open { uris, chosen: true },
                });
            }
        }
    }
}

impl Welcome {
    /// All answers are here: open what works, or else the demo.
    fn go_on(&self, sender: &ComponentSender<Self>) {
        let uris: Vec<String> = probe::choose(&self.found).into_iter().map(str::to_owned).collect();
        if uris.is_empty() {
            open_demo(sender, true);
        } else {
            let _ = sender.output(WelcomeOut::Open { uris, chosen: false });
        }
    }

    /// Where one's own session works, libvirt is installed.
    fn show_command(&self) {
        let missing = self.found.len() == LOCAL.len() && probe::choose(&self.found).is_empty();
        self.command.set_visible(missing && !self.command.subtitle().unwrap_or_default().is_empty());
    }
}

impl Row {
    fn new(uri: &'static str, sender: &ComponentSender<Welcome>) -> Self {
        let row = adw::ActionRow::builder().title(probe::describe(uri)).subtitle(gettext("Looking…")).build();
        let spinner = gtk::Spinner::builder().spinning(true).valign(gtk::Align::Center).build();
        let open = gtk::Button::builder().label(gettext("Open")).valign(gtk::Align::Center).visible(false).build();
        let input = sender.input_sender().clone();
        open.connect_clicked(move |_| input.emit(WelcomeMsg::Open(uri)));
        row.add_suffix(&spinner);
        row.add_suffix(&open);
        Self { uri, row, spinner, open }
    }

    fn show(&self, found: &Found) {
        self.spinner.set_visible(false);
        let text = match found {
            Found::Yes(machines) => gettext_f("✔ Found: {machines}", &[("machines", &link::machines(*machines))]),
            Found::No(said) => format!("✖ {}. {}", said.title, said.body),
        };
        // Subtitles are markup.
        self.row.set_subtitle(&gtk::glib::markup_escape_text(&text));
        self.row.set_subtitle_lines(4);
        self.open.set_visible(matches!(found, Found::Yes(_)));
    }
}

fn buttons(sender: &ComponentSender<Welcome>) -> gtk::Box {
    let line =
        gtk::Box::builder().orientation(gtk::Orientation::Vertical).spacing(12).halign(gtk::Align::Center).build();
    let add = gtk::Button::builder().label(gettext("Add a host")).css_classes(["pill", "suggested-action"]).build();
    let output = sender.output_sender().clone();
    add.connect_clicked(move |_| output.emit(WelcomeOut::AddHost));
    let demo = gtk::Button::builder().label(gettext("Explore a demo")).css_classes(["pill"]).build();
    let input = sender.input_sender().clone();
    demo.connect_clicked(move |_| input.emit(WelcomeMsg::Demo));
    line.append(&add);
    line.append(&demo);
    line
}

fn open_demo(sender: &ComponentSender<Welcome>, only: bool) {
    let runtime: PathBuf = gtk::glib::user_runtime_dir();
    sender.spawn_oneshot_command(move || Learnt::Demo {
        uris: demo::prepare(&runtime).map_err(|e| e.to_string()),
        only,
        install: os_install_command(),
    });
}

/// For this machine's distribution. Reads a file.
fn os_install_command() -> Option<&'static str> {
    let text = std::fs::read_to_string("/etc/os-release").or_else(|_| std::fs::read_to_string("/usr/lib/os-release"));
    probe::install_command(&text.ok()?)
}
