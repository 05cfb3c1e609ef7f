//! Tells Cargo that the migrations, which are compiled in, lie outside of this crate: a new file is noticed too.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
