//! The lab's tests: the core against two real libvirt and QEMU hosts and an NFS server (see lab.sh, which starts them).
#![allow(clippy::expect_used, clippy::panic)] // all of it is tests
mod console;
mod evacuate;
mod faults;
mod install;
mod migrate;
mod migrate_broken;
mod migrate_disks;
mod migrate_faults;
mod migrate_firmware;
mod migrate_options;
mod migrate_tls;
mod migrate_told;
mod migrate_way;
mod pair;
mod prepare;
mod remote;
mod screen;
mod support;
