//! Browsing for an install tree on an NFS server.
use adw::prelude::*;
use drover::error::SourceError;
use drover::install::detect::detect_in;
use drover::install::source::{Entry, Location, NfsLocation, nfs, open};
use drover::task::Cancel;
use drover::{Error, Result};
use relm4::prelude::*;

use super::field::{Says, text_button};
use super::state::{Live, Seen, describe};
use crate::errors;
use crate::i18n::{gettext, gettext_f};
use crate::widgets::icon_button::icon_button;

/// What the window opens with.
#[derive(Debug)]
pub struct Init {
    pub parent: adw::Window,
    /// What was typed so far; browsing starts at its server.
    pub location: Option<Result<Location, SourceError>>,
}

/// Where browsing is: at a server's list of exports (no path), or in a folder.
#[derive(Clone, Debug, Default, PartialEq)]
struct Place {
    host: String,
    mount_port: Option<u16>,
    port: Option<u16>,
    /// The export that the folder is in; `None` at the list of exports.
    export: Option<String>,
    path: String,
}

impl Place {
    fn location(&self) -> Option<Location> {
        self.export.as_ref()?;
        let path = self.path.clone();
        Some(Location::Nfs(NfsLocation { host: self.host.clone(), port: self.port, mount_port: self.mount_port, path }))
    }

    /// The folder above; above an export is the list of exports.
    fn up(&self) -> Self {
        let above = self.path.rsplit_once('/').map(|(above, _)| above.to_owned()).unwrap_or_default();
        let leaves =
            self.export.as_deref().is_none_or(|export| self.path.trim_end_matches('/') == export.trim_end_matches('/'));
        if leaves {
            Self { export: None, path: String::new(), ..self.clone() }
        } else {
            Self { path: above, ..self.clone() }
        }
    }

    fn down(&self, name: &str) -> Self {
        match &self.export {
            None => Self { export: Some(name.to_owned()), path: name.to_owned(), ..self.clone() },
            Some(_) => Self { path: format!("{}/{name}", self.path.trim_end_matches('/')), ..self.clone() },
        }
    }
}

/// What lies at a place.
#[derive(Clone, Debug)]
pub struct Listed {
    entries: Vec<Entry>,
    /// What a tree here installs, in words.
    installs: Option<String>,
}

#[derive(Debug)]
pub enum Msg {
    Server(String),
    Ask,
    Open(String),
    Up,
    Choose,
    Close,
}

/// A look-up's answer, with its stop button.
#[derive(Debug)]
pub struct Done(Cancel, Result<Listed, String>);

/// The window; its output is the location that was chosen.
pub struct Browse {
    place: Place,
    listed: Live<Listed>,
    list: gtk::ListBox,
}

#[relm4::component(pub)]
impl Component for Browse {
    type Init = Init;
    type Input = Msg;
    type Output = String;
    type CommandOutput = Done;

    view! {
        #[root]
        window = adw::Window {
            set_title: Some(&gettext("Browse an NFS server")),
            set_default_size: (520, 480),
            set_width_request: 340,
            set_modal: true,
            set_destroy_with_parent: true,

            #[wrap(Some)]
            set_content = &gtk::Box {
                set_orientation: gtk::Orientation::Vertical,
                adw::HeaderBar {
                    pack_start: &up,
                    #[wrap(Some)]
                    set_title_widget = &adw::WindowTitle {
                        set_title: &gettext("Browse an NFS server"),
                        #[watch]
                        set_subtitle: &model.place.path,
                    },
                },
                gtk::Box {
                    set_spacing: 6,
                    set_margin_all: 12,
                    #[name = "server_label"]
                    gtk::Label {
                        set_label: &gettext("_Server"),
                        set_use_underline: true,
                        set_mnemonic_widget: Some(&server),
                    },
                    #[local_ref]
                    server -> gtk::Entry {
                        set_hexpand: true,
                        set_placeholder_text: Some("10.1.1.22"),
                        connect_changed[sender] => move |e| sender.input(Msg::Server(e.text().into())),
                        connect_activate => Msg::Ask,
                    },
                    #[local_ref]
                    ask -> gtk::Button {
                        #[watch]
                        set_sensitive: !model.place.host.trim().is_empty(),
                        connect_clicked => Msg::Ask,
                    },
                },
                gtk::Separator {},
                gtk::ScrolledWindow {
                    set_vexpand: true,
                    set_hscrollbar_policy: gtk::PolicyType::Never,
                    set_child: Some(&model.list),
                },
                gtk::Separator {},
                gtk::Box {
                    set_spacing: 12,
                    set_margin_all: 12,
                    gtk::Spinner {
                        #[watch]
                        set_visible: matches!(model.listed.seen, Seen::Busy),
                        #[watch]
                        set_spinning: matches!(model.listed.seen, Seen::Busy),
                    },
                    gtk::Label {
                        set_hexpand: true,
                        set_xalign: 0.0,
                        set_wrap: true,
                        #[watch]
                        set_label: &words(&model.says()),
                        #[watch]
                        set_css_classes: &["caption", class(&model.says())],
                    },
                    #[local_ref]
                    choose -> gtk::Button {
                        set_valign: gtk::Align::Center,
                        add_css_class: "suggested-action",
                        #[watch]
                        set_sensitive: model.place.export.is_some() && model.listed.good().is_some(),
                        connect_clicked => Msg::Choose,
                    },
                },
            },
        }
    }

    fn init(init: Init, root: Self::Root, sender: ComponentSender<Self>) -> ComponentParts<Self> {
        let place = match init.location {
            Some(Ok(Location::Nfs(nfs))) => {
                Place { host: nfs.host, port: nfs.port, mount_port: nfs.mount_port, ..Place::default() }
            }
            _ => Place::default(),
        };
        let list = gtk::ListBox::builder().selection_mode(gtk::SelectionMode::Browse).build();
        list.set_activate_on_single_click(false);
        let model = Self { place, listed: Live::default(), list };
        let server = gtk::Entry::builder().text(&model.place.host).build();
        let up = icon_button("go-up-symbolic", &gettext("Folder above"));
        let input = sender.input_sender().clone();
        up.connect_clicked(move |_| input.emit(Msg::Up));
        let input = sender.input_sender().clone();
        model.list.connect_row_activated(move |_, row| {
            if row.is_activatable() {
                input.emit(Msg::Open(row.widget_name().into()));
            }
        });
        let ask = text_button(&gettext("_List exports"));
        let choose = text_button(&gettext("_Choose this folder"));
        let widgets = view_output!();
        root.set_transient_for(Some(&init.parent));
        escape(&root, &sender);
        root.present();
        server.grab_focus();
        if !model.place.host.is_empty() {
            sender.input(Msg::Ask);
        }
        ComponentParts { model, widgets }
    }

    fn update(&mut self, msg: Msg, sender: ComponentSender<Self>, root: &Self::Root) {
        match msg {
            Msg::Server(text) => {
                if text.trim() != self.place.host {
                    self.listed.stop();
                    self.place = Place { host: text.trim().to_owned(), ..Place::default() };
                    self.fill();
                }
            }
            Msg::Ask => self.look(Place { export: None, path: String::new(), ..self.place.clone() }, &sender),
            Msg::Open(name) => self.look(self.place.down(&name), &sender),
            Msg::Up => self.look(self.place.up(), &sender),
            Msg::Choose => {
                if let Some(location) = self.place.location() {
                    let _ = sender.output(location.to_string());
                    root.destroy();
                }
            }
            Msg::Close => root.destroy(),
        }
    }

    fn update_cmd(&mut self, Done(cancel, result): Done, _: ComponentSender<Self>, _: &Self::Root) {
        if !cancel.is_cancelled() {
            self.listed.answer(result);
            self.fill();
        }
    }
}

impl Browse {
    fn look(&mut self, place: Place, sender: &ComponentSender<Self>) {
        if place.host.is_empty() {
            return;
        }
        self.place = place;
        let cancel = self.listed.restart();
        self.fill();
        let place = self.place.clone();
        sender.spawn_oneshot_command(move || {
            let result = list(&place, &cancel).map_err(|e| errors::error(&e).body);
            Done(cancel, result)
        });
    }

    /// Shows the entries: folders can be opened, files are only seen.
    fn fill(&self) {
        while let Some(row) = self.list.first_child() {
            self.list.remove(&row);
        }
        let Some(listed) = self.listed.good() else { return };
        for entry in &listed.entries {
            let row = row(entry);
            self.list.append(&row);
        }
    }

    fn says(&self) -> Says {
        match &self.listed.seen {
            Seen::Nothing => Says::Note(gettext("Give the name or address of a server")),
            Seen::Busy => Says::Busy(gettext_f("Asking {server}…", &[("server", &self.place.host)])),
            Seen::Bad(words) => Says::Bad(words.clone()),
            Seen::Good(Listed { installs: Some(what), .. }) => Says::Good(what.clone()),
            Seen::Good(Listed { entries, .. }) if entries.is_empty() && self.place.export.is_none() => {
                Says::Note(gettext("This server exports nothing"))
            }
            Seen::Good(_) if self.place.export.is_none() => Says::Note(gettext("Open an export")),
            Seen::Good(_) => Says::Note(gettext("No install tree in this folder")),
        }
    }
}

/// A row, named for screen readers, which on GTK 4.8 only a builder text can do.
fn row(entry: &Entry) -> gtk::ListBoxRow {
    let icon = if entry.is_dir { "folder-symbolic" } else { "text-x-generic-symbolic" };
    let text = ROW.replace("{icon}", icon).replace("{name}", &gtk::glib::markup_escape_text(&entry.name));
    let row: gtk::ListBoxRow = gtk::Builder::from_string(&text).object("row").unwrap_or_default();
    row.set_activatable(entry.is_dir);
    row.set_sensitive(entry.is_dir);
    row.set_widget_name(&entry.name);
    row
}

const ROW: &str = r#"<interface><object class="GtkListBoxRow" id="row">
<accessibility><property name="label">{name}</property></accessibility>
<property name="child"><object class="GtkBox"><property name="spacing">12</property>
 <property name="margin-top">6</property><property name="margin-bottom">6</property>
 <property name="margin-start">12</property><property name="margin-end">12</property>
 <child><object class="GtkImage"><property name="icon-name">{icon}</property></object></child>
 <child><object class="GtkLabel"><property name="label">{name}</property><property name="xalign">0</property>
  <property name="hexpand">1</property><property name="ellipsize">middle</property></object></child>
</object></property></object></interface>"#;

fn words(says: &Says) -> String {
    match says {
        Says::Nothing => String::new(),
        Says::Busy(t) | Says::Good(t) | Says::Note(t) | Says::Warn(t) | Says::Bad(t) => t.clone(),
    }
}

fn class(says: &Says) -> &'static str {
    match says {
        Says::Good(_) => "success",
        Says::Bad(_) => "error",
        _ => "dim-label",
    }
}

/// Lists exports or a folder, and looks whether the folder is an install tree.
fn list(place: &Place, cancel: &Cancel) -> Result<Listed> {
    let Some(location) = place.location() else {
        let entry = |name| Entry { name, is_dir: true, size: 0 };
        let exports = nfs::exports(&place.host, place.mount_port, cancel)?;
        return Ok(Listed { entries: exports.into_iter().map(entry).collect(), installs: None });
    };
    let mut tree = open(&location, cancel)?;
    let mut entries = tree.list("").map_err(Error::from)?;
    entries.sort_by(|a, b| b.is_dir.cmp(&a.is_dir).then_with(|| a.name.cmp(&b.name)));
    cancel.check()?;
    // A tree that can't be understood can still be walked through.
    let installs = detect_in(&location, tree.as_mut(), cancel).ok().map(|d| describe(&d));
    Ok(Listed { entries, installs })
}

fn escape(root: &adw::Window, sender: &ComponentSender<Browse>) {
    let keys = gtk::EventControllerKey::new();
    let input = sender.input_sender().clone();
    keys.connect_key_pressed(move |_, key, _, _| {
        if key == gtk::gdk::Key::Escape {
            input.emit(Msg::Close);
            return gtk::glib::Propagation::Stop;
        }
        gtk::glib::Propagation::Proceed
    });
    root.add_controller(keys);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_down_and_up_again() {
        let server = Place { host: "10.1.1.22".into(), ..Place::default() };
        let tree = server.down("/soft").down("rhel5_source");
        assert_eq!(tree.location().unwrap().to_string(), "nfs:10.1.1.22:/soft/rhel5_source");
        assert_eq!(tree.up().path, "/soft");
        assert_eq!(tree.up().up(), server);
        assert_eq!(server.location(), None);
        assert_eq!(server.down("/").down("soft").path, "/soft");
    }
}
