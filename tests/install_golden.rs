//! Golden files of install plans: for each request the kernel's arguments, both domain XMLs and the equal commands.
//! After a wanted change: `UPDATE_GOLDEN=1 cargo test -p drover --test install_golden`, and read the diff.
#![allow(clippy::unwrap_used)]
use std::fs;
use std::path::PathBuf;

use drover::install::capabilities::Virt;
use drover::install::detect::{Detected, Family};
use drover::install::plan::{Given, Plan, decide};
use drover::install::{Disk, Format, Network, Request, Unattended, VirtChoice, command_line};
use uuid::Uuid;

const MAC: &str = "52:54:00:12:34:56";

fn rhel5() -> Detected {
    Detected {
        location: "nfs:10.1.1.22:/soft/rhel5_source".parse().unwrap(),
        family: Family::RedHat,
        os: "Red Hat Enterprise Linux Server 5.0".into(),
        os_short_id: Some("rhel5.0".into()),
        version: Some("5.0".into()),
        arch: Some("x86_64".into()),
        kernel: "images/pxeboot/vmlinuz".into(),
        kernel_size: None,
        initrd: "images/pxeboot/initrd.img".into(),
        initrd_size: None,
        xen: Some(("images/xen/vmlinuz".into(), "images/xen/initrd.img".into())),
        repo_args: vec!["method=nfs:10.1.1.22:/soft/rhel5_source".into()],
        minimum_memory_mib: 512,
        recommended_memory_mib: 1024,
    }
}

fn centos9() -> Detected {
    Detected {
        location: "http://mirror.example/centos/9/BaseOS/x86_64/os/".parse().unwrap(),
        os: "CentOS Stream 9".into(),
        os_short_id: Some("centos-stream9".into()),
        version: Some("9".into()),
        repo_args: vec!["inst.repo=http://mirror.example/centos/9/BaseOS/x86_64/os/".into()],
        xen: None,
        ..rhel5()
    }
}

fn debian() -> Detected {
    Detected {
        location: "http://deb.example/debian".parse().unwrap(),
        family: Family::Debian,
        os: "Debian 12".into(),
        os_short_id: Some("debian12".into()),
        version: Some("12".into()),
        kernel: "dists/bookworm/main/installer-amd64/current/images/netboot/debian-installer/amd64/linux".into(),
        initrd: "dists/bookworm/main/installer-amd64/current/images/netboot/debian-installer/amd64/initrd.gz".into(),
        repo_args: Vec::new(),
        xen: None,
        ..rhel5()
    }
}

fn request(detected: &Detected) -> Request {
    Request {
        name: "node2".into(),
        memory_mib: 1280,
        vcpus: 1,
        virt: VirtChoice::Auto,
        location: detected.location.clone(),
        unattended: Unattended::None,
        extra_args: String::new(),
        disk: Disk::New {
            path: "/vmware/xen/images/node2.img".into(),
            size_gib: 15.0,
            format: Format::Qcow2,
            sparse: true,
        },
        network: Network::Bridge("xenbr0".into()),
        mac: None,
    }
}

fn given(domain_type: &str, os_type: &str) -> Given {
    Given {
        virt: Virt { domain_type: domain_type.into(), os_type: os_type.into(), arch: "x86_64".into() },
        uuid: Uuid::from_u128(0x0123_4567_89ab_4cde_8f01_2345_6789_abcd),
        mac: Some(MAC.into()),
        boot_folder: "/var/lib/libvirt/boot".into(),
        existing_format: Format::Raw,
        block_device: false,
    }
}

/// Plans the request and compares what comes out with the file of that name.
fn golden(name: &str, detected: Detected, given: Given, change: impl FnOnce(&mut Request)) {
    let mut request = request(&detected);
    change(&mut request);
    let plan = decide(request, detected, given);
    for xml in [&plan.install_xml, &plan.final_xml] {
        roxmltree::Document::parse(xml).unwrap();
    }
    let got = show(&plan);
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, &got).unwrap();
    }
    let want = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(got, want, "{} differs; see the head of this test", file.display());
}

fn show(plan: &Plan) -> String {
    let uri = "qemu+ssh://root@kvm1/system";
    format!(
        "kernel: {}\ninitrd: {}\narguments: {}\ninject: {:?}\n{}\n{}\n--- while it installs\n{}--- afterwards\n{}",
        plan.kernel,
        plan.initrd,
        plan.kernel_args,
        plan.inject,
        command_line::virt_install(plan, uri),
        command_line::droverctl(plan, uri),
        plan.install_xml,
        plan.final_xml,
    )
}

#[test]
fn rhel5_from_nfs_with_a_kickstart_under_emulation() {
    golden("rhel5-qemu-kickstart", rhel5(), given("qemu", "hvm"), |r| {
        r.unattended = Unattended::Url("nfs:10.1.1.22:/soft/xen-ks.cfg".into());
    });
}

#[test]
fn rhel5_paravirtualised_on_xen_takes_the_trees_xen_kernel() {
    golden("rhel5-xen-pv", rhel5(), Given { mac: Some("00:16:3e:12:34:56".into()), ..given("xen", "linux") }, |r| {
        r.virt = VirtChoice::XenPv;
        r.unattended = Unattended::Url("nfs:10.1.1.22:/soft/xen-ks.cfg".into());
        r.disk = Disk::New {
            path: "/vmware/xen/images/node2.img".into(),
            size_gib: 15.0,
            format: Format::Raw,
            sparse: false,
        };
    });
}

#[test]
fn fully_virtualised_on_xen() {
    golden("rhel5-xen-hvm", rhel5(), given("xen", "hvm"), |r| r.virt = VirtChoice::XenHvm);
}

#[test]
fn centos9_on_kvm_has_virtio_and_the_hosts_cpu() {
    golden("centos9-kvm", centos9(), given("kvm", "hvm"), |r| {
        r.unattended = Unattended::Url("http://h/ks.cfg".into());
        r.network = Network::Network("default".into());
        r.extra_args = "console=ttyS0".into();
    });
}

#[test]
fn centos9_under_emulation_needs_a_newer_cpu_than_the_default() {
    golden("centos9-qemu", centos9(), given("qemu", "hvm"), |r| r.network = Network::User);
}

#[test]
fn debian_with_a_preseed_by_url() {
    golden("debian-preseed-url", debian(), given("kvm", "hvm"), |r| {
        r.unattended = Unattended::Url("http://h/preseed.cfg".into());
    });
}

#[test]
fn debian_with_a_preseed_in_the_initrd() {
    golden("debian-preseed-injected", debian(), given("kvm", "hvm"), |r| {
        r.unattended = Unattended::Inject("/home/me/My Preseed.cfg".into());
    });
}

#[test]
fn a_kickstart_in_the_initrd_keeps_its_name_where_the_arguments_say_it() {
    golden("rhel5-injected-own-args", rhel5(), given("kvm", "hvm"), |r| {
        r.unattended = Unattended::Inject("/home/me/node2.cfg".into());
        r.extra_args = "ks=file:/node2.cfg  ksdevice=eth0".into();
    });
}

#[test]
fn what_the_person_typed_is_not_said_twice() {
    golden("centos9-own-repo", centos9(), given("kvm", "hvm"), |r| {
        r.unattended = Unattended::Url("http://h/ks.cfg".into());
        r.extra_args = "inst.repo=http://other/ inst.ks=http://other/ks.cfg".into();
    });
}

#[test]
fn an_existing_device_and_no_network() {
    let device = Given { block_device: true, mac: None, ..given("kvm", "hvm") };
    golden("centos9-device-no-network", centos9(), device, |r| {
        r.disk = Disk::Existing { path: "/dev/vg0/node2".into() };
        r.network = Network::None;
    });
}

#[test]
fn an_existing_qcow2_image() {
    let image = Given { existing_format: Format::Qcow2, ..given("kvm", "hvm") };
    golden("centos9-existing-qcow2", centos9(), image, |r| {
        r.disk = Disk::Existing { path: "/srv/old,image.qcow2".into() };
    });
}

#[test]
fn without_a_disk_on_the_test_driver() {
    golden("debian-test-diskless", debian(), given("test", "hvm"), |r| r.disk = Disk::None);
}

#[test]
fn characters_that_xml_and_shells_mind() {
    golden("nasty-characters", centos9(), given("kvm", "hvm"), |r| {
        r.name = "-<it's> \"R&D\" 节点 $(reboot)".into();
        r.network = Network::Bridge("br'0,&".into());
        r.extra_args = "note=a&b<c>'d'\"e\"".into();
        r.disk = Disk::New {
            path: "/srv/R&D <a,b> 'c' \"d\"/磁盘.img".into(),
            size_gib: 0.5,
            format: Format::Raw,
            sparse: true,
        };
    });
}

#[test]
fn a_password_in_a_url_is_shown_nowhere() {
    let found = Detected {
        location: "http://me:hunter2@mirror/c9".parse().unwrap(),
        repo_args: vec!["inst.repo=http://me:hunter2@mirror/c9".into()],
        ..centos9()
    };
    let mut request = request(&found);
    request.unattended = Unattended::Url("ftp://me:hunter2@h/ks.cfg".into());
    request.extra_args = "updates=http://me:hunter2@h/u.img".into();
    let plan = decide(request, found, given("kvm", "hvm"));
    assert_eq!(plan.kernel_args.matches("hunter2").count(), 3, "the guest needs it: {}", plan.kernel_args);
    let shown = [
        command_line::virt_install(&plan, "qemu:///system"),
        command_line::droverctl(&plan, "qemu:///system"),
        drover::secret::hidden(&plan.install_xml),
        plan.request.location.shown(),
        format!("{plan:?} {:?} {:?}", plan.request, plan.detected),
    ];
    for text in shown {
        assert!(text.contains("me:…@") && !text.contains("hunter2"), "{text}");
    }
}
