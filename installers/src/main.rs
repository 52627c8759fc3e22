//! `cargo xtask`: everything one does with a checkout. Small, so that it speaks at once.

mod args;
mod bench;
mod bundle;
mod command;
mod dev;
mod place;
mod run;
mod say;
mod screenshots;
mod secrets;
mod setup;
mod test;

use std::process::ExitCode;

use args::Command;

/// What went wrong, as one plain sentence.
pub type Result<T = ()> = std::result::Result<T, String>;

fn main() -> ExitCode {
    let args = match args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(sentence) => {
            eprintln!("{sentence}\n\n{}", args::HELP);
            return ExitCode::from(2);
        }
    };
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &args::Args) -> Result {
    let place = place::Place::find()?;
    match args.command {
        Command::Help => {
            println!("{}", args::HELP);
            Ok(())
        }
        Command::Setup => setup::setup(&place, args).map(drop),
        Command::Run => run::run(&place, args),
        Command::Test => test::test(&place, args),
        Command::Bench => bench::bench(&place, args),
        Command::Dev => dev::dev(&place, args),
        Command::Bundle => bundle::bundle(&place, args),
        Command::Screenshots => screenshots::screenshots(&place, args),
        Command::Secrets => secrets::command(&place, args),
    }
}
