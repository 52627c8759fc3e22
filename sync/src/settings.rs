//! What `loom-hub` is told by its environment: parsed at the door, trusted inside.

use loom_core::error::{Error, Result};

/// A host and a port to reach it at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub host: String,
    pub port: u16,
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') { write!(f, "[{}]:{}", self.host, self.port) } else { write!(f, "{}:{}", self.host, self.port) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// At least one.
    pub brokers: Vec<Endpoint>,
    pub database: Database,
}

/// Where TimescaleDB is. The password stays in the address, which is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Database {
    pub at: Endpoint,
    pub name: String,
    url: String,
}

impl Database {
    /// The address as it was given, with its password.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Database({}/{})", self.at, self.name)
    }
}

const KAFKA_PORT: u16 = 9092;
const POSTGRES_PORT: u16 = 5432;

impl Settings {
    /// From a look-up such as the environment's.
    ///
    /// # Errors
    /// `Invalid`, naming the variable, when one is missing or is no address.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let brokers = given(&variable, "LOOM_KAFKA_BROKERS", "a list such as broker-1:9092,broker-2:9092")?;
        let database = given(&variable, "LOOM_DATABASE_URL", "an address such as postgres://loom@localhost:5432/loom")?;
        Ok(Self { brokers: parse_brokers(&brokers)?, database: parse_database(&database)? })
    }
}

fn given(variable: impl Fn(&str) -> Option<String>, name: &str, such: &str) -> Result<String> {
    variable(name).filter(|v| !v.trim().is_empty()).ok_or_else(|| Error::invalid(format!("{name} is not set: give {such}")))
}

fn parse_brokers(list: &str) -> Result<Vec<Endpoint>> {
    let wrong = || Error::invalid("LOOM_KAFKA_BROKERS is not a list of host:port, separated by commas");
    let brokers: Option<Vec<Endpoint>> = list.split(',').map(|b| endpoint(b.trim(), KAFKA_PORT)).collect();
    brokers.filter(|b| !b.is_empty()).ok_or_else(wrong)
}

fn parse_database(url: &str) -> Result<Database> {
    parse_url(url.trim()).ok_or_else(|| Error::invalid("LOOM_DATABASE_URL is not an address such as postgres://user@host:5432/database"))
}

fn parse_url(url: &str) -> Option<Database> {
    let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"))?;
    let rest = rest.split('?').next()?;
    let (place, name) = rest.split_once('/')?;
    // A password may hold an @ of its own.
    let at = place.rsplit_once('@').map_or(place, |(_, host)| host);
    let at = endpoint(at, POSTGRES_PORT)?;
    let named = !name.is_empty() && !name.contains('/');
    named.then(|| Database { at, name: name.to_string(), url: url.to_string() })
}

fn endpoint(text: &str, default_port: u16) -> Option<Endpoint> {
    let (host, port) = match text.strip_prefix('[') {
        Some(six) => {
            let (host, rest) = six.split_once(']')?;
            (host, rest.strip_prefix(':'))
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let port = match port {
        Some(p) => p.parse().ok().filter(|p| *p > 0)?,
        None => default_port,
    };
    let plain = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-_:".contains(c));
    plain.then(|| Endpoint { host: host.to_string(), port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(brokers: &str, database: &str) -> Result<Settings> {
        Settings::read(|name| Some(if name == "LOOM_KAFKA_BROKERS" { brokers } else { database }.to_string()))
    }

    #[test]
    fn brokers_and_database_are_read_with_their_usual_ports() {
        let s = read("a:9093, b ,[::1]:9094", "postgres://loom:p@ss@db.lan/loom?sslmode=require").unwrap();
        let all: Vec<String> = s.brokers.iter().map(ToString::to_string).collect();
        assert_eq!(all, ["a:9093", "b:9092", "[::1]:9094"]);
        assert_eq!((s.database.at.to_string(), s.database.name.as_str()), ("db.lan:5432".into(), "loom"));
    }

    #[test]
    fn a_password_is_not_printed() {
        let s = read("a", "postgres://loom:hidden@db/loom").unwrap();
        assert!(!format!("{s:?}").contains("hidden"));
        assert!(s.database.url().contains("hidden"));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named_without_its_value() {
        let missing = Settings::read(|_| None).unwrap_err();
        assert!(missing.message().starts_with("LOOM_KAFKA_BROKERS is not set"));
        for (brokers, database) in
            [("", "postgres://db/l"), ("a:0", "postgres://db/l"), ("a b", "postgres://db/l"), ("a:9:9", "postgres://db/l")]
        {
            assert!(read(brokers, database).unwrap_err().message().starts_with("LOOM_KAFKA_BROKERS"), "{brokers}");
        }
        for database in ["mysql://hidden/l", "postgres://hidden", "postgres://hidden:70000/l", "postgres://hidden/"] {
            let e = read("a", database).unwrap_err();
            assert!(e.message().starts_with("LOOM_DATABASE_URL") && !e.message().contains("hidden"), "{database}");
        }
    }
}
