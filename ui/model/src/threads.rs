//! Which dye a source has: the first free one when it first appears, and it keeps it.

/// A dye and a ply, 1 to 8 each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dye(pub u8);

impl Dye {
    /// The class that carries its colour and dash.
    pub fn class(self) -> String {
        format!("t{}", self.0)
    }
}

/// Sources in the order in which they first appeared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Threads(Vec<String>);

impl Threads {
    /// Goes on where another page left off.
    pub fn of(sources: Vec<String>) -> Self {
        Self(sources)
    }
    pub fn dye(&mut self, source: &str) -> Dye {
        let at = self.0.iter().position(|s| s == source).unwrap_or_else(|| {
            self.0.push(source.to_string());
            self.0.len() - 1
        });
        Dye((at % 8) as u8 + 1)
    }
    pub fn sources(&self) -> &[String] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_keeps_its_dye_and_the_ninth_begins_anew() {
        let mut threads = Threads::default();
        let first = threads.dye("desk microphone");
        for n in 2..=8 {
            assert_eq!(threads.dye(&format!("source {n}")).0, n);
        }
        assert_eq!(threads.dye("a ninth").class(), "t1");
        assert_eq!(threads.dye("desk microphone"), first);
        assert_eq!(threads.sources().len(), 9);
    }
}
