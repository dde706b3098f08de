//! Rebuilds the server when the web interface that it embeds has changed.

fn main() {
    println!("cargo:rerun-if-changed=../../ui/dist/web");
}
