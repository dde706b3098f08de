//! Builds the server again when the web interface that it carries inside was built again.

fn main() {
    println!("cargo:rerun-if-changed=../../ui/dist/web");
}
