//! Putting files into an initrd: an appended newc archive (the kernel's Documentation/driver-api/early-userspace/buffer-format).
