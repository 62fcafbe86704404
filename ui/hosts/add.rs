//! The dialog that adds a host: the URI is shown as it is built, and can be tried before it is added.
use std::sync::Arc;

use adw::prelude::*;
use drover::host::{Credentials, Host, HostInfo};
use relm4::prelude::*;

use super::address::{Field, Form, KINDS, Kind, Wrong};
use super::link;
use crate::errors::{self, Said};
use crate::i18n::{gettext, gettext_f};

/// The dialog component.
pub struct AddHost {
    form: Form,
    credentials: Arc<dyn Credentials>,
    /// The URI that is being tried; an answer for another one is too old.
    trying: Option<String>,
    widgets: Fields,
}

/// What the dialog starts with.
pub struct Init {
    pub parent: gtk::Window,
    pub credentials: Arc<dyn Credentials>,
}

/// What happens in it.
#[derive(Debug)]
pub enum AddMsg {
    Changed,
    Try,
    Add,
}

/// The answer to a try: for this URI, what it is or why not.
#[derive(Debug)]
pub struct Tried(String, Result<String, Said>);

/// The widgets that are read and changed.
struct Fields {
    kind: adw::ComboRow,
    ssh: adw::ExpanderRow,
    host: adw::EntryRow,
    user: adw::EntryRow,
    port: adw::EntryRow,
    custom: adw::EntryRow,
    uri: gtk::Label,
    problem: gtk::Label,
    try_it: gtk::Button,
    spinner: gtk::Spinner,
    answer: gtk::Label,
    add: gtk::Button,
}

impl Component for AddHost {
    type Init = Init;
    type Input = AddMsg;
    /// The URI to add.
    type Output = String;
    type CommandOutput = Tried;
    type Root = adw::Window;
    type Widgets = ();

    fn init_root() -> Self::Root {
        adw::Window::builder().title(gettext("Add a host")).modal(true).default_width(500).default_height(560).build()
    }

    fn init(init: Init, root: Self::Root, sender: ComponentSender<Self>) -> ComponentParts<Self> {
        root.set_transient_for(Some(&init.parent));
        let widgets = Fields::new();
        widgets.lay_out(&root, &sender);
        widgets.connect(&sender);
        let model = Self { form: Form::default(), credentials: init.credentials, trying: None, widgets };
        model.show();
        root.present();
        ComponentParts { model, widgets: () }
    }

    fn update(&mut self, msg: AddMsg, sender: ComponentSender<Self>, root: &Self::Root) {
        match msg {
            AddMsg::Changed => {
                let form = self.widgets.read();
                if form != self.form {
                    self.form = form;
                    self.trying = None;
                    self.widgets.answer.set_label("");
                }
                self.show();
            }
            AddMsg::Try => {
                let Ok(uri) = self.form.uri() else { return };
                self.trying = Some(uri.clone());
                self.widgets.answer.set_label("");
                self.show();
                let credentials = self.credentials.clone();
                sender.spawn_oneshot_command(move || {
                    let answer = try_uri(&uri, credentials);
                    Tried(uri, answer)
                });
            }
            AddMsg::Add => {
                if let Ok(uri) = self.form.uri() {
                    let _ = sender.output(uri);
                    root.close();
                }
            }
        }
    }

    fn update_cmd(&mut self, Tried(uri, answer): Tried, _: ComponentSender<Self>, _: &Self::Root) {
        if self.trying.as_deref() != Some(&uri) {
            return;
        }
        self.trying = None;
        let text = match answer {
            Ok(what) => format!("✔ {what}"),
            Err(said) => format!("✖ {}\n{}", said.title, said.body),
        };
        self.widgets.answer.set_label(&text);
        self.show();
    }
}

/// Opens, asks what it is, closes. Blocks.
fn try_uri(uri: &str, credentials: Arc<dyn Credentials>) -> Result<String, Said> {
    let found = Host::open_now(uri, credentials).and_then(|host| {
        let found = host.call(|c| {
            let version = c.hyp_version().unwrap_or_default();
            let hypervisor_version = (version / 1_000_000, version / 1_000 % 1_000, version % 1_000);
            let info = HostInfo { hypervisor: c.driver_type()?, hypervisor_version, ..HostInfo::default() };
            Ok((c.hostname()?, info, c.list_all_domains(0)?.len()))
        });
        host.close();
        found
    });
    match found {
        Ok((name, info, machines)) => Ok(gettext_f(
            "Connected to {name}: {hypervisor}, {machines}",
            &[("name", &name), ("hypervisor", &link::hypervisor(&info)), ("machines", &link::machines(machines))],
        )),
        Err(e) => Err(errors::error(&e)),
    }
}

impl AddHost {
    fn show(&self) {
        let w = &self.widgets;
        let custom = self.form.kind == Kind::Custom;
        w.ssh.set_visible(!custom);
        w.custom.set_visible(custom);
        let wrong = match self.form.uri() {
            Ok(uri) => {
                w.uri.set_label(&uri);
                None
            }
            Err(wrong) => {
                w.uri.set_label("—");
                Some(wrong)
            }
        };
        let trying = self.trying.is_some();
        w.spinner.set_spinning(trying);
        w.spinner.set_visible(trying);
        w.try_it.set_sensitive(wrong.is_none() && !trying);
        w.add.set_sensitive(wrong.is_none());
        w.mark(wrong.as_ref());
    }
}

impl Fields {
    fn new() -> Self {
        let labels: Vec<String> = KINDS.iter().map(|k| k.label()).collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        let kind = adw::ComboRow::builder().title(gettext("Hypervisor")).model(&gtk::StringList::new(&labels)).build();
        let entry = |title: String| adw::EntryRow::builder().title(title).build();
        let note = |classes: &[&str]| {
            let label = gtk::Label::builder().xalign(0.0).wrap(true).selectable(true).css_classes(classes.to_vec());
            label.wrap_mode(gtk::pango::WrapMode::WordChar).build()
        };
        Self {
            kind,
            ssh: adw::ExpanderRow::builder()
                .title(gettext("On another machine, over SSH"))
                .show_enable_switch(true)
                .enable_expansion(false)
                .build(),
            host: entry(gettext("Host name or address")),
            user: entry(gettext("User (empty: yours)")),
            port: entry(gettext("Port (empty: 22)")),
            custom: entry(gettext("URI")),
            uri: note(&["monospace"]),
            problem: note(&["error", "caption"]),
            try_it: gtk::Button::builder().label(gettext("Test connection")).build(),
            spinner: gtk::Spinner::new(),
            answer: note(&[]),
            add: gtk::Button::builder().label(gettext("Add")).css_classes(["suggested-action"]).build(),
        }
    }

    fn lay_out(&self, root: &adw::Window, sender: &ComponentSender<AddHost>) {
        let header = adw::HeaderBar::builder().show_end_title_buttons(false).show_start_title_buttons(false).build();
        let cancel = gtk::Button::with_label(&gettext("Cancel"));
        let window = root.clone();
        cancel.connect_clicked(move |_| window.close());
        header.pack_start(&cancel);
        header.pack_end(&self.add);
        let input = sender.input_sender().clone();
        self.add.connect_clicked(move |_| input.emit(AddMsg::Add));
        root.set_default_widget(Some(&self.add));
        for row in [&self.host, &self.user, &self.port] {
            self.ssh.add_row(row);
            row.set_activates_default(true);
        }
        self.custom.set_activates_default(true);
        let form = adw::PreferencesGroup::new();
        form.add(&self.kind);
        form.add(&self.ssh);
        form.add(&self.custom);
        let result = adw::PreferencesGroup::builder().title(gettext("Connection URI")).build();
        result.add(&self.uri);
        result.add(&self.problem);
        let test = gtk::Box::new(gtk::Orientation::Horizontal, 12);
        test.append(&self.try_it);
        test.append(&self.spinner);
        let page = gtk::Box::builder()
            .orientation(gtk::Orientation::Vertical)
            .spacing(18)
            .margin_start(12)
            .margin_end(12)
            .margin_top(12)
            .margin_bottom(12)
            .build();
        page.append(&form);
        page.append(&result);
        page.append(&test);
        page.append(&self.answer);
        let clamp = adw::Clamp::builder().child(&page).build();
        let scrolled =
            gtk::ScrolledWindow::builder().child(&clamp).vexpand(true).hscrollbar_policy(gtk::PolicyType::Never);
        let content = gtk::Box::new(gtk::Orientation::Vertical, 0);
        content.append(&header);
        content.append(&scrolled.build());
        root.set_content(Some(&content));
        let escape = gtk::ShortcutController::new();
        let close = gtk::NamedAction::new("window.close");
        escape.add_shortcut(gtk::Shortcut::new(gtk::ShortcutTrigger::parse_string("Escape"), Some(close)));
        root.add_controller(escape);
        gtk::prelude::GtkWindowExt::set_focus(root, Some(&self.kind));
    }

    fn connect(&self, sender: &ComponentSender<AddHost>) {
        let changed = || {
            let input = sender.input_sender().clone();
            move || input.emit(AddMsg::Changed)
        };
        let told = changed();
        self.kind.connect_selected_notify(move |_| told());
        let told = changed();
        self.ssh.connect_enable_expansion_notify(move |_| told());
        for row in [&self.host, &self.user, &self.port, &self.custom] {
            let told = changed();
            row.connect_changed(move |_| told());
        }
        let input = sender.input_sender().clone();
        self.try_it.connect_clicked(move |_| input.emit(AddMsg::Try));
    }

    fn read(&self) -> Form {
        let kind = KINDS.get(self.kind.selected() as usize).copied().unwrap_or_default();
        Form {
            kind,
            over_ssh: self.ssh.enables_expansion() && kind != Kind::Custom,
            user: self.user.text().into(),
            host: self.host.text().into(),
            port: self.port.text().into(),
            custom: self.custom.text().into(),
        }
    }

    /// Marks the wrong field and says why. An empty field is asked for, not red.
    fn mark(&self, wrong: Option<&Wrong>) {
        let rows = [
            (Field::Host, &self.host),
            (Field::User, &self.user),
            (Field::Port, &self.port),
            (Field::Custom, &self.custom),
        ];
        for (field, row) in rows {
            if wrong.is_some_and(|w| w.field == field) && !row.text().is_empty() {
                row.add_css_class("error");
            } else {
                row.remove_css_class("error");
            }
        }
        self.problem.set_label(wrong.map_or("", |w| &w.why));
        self.problem.set_visible(wrong.is_some());
    }
}
