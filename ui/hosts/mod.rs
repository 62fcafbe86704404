//! Hosts on screen: the sidebar, adding one, logging in, a host's page, and the first start.
pub mod add;
pub mod address;
pub mod demo;
pub mod link;
pub mod login;
pub mod page;
pub mod probe;
pub mod sidebar;
pub mod welcome;

use drover::host::HostId;

/// Which machines the list shows; chosen in the sidebar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// Those of all hosts.
    #[default]
    All,
    /// Those that run.
    Running,
    /// Those of one host.
    Host(HostId),
}
