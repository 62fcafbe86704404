//! The options of the Migrate dialog, folded away, with libvirt's defaults where nothing is entered.
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use adw::prelude::*;
use drover::install::Format;
use drover::migrate::estimate::DEFAULT_DOWNTIME;
use drover::migrate::{Choices, Compression, Feature, Way};

use super::control::Edit;
use super::copies::Copies;
use super::dialog::Msg;
use super::disks::Disks;
use super::words::feature;
use crate::i18n::{gettext, gettext_f};
use crate::install::{Field, Says, check_button, row_with};

/// MiB/s: QEMU counts bytes a second in a signed 64-bit number.
const MOST_BANDWIDTH: u64 = (i64::MAX as u64) >> 20;
/// Milliseconds: QEMU's own limit (MAX_MIGRATE_DOWNTIME, migration/options.c).
const MOST_DOWNTIME: u64 = 2_000_000;
/// QEMU's limit of `multifd-channels` (qapi/migration.json).
const MOST_CONNECTIONS: u64 = 255;

/// What is entered, as far as it is valid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entered {
    pub bandwidth: Option<u64>,
    pub downtime: Option<u64>,
    pub parallel: Option<u8>,
    pub compress: Option<Compression>,
    pub way: Option<Feature>,
    /// For the source's daemon; empty is the destination's own.
    pub peer_uri: String,
    pub auto_converge: bool,
    pub stand_still: bool,
    pub on_demand: bool,
    pub tls: bool,
    pub keep: bool,
    /// Empty is the same.
    pub name: String,
    pub copies: Copies,
    /// Something is not valid.
    pub is_wrong: bool,
}

impl Entered {
    /// Puts it into the choices for a destination at this URI.
    pub fn put(&self, choices: &mut Choices, dest_uri: &str) {
        (choices.bandwidth, choices.downtime) = (self.bandwidth, self.downtime);
        (choices.parallel, choices.compress) = (self.parallel, self.compress);
        let uri = if self.peer_uri.is_empty() { dest_uri } else { &self.peer_uri };
        choices.way = match self.way {
            Some(Feature::PeerToPeer) => Way::Peer(uri.to_owned()),
            Some(Feature::Tunnel) => Way::Tunnel(uri.to_owned()),
            _ => Way::Managed,
        };
        (choices.auto_converge, choices.on_demand) = (self.auto_converge, self.on_demand);
        (choices.stand_still, choices.tls, choices.keep) = (self.stand_still, self.tls, self.keep);
        choices.name = Some(self.name.clone()).filter(|name| !name.is_empty());
    }

    /// What differs from the defaults, for the folded row.
    fn summary(&self) -> String {
        let numbers = [
            self.bandwidth.map(|n| gettext_f("at most {n} MiB/s", &[("n", &n.to_string())])),
            self.downtime.map(|n| gettext_f("pause at most {n} ms", &[("n", &n.to_string())])),
        ];
        let flags = [
            (self.parallel.is_some(), Feature::Parallel),
            (self.auto_converge, Feature::AutoConverge),
            (self.stand_still, Feature::StandStill),
            (self.on_demand, Feature::OnDemand),
            (self.tls, Feature::Tls),
            (self.keep, Feature::Keep),
            (!self.name.is_empty(), Feature::NewName),
            (self.copies.format.is_some(), Feature::NewFormat),
        ];
        let mut features: Vec<Feature> = self.way.into_iter().chain(self.compress.map(Feature::Compression)).collect();
        features.extend(flags.into_iter().filter(|(on, _)| *on).map(|(_, feature)| feature));
        let place = self.copies.pool.as_ref().map(|pool| gettext_f("copies go to {pool}", &[("pool", pool)]));
        let disks = self.copies.disks.iter().map(|(disk, copy)| match copy {
            true => gettext_f("{disk} is copied", &[("disk", disk)]),
            false => gettext_f("{disk} is not copied", &[("disk", disk)]),
        });
        let parts = numbers.into_iter().flatten().chain(features.into_iter().map(feature)).chain(place).chain(disks);
        parts.collect::<Vec<_>>().join(" · ")
    }
}

/// A whole number from 1 to `most`; empty is the default.
fn number(text: &str, most: u64) -> Result<Option<u64>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let valid = text.parse().ok().filter(|n| (1..=most).contains(n));
    valid.map(Some).ok_or_else(|| {
        gettext_f("A whole number from 1 to {most}, or nothing for the default", &[("most", &most.to_string())])
    })
}

/// The widgets.
pub struct Options {
    pub row: adw::ExpanderRow,
    bandwidth: Field<gtk::Entry>,
    downtime: Field<gtk::Entry>,
    parallel: Field<gtk::Entry>,
    compress: Field<gtk::DropDown>,
    way: Field<gtk::DropDown>,
    peer_uri: Field<gtk::Entry>,
    auto_converge: gtk::CheckButton,
    stand_still: gtk::CheckButton,
    on_demand: gtk::CheckButton,
    tls: gtk::CheckButton,
    keep: gtk::CheckButton,
    name: Field<gtk::Entry>,
    pub disks: Disks,
    place: Field<gtk::DropDown>,
    format: Field<gtk::DropDown>,
    /// What `place` offers after "the same path".
    pools: RefCell<Vec<String>>,
}

const WAYS: [Feature; 2] = [Feature::PeerToPeer, Feature::Tunnel];
const FORMATS: [Format; 2] = [Format::Qcow2, Format::Raw];

impl Options {
    /// Each change sends [`Msg::Options`].
    pub fn new(input: &relm4::Sender<Msg>) -> Self {
        let entry = |label: &str, placeholder: &str| entry(input, label, placeholder);
        let choice = |label: &str, items: &[String]| choice(input, label, items);
        let check = |label: &str, tooltip: &str| check(input, label, tooltip);
        let none = [gettext("none (the default)")];
        let methods: Vec<String> = none.into_iter().chain(Compression::ALL.map(|c| c.name().to_owned())).collect();
        let directly = [gettext("From host to host (the default)")];
        let ways: Vec<String> = directly.into_iter().chain(WAYS.map(feature)).collect();
        let formats: Vec<String> =
            [gettext("as it is (the default)")].into_iter().chain(FORMATS.map(|f| f.name().to_owned())).collect();
        let default = |n: &str| gettext_f("{n} (the default)", &[("n", n)]);
        let this = Self {
            row: adw::ExpanderRow::builder().title(gettext("_Options")).use_underline(true).build(),
            bandwidth: entry(&gettext("_Bandwidth at most (MiB/s)"), &gettext("no limit (the default)")),
            downtime: entry(
                &gettext("_Pause at the switch-over at most (ms)"),
                &default(&DEFAULT_DOWNTIME.to_string()),
            ),
            parallel: entry(&gettext("Parallel connections"), &default("1")),
            compress: choice(&gettext("Compression"), &methods),
            way: choice(&gettext("_Way of the data"), &ways),
            peer_uri: entry(&gettext("_URI by which the source's daemon logs in"), ""),
            auto_converge: check(
                &gettext("_Slow the machine down if its memory changes too fast"),
                &gettext("Auto-converge: its virtual CPUs get less time until its memory can be sent."),
            ),
            stand_still: check(
                &gettext("Let it stand _still until all of its memory is there"),
                &gettext("Nothing has to be sent twice; Xen's paravirtualised machines may move in no other way."),
            ),
            on_demand: check(
                &gettext("Post-copy: switch over only when I say so"),
                &gettext("Else it goes over by itself after one pass over its memory."),
            ),
            tls: check(
                &gettext("_Encrypt with TLS"),
                &gettext("Memory and disks are sent encrypted; both hosts need certificates."),
            ),
            keep: check(
                &gettext("_Keep its definition here as well"),
                &gettext("Without autostart: started in both places, it would destroy its disks."),
            ),
            name: entry(&gettext("_New name there"), ""),
            disks: Disks::new(input),
            place: choice(&gettext("Copies of disks _go to"), &[]),
            format: choice(&gettext("_Format of the copies"), &formats),
            pools: RefCell::default(),
        };
        let rows = [&this.bandwidth.row, &this.downtime.row, &this.parallel.row, &this.compress.row, &this.way.row];
        rows.into_iter().chain([&this.peer_uri.row]).for_each(|row| this.row.add_row(row));
        for button in [&this.auto_converge, &this.stand_still, &this.on_demand, &this.tls, &this.keep] {
            this.row.add_row(&row_with(button));
        }
        let last = [&this.name.row, &this.disks.row, &this.place.row, &this.format.row];
        last.into_iter().for_each(|row| this.row.add_row(row));
        this.offer(&[]);
        this
    }

    /// The destination's pools, and the machine's name if there is only one.
    pub fn know(&self, pools: &[String], name: Option<&str>, dest_uri: &str) {
        self.name.row.set_visible(name.is_some());
        self.name.control.set_placeholder_text(name);
        self.peer_uri.control.set_placeholder_text(Some(dest_uri));
        if *self.pools.borrow() != pools {
            self.offer(pools);
        }
    }

    /// Changes it as a person would, and shows where to go on.
    pub fn edit(&self, edit: &Edit) {
        let default = |field: &Field<gtk::DropDown>| field.control.set_selected(0);
        match edit {
            Edit::LeaveOut(feature) => match feature {
                Feature::PeerToPeer | Feature::Tunnel => default(&self.way),
                Feature::Compression(_) => default(&self.compress),
                Feature::NewFormat => default(&self.format),
                Feature::Parallel => self.parallel.control.set_text(""),
                Feature::NewName => self.name.control.set_text(""),
                Feature::AutoConverge => self.auto_converge.set_active(false),
                Feature::StandStill => self.stand_still.set_active(false),
                Feature::Bandwidth => self.bandwidth.control.set_text(""),
                Feature::Downtime => self.downtime.control.set_text(""),
                Feature::Tls => self.tls.set_active(false),
                Feature::OnDemand => self.on_demand.set_active(false),
                Feature::Keep => self.keep.set_active(false),
                Feature::Address | Feature::Incremental | Feature::Kind(_) => {}
            },
            Edit::StandStill => self.stand_still.set_active(true),
            Edit::Compress(method) => {
                let at = Compression::ALL.iter().position(|m| m == method).map_or(0, |i| i + 1);
                self.compress.control.set_selected(u32::try_from(at).unwrap_or_default());
            }
            Edit::Copy(target) => self.disks.copy(target),
            Edit::Name => self.show(&self.name.control),
            Edit::Place => self.show(&self.place.control),
        }
    }

    /// Unfolds the options, and puts the cursor there once there is something to scroll to.
    fn show(&self, control: &impl IsA<gtk::Widget>) {
        self.row.set_expanded(true);
        let control = control.as_ref().clone();
        match revealer(self.row.upcast_ref()).filter(|r| !r.is_child_revealed()) {
            None => drop(control.grab_focus()),
            Some(revealer) => {
                let once = Rc::new(Cell::new(None));
                let id = once.clone();
                let handler = revealer.connect_child_revealed_notify(move |revealer| {
                    control.grab_focus();
                    if let Some(id) = once.take() {
                        revealer.disconnect(id);
                    }
                });
                id.set(Some(handler));
            }
        }
    }

    fn offer(&self, pools: &[String]) {
        let before = at(&self.pools.borrow(), &self.place);
        *self.pools.borrow_mut() = pools.to_vec();
        let items = [gettext("the same path (the default)")];
        let items: Vec<&str> = items.iter().map(String::as_str).chain(pools.iter().map(String::as_str)).collect();
        self.place.control.set_model(Some(&gtk::StringList::new(&items)));
        let again = before.and_then(|pool| pools.iter().position(|p| *p == pool)).map_or(0, |i| i + 1);
        self.place.control.set_selected(u32::try_from(again).unwrap_or_default());
    }

    /// What is entered; what is wrong is told under its field.
    pub fn read(&self) -> Entered {
        let (mut is_wrong, way) = (false, at(&WAYS, &self.way));
        let mut number = |field: &Field<gtk::Entry>, most| {
            let value = number(&field.control.text(), most);
            field.say(&value.as_ref().err().map_or(Says::Nothing, |why| Says::Bad(why.clone())));
            is_wrong |= value.is_err();
            value.ok().flatten()
        };
        let bandwidth = number(&self.bandwidth, MOST_BANDWIDTH);
        let downtime = number(&self.downtime, MOST_DOWNTIME);
        let parallel = number(&self.parallel, MOST_CONNECTIONS).and_then(|n| u8::try_from(n).ok());
        self.peer_uri.row.set_visible(way.is_some());
        let name = if self.name.row.is_visible() { self.name.control.text().trim().to_owned() } else { String::new() };
        let entered = Entered {
            bandwidth,
            downtime,
            parallel,
            compress: at(&Compression::ALL, &self.compress),
            way,
            peer_uri: self.peer_uri.control.text().trim().to_owned(),
            auto_converge: self.auto_converge.is_active(),
            stand_still: self.stand_still.is_active(),
            on_demand: self.on_demand.is_active(),
            tls: self.tls.is_active(),
            keep: self.keep.is_active(),
            name,
            copies: Copies {
                pool: at(&self.pools.borrow(), &self.place),
                format: at(&FORMATS, &self.format),
                disks: self.disks.chosen(),
            },
            is_wrong,
        };
        self.row.set_subtitle(&gtk::glib::markup_escape_text(&entered.summary()));
        entered
    }
}

/// What an expander row unfolds its rows with.
fn revealer(widget: &gtk::Widget) -> Option<gtk::Revealer> {
    let mut child = widget.first_child();
    while let Some(widget) = child {
        if let Some(found) = widget.downcast_ref().cloned().or_else(|| revealer(&widget)) {
            return Some(found);
        }
        child = widget.next_sibling();
    }
    None
}

/// What is chosen of a list that begins with the default.
fn at<T: Clone>(all: &[T], field: &Field<gtk::DropDown>) -> Option<T> {
    all.get((field.control.selected() as usize).checked_sub(1)?).cloned()
}

fn entry(input: &relm4::Sender<Msg>, label: &str, placeholder: &str) -> Field<gtk::Entry> {
    let field: Field<gtk::Entry> = Field::new("GtkEntry", label);
    field.control.set_placeholder_text(Some(placeholder));
    field.control.set_activates_default(true);
    let input = input.clone();
    field.control.connect_changed(move |_| input.emit(Msg::Options));
    field
}

fn choice(input: &relm4::Sender<Msg>, label: &str, items: &[String]) -> Field<gtk::DropDown> {
    let field: Field<gtk::DropDown> = Field::new("GtkDropDown", label);
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    field.control.set_model(Some(&gtk::StringList::new(&items)));
    let input = input.clone();
    field.control.connect_selected_notify(move |_| input.emit(Msg::Options));
    field
}

fn check(input: &relm4::Sender<Msg>, label: &str, tooltip: &str) -> gtk::CheckButton {
    let button = check_button(label);
    button.set_tooltip_text(Some(tooltip));
    let input = input.clone();
    button.connect_toggled(move |_| input.emit(Msg::Options));
    button
}

#[cfg(test)]
#[path = "options_tests.rs"]
mod tests;
