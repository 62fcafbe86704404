//! Step 2: name, memory, CPUs, kind of virtualisation.
use std::cell::RefCell;

use adw::prelude::*;
use drover::finding;
use drover::install::VirtChoice;

use super::page;
use crate::errors;
use crate::i18n::gettext;
use crate::install::field::{Field, Pen, fill_drop_down, group};
use crate::install::form::Edit;
use crate::install::state::State;

const KINDS: [VirtChoice; 5] =
    [VirtChoice::Auto, VirtChoice::Kvm, VirtChoice::Qemu, VirtChoice::XenPv, VirtChoice::XenHvm];

pub struct Page {
    pub page: adw::PreferencesPage,
    name: Field<gtk::Entry>,
    memory: Field<gtk::SpinButton>,
    vcpus: Field<gtk::SpinButton>,
    virt: Field<gtk::DropDown>,
    shown_kinds: RefCell<Vec<(String, Option<String>)>>,
}

impl Page {
    pub fn new(pen: &Pen) -> Self {
        let name = Field::entry(&gettext("_Name"), pen, Edit::Name);
        // Whole positive numbers in range: nothing is lost.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let memory =
            Field::spin(&gettext("_Memory (MiB)"), (1.0, 16_777_216.0, 256.0), 0, pen, |v| Edit::Memory(v as u64));
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let vcpus = Field::spin(&gettext("_CPUs"), (1.0, 4096.0, 1.0), 0, pen, |v| Edit::Vcpus(v as u32));
        let virt = Field::<gtk::DropDown>::new("GtkDropDown", &gettext("_Virtualisation"));
        let pen = pen.clone();
        virt.control.connect_selected_notify(move |drop| {
            if let Some(kind) = KINDS.get(drop.selected() as usize) {
                pen.edit(Edit::Virt(*kind));
            }
        });
        let what = group(&gettext("What is the machine called?"), "", &[&name.row]);
        let size = group(&gettext("How big is it?"), "", &[&memory.row, &vcpus.row, &virt.row]);
        Self { page: page(&[&what, &size]), name, memory, vcpus, virt, shown_kinds: RefCell::default() }
    }

    /// Where the cursor starts.
    pub fn first(&self) -> gtk::Widget {
        self.name.control.clone().upcast()
    }

    pub fn show(&self, state: &State) {
        let form = &state.form;
        self.name.set(&form.name);
        // Up to 2^53 MiB a float is exact.
        #[allow(clippy::cast_precision_loss)]
        self.memory.set(form.memory_mib as f64);
        self.vcpus.set(f64::from(form.vcpus));
        self.show_kinds(state);
        self.name.say(&state.says(finding::Field::Name));
        self.memory.say(&state.says(finding::Field::Memory));
        self.vcpus.say(&state.says(finding::Field::Vcpus));
        self.virt.say(&state.says(finding::Field::VirtType));
    }

    fn show_kinds(&self, state: &State) {
        let why_not = |kind: VirtChoice| {
            let kinds = &state.offers.good()?.kinds;
            let (_, reason) = kinds.iter().find(|(k, _)| *k == kind)?;
            reason.as_ref().map(errors::reason)
        };
        let kinds: Vec<_> = KINDS.iter().map(|kind| (kind_name(*kind), why_not(*kind))).collect();
        if *self.shown_kinds.borrow() != kinds {
            fill_drop_down(&self.virt.control, &kinds);
            self.shown_kinds.replace(kinds);
        }
        let index = KINDS.iter().position(|k| *k == state.form.virt).and_then(|i| u32::try_from(i).ok()).unwrap_or(0);
        if self.virt.control.selected() != index {
            self.virt.control.set_selected(index);
        }
    }
}

/// A kind of virtualisation as the window calls it.
pub fn kind_name(kind: VirtChoice) -> String {
    match kind {
        VirtChoice::Auto => gettext("Automatic"),
        VirtChoice::Kvm => gettext("KVM"),
        VirtChoice::Qemu => gettext("Emulation (slow)"),
        VirtChoice::XenPv => gettext("Xen, paravirtualised"),
        VirtChoice::XenHvm => gettext("Xen, fully virtualised"),
    }
}
