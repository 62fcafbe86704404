//! The column view: columns chosen, sorted and resized, and what of that is to be remembered.
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gtk::prelude::*;
use gtk::{gio, glib};

use super::cells::Cells;
use super::columns::Column;
use super::model::Order;
use crate::i18n::gettext;
use crate::widgets::icon_button::named;

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
    columns: Columns,
    sorting: Sorting,
    /// The actions `columns.ID` that show and hide.
    pub actions: gio::SimpleActionGroup,
}

impl View {
    /// Builds the view; `on_layout` is called after a person changed anything in it.
    pub fn new(model: &gtk::MultiSelection, cells: &Cells, layout: &Layout, on_layout: impl Fn() + 'static) -> Self {
        let widget: gtk::ColumnView = named("GtkColumnView", &gettext("Machines"))
            .unwrap_or_else(|| gtk::ColumnView::new(None::<gtk::MultiSelection>));
        widget.set_model(Some(model));
        widget.set_reorderable(false);
        let on_layout: Rc<dyn Fn()> = Rc::new(on_layout);
        let sorting = Sorting::default();
        let actions = gio::SimpleActionGroup::new();
        let menu = column_menu();
        let columns: Vec<(Column, gtk::ColumnViewColumn)> = Column::ALL
            .into_iter()
            .map(|column| {
                let view_column = gtk::ColumnViewColumn::new(Some(&column.title()), Some(cells.factory(column)));
                view_column.set_resizable(true);
                view_column.set_expand(column == Column::Name);
                let width = layout.widths.iter().find(|(c, _)| *c == column).map_or(column.width(), |(_, w)| *w);
                view_column.set_fixed_width(width);
                view_column.set_header_menu(Some(&menu));
                view_column.set_sorter(Some(&sorting.probe(column)));
                let on_layout = on_layout.clone();
                view_column.connect_fixed_width_notify(move |_| on_layout());
                (column, view_column)
            })
            .collect();
        let columns: Columns = columns.into();
        for (column, view_column) in columns.iter() {
            if *column == Column::Name || layout.shown.contains(column) {
                widget.append_column(view_column);
            }
            if *column != Column::Name {
                actions.add_action(&visibility_action(*column, &widget, &columns, &on_layout));
            }
        }
        if let Some((_, column)) =
            columns.iter().find(|(c, _)| *c == layout.order.column && shows(&widget, *c, &columns))
        {
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
        let shown = self.columns.iter().map(|(c, _)| *c).filter(|c| shows(&self.widget, *c, &self.columns)).collect();
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

/// All columns in their order. Those that don't show are not in the view: GTK 4.8 keeps room for invisible ones.
type Columns = Rc<[(Column, gtk::ColumnViewColumn)]>;

fn shows(view: &gtk::ColumnView, column: Column, columns: &Columns) -> bool {
    let all = view.columns();
    columns.iter().any(|(c, view_column)| {
        *c == column && all.iter::<gtk::ColumnViewColumn>().flatten().any(|shown| shown == *view_column)
    })
}

fn visibility_action(
    column: Column,
    view: &gtk::ColumnView,
    columns: &Columns,
    on_layout: &Rc<dyn Fn()>,
) -> gio::SimpleAction {
    let state = shows(view, column, columns).to_variant();
    let action = gio::SimpleAction::new_stateful(column.id(), None, &state);
    let (columns, on_layout, view) = (columns.clone(), on_layout.clone(), view.downgrade());
    action.connect_activate(move |action, _| {
        let Some(view) = view.upgrade() else { return };
        let Some((_, view_column)) = columns.iter().find(|(c, _)| *c == column) else { return };
        let show = !shows(&view, column, &columns);
        if show {
            let before = columns.iter().take_while(|(c, _)| *c != column).filter(|(c, _)| shows(&view, *c, &columns));
            view.insert_column(u32::try_from(before.count()).unwrap_or(u32::MAX), view_column);
        } else {
            view.remove_column(view_column);
        }
        action.set_state(&show.to_variant());
        on_layout();
    });
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
