//! From a chosen command to a request: asks what has to be asked, and leaves out machines that it is not for.
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use drover::domain::DomainKey;
use drover::domain::actions::Action;
use drover::host::HostId;
use drover::inventory::Inventory;
use gtk::prelude::*;

use super::dialogs::{self, Question};
use crate::actions::{Command, Subject};
use crate::i18n::{gettext, gettext_f, ngettext_f};

/// What the app is asked to do, all questions answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// The action for each of these machines.
    Act { keys: Vec<DomainKey>, action: Action },
    /// Start a machine from a file that was saved on this host.
    RestoreFrom { host: HostId, path: String },
    /// Choose where these machines go, and move them.
    Migrate(Vec<DomainKey>),
    /// Never ask before this command again: its name.
    Silence(&'static str),
}

/// Asks and requests, for the list and for the pages of machines.
#[derive(Clone)]
pub struct Perform {
    inventory: Rc<RefCell<Inventory>>,
    silenced: Rc<RefCell<BTreeSet<String>>>,
}

impl Perform {
    /// With the names of the commands that ask no more.
    pub fn new(inventory: Rc<RefCell<Inventory>>, silenced: BTreeSet<String>) -> Self {
        Self { inventory, silenced: Rc::new(RefCell::new(silenced)) }
    }

    /// Does a command to those of the machines that it is for, after asking what has to be asked.
    pub fn start(
        &self,
        command: Command,
        keys: &[DomainKey],
        parent: &impl IsA<gtk::Widget>,
        on: impl Fn(Request) + 'static,
    ) {
        let (keys, names) = self.allowed(command, keys);
        let Some(name) = names.first().cloned() else { return };
        match command {
            Command::Rename => self.rename(keys, &name, parent, on),
            Command::SaveTo => save_to(keys, &name, parent, on),
            Command::Migrate => on(Request::Migrate(keys)),
            _ => {
                let Some(action) = command.plain() else { return };
                let request = Request::Act { keys, action };
                let silenced = self.silenced.borrow().contains(command.name());
                match question(command, &names) {
                    Some(question) if !silenced => {
                        let memory = self.silenced.clone();
                        dialogs::confirm(parent, &question, move |silence| {
                            if silence {
                                memory.borrow_mut().insert(command.name().to_owned());
                                on(Request::Silence(command.name()));
                            }
                            on(request.clone());
                        });
                    }
                    _ => on(request),
                }
            }
        }
    }

    fn allowed(&self, command: Command, keys: &[DomainKey]) -> (Vec<DomainKey>, Vec<String>) {
        let inventory = self.inventory.borrow();
        keys.iter()
            .filter_map(|key| {
                let subject = Subject::of(&inventory, key)?;
                command.refused_for(subject).is_none().then(|| (key.clone(), subject.info.name.clone()))
            })
            .unzip()
    }

    fn rename(&self, keys: Vec<DomainKey>, name: &str, parent: &impl IsA<gtk::Widget>, on: impl Fn(Request) + 'static) {
        let question = Question {
            heading: gettext_f("Rename “{name}”", &[("name", name)]),
            body: gettext("Its disks keep their file names."),
            yes: gettext("Rename"),
            destructive: false,
        };
        let (inventory, key, old) = (self.inventory.clone(), keys.first().cloned(), name.to_owned());
        let check = move |text: &str| check_name(text, &old, key.as_ref(), &inventory.borrow());
        dialogs::ask_text(parent, &question, &gettext("Name"), name, check, move |name| {
            on(Request::Act { keys: keys.clone(), action: Action::Rename(name) });
        });
    }
}

fn save_to(keys: Vec<DomainKey>, name: &str, parent: &impl IsA<gtk::Widget>, on: impl Fn(Request) + 'static) {
    let question = Question {
        heading: gettext_f("Save “{name}” to a File", &[("name", name)]),
        body: gettext("The machine's memory is written to this file on its host, and the machine stops."),
        yes: gettext("Save"),
        destructive: false,
    };
    let path = format!("/var/lib/libvirt/save/{name}.save");
    dialogs::ask_text(parent, &question, &gettext("File on the host"), &path, check_path, move |path| {
        on(Request::Act { keys: keys.clone(), action: Action::SaveTo(path) });
    });
}

/// Asks for a file on the host that a machine was saved to, to start it again.
pub fn restore_from(host: HostId, name: &str, parent: &impl IsA<gtk::Widget>, on: impl Fn(Request) + 'static) {
    let question = Question {
        heading: gettext_f("Restore a Machine on {host}", &[("host", name)]),
        body: gettext("The machine that was saved to this file goes on where it was."),
        yes: gettext("Restore"),
        destructive: false,
    };
    dialogs::ask_text(
        parent,
        &question,
        &gettext("File on the host"),
        "/var/lib/libvirt/save/",
        check_path,
        move |path| {
            on(Request::RestoreFrom { host: host.clone(), path });
        },
    );
}

/// Whether a path can name a file on a host.
pub fn check_path(path: &str) -> Result<(), String> {
    if !path.starts_with('/') {
        return Err(gettext("The path must begin with “/”."));
    }
    if path.ends_with('/') {
        return Err(gettext("This is a folder; add the name of the file."));
    }
    Ok(())
}

/// Whether a machine can be given this name.
fn check_name(name: &str, old: &str, key: Option<&DomainKey>, inventory: &Inventory) -> Result<(), String> {
    if name.is_empty() {
        return Err(gettext("A name is needed."));
    }
    if let Some(bad) = name.chars().find(|c| *c == '/' || c.is_control()) {
        return Err(gettext_f(
            "The name can't contain “{character}”.",
            &[("character", &bad.escape_default().to_string())],
        ));
    }
    if name == old {
        return Err(String::new());
    }
    let host = key.and_then(|key| inventory.host(&key.host));
    if host.is_some_and(|h| h.machines.values().any(|m| m.info.name == name)) {
        return Err(gettext_f("This host has a machine named “{name}” already.", &[("name", name)]));
    }
    Ok(())
}

/// What is asked before a command: of those that a person can regret.
fn question(command: Command, names: &[String]) -> Option<Question> {
    let (n, name) = (names.len() as u64, names.first().map_or("", String::as_str));
    let values = [("name", name)];
    let (heading, body, destructive) = match command {
        Command::ShutDown => (
            ngettext_f("Shut down “{name}”?", "Shut down {n} machines?", n, &values),
            gettext("The guest is asked to shut down, as if its power button was pressed."),
            false,
        ),
        Command::Reboot => (
            ngettext_f("Reboot “{name}”?", "Reboot {n} machines?", n, &values),
            gettext("The guest is asked to reboot."),
            false,
        ),
        Command::Save => (
            ngettext_f("Save “{name}”?", "Save {n} machines?", n, &values),
            gettext("Memory is written to the host's disk and the machine stops. Its next start goes on from there."),
            false,
        ),
        Command::Reset => (
            ngettext_f("Reset “{name}”?", "Reset {n} machines?", n, &values),
            gettext(
                "This is like pressing the reset button: the guest restarts at once and loses what it has not written to disk.",
            ),
            true,
        ),
        Command::ForceOff => (
            ngettext_f("Force “{name}” off?", "Force {n} machines off?", n, &values),
            gettext(
                "This is like pulling the power plug: the guest stops at once and loses what it has not written to disk.",
            ),
            true,
        ),
        Command::Delete => (
            ngettext_f("Delete “{name}”?", "Delete {n} machines?", n, &values),
            gettext(
                "The configuration is removed from the host, with its saved memory and snapshot records. The disks are kept: their files stay where they are.",
            ),
            true,
        ),
        _ => return None,
    };
    let body = if names.len() > 1 { format!("{}\n\n{body}", listed(names)) } else { body };
    Some(Question { heading, body, yes: verb(command), destructive })
}

fn verb(command: Command) -> String {
    if command == Command::Delete { gettext("Delete") } else { command.label() }
}

/// The first names, and how many more.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let mut text = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(SHOWN);
    if more > 0 {
        text.push_str(&ngettext_f(" and {n} more", " and {n} more", more as u64, &[]));
    }
    text
}

#[cfg(test)]
mod tests {
    use drover::domain::State;
    use drover::host::HostId;

    use super::*;
    use crate::machines::testing::{inventory, key};

    #[test]
    fn a_name_is_checked_against_its_own_host() {
        let host = HostId::new("test:///default");
        let inventory = inventory(&host, &[("a", State::Off), ("b", State::Off)]);
        let a = key(&host, 1);
        let check = |name: &str| check_name(name, "a", Some(&a), &inventory);
        assert!(check("c").is_ok());
        assert!(check("b").unwrap_err().contains("“b” already"));
        assert!(check("x/y").unwrap_err().contains("“/”"));
        assert!(check("").is_err());
        assert_eq!(check("a"), Err(String::new()), "the same name is nothing to do, but no mistake");
    }

    #[test]
    fn a_path_names_a_file() {
        assert!(check_path("/srv/a.save").is_ok());
        assert!(check_path("a.save").is_err());
        assert!(check_path("/srv/").is_err());
    }

    #[test]
    fn only_what_one_can_regret_is_asked() {
        let one = ["web".to_owned()];
        assert!(question(Command::Start, &one).is_none());
        assert_eq!(question(Command::ForceOff, &one).unwrap().heading, "Force “web” off?");
        assert!(question(Command::Delete, &one).unwrap().body.contains("The disks are kept"));
    }

    #[test]
    fn many_machines_are_named_up_to_a_limit() {
        let names: Vec<String> = (0..10).map(|n| format!("vm{n}")).collect();
        let question = question(Command::Reset, &names).unwrap();
        assert_eq!(question.heading, "Reset 10 machines?");
        assert!(question.body.starts_with("vm0, vm1, vm2, vm3, vm4, vm5, vm6, vm7 and 2 more"), "{}", question.body);
    }
}
