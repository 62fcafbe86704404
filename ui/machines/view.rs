//! The column view: columns chosen, sorted and resized, and what of that is to be remembered.
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gtk::prelude::*;
use gtk::{gio, glib};

use super::cells::Cells;
use super::columns::Column;
use super::model::Order;

/// What a person chose for the columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// The columns that show, in any order.
    pub shown: Vec<Column>,
    /// Widths that were dragged, in pixels.
    pub widths: Vec<(Column, i32)>,
    pub order: Order,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            shown: Column::ALL.into_iter().filter(|c| c.shown_at_first()).collect(),
            widths: Vec::new(),
            order: Order::default(),
        }
    }
}

/// The view and its columns.
pub struct View {
    pub widget: gtk::ColumnView,
    columns: Vec<(Column, gtk::ColumnViewColumn)>,
    sorting: Sorting,
    /// The actions `columns.ID` that show and hide.
    pub actions: gio::SimpleActionGroup,
}

impl View {
    /// Builds the view; `on_layout` is called after a person changed anything in it.
    pub fn new(model: &gtk::MultiSelection, cells: &Cells, layout: &Layout, on_layout: impl Fn() + 'static) -> Self {
        let widget = gtk::ColumnView::builder()
            .model(model)
            .single_click_activate(false)
            .enable_rubberband(false)
            .reorderable(false)
            .css_classes(["machine-list"])
            .build();
        let on_layout: Rc<dyn Fn()> = Rc::new(on_layout);
        let sorting = Sorting::default();
        let actions = gio::SimpleActionGroup::new();
        let menu = column_menu();
        let mut columns = Vec::new();
        for column in Column::ALL {
            let view_column = gtk::ColumnViewColumn::new(Some(&column.title()), Some(cells.factory(column)));
            view_column.set_resizable(true);
            view_column.set_expand(column == Column::Name);
            let width = layout.widths.iter().find(|(c, _)| *c == column).map_or(column.width(), |(_, w)| *w);
            view_column.set_fixed_width(width);
            view_column.set_visible(column == Column::Name || layout.shown.contains(&column));
            view_column.set_header_menu(Some(&menu));
            view_column.set_sorter(Some(&sorting.probe(column)));
            widget.append_column(&view_column);
            if column != Column::Name {
                actions.add_action(&visibility_action(column, &view_column, &on_layout));
            }
            view_column.connect_fixed_width_notify(glib::clone!(
                #[strong]
                on_layout,
                move |_| on_layout()
            ));
            columns.push((column, view_column));
        }
        if let Some((_, column)) = columns.iter().find(|(c, _)| *c == layout.order.column) {
            widget.sort_by_column(Some(column), direction(layout.order.descending));
        }
        widget.insert_action_group("columns", Some(&actions));
        Self { widget, columns, sorting, actions }
    }

    /// Calls when a heading was clicked, with the order that it asks for.
    pub fn connect_order(&self, on_order: impl Fn(Order) + 'static) {
        let Some(sorter) = self.widget.sorter() else { return };
        let sorting = self.sorting.clone();
        sorter.connect_changed(move |sorter, _| on_order(sorting.read(sorter)));
    }

    /// The layout as it is now, but for the order, which the model knows.
    pub fn layout(&self, order: Order) -> Layout {
        let shown = self.columns.iter().filter(|(_, c)| c.is_visible()).map(|(c, _)| *c).collect();
        let widths = self
            .columns
            .iter()
            .map(|(column, c)| (*column, c.fixed_width()))
            .filter(|(column, width)| *width != column.width())
            .collect();
        Layout { shown, widths, order }
    }
}

/// The menu that chooses columns; for the button beside the search and for the headings.
pub fn column_menu() -> gio::Menu {
    let menu = gio::Menu::new();
    for column in Column::ALL.into_iter().filter(|c| *c != Column::Name) {
        menu.append(Some(&column.title()), Some(&format!("columns.{}", column.id())));
    }
    menu
}

fn direction(descending: bool) -> gtk::SortType {
    if descending { gtk::SortType::Descending } else { gtk::SortType::Ascending }
}

fn visibility_action(
    column: Column,
    view_column: &gtk::ColumnViewColumn,
    on_layout: &Rc<dyn Fn()>,
) -> gio::SimpleAction {
    let action = gio::SimpleAction::new_stateful(column.id(), None, &view_column.is_visible().to_variant());
    action.connect_activate(glib::clone!(
        #[strong]
        view_column,
        #[strong]
        on_layout,
        move |action, _| {
            let visible = !view_column.is_visible();
            view_column.set_visible(visible);
            action.set_state(&visible.to_variant());
            on_layout();
        }
    ));
    action
}

/// Finds out which heading sorts. GTK 4.8 doesn't tell, so its sorter is asked to compare two strangers: the first
/// column that it asks is the one, and whether it turns the answer round is the direction.
#[derive(Clone, Default)]
struct Sorting {
    asked: Rc<Cell<Option<Column>>>,
    strangers: Rc<RefCell<Option<(glib::Object, glib::Object)>>>,
}

impl Sorting {
    fn probe(&self, column: Column) -> gtk::CustomSorter {
        let asked = self.asked.clone();
        gtk::CustomSorter::new(move |_, _| {
            if asked.get().is_none() {
                asked.set(Some(column));
            }
            gtk::Ordering::Smaller
        })
    }

    fn read(&self, sorter: &gtk::Sorter) -> Order {
        let mut strangers = self.strangers.borrow_mut();
        let (a, b) = strangers.get_or_insert_with(|| (stranger(), stranger()));
        self.asked.set(None);
        let descending = sorter.compare(a, b) == gtk::Ordering::Larger;
        self.asked.take().map_or_else(Order::default, |column| Order { column, descending })
    }
}

fn stranger() -> glib::Object {
    gtk::StringObject::new("").upcast()
}
