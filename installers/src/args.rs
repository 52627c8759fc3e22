//! Arguments, parsed by hand: a parser library would double the time this takes to build.

pub const HELP: &str = "\
cargo xtask COMMAND [OPTIONS] [-- ARGUMENTS FOR loom]

  setup     everything Loom needs: system packages, models, native libraries, the pages, the program
  run       setup, then start Loom: the window where there is a display, else headless
  test      everything the tests need, then every check; --quick leaves out servers, browser and window
  bench     the benchmarks; writes target/bench/*.json and a table
  dev       rebuild and restart what a saved file touches
  bundle    the installer of this platform
  screenshots  pictures of every page, of a real Loom, into target/screenshots or the folder after --
  secrets   look for keys and passwords in tracked files; --staged: in what is about to be committed

  --yes       install system packages without asking
  --headless  leave out the window
  --sample    run: feed the recording that comes with the project
  --quick     test: only what needs no server, browser or window
  --only NAME test, bench: one suite (may be repeated)";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    Help,
    Setup,
    Run,
    Test,
    Bench,
    Dev,
    Bundle,
    Screenshots,
    Secrets,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Args {
    pub command: Command,
    pub yes: bool,
    pub headless: bool,
    pub sample: bool,
    pub quick: bool,
    pub staged: bool,
    pub only: Vec<String>,
    /// What stands after `--`.
    pub rest: Vec<String>,
}

impl Args {
    pub fn of(command: Command) -> Self {
        Self { command, yes: false, headless: false, sample: false, quick: false, staged: false, only: vec![], rest: vec![] }
    }
    /// Whether a suite was asked for: each is when none is named.
    pub fn wants(&self, suite: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|o| o == suite)
    }
}

pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Args, String> {
    let command = match words.next().as_deref() {
        None | Some("help" | "--help" | "-h") => return Ok(Args::of(Command::Help)),
        Some("setup") => Command::Setup,
        Some("run") => Command::Run,
        Some("test") => Command::Test,
        Some("bench") => Command::Bench,
        Some("dev") => Command::Dev,
        Some("bundle") => Command::Bundle,
        Some("screenshots") => Command::Screenshots,
        Some("secrets") => Command::Secrets,
        Some(other) => return Err(format!("there is no command \"{other}\"")),
    };
    let mut args = Args::of(command);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--yes" | "-y" => args.yes = true,
            "--headless" => args.headless = true,
            "--sample" => args.sample = true,
            "--quick" => args.quick = true,
            "--staged" => args.staged = true,
            "--only" => args.only.push(words.next().ok_or("--only wants the name of a suite")?),
            "--help" | "-h" => args.command = Command::Help,
            "--" => args.rest = words.by_ref().collect(),
            other => return Err(format!("there is no option \"{other}\"; arguments for loom stand after --")),
        }
    }
    Ok(args)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Args, String> {
        parse(line.split_whitespace().map(String::from))
    }

    #[test]
    fn what_stands_after_the_dashes_is_left_alone() {
        let args = of("run --yes -- serve --input a.flac --yes").unwrap();
        assert!(args.yes && !args.sample);
        assert_eq!(args.rest, ["serve", "--input", "a.flac", "--yes"]);
    }

    #[test]
    fn an_unknown_word_is_an_error_that_names_it() {
        assert!(of("fly").unwrap_err().contains("\"fly\""));
        assert!(of("test --fast").unwrap_err().contains("\"--fast\""));
        assert!(of("test --only").is_err());
    }

    #[test]
    fn suites_are_all_wanted_unless_some_are_named() {
        assert!(of("test").unwrap().wants("fmt"));
        let one = of("test --only fmt").unwrap();
        assert!(one.wants("fmt") && !one.wants("clippy"));
    }

    #[test]
    fn nothing_at_all_asks_for_help() {
        assert_eq!(of("").unwrap().command, Command::Help);
        assert_eq!(of("setup --help").unwrap().command, Command::Help);
    }
}
