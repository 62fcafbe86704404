//! Where columns and rows of the table stand, in pixels; pure.
use std::ops::Range;

use crate::machines::columns::{Column, Layout};

/// The name column gives way to the others no further than this.
const NAME_AT_LEAST: i32 = 190;
/// No column can be dragged narrower.
pub const NARROWEST: i32 = 48;

/// A column on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub column: Column,
    pub x: i32,
    pub width: i32,
}

/// The columns that show, and how wide they want to be.
#[derive(Clone, Debug)]
pub struct Columns {
    shown: Vec<Column>,
    widths: Vec<(Column, i32)>,
}

impl Columns {
    /// As the person chose; the name always shows.
    pub fn new(layout: &Layout) -> Self {
        let mut columns = Self { shown: layout.shown.clone(), widths: layout.widths.clone() };
        columns.show(Column::Name, true);
        columns
    }

    /// From left to right.
    pub fn shown(&self) -> &[Column] {
        &self.shown
    }

    /// The widths that were dragged.
    pub fn widths(&self) -> &[(Column, i32)] {
        &self.widths
    }

    /// Shows or hides a column; each has its place.
    pub fn show(&mut self, column: Column, show: bool) {
        self.shown = Column::ALL
            .into_iter()
            .filter(|c| if *c == column { show || *c == Column::Name } else { self.shown.contains(c) })
            .collect();
    }

    /// Makes a column as wide as a person drags it.
    pub fn resize(&mut self, column: Column, width: i32) {
        self.widths.retain(|(c, _)| *c != column);
        self.widths.push((column, width.max(NARROWEST)));
    }

    fn width(&self, column: Column) -> Option<i32> {
        let dragged = self.widths.iter().find(|(c, _)| *c == column).map(|(_, width)| *width);
        dragged.or_else(|| (column != Column::Name).then(|| column.width()))
    }

    /// Places for a table of this width; more than it where they don't fit. The name takes what is left.
    pub fn places(&self, available: i32) -> Vec<Place> {
        let others: i32 = self.shown.iter().filter(|c| **c != Column::Name).filter_map(|c| self.width(*c)).sum();
        let rest = (available - others).max(self.width(Column::Name).unwrap_or(NAME_AT_LEAST));
        let mut x = 0;
        let place = |column: &Column| {
            let width = if *column == Column::Name { rest } else { self.width(*column).unwrap_or(rest) };
            let place = Place { column: *column, x, width };
            x += width;
            place
        };
        self.shown.iter().map(place).collect()
    }
}

/// The upper edges of all rows, and the lower edge of the last.
#[derive(Clone, Debug, Default)]
pub struct Tops(Vec<i32>);

impl Tops {
    /// Of rows of these heights.
    pub fn new(heights: impl Iterator<Item = i32>) -> Self {
        let mut tops = vec![0];
        let mut y = 0;
        tops.extend(heights.map(|height| {
            y += height;
            y
        }));
        Self(tops)
    }

    /// The height of all rows together.
    pub fn total(&self) -> i32 {
        self.0.last().copied().unwrap_or_default()
    }

    /// The upper and lower edge of a row.
    pub fn row(&self, index: usize) -> Range<i32> {
        let edge = |i: usize| self.0.get(i).copied().unwrap_or_else(|| self.total());
        edge(index)..edge(index + 1)
    }

    /// The row at this height; `None` above the first and below the last.
    pub fn at(&self, y: i32) -> Option<usize> {
        if y < 0 || y >= self.total() {
            return None;
        }
        self.0.partition_point(|top| *top <= y).checked_sub(1)
    }

    /// The rows of which something lies between these heights.
    pub fn between(&self, y: Range<i32>) -> Range<usize> {
        if y.is_empty() || y.end <= 0 || y.start >= self.total() {
            return 0..0;
        }
        let first = self.at(y.start.max(0)).unwrap_or_default();
        let last = self.at((y.end - 1).min(self.total() - 1)).unwrap_or(first);
        first..last + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_takes_what_the_others_leave() {
        let columns = Columns::new(&Layout { shown: vec![Column::State, Column::Cpu], ..Layout::default() });
        let places = columns.places(800);
        assert_eq!(places.iter().map(|p| p.column).collect::<Vec<_>>(), [Column::Name, Column::State, Column::Cpu]);
        assert_eq!((places[0].x, places[1].x), (0, places[0].width));
        assert_eq!(places[2].x + places[2].width, 800);
        let narrow = columns.places(100);
        assert_eq!(narrow[0].width, NAME_AT_LEAST);
        assert!(narrow[2].x + narrow[2].width > 100, "then one has to scroll");
    }

    #[test]
    fn columns_come_in_their_place_and_stay_as_wide_as_dragged() {
        let mut columns = Columns::new(&Layout::default());
        assert!(!columns.shown().contains(&Column::Os));
        columns.show(Column::Os, true);
        assert_eq!(columns.shown()[..3], [Column::Name, Column::State, Column::Os]);
        columns.show(Column::Name, false);
        assert_eq!(columns.shown()[0], Column::Name, "there is always a name");
        columns.resize(Column::Os, 5);
        columns.resize(Column::Os, 222);
        assert_eq!(columns.widths(), [(Column::Os, 222)]);
        assert_eq!(columns.places(2000)[2].width, 222);
    }

    #[test]
    fn rows_of_different_heights_are_found() {
        let tops = Tops::new([50, 30, 30, 60].into_iter());
        assert_eq!((tops.total(), tops.row(0), tops.row(3)), (170, 0..50, 110..170));
        assert_eq!((tops.at(-1), tops.at(0), tops.at(49), tops.at(50)), (None, Some(0), Some(0), Some(1)));
        assert_eq!((tops.at(169), tops.at(170)), (Some(3), None));
        assert_eq!(tops.between(40..81), 0..3);
        assert_eq!(tops.between(165..900), 3..4);
        assert_eq!(tops.between(170..900), 0..0);
        assert_eq!(tops.between(-20..0), 0..0);
        assert_eq!(Tops::new(std::iter::empty()).between(0..500), 0..0);
    }
}
