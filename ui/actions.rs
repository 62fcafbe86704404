//! Every action on machines, once: its name, its words, its key, and when it can't be done, why.
use std::cell::RefCell;
use std::rc::Rc;

use drover::domain::actions::{Action, Denial};
use drover::domain::{DomainInfo, DomainKey};
use drover::host::LinkState;
use drover::inventory::Inventory;
use gtk::gio;
use gtk::prelude::*;

use crate::i18n::gettext;

/// The action group that widgets below a list or a page use: `machine.NAME`.
pub const GROUP: &str = "machine";

/// One thing that a person can do to machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    Open,
    Start,
    ShutDown,
    Reboot,
    Pause,
    Resume,
    Save,
    SaveTo,
    Restore,
    Reset,
    ForceOff,
    AutostartOn,
    AutostartOff,
    Migrate,
    Rename,
    Delete,
}

/// A machine that a command is for: what its host said of it, and whether that host answers.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub info: &'a DomainInfo,
    pub up: bool,
}

impl Command {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Open,
        Self::Start,
        Self::ShutDown,
        Self::Reboot,
        Self::Pause,
        Self::Resume,
        Self::Save,
        Self::SaveTo,
        Self::Restore,
        Self::Reset,
        Self::ForceOff,
        Self::AutostartOn,
        Self::AutostartOff,
        Self::Migrate,
        Self::Rename,
        Self::Delete,
    ];

    /// Its name as an action and in the settings file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Start => "start",
            Self::ShutDown => "shut-down",
            Self::Reboot => "reboot",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Save => "save",
            Self::SaveTo => "save-to",
            Self::Restore => "restore",
            Self::Reset => "reset",
            Self::ForceOff => "force-off",
            Self::AutostartOn => "autostart-on",
            Self::AutostartOff => "autostart-off",
            Self::Migrate => "migrate",
            Self::Rename => "rename",
            Self::Delete => "delete",
        }
    }

    /// What menus and buttons say.
    pub fn label(self) -> String {
        match self {
            Self::Open => gettext("Open"),
            Self::Start => gettext("Start"),
            Self::ShutDown => gettext("Shut Down"),
            Self::Reboot => gettext("Reboot"),
            Self::Pause => gettext("Pause"),
            Self::Resume => gettext("Resume"),
            Self::Save => gettext("Save"),
            Self::SaveTo => gettext("Save to File…"),
            Self::Restore => gettext("Restore Saved State"),
            Self::Reset => gettext("Reset"),
            Self::ForceOff => gettext("Force Off"),
            Self::AutostartOn => gettext("Start with Host"),
            Self::AutostartOff => gettext("Don't Start with Host"),
            Self::Migrate => gettext("Migrate…"),
            Self::Rename => gettext("Rename…"),
            Self::Delete => gettext("Delete…"),
        }
    }

    /// Its key, where it has one.
    pub fn key(self) -> Option<&'static str> {
        match self {
            Self::Open => Some("Return"),
            Self::Start => Some("<Control><Shift>s"),
            Self::ShutDown => Some("<Control><Shift>d"),
            Self::Reboot => Some("<Control><Shift>b"),
            Self::Pause => Some("<Control><Shift>p"),
            Self::Resume => Some("<Control><Shift>r"),
            Self::ForceOff => Some("<Control><Shift>k"),
            Self::Migrate => Some("<Control><Shift>m"),
            Self::Rename => Some("F2"),
            Self::Delete => Some("Delete"),
            Self::Save | Self::SaveTo | Self::Restore | Self::Reset | Self::AutostartOn | Self::AutostartOff => None,
        }
    }
}

/// The actions of a list or a page as GTK wants them, with the reasons of those that can't be done now.
#[derive(Clone)]
pub struct Actions {
    group: gio::SimpleActionGroup,
    reasons: Rc<RefCell<Vec<(Command, String)>>>,
}

impl Actions {
    /// All commands, none of which can be done yet; `on` is called with the one that a person chose.
    pub fn new(on: impl Fn(Command) + 'static) -> Self {
        let group = gio::SimpleActionGroup::new();
        let on = Rc::new(on);
        for command in Command::ALL {
            let action = gio::SimpleAction::new(command.name(), None);
            action.set_enabled(false);
            let on = on.clone();
            action.connect_activate(move |_, _| on(command));
            group.add_action(&action);
        }
        Self { group, reasons: Rc::default() }
    }

    /// Makes the actions known to a widget and all below it.
    pub fn install(&self, widget: &impl IsA<gtk::Widget>) {
        widget.insert_action_group(GROUP, Some(&self.group));
    }

    /// Looks again at what can be done to these machines.
    pub fn update(&self, subjects: &[Subject<'_>]) {
        let mut reasons = self.reasons.borrow_mut();
        reasons.clear();
        for command in Command::ALL {
            let refused = command.refused(subjects);
            if let Some(action) = self.group.lookup_action(command.name()).and_downcast::<gio::SimpleAction>() {
                action.set_enabled(refused.is_none());
            }
            reasons.extend(refused.map(|reason| (command, reason)));
        }
    }

    /// Why a command can't be done now.
    pub fn reason(&self, command: Command) -> Option<String> {
        self.reasons.borrow().iter().find(|(c, _)| *c == command).map(|(_, reason)| reason.clone())
    }

    /// Lets a button do a command; its tooltip says why it can't.
    pub fn explain(&self, button: &impl IsA<gtk::Widget>, command: Command) {
        let text = self.reason(command).unwrap_or_else(|| command.tooltip());
        button.set_tooltip_text(Some(&text));
    }

    /// Does [`Actions::explain_menu`] each time that a button's menu opens.
    pub fn explain_on_open(&self, button: &gtk::MenuButton) {
        let Some(popover) = button.popover() else { return };
        let actions = self.clone();
        popover.connect_show(move |popover| actions.explain_menu(popover));
    }

    /// Gives the greyed entries of an open menu their reasons as tooltips.
    pub fn explain_menu(&self, menu: &impl IsA<gtk::Widget>) {
        let reasons: Vec<(String, String)> =
            self.reasons.borrow().iter().map(|(c, reason)| (c.label(), reason.clone())).collect();
        each_descendant(menu.upcast_ref(), &mut |widget| {
            if widget.type_().name() == "GtkModelButton" {
                let text: Option<String> = widget.property("text");
                let reason = reasons.iter().find(|(label, _)| Some(label) == text.as_ref());
                widget.set_tooltip_text(reason.map(|(_, reason)| reason.as_str()));
            }
        });
    }
}

fn each_descendant(widget: &gtk::Widget, f: &mut impl FnMut(&gtk::Widget)) {
    let mut next = widget.first_child();
    while let Some(child) = next {
        f(&child);
        each_descendant(&child, f);
        next = child.next_sibling();
    }
}

/// A menu of these commands, in sections.
pub fn menu(sections: &[&[Command]]) -> gio::Menu {
    let menu = gio::Menu::new();
    for commands in sections {
        let section = gio::Menu::new();
        for command in *commands {
            let item = gio::MenuItem::new(Some(&command.label()), Some(&command.action()));
            if let Some(key) = command.key() {
                item.set_attribute_value("accel", Some(&key.to_variant()));
            }
            section.append_item(&item);
        }
        menu.append_section(None, &section);
    }
    menu
}

/// Everything: the context menu of the list.
pub fn context_menu() -> gio::Menu {
    use Command as C;
    menu(&[
        &[C::Open],
        &[C::Start, C::ShutDown, C::Reboot, C::Pause, C::Resume],
        &[C::Save, C::Restore, C::SaveTo],
        &[C::Reset, C::ForceOff],
        &[C::AutostartOn, C::AutostartOff],
        &[C::Migrate],
        &[C::Rename, C::Delete],
    ])
}

/// The keys of these commands, while the focus is inside the widget that gets this.
pub fn shortcuts(commands: &[Command]) -> gtk::ShortcutController {
    let controller = gtk::ShortcutController::new();
    for command in commands {
        if let Some(trigger) = command.key().and_then(gtk::ShortcutTrigger::parse_string) {
            let action = gtk::NamedAction::new(&command.action());
            controller.add_shortcut(gtk::Shortcut::new(Some(trigger), Some(action)));
        }
    }
    controller
}

impl Command {
    /// The name of its action, with the group's.
    pub fn action(self) -> String {
        format!("{GROUP}.{}", self.name())
    }

    /// What a button says of itself while the command can be done: its words and its key.
    fn tooltip(self) -> String {
        let label = self.label();
        let key = self.key().and_then(gtk::accelerator_parse).map(|(key, mods)| gtk::accelerator_get_label(key, mods));
        key.map_or(label.clone(), |key| format!("{label} ({key})"))
    }
}

impl Command {
    /// The core's action, if the command needs no words from a person.
    pub fn plain(self) -> Option<Action> {
        Some(match self {
            Self::Start => Action::Start,
            Self::ShutDown => Action::Shutdown,
            Self::Reboot => Action::Reboot,
            Self::Pause => Action::Pause,
            Self::Resume => Action::Resume,
            Self::Save => Action::Save,
            Self::Restore => Action::Restore,
            Self::Reset => Action::Reset,
            Self::ForceOff => Action::ForceOff,
            Self::AutostartOn => Action::Autostart(true),
            Self::AutostartOff => Action::Autostart(false),
            Self::Delete => Action::Delete { force: false },
            Self::Open | Self::SaveTo | Self::Migrate | Self::Rename => return None,
        })
    }

    /// Why it can't be done to any of these machines; `None` if it can to at least one.
    pub fn refused(self, subjects: &[Subject<'_>]) -> Option<String> {
        let Some(first) = subjects.first() else { return Some(gettext("Select a machine first.")) };
        if matches!(self, Self::Open | Self::Rename | Self::SaveTo) && subjects.len() > 1 {
            return Some(gettext("Select one machine only."));
        }
        let allowed = subjects.iter().any(|s| self.refused_for(*s).is_none());
        if allowed { None } else { self.refused_for(*first) }
    }

    /// Why it can't be done to this machine.
    pub fn refused_for(self, subject: Subject<'_>) -> Option<String> {
        let action = match self {
            Self::Open => return None,
            // Whether it can go is told by the dialog, which knows the other host.
            Self::Migrate if subject.up => return None,
            Self::Migrate => return Some(gettext("Its host does not answer now.")),
            // Whatever the words will be: they are checked when they are typed.
            Self::Rename => Action::Rename("x".into()),
            Self::SaveTo => Action::SaveTo(String::new()),
            Self::AutostartOn if subject.info.autostart => return Some(gettext("It starts with its host already.")),
            Self::AutostartOff if !subject.info.autostart => return Some(gettext("It doesn't start with its host.")),
            other => other.plain()?,
        };
        if !subject.up {
            return Some(gettext("Its host does not answer now."));
        }
        action.allowed(subject.info).err().map(why)
    }
}

/// A denial in words.
pub fn why(denial: Denial) -> String {
    match denial {
        Denial::Running => gettext("It is running already."),
        Denial::NotRunning => gettext("It is not running."),
        Denial::Paused => gettext("It is paused already."),
        Denial::NotPaused => gettext("It is not paused."),
        Denial::ResumeFirst => gettext("A paused machine can't answer; resume it first."),
        Denial::RunFirst => {
            gettext("It came here paused, and its QEMU would end at this; let it run for a moment first (Resume).")
        }
        Denial::NoSave => gettext("It has no saved state."),
        Denial::Transient => gettext("It is transient: it exists only while it runs."),
        Denial::MustBeOff => gettext("It must be off; shut it down first."),
        Denial::NoName => gettext("A name is needed."),
        Denial::UnknownState => gettext("Its state is not known."),
    }
}

impl<'a> Subject<'a> {
    /// The machine of that key, if it is still there.
    pub fn of(inventory: &'a Inventory, key: &DomainKey) -> Option<Self> {
        let host = inventory.host(&key.host)?;
        Some(Self { info: &host.machines.get(&key.domain)?.info, up: host.link == LinkState::Up })
    }
}

#[cfg(test)]
mod tests {
    use drover::domain::State;

    use super::*;
    use crate::machines::testing::info;

    #[test]
    fn what_cant_be_done_says_why() {
        let (on, off) = (info(1, "a", State::Running), info(2, "b", State::Off));
        let (on, off) = (Subject { info: &on, up: true }, Subject { info: &off, up: true });
        assert_eq!(Command::Start.refused(&[on]).as_deref(), Some("It is running already."));
        assert_eq!(Command::Start.refused(&[on, off]), None, "one of them can be started");
        assert_eq!(Command::Delete.refused(&[on]).as_deref(), Some("It must be off; shut it down first."));
        assert_eq!(Command::Rename.refused(&[off, off]).as_deref(), Some("Select one machine only."));
        assert_eq!(Command::Start.refused(&[]).as_deref(), Some("Select a machine first."));
        let lost = Subject { up: false, ..off };
        assert_eq!(Command::Start.refused(&[lost]).as_deref(), Some("Its host does not answer now."));
        assert_eq!(Command::Open.refused(&[lost]), None, "what was read last can be looked at");
    }

    #[gtk::test]
    fn keys_are_ones_that_gtk_knows_and_none_is_used_twice() {
        let keys: Vec<_> = Command::ALL.into_iter().filter_map(Command::key).collect();
        for (n, key) in keys.iter().enumerate() {
            assert!(gtk::ShortcutTrigger::parse_string(key).is_some(), "{key}");
            assert!(!keys[n + 1..].contains(key), "{key}");
        }
    }

    #[gtk::test]
    fn actions_follow_the_subjects() {
        let actions = Actions::new(|_| {});
        let off = info(1, "a", State::Off);
        actions.update(&[Subject { info: &off, up: true }]);
        assert!(actions.group.is_action_enabled("start"));
        assert!(!actions.group.is_action_enabled("pause"));
        assert_eq!(actions.reason(Command::Pause).as_deref(), Some("It is not running."));
    }
}
