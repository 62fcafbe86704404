//! What runs where: a pure fold of [`crate::host::Update`]s.
