//! Packs resources/ into the program.
fn main() {
    glib_build_tools::compile_resources(&["../resources"], "../resources/drover.gresource.xml", "drover.gresource");
}
