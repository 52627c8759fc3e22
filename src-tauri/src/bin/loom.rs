use std::process::ExitCode;

fn main() -> ExitCode {
    loom::main()
}
