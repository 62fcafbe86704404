//! Networks and bridges of a host.
