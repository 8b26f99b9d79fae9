//! Generated crates as cargo, rustc and other Rust code see them.

#[path = "program/consumer.rs"]
mod consumer;
#[path = "program/executable.rs"]
mod executable;
#[path = "program/generated.rs"]
mod generated;
#[path = "program/place.rs"]
mod place;
#[path = "program/refused.rs"]
mod refused;
#[path = "program/shop.rs"]
mod shop;
