//! A framebuffer: pure pixels and the damage done to them.
