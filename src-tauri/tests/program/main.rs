//! The built program on empty data folders: the whole road, bad days, and who may come in.

mod bad_days;
mod devices;
mod doors;
#[cfg(target_os = "linux")]
mod microphone;
mod owner;
mod phone;
#[cfg(target_os = "linux")]
mod pulse;
mod rig;
mod road;
mod routing;
#[cfg(all(target_os = "linux", feature = "window"))]
mod tray;
