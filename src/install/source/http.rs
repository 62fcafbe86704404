//! An HTTP or HTTPS install tree.
