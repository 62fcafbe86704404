//! Kickstart: which commands exist in which generation, and what a file must have (the Kickstart reference).
