//! A local folder as an install tree.
