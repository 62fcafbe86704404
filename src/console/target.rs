//! How to reach a display: libvirt's own descriptor, else a unix socket, else TCP.
