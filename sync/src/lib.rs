//! The wire to other machines: Kafka and TimescaleDB for a self-hoster, phones on the local network.
//! This version knows where they are and whether they can be reached; it moves no records yet.

pub mod doctor;
pub mod settings;
