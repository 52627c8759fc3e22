//! `cargo xtask test`: first everything the tests need, then suite after suite, one line each.

mod browser;
mod count;
mod coverage;
mod rust;
mod scripts;
mod suite;

use std::time::Instant;

use crate::Result;
use crate::args::Args;
use crate::place::Place;
use crate::{say, setup};

use suite::{Bench, Outcome};

pub fn test(place: &Place, args: &Args) -> Result {
    let start = Instant::now();
    prepare(place, args)?;
    coverage::reset(place);
    let mut bench = Bench::new(place, args)?;
    run(&mut bench, args);
    let total = bench.total();
    eprintln!("{:<18} {:<52} {:>9}", "all", "", say::seconds(start.elapsed()));
    println!("{} passed, {} failed", total.passed, total.failed);
    if total.failed == 0 { Ok(()) } else { Err(format!("what failed is in {}", bench.logs.display())) }
}

fn prepare(place: &Place, args: &Args) -> Result {
    let window = !args.headless && cfg!(target_os = "linux");
    let mut needs = setup::system::for_use(place, window);
    if !args.quick {
        needs.extend(setup::system::for_tests());
    }
    say::step("system packages", || setup::system::install(place, args, &needs))?;
    say::step("models", || setup::fetch_for_tests(place))?;
    say::step("npm packages", || setup::npm::install(place).or_else(|e| Ok(format!("left out: {e}"))))
}

/// Cheapest first, so that what is wrong is heard soon.
fn run(bench: &mut Bench, args: &Args) {
    bench.suite("fmt", rust::fmt);
    bench.suite("secrets", rust::secrets);
    bench.suite("clippy", rust::clippy);
    bench.suite("core alone", rust::core_alone);
    bench.suite("workspace", rust::workspace);
    bench.suite("pages", browser::pages);
    if !args.quick {
        bench.suite("program", rust::program);
        for script in scripts::all(bench.place) {
            bench.suite(&scripts::name(&script), |b| scripts::run(b, &script));
        }
        bench.suite("browser", browser::browser);
        bench.suite("window", browser::window);
    }
    bench.suite("coverage", coverage::coverage);
}

/// One check that holds or does not.
fn one(holds: bool) -> Outcome {
    Outcome { passed: u64::from(holds), failed: u64::from(!holds), note: String::new() }
}
