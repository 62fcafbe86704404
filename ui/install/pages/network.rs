//! Step 5: where the network card is plugged in.
use std::cell::RefCell;

use adw::prelude::*;
use drover::finding;

use super::page;
use crate::i18n::{gettext, gettext_f};
use crate::install::field::{Field, Pen, choose, fill_drop_down, group, radios};
use crate::install::form::{Edit, NetKind};
use crate::install::picks::Picks;
use crate::install::state::State;
use crate::install::wizard::Msg;
use crate::widgets::icon_button::icon_button;

pub struct Page {
    pub page: adw::PreferencesPage,
    kinds: Vec<(gtk::CheckButton, NetKind)>,
    bridge: Field<gtk::Entry>,
    bridges: Picks,
    network: Field<gtk::DropDown>,
    shown_networks: RefCell<Vec<String>>,
    mac: Field<gtk::Entry>,
}

impl Page {
    pub fn new(pen: &Pen) -> Self {
        let items = [
            (gettext("A _bridge of the host"), NetKind::Bridge),
            (gettext("A _virtual network"), NetKind::Network),
            (gettext("_User mode: out through the host, not reachable"), NetKind::User),
            (gettext("N_o network card"), NetKind::None),
        ];
        let (kinds_row, kinds) = radios(&items, pen, Edit::NetKind);
        let bridge = Field::entry(&gettext("Bridge n_ame"), pen, Edit::Bridge);
        bridge.control.set_placeholder_text(Some("xenbr0"));
        let bridges =
            Picks::new(&gettext("Bridges of the host"), &bridge, pen, |name, _| Edit::Bridge(name.to_owned()));
        let network = Field::<gtk::DropDown>::new("GtkDropDown", &gettext("Net_work"));
        let picked = pen.clone();
        network.control.connect_selected_item_notify(move |drop| {
            if let Some(item) = drop.selected_item().and_downcast::<gtk::StringObject>() {
                picked.edit(Edit::NetworkName(item.string().into()));
            }
        });
        let mac = Field::entry(&gettext("_MAC address"), pen, Edit::Mac);
        let another = icon_button("view-refresh-symbolic", &gettext("Make another MAC address"));
        let pressed = pen.clone();
        another.connect_clicked(move |_| pressed.send(Msg::NewMac));
        mac.line.append(&another);
        let rows = [&kinds_row, &bridge.row, &network.row, &mac.row];
        let what = group(&gettext("Where is its network card plugged in?"), "", &rows);
        Self { page: page(&[&what]), kinds, bridge, bridges, network, shown_networks: RefCell::default(), mac }
    }

    /// Where the cursor starts.
    pub fn first(&self) -> gtk::Widget {
        self.bridge.control.clone().upcast()
    }

    pub fn show(&self, state: &State) {
        let form = &state.form;
        choose(&self.kinds, &form.net);
        self.bridge.row.set_visible(form.net == NetKind::Bridge);
        self.network.row.set_visible(form.net == NetKind::Network);
        self.mac.row.set_visible(form.net != NetKind::None);
        self.bridge.set(&form.bridge);
        self.mac.set(&form.mac);
        self.bridges.show(state.offers.good().map_or(&[], |o| &o.bridges));
        self.show_networks(state);
        let says = state.says(finding::Field::Network);
        self.bridge.say(&says);
        self.network.say(&says);
        self.mac.say(&state.says(finding::Field::Mac));
    }

    fn show_networks(&self, state: &State) {
        let networks = state.offers.good().map_or(&[][..], |o| &o.networks);
        let names: Vec<String> = networks.iter().map(|n| n.name.clone()).collect();
        if *self.shown_networks.borrow() != names {
            let why_not = |n: &drover::network::NetworkInfo| {
                (!n.active).then(|| gettext_f("“{network}” is not started", &[("network", &n.name)]))
            };
            let items: Vec<_> = networks.iter().map(|n| (n.name.clone(), why_not(n))).collect();
            fill_drop_down(&self.network.control, &items);
            self.shown_networks.replace(names.clone());
        }
        let index = names.iter().position(|n| *n == state.form.network).and_then(|i| u32::try_from(i).ok());
        let index = index.unwrap_or(gtk::INVALID_LIST_POSITION);
        if self.network.control.selected() != index {
            self.network.control.set_selected(index);
        }
    }
}
