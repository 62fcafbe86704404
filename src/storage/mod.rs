//! Pools, volumes, and what is known of a path on a host.
