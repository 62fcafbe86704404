//! The columns of the machine list: which there are, what they are called, how wide, and which show at first.
use crate::i18n::gettext;

/// One column, in the order in which they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    Name,
    State,
    Os,
    Cpu,
    Memory,
    Disk,
    Network,
    Addresses,
    Autostart,
    Snapshots,
}

impl Column {
    /// All of them, from left to right.
    pub const ALL: [Self; 10] = [
        Self::Name,
        Self::State,
        Self::Os,
        Self::Cpu,
        Self::Memory,
        Self::Disk,
        Self::Network,
        Self::Addresses,
        Self::Autostart,
        Self::Snapshots,
    ];

    /// The name in the settings file and of its action.
    pub fn id(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::State => "state",
            Self::Os => "os",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Disk => "disk",
            Self::Network => "network",
            Self::Addresses => "addresses",
            Self::Autostart => "autostart",
            Self::Snapshots => "snapshots",
        }
    }

    /// The column of that id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.id() == id)
    }

    /// The heading.
    pub fn title(self) -> String {
        match self {
            Self::Name => gettext("Name"),
            Self::State => gettext("State"),
            Self::Os => gettext("Guest OS"),
            Self::Cpu => gettext("CPU"),
            Self::Memory => gettext("Memory"),
            Self::Disk => gettext("Disk"),
            Self::Network => gettext("Network"),
            Self::Addresses => gettext("Address"),
            Self::Autostart => gettext("Autostart"),
            Self::Snapshots => gettext("Snapshots"),
        }
    }

    /// Its width at first, in pixels; the name takes what is left.
    pub fn width(self) -> i32 {
        match self {
            Self::Name => -1,
            Self::State => 100,
            Self::Os => 130,
            Self::Cpu => 124,
            Self::Memory => 152,
            Self::Disk | Self::Network => 112,
            Self::Addresses => 124,
            Self::Autostart | Self::Snapshots => 96,
        }
    }

    /// Whether it shows before anybody chose.
    pub fn shown_at_first(self) -> bool {
        !matches!(self, Self::Os | Self::Autostart | Self::Snapshots)
    }

    /// Whether its texts stand at the right, one below the other by their last digit.
    pub fn is_at_right(self) -> bool {
        matches!(self, Self::Disk | Self::Network | Self::Snapshots)
    }

    /// Whether a stats tick changes it.
    pub fn is_figure(self) -> bool {
        matches!(self, Self::Cpu | Self::Memory | Self::Disk | Self::Network)
    }
}

/// The order of the machines within each host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    pub column: Column,
    pub descending: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self { column: Column::Name, descending: false }
    }
}

/// What a person chose for the columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// The columns that show, in any order; the name always does.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_found_by_its_id() {
        for column in Column::ALL {
            assert_eq!(Column::from_id(column.id()), Some(column));
        }
        assert_eq!(Column::from_id("colour"), None);
    }
}
