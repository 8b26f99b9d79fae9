//! Puts the files that `dbgo` carries and the identity of its sources into it, and
//! tells the linker where the built `dbgo` looks for `libduckdb`: beside itself, and where it was linked.
//!
//! So the executable runs without variables from the target directory, and after it is copied elsewhere together with
//! the library. `DUCKDB_LIB_DIR` is the variable through which the crate `libduckdb-sys` is told the folder as well.

#[path = "build/embed.rs"]
mod embed;
#[path = "build/identity.rs"]
mod identity;

use std::{env, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=DUCKDB_LIB_DIR");
    println!("cargo::rustc-check-cfg=cfg(engine_on_demand)");
    let macos = env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "macos");
    let beside_itself = if macos { "@loader_path" } else { "$ORIGIN" };
    look_in(beside_itself);
    if let Ok(linked) = env::var("DUCKDB_LIB_DIR") {
        look_in(&linked);
        load_on_demand();
    }
    identity::identify()?;
    embed::embed()
}

/// Lets the engine's library be loaded when it is called, where the code for that is written: elsewhere, and where the
/// engine is linked into the executable, the linker does its work as usual.
fn load_on_demand() {
    println!("cargo::rerun-if-env-changed=DUCKDB_STATIC");
    let is = |variable: &str, value: &str| env::var(variable).is_ok_and(|found| found == value);
    if is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ARCH", "x86_64")
        && env::var_os("DUCKDB_STATIC").is_none()
    {
        println!("cargo::rustc-cfg=engine_on_demand");
    }
}

/// Adds a folder to those that the executable looks in. Each word is handed to the linker by itself, because `-Wl`
/// would split a path at its commas.
fn look_in(folder: &str) {
    for word in ["-rpath", folder] {
        println!("cargo::rustc-link-arg=-Xlinker");
        println!("cargo::rustc-link-arg={word}");
    }
}
