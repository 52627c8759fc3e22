//! The built program on empty data folders: the whole road, bad days, and who may come in.

mod bad_days;
mod doors;
mod rig;
mod road;
