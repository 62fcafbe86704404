//! The domain XML of a plan (libvirt's formatdomain): once for the installer, once for the machine's own disk.
