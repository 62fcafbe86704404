//! Which columns show: the menu of the button beside the search and of the headings, and its actions.
use gtk::gio;
use gtk::prelude::*;

use super::columns::Column;
use super::table::Table;

/// The menu that chooses columns. The name is not in it: it always shows.
pub fn column_menu() -> gio::Menu {
    let menu = gio::Menu::new();
    for column in choices() {
        menu.append(Some(&column.title()), Some(&format!("columns.{}", column.id())));
    }
    menu
}

/// The actions `columns.ID` of that menu.
pub fn column_actions(table: &Table) -> gio::SimpleActionGroup {
    let actions = gio::SimpleActionGroup::new();
    let shown = table.layout().shown;
    for column in choices() {
        let action = gio::SimpleAction::new_stateful(column.id(), None, &shown.contains(&column).to_variant());
        let table = table.downgrade();
        action.connect_activate(move |action, _| {
            let Some(table) = table.upgrade() else { return };
            let show = !action.state().and_then(|state| state.get()).unwrap_or(false);
            action.set_state(&show.to_variant());
            table.show_column(column, show);
        });
        actions.add_action(&action);
    }
    actions
}

fn choices() -> impl Iterator<Item = Column> {
    Column::ALL.into_iter().filter(|column| *column != Column::Name)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use drover::host::HostId;

    use super::*;
    use crate::machines::columns::{Layout, Order};
    use crate::machines::model::Model;
    use crate::machines::table::Event;
    use crate::machines::testing::inventory;

    #[gtk::test]
    fn columns_that_are_chosen_come_and_go_and_are_remembered() {
        let inventory = Rc::new(RefCell::new(inventory(&HostId::new("test:///default"), &[])));
        let model = Rc::new(RefCell::new(Model::new(inventory.clone(), Order::default())));
        let told = Rc::new(RefCell::new(Vec::new()));
        let tell = told.clone();
        let table = Table::new(model, inventory, &Layout::default(), move |event| tell.borrow_mut().push(event));
        let actions = column_actions(&table);
        actions.activate_action("os", None);
        assert_eq!(table.layout().shown[..3], [Column::Name, Column::State, Column::Os]);
        assert_eq!(actions.action_state("os"), Some(true.to_variant()));
        actions.activate_action("os", None);
        assert_eq!(table.layout().shown, Layout::default().shown);
        assert_eq!(*told.borrow(), [Event::Layout, Event::Layout]);
        assert_eq!(column_menu().n_items(), 9);
    }
}
