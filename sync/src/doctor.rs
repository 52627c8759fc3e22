//! Whether the broker and the database can be reached.

use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use loom_core::error::Error;
use loom_schemas::api::Check;

use crate::settings::{Endpoint, Settings};

/// Long enough for another continent, short enough to wait for.
const PATIENCE: Duration = Duration::from_secs(3);

/// One row a broker, one for the database; without settings, one that says which is missing.
pub fn checks(settings: &Result<Settings, Error>) -> Vec<Check> {
    match settings {
        Err(e) => vec![row("settings", Err((e.to_string(), "set it in the environment of loom-hub".into())))],
        Ok(s) => {
            let mut rows: Vec<Check> = s.brokers.iter().map(|b| row(&format!("broker {b}"), reach(b, "start Kafka there"))).collect();
            rows.push(row(&format!("database {}", s.database.at), reach(&s.database.at, "start PostgreSQL there")));
            rows
        }
    }
}

fn row(check: &str, found: Result<String, (String, String)>) -> Check {
    let check = check.to_string();
    match found {
        Ok(message) => Check { check, state: "ok".into(), message, fix: None, action: None },
        Err((message, fix)) => Check { check, state: "fail".into(), message, fix: Some(fix), action: None },
    }
}

fn reach(at: &Endpoint, fix: &str) -> Result<String, (String, String)> {
    let found = (at.host.as_str(), at.port)
        .to_socket_addrs()
        .map_err(|_| ("no machine of this name is known".to_string(), "correct the name, or make it known to this machine".to_string()))?;
    let mut last = None;
    for address in found {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(_) => return Ok("answers".into()),
            Err(e) => last = Some(e),
        }
    }
    let why = match last.map(|e| e.kind()) {
        Some(std::io::ErrorKind::ConnectionRefused) => "nothing listens on this port",
        Some(std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock) => "it does not answer within three seconds",
        _ => "it cannot be reached",
    };
    Err((why.into(), format!("{fix}, or correct the setting")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn settings(kafka: u16, postgres: u16) -> Result<Settings, Error> {
        Settings::read(|name| {
            Some(match name {
                "LOOM_KAFKA_BROKERS" => format!("127.0.0.1:{kafka}"),
                _ => format!("postgres://loom@127.0.0.1:{postgres}/loom"),
            })
        })
    }

    #[test]
    fn what_listens_is_ok_and_what_does_not_says_what_to_do() {
        let there = TcpListener::bind("127.0.0.1:0").unwrap();
        let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let rows = checks(&settings(there.local_addr().unwrap().port(), gone));
        assert_eq!(rows.iter().map(|r| r.state.as_str()).collect::<Vec<_>>(), ["ok", "fail"]);
        assert_eq!(rows[1].message, "nothing listens on this port");
        assert!(rows[1].fix.as_deref().unwrap().contains("start PostgreSQL"));
    }

    #[test]
    fn without_settings_the_missing_one_is_named() {
        let rows = checks(&Settings::read(|_| None));
        assert_eq!((rows.len(), rows[0].state.as_str()), (1, "fail"));
        assert!(rows[0].message.contains("LOOM_KAFKA_BROKERS"));
    }

    #[test]
    fn an_unknown_name_is_told_apart_from_a_silent_port() {
        let at = Endpoint { host: "no-such-host.invalid".into(), port: 1 };
        assert!(reach(&at, "start it").unwrap_err().0.contains("name"));
    }
}
