//! Tests of the form: suggestions, what stays typed, and the request that it makes.
use std::path::PathBuf;

use drover::finding::Field;
use drover::install::detect::{Detected, Family};
use drover::install::offers::Offers;
use drover::install::source::Location;
use drover::install::{Disk, Format, Network, Unattended};
use drover::network::NetworkInfo;

use super::*;

pub fn rhel5() -> Detected {
    Detected {
        location: Location::Dir("/soft/rhel5_source".into()),
        family: Family::RedHat,
        os: "Red Hat Enterprise Linux 5.0".into(),
        os_short_id: Some("rhel5.0".into()),
        version: Some("5.0".into()),
        arch: Some("x86_64".into()),
        kernel: "images/pxeboot/vmlinuz".into(),
        kernel_size: None,
        initrd: "images/pxeboot/initrd.img".into(),
        initrd_size: None,
        xen: None,
        repo_args: Vec::new(),
        minimum_memory_mib: 256,
        recommended_memory_mib: 768,
    }
}

fn host() -> Offers {
    Offers {
        bridges: vec!["virbr0".into(), "xenbr0".into()],
        networks: vec![
            NetworkInfo { name: "old".into(), ..NetworkInfo::default() },
            NetworkInfo { name: "default".into(), active: true, ..NetworkInfo::default() },
        ],
        mac: "52:54:00:00:00:01".into(),
        max_vcpus: Some(1),
        memory_mib: 4096,
        pool_folder: Some("/srv/pool".into()),
        names: vec!["rhel5.0".into(), "rhel5.0-2".into()],
        ..Offers::default()
    }
}

fn suggested() -> Form {
    let mut form = Form::default();
    form.suggest(Some(&host()), Some(&rhel5()));
    form
}

#[test]
fn suggestions_fit_the_system_and_the_host() {
    let form = suggested();
    assert_eq!(form.name, "rhel5.0-3");
    assert_eq!(form.disk_path, "/srv/pool/rhel5.0-3.qcow2");
    assert_eq!((form.memory_mib, form.vcpus), (768, 1));
    assert_eq!((form.net, form.bridge.as_str(), form.network.as_str()), (NetKind::Bridge, "xenbr0", "default"));
    assert!(!form.is_touched());
}

#[test]
fn a_system_without_an_id_is_named_by_its_first_word() {
    let detected = Detected { os_short_id: None, os: "Oracle/Linux Server".into(), ..rhel5() };
    let mut form = Form::default();
    form.suggest(None, Some(&detected));
    assert_eq!(form.name, "oraclelinux5.0");
}

#[test]
fn what_was_typed_is_not_suggested_over() {
    let mut form = suggested();
    form.edit(Edit::Name("node2".into()));
    form.edit(Edit::Memory(1024));
    form.edit(Edit::Bridge("br7".into()));
    form.edit(Edit::NetKind(NetKind::User));
    form.suggest(Some(&host()), Some(&rhel5()));
    assert_eq!((form.name.as_str(), form.memory_mib, form.bridge.as_str()), ("node2", 1024, "br7"));
    assert_eq!(form.net, NetKind::User);
    assert_eq!(form.disk_path, "/srv/pool/node2.qcow2", "the suggested path follows the name");
    form.edit(Edit::DiskPath("/vmware/xen/images/node2.img".into()));
    form.suggest(Some(&host()), Some(&rhel5()));
    assert_eq!(form.disk_path, "/vmware/xen/images/node2.img");
    assert!(form.is_touched());
}

#[test]
fn an_emptied_field_is_suggested_again() {
    let mut form = suggested();
    form.edit(Edit::Name("x".into()));
    form.edit(Edit::Name(String::new()));
    form.suggest(Some(&host()), Some(&rhel5()));
    assert_eq!(form.name, "rhel5.0-3");
}

#[test]
fn the_ending_follows_the_format_only_where_it_was_the_formats() {
    let mut form = suggested();
    form.edit(Edit::DiskFormat(Format::Raw));
    assert_eq!(form.disk_path, "/srv/pool/rhel5.0-3.img");
    form.edit(Edit::DiskPath("/d/disk.dat".into()));
    form.edit(Edit::DiskFormat(Format::Qcow2));
    assert_eq!(form.disk_path, "/d/disk.dat");
}

#[test]
fn the_request_is_what_was_entered() {
    let mut form = suggested();
    form.edit(Edit::Location("/soft/rhel5_source".into()));
    form.edit(Edit::Answers(Answers::Url));
    form.edit(Edit::AnswersUrl(" nfs:10.1.1.22:/soft/xen-ks.cfg ".into()));
    form.edit(Edit::DiskSize(15.0));
    let request = form.request();
    assert_eq!(request.unattended, Unattended::Url("nfs:10.1.1.22:/soft/xen-ks.cfg".into()));
    assert_eq!(request.network, Network::Bridge("xenbr0".into()));
    assert_eq!(request.mac.as_deref(), Some("52:54:00:00:00:01"));
    assert!(matches!(request.disk, Disk::New { size_gib: 15.0, sparse: true, .. }), "{:?}", request.disk);
    form.edit(Edit::NetKind(NetKind::None));
    form.edit(Edit::DiskKind(DiskKind::None));
    assert_eq!((form.request().network, form.request().mac, form.request().disk), (Network::None, None, Disk::None));
}

#[test]
fn a_chosen_answer_that_was_not_given_is_asked_for() {
    let mut form = suggested();
    assert_eq!(form.missing(), []);
    form.edit(Edit::Bridge("  ".into()));
    assert_eq!(form.missing(), [Field::Network]);
    form.edit(Edit::DiskKind(DiskKind::Existing));
    assert_eq!(form.missing(), [Field::DiskPath, Field::Network]);
    form.edit(Edit::Answers(Answers::File));
    assert_eq!(form.missing(), [Field::Unattended, Field::DiskPath, Field::Network]);
    form.edit(Edit::AnswersFile(PathBuf::from("/tmp/ks.cfg")));
    assert_eq!(form.missing(), [Field::DiskPath, Field::Network]);
}

#[test]
fn steps_go_forth_and_back_and_end() {
    assert_eq!(Step::Source.shifted(1), Some(Step::System));
    assert_eq!(Step::Source.shifted(-1), None);
    assert_eq!(Step::Summary.shifted(1), None);
    assert_eq!(Step::of(Field::Mac), Step::Network);
}
