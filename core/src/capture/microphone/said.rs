//! What a person reads when the microphone cannot be listened to: what happened, what is safe, what to do.

use jiff::tz::TimeZone;

use crate::env::Time;
use crate::error::Error;

/// `stopped` where it was listened to until now.
pub fn lost(name: &str, stopped: Option<Time>, zone: &TimeZone) -> String {
    let stopped = stopped.map_or_else(
        || "Nothing is heard until it is back; all before is kept.".into(),
        |t| format!("Listening stopped at {}; all before it is kept.", clock(t, zone)),
    );
    format!("“{name}” is gone. {stopped} Plug it in again and Loom goes on by itself, or choose another one.")
}

pub fn none() -> String {
    "There is no microphone. Connect one and Loom listens by itself.".into()
}

pub fn busy(name: Option<&String>) -> String {
    let name = name.map_or_else(|| "the microphone".into(), |n| format!("“{n}”"));
    format!("Another program has {name} for itself. Close it and Loom goes on by itself, or choose another microphone.")
}

pub fn forbidden() -> String {
    "The system does not let Loom listen. Allow it the microphone in the system's privacy settings and Loom goes on by itself.".into()
}

pub fn full(e: &Error, stopped: Time, zone: &TimeZone) -> String {
    let mut why = e.message().to_string();
    if let Some(first) = why.get(..1).map(str::to_uppercase) {
        why.replace_range(..1, &first);
    }
    format!("{why}. Loom stopped taking in new speech at {}, so that nothing saved is lost.", clock(stopped, zone))
}

fn clock(t: Time, zone: &TimeZone) -> String {
    zone.to_datetime(t.timestamp()).strftime("%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_say_what_is_safe_and_what_to_do() {
        let t = Time::parse("2024-05-06T16:20:04Z").unwrap();
        let said = lost("Desk", Some(t), &TimeZone::UTC);
        let want = "“Desk” is gone. Listening stopped at 16:20:04; all before it is kept. \
                    Plug it in again and Loom goes on by itself, or choose another one.";
        assert_eq!(said, want);
        assert!(full(&Error::stop("the disk is full: free some"), t, &TimeZone::UTC).starts_with("The disk is full: free some. Loom"));
    }
}
